// Two threads and two rings, echoing: more than 10^6 items in batches, both sides sleeping whenever
// they find nothing. An item lost, doubled or torn fails; so does a wake-up that does not come.
// Also built with the thread sanitizer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/shm/ring.h"

#define SLOTS  64u
#define BATCH  17u
#define ITEMS  1200000u
#define WINDOW 100u // in flight: sometimes more than one ring holds, sometimes none
#define PINGS  200000u
#define SPIN_MAX \
	512u // turns before a side gives up and sleeps, so that this meets the other side's put
#define PATIENCE_MS 5000

struct item {
	uint64_t number;
	uint64_t check; // ~number, so that a torn slot shows
};

struct pipe {
	struct ring_tail tail;
	struct ring_head head;
	struct item slots[SLOTS];
	int wake[2]; // producer writes [0], consumer reads [1]
};

struct side {
	struct ring_producer out;
	struct ring_consumer in;
	int wake_out, wake_in;
	uint64_t sleeps;
	const char *failed;
	uint32_t seed;
};

static uint32_t side_random(struct side *s)
{
	s->seed = s->seed * 1664525u + 1013904223u;
	return s->seed >> 16;
}

static void pipe_init(struct pipe *p)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->wake), 0);
}

static void side_init(struct side *s, struct pipe *out, struct pipe *in)
{
	memset(s, 0, sizeof(*s));
	ring_producer_init(&s->out, out->slots, &out->tail, &out->head, sizeof(struct item), SLOTS);
	ring_consumer_init(&s->in, in->slots, &in->tail, &in->head, sizeof(struct item), SLOTS);
	s->wake_out = out->wake[0];
	s->wake_in = in->wake[1];
	s->seed = 1;
}

static void side_put(struct side *s, const struct item *items, uint32_t count)
{
	while (count > 0) {
		uint32_t put = ring_put(&s->out, items, count);

		if (put == RING_CORRUPT) {
			s->failed = "corrupt head";
			return;
		}
		items += put;
		count -= put;
		if (put > 0 && ring_wake_needed(&s->out))
			(void)!send(s->wake_out, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put == 0)
			sched_yield();
	}
}

// Blocks until something may have come in.
static void side_sleep(struct side *s)
{
	struct pollfd pollfd = {.fd = s->wake_in, .events = POLLIN};
	char bytes[64];

	if (!ring_sleep(&s->in))
		return;
	s->sleeps++;
	if (poll(&pollfd, 1, PATIENCE_MS) != 1)
		s->failed = "a wake-up was lost";
	ring_awake(&s->in);
	while (recv(s->wake_in, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void *echo(void *argument)
{
	struct side *s = argument;
	struct item items[BATCH];
	uint64_t seen = 0;

	while (seen < ITEMS && s->failed == NULL) {
		uint32_t count = ring_take(&s->in, items, side_random(s) % BATCH + 1);

		if (count == RING_CORRUPT)
			s->failed = "corrupt tail";
		else if (count == 0)
			side_sleep(s);
		else
			side_put(s, items, count);
		seen += count;
	}
	return NULL;
}

static uint64_t source_take(struct side *s, uint64_t expected)
{
	struct item items[BATCH];
	uint32_t count = ring_take(&s->in, items, side_random(s) % BATCH + 1);

	if (count == RING_CORRUPT) {
		s->failed = "corrupt tail";
		return expected;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (items[i].number != expected + i || items[i].check != ~items[i].number)
			s->failed = "an item is lost, doubled or torn";
	}
	return expected + count;
}

static void *source(void *argument)
{
	struct side *s = argument;
	struct item items[BATCH];
	uint64_t put = 0, got = 0;

	while (got < ITEMS && s->failed == NULL) {
		uint32_t batch = side_random(s) % BATCH + 1;

		if (batch > ITEMS - put)
			batch = (uint32_t)(ITEMS - put);
		if (put + batch - got <= WINDOW && batch > 0) {
			for (uint32_t i = 0; i < batch; i++)
				items[i] = (struct item){.number = put + i, .check = ~(put + i)};
			side_put(s, items, batch);
			put += batch;
		}
		uint64_t before = got;
		got = source_take(s, got);
		// Now and then let everything drain, so that both sides really sleep.
		if (got == before &&
			(put - got > WINDOW / 2 || put == ITEMS || side_random(s) % 4 == 0) &&
			put != got)
			side_sleep(s);
	}
	return NULL;
}

// One item in flight: a single lost wake-up stops everything. Without the fences of ring.c this
// fails within seconds on x86, which the test above does not (the next batch heals a lost wake-up).
static bool ping_wait(struct side *s, struct item *item)
{
	uint32_t spins = side_random(s) % SPIN_MAX;

	while (s->failed == NULL) {
		uint32_t count = ring_take(&s->in, item, 1);

		if (count == 1)
			return true;
		if (count == RING_CORRUPT)
			s->failed = "corrupt tail";
		else if (spins > 0)
			spins--;
		else
			side_sleep(s);
	}
	return false;
}

static void *ping_echo(void *argument)
{
	struct side *s = argument;
	struct item item;

	for (uint32_t i = 0; i < PINGS && ping_wait(s, &item); i++)
		side_put(s, &item, 1);
	return NULL;
}

static void *ping_source(void *argument)
{
	struct side *s = argument;
	struct item item = {0};

	for (uint32_t i = 0; i < PINGS; i++) {
		side_put(s, &item, 1);
		if (!ping_wait(s, &item))
			break;
	}
	return NULL;
}

static void run(void *(*source_main)(void *), void *(*echo_main)(void *))
{
	struct pipe *there = aligned_alloc(RING_LINE, sizeof(*there));
	struct pipe *back = aligned_alloc(RING_LINE, sizeof(*back));
	struct side a, b;
	pthread_t thread_a, thread_b;

	pipe_init(there);
	pipe_init(back);
	side_init(&a, there, back);
	side_init(&b, back, there);
	b.seed = 2;
	assert_int_equal(pthread_create(&thread_b, NULL, echo_main, &b), 0);
	assert_int_equal(pthread_create(&thread_a, NULL, source_main, &a), 0);
	pthread_join(thread_a, NULL);
	pthread_join(thread_b, NULL);
	if (a.failed != NULL || b.failed != NULL)
		fail_msg("source: %s, echo: %s", a.failed, b.failed);
	assert_true(a.sleeps > 100 && b.sleeps > 100); // the test has tested something
	for (int i = 0; i < 2; i++) {
		close(there->wake[i]);
		close(back->wake[i]);
	}
	free(there);
	free(back);
}

static void threads__no_item_is_lost(void **state)
{
	(void)state;
	run(source, echo);
}

static void threads__no_wake_up_is_lost(void **state)
{
	(void)state;
	run(ping_source, ping_echo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads__no_item_is_lost),
		cmocka_unit_test(threads__no_wake_up_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
