// The search for the largest packet that passes, without a connection around it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/path.h"

// A path that carries `limit` cells answers the probes; probes needed until the search ends.
static uint32_t search(struct path *p, uint32_t limit)
{
	uint32_t probes = 0;
	bool more = path_search(p);
	while (more) {
		probes++;
		if (p->trying <= limit)
			path_passed(p, p->trying);
		else
			path_failed(p);
		more = p->trying;
	}
	return probes;
}

static void search__finds_every_size(void **state)
{
	(void)state;
	for (uint32_t max = 1; max <= 8; max++)
		for (uint32_t limit = 1; limit <= max; limit++) {
			struct path p;
			path_init(&p, max);
			uint32_t probes = search(&p, limit);
			assert_int_equal(p.cells, limit);
			assert_true(probes <= (limit == max ? 1 : 4 * PATH_TRIES));
		}
}

static void search__nothing_to_find(void **state)
{
	(void)state;
	struct path p;
	path_init(&p, 1);
	assert_false(path_search(&p));
	path_init(&p, 6);
	assert_true(path_search(&p));
	assert_true(path_passed(&p, 6));
	assert_int_equal(p.trying, 0);
	assert_false(path_search(&p));
}

static void failed__only_after_all_tries(void **state)
{
	(void)state;
	struct path p;
	path_init(&p, 6);
	path_search(&p);
	for (uint32_t i = 1; i < PATH_TRIES; i++) {
		path_failed(&p);
		assert_int_equal(p.trying, 6);
	}
	path_failed(&p);
	assert_int_equal(p.trying, 3);
	assert_int_equal(p.tries, 0);
}

// It was thought lost, the search went on below, and then it is acknowledged.
static void passed__late(void **state)
{
	(void)state;
	struct path p;
	path_init(&p, 6);
	path_search(&p);
	for (uint32_t i = 0; i < PATH_TRIES; i++)
		path_failed(&p);
	assert_true(path_passed(&p, 6));
	assert_int_equal(p.cells, 6);
	assert_int_equal(p.trying, 0);
	assert_false(path_passed(&p, 3)); // known already
	assert_int_equal(p.cells, 6);
}

static void event__black_hole(void **state)
{
	(void)state;
	struct path p;
	path_init(&p, 6);
	search(&p, 6);
	for (uint32_t i = 0; i < 100; i++)
		assert_false(path_on_event(&p)); // small packets were lost: nothing of ours
	for (uint32_t i = 0; i < 10; i++) {
		p.large_lost = true;
		assert_false(path_on_event(&p));
		p.holes = 0; // a large one is acknowledged
	}
	for (uint32_t i = 1; i < PATH_HOLE_EVENTS; i++) {
		p.large_lost = true;
		assert_false(path_on_event(&p));
	}
	p.large_lost = true;
	assert_true(path_on_event(&p));
	assert_int_equal(p.cells, 1);
	search(&p, 2);
	assert_int_equal(p.cells, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search__finds_every_size),
		cmocka_unit_test(search__nothing_to_find),
		cmocka_unit_test(failed__only_after_all_tries),
		cmocka_unit_test(passed__late),
		cmocka_unit_test(event__black_hole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
