// Commands to a dataplane that takes them when it likes: what it took is wiped, what waits is not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/plane/proxy.h"

struct stage {
	struct plane_control *mine;
	struct plane_dataplane *peer;
	struct ring_consumer consumer; // of worker 0
	struct proxy proxy;
	uint32_t put, taken;
};

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	s->mine = aligned_alloc(64, sizeof(*s->mine));
	s->peer = aligned_alloc(64, sizeof(*s->peer));
	memset(s->mine, 0, sizeof(*s->mine));
	memset(s->peer, 0, sizeof(*s->peer));
	proxy_init(&s->proxy);
	proxy_attach(&s->proxy, -1, 1, s->mine, s->peer);
	ring_consumer_init(&s->consumer, s->mine->channels[1].command_slots,
		&s->mine->channels[1].command_tail, &s->peer->channels[1].command_head,
		sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	free(s->mine);
	free(s->peer);
	free(s);
	return 0;
}

static void put(struct stage *s, uint32_t count)
{
	struct plane_command open = {.type = PLANE_OPEN};

	memset(open.secret_send, 0x5a, sizeof(open.secret_send));
	for (uint32_t i = 0; i < count; i++) {
		open.request = ++s->put;
		assert_int_equal(proxy_put(&s->proxy, 1, &open), 0);
	}
}

// Every one arrives whole, in order.
static void take(struct stage *s, uint32_t count)
{
	struct plane_command command;

	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(ring_take(&s->consumer, &command, 1), 1);
		assert_int_equal(command.request, ++s->taken);
		assert_int_equal(command.secret_send[31], 0x5a);
	}
}

static uint32_t secrets(const struct stage *s)
{
	uint32_t count = 0;

	for (size_t i = 0; i < PLANE_COMMAND_SLOTS; i++) {
		struct plane_command slot;

		memcpy(&slot, s->mine->channels[1].command_slots + i * sizeof(slot), sizeof(slot));
		count += slot.secret_send[0] != 0;
	}
	return count;
}

static void proxy_wipe__what_was_taken(void **state)
{
	struct stage *s = *state;

	put(s, 3);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 3);
	take(s, 2);
	assert_int_equal(secrets(s), 3); // the dataplane cannot
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 1);
	take(s, 1);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 0);
}

// Slots of an earlier round hold commands that wait.
static void proxy_wipe__never_what_waits(void **state)
{
	struct stage *s = *state;

	put(s, PLANE_COMMAND_SLOTS);
	take(s, 10);
	put(s, 10);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), PLANE_COMMAND_SLOTS);
	take(s, PLANE_COMMAND_SLOTS);
	for (int round = 0; round < 500; round++) {
		put(s, 1 + (uint32_t)round % 40);
		if (round % 3)
			proxy_wipe(&s->proxy);
		take(s, s->put - s->taken - (uint32_t)round % 7 % (s->put - s->taken));
		if (round % 2)
			proxy_wipe(&s->proxy);
	}
	take(s, s->put - s->taken);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 0);
}

static void proxy_wipe__impossible_head(void **state)
{
	struct stage *s = *state;

	put(s, 2);
	atomic_store(&s->peer->channels[1].command_head.head, 0x80000000u);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 2);
}

// Its head goes back, to slots that it had taken and we have wiped: what waits stays.
static void proxy_wipe__head_that_goes_back(void **state)
{
	struct stage *s = *state;

	put(s, 5);
	take(s, 3);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 2);
	atomic_store(&s->peer->channels[1].command_head.head, 1);
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 2);
	atomic_store(&s->peer->channels[1].command_head.head, 3);
	take(s, 2); // and goes on
	proxy_wipe(&s->proxy);
	assert_int_equal(secrets(s), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(proxy_wipe__what_was_taken),
		STORY(proxy_wipe__never_what_waits),
		STORY(proxy_wipe__impossible_head),
		STORY(proxy_wipe__head_that_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
