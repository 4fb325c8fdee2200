// The wheel: nothing fires early, nothing is forgotten, the next deadline is exact.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/wheel.h"

enum { NODES = 300 };

static struct wheel w;
static struct wheel_node nodes[NODES];
static uint64_t at[NODES]; // WHEEL_NEVER: fired
static uint64_t seed;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t earliest(void)
{
	uint64_t best = WHEEL_NEVER;
	for (int i = 0; i < NODES; i++)
		if (at[i] < best)
			best = at[i];
	return best;
}

static void fire(uint64_t now)
{
	struct list due;
	list_init(&due);
	wheel_advance(&w, now, &due);
	while (!list_empty(&due)) {
		struct wheel_node *n = list_entry(due.next, struct wheel_node, node);
		list_del(&n->node);
		int i = (int)(n - nodes);
		assert_true(at[i] <= now);
		at[i] = WHEEL_NEVER;
	}
	for (int i = 0; i < NODES; i++)
		assert_true(at[i] > now);
}

// Random deadlines from nanoseconds to minutes, random
// steps: after each, exactly those due have fired.
static void advance__random(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 30; round++) {
		seed = round * 0x9e3779b97f4a7c15ull;
		uint64_t now = draw() >> 20;
		wheel_init(&w, now);
		for (int i = 0; i < NODES; i++) {
			wheel_node_init(&nodes[i]);
			at[i] = WHEEL_NEVER;
		}
		for (int step = 0; step < 400; step++) {
			for (int k = 0; k < 5; k++) {
				int i = (int)(draw() % NODES);
				at[i] = now + (draw() & ((1ull << draw() % 38) - 1));
				wheel_set(&w, &nodes[i], at[i]);
			}
			assert_int_equal(wheel_next(&w), earliest());
			uint64_t next = earliest();
			now = draw() % 3 || next == WHEEL_NEVER
				      ? now + (draw() & ((1ull << draw() % 34) - 1))
				      : next;
			fire(now);
			assert_int_equal(wheel_next(&w), earliest());
		}
	}
}

static void set__moves_and_removes(void **state)
{
	(void)state;
	struct list due;
	wheel_init(&w, 0);
	wheel_node_init(&nodes[0]);
	assert_int_equal(wheel_next(&w), WHEEL_NEVER);
	wheel_set(&w, &nodes[0], 5000000);
	wheel_set(&w, &nodes[0], 1000);
	assert_int_equal(wheel_next(&w), 1000);
	wheel_remove(&w, &nodes[0]);
	wheel_remove(&w, &nodes[0]);
	assert_int_equal(wheel_next(&w), WHEEL_NEVER);
	list_init(&due);
	wheel_advance(&w, 10000000, &due);
	assert_true(list_empty(&due));
}

static void set__in_the_past(void **state)
{
	(void)state;
	struct list due;
	wheel_init(&w, 1000000);
	wheel_node_init(&nodes[0]);
	wheel_set(&w, &nodes[0], 5);
	assert_int_equal(wheel_next(&w), 5);
	list_init(&due);
	wheel_advance(&w, 1000000, &due);
	assert_false(list_empty(&due));
	list_del(&nodes[0].node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advance__random),
		cmocka_unit_test(set__moves_and_removes),
		cmocka_unit_test(set__in_the_past),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
