// sluice_message against the production door and channels (loopback.h): every message once and in
// order, many of them in one record, and none lost without a word.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/client/sluice.h"
#include "tests/unit/dataplane/app/await.h"
#include "tests/unit/dataplane/app/loopback.h"

#define EVENTS 64
#define STREAM SLUICE_STREAM(1, SLUICE_ORDERED)

struct fixture {
	char folder[64], path[80];
	struct loopback *loopback;
	struct sluice *from, *to;
	uint32_t a, b; // the session as each end knows it
};

static struct sluice *attach(const struct fixture *f)
{
	struct sluice_options options = {.socket = f->path, .buffers = 40, .receive_buffers = 64};
	struct sluice *sluice;

	if (sluice_attach(&sluice, &options) != 0)
		fail_msg("%s", sluice_error(NULL));
	return sluice;
}

static struct sluice_event expect(struct sluice *sluice, enum sluice_event_type type)
{
	struct sluice_event event;
	int rc;

	while ((rc = sluice_receive(sluice, &event, 1)) == 0)
		await_event(sluice);
	assert_int_equal(rc, 1);
	if (event.type != type)
		fail_msg("event %d instead of %d: %s", event.type, type, event.text);
	return event;
}

static void open_session(struct fixture *f, uint32_t *a, uint32_t *b)
{
	assert_true(sluice_connect(f->from, "self", "echo", NULL) > 0);
	*a = expect(f->from, SLUICE_OPENED).session;
	*b = expect(f->to, SLUICE_OPENED).session;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-test-messages-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/data.sock", f->folder);
	f->loopback = loopback_start(f->path);
	f->from = attach(f);
	f->to = attach(f);
	assert_int_equal(sluice_listen(f->to, "echo", 0), 0);
	open_session(f, &f->a, &f->b);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct loopback_counts counts;

	sluice_detach(f->from);
	sluice_detach(f->to);
	counts = loopback_counts_get(f->loopback);
	loopback_stop(f->loopback);
	rmdir(f->folder);
	free(f);
	assert_null(counts.wrong);
	assert_int_equal(counts.broken, 0);
	return 0;
}

static uint32_t message_size(uint32_t n)
{
	static const uint32_t sizes[] = {64, 0, 1, 63, 1408, 64, 7};

	return n % 1000 == 999 ? SLUICE_MESSAGE_MAX : sizes[n % 7];
}

static void message_fill(uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < message_size(n); i++)
		bytes[i] = (uint8_t)(n * 31 + i);
}

static void message_check(const struct sluice_event *event, uint32_t n)
{
	const uint8_t *bytes = event->data;

	assert_int_equal(event->type, SLUICE_MESSAGE);
	assert_int_equal(event->stream, STREAM);
	assert_int_equal(event->size, message_size(n));
	for (uint32_t i = 0; i < event->size; i++)
		assert_int_equal(bytes[i], (uint8_t)(n * 31 + i));
}

// Takes what came at `to`; `from` takes its answers meanwhile.
static uint32_t take(struct fixture *f, uint32_t received)
{
	struct sluice_event events[EVENTS], none;
	int count = sluice_receive(f->to, events, EVENTS);

	for (int i = 0; i < count; i++) {
		message_check(&events[i], received++);
		sluice_buffer_put(f->to, events[i].data);
	}
	assert_int_equal(sluice_receive(f->from, &none, 1), 0); // nothing comes back for a message
	return received;
}

static void message__each_once_and_in_order(void **state)
{
	enum { COUNT = 20000 };
	struct fixture *f = *state;
	uint8_t *body = malloc(SLUICE_MESSAGE_MAX);
	uint32_t sent = 0, received = 0;

	while (received < COUNT) {
		for (int i = 0; i < 500 && sent < COUNT; i++) {
			message_fill(body, sent);
			int rc = sluice_message(f->from, f->a, STREAM, body, message_size(sent));

			if (rc == SLUICE_E_AGAIN)
				break; // 40 buffers
			assert_int_equal(rc, 0);
			sent++;
		}
		received = take(f, received);
	}
	// 500 of them are about 110 KB; and the largest has its own.
	assert_in_range(loopback_counts_get(f->loopback).records, COUNT * 220 / 65536, COUNT / 100);
	free(body);
}

static void message__flush_and_wait_hand_over(void **state)
{
	struct fixture *f = *state;
	uint8_t body[64];

	for (uint32_t n = 0; n < 3; n++) {
		struct sluice_event event;

		message_fill(body, 0);
		assert_int_equal(sluice_message(f->from, f->a, STREAM, body, 64), 0);
		assert_int_equal(sluice_wait(f->to, 20), 0); // it gathers
		if (n == 0)
			assert_int_equal(sluice_flush(f->from), 0);
		else if (n == 1)
			sluice_wait(f->from, 0);
		else
			assert_int_equal(sluice_receive(f->from, &event, 1), 0);
		event = expect(f->to, SLUICE_MESSAGE);
		message_check(&event, 0);
		sluice_buffer_put(f->to, event.data);
	}
}

static void message__and_records_keep_their_order(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 5; round++) {
		uint8_t *buffer = sluice_buffer_get(f->from);

		buffer[0] = 'r';
		assert_int_equal(sluice_message(f->from, f->a, STREAM, "m", 1), 0);
		assert_int_equal(sluice_send(f->from, f->a, STREAM, buffer, 1, true, 7), 0);
		assert_int_equal(sluice_message(f->from, f->a, STREAM, "n", 1), 0);
		assert_int_equal(sluice_flush(f->from), 0);
		const char *expected = "mrn";
		for (int i = 0; i < 3; i++) {
			struct sluice_event event =
				expect(f->to, i == 1 ? SLUICE_DATA : SLUICE_MESSAGE);

			assert_int_equal(*(const char *)event.data, expected[i]);
			sluice_buffer_put(f->to, event.data);
		}
		sluice_buffer_put(f->from, expect(f->from, SLUICE_SENT).data);
	}
}

// More sessions and streams than gather at the same time.
static void message__many_streams_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t a[4] = {f->a}, b[4] = {f->b}, got[32] = {0};

	for (int i = 1; i < 4; i++)
		open_session(f, &a[i], &b[i]);
	for (uint8_t n = 0; n < 5; n++) {
		for (uint32_t i = 0; i < 32; i++)
			assert_int_equal(sluice_message(f->from, a[i / 8],
						 SLUICE_STREAM(i % 8, SLUICE_UNORDERED), &n, 1),
				0);
		assert_int_equal(sluice_flush(f->from), 0);
		for (uint32_t i = 0; i < 32; i++) {
			struct sluice_event event = expect(f->to, SLUICE_MESSAGE);
			uint32_t at = 0;

			while (b[at] != event.session)
				at++;
			at = at * 8 + (event.stream >> 2);
			assert_int_equal(*(const uint8_t *)event.data, got[at]++);
			sluice_buffer_put(f->to, event.data);
		}
		while (sluice_wait(f->from, 100) == 1) // the answers
			assert_int_equal(sluice_receive(f->from, &(struct sluice_event){0}, 1), 0);
	}
}

static void message__close_delivers_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sluice_message(f->from, f->a, STREAM, "last", 4), 0);
	assert_int_equal(sluice_close(f->from, f->a), 0);
	assert_int_equal(sluice_message(f->from, f->a, STREAM, "more", 4), SLUICE_E_CLOSED);
	struct sluice_event event = expect(f->to, SLUICE_MESSAGE);

	assert_memory_equal(event.data, "last", 4);
	sluice_buffer_put(f->to, event.data);
	assert_true(expect(f->from, SLUICE_CLOSED).ok);
	assert_true(expect(f->to, SLUICE_CLOSED).ok);
}

// The peer closed well, but a message that had not gone is lost: CLOSED says so.
static void message__lost_with_its_session_is_said(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sluice_close(f->to, f->b), 0);
	assert_true(expect(f->to, SLUICE_CLOSED).ok);
	assert_int_equal(sluice_message(f->from, f->a, STREAM, "late", 4), 0);
	struct sluice_event event = expect(f->from, SLUICE_CLOSED);

	assert_false(event.ok);
	assert_non_null(strstr(event.text, "messages to it are lost"));
}

// ---- waking -----------------------------------------------------------------------------------

static void say(struct sluice *sluice, uint32_t session)
{
	assert_int_equal(sluice_message(sluice, session, STREAM, "ping", 4), 0);
	assert_int_equal(sluice_wait(sluice, 0), 0); // the end of the turn: it sleeps
}

// At most one wake-up in each direction; the answers to records wake nobody.
static void wake__one_for_a_request_and_one_for_its_response(void **state)
{
	enum { ROUNDS = 50 };
	struct fixture *f = *state;
	uint64_t before;

	assert_int_equal(sluice_wait(f->to, 0), 0);
	before = loopback_counts_get(f->loopback).wakes;
	for (int i = 0; i < ROUNDS; i++) {
		say(f->from, f->a);
		assert_int_equal(sluice_wait(f->from, 2), 0); // its answer has come by now
		sluice_buffer_put(f->to, expect(f->to, SLUICE_MESSAGE).data);
		say(f->to, f->b);
		sluice_buffer_put(f->from, expect(f->from, SLUICE_MESSAGE).data);
	}
	assert_in_range(loopback_counts_get(f->loopback).wakes - before, 1, 2 * ROUNDS);
}

// Who never sleeps costs the worker no system call.
static void wake__none_for_who_polls(void **state)
{
	struct fixture *f = *state;
	uint64_t before = loopback_counts_get(f->loopback).wakes;
	struct sluice_event event;

	for (int i = 0; i < 2000; i++) {
		assert_int_equal(sluice_message(f->from, f->a, STREAM, "ping", 4), 0);
		while (sluice_receive(f->to, &event, 1) == 0)
			sluice_receive(f->from, &event, 1);
		sluice_buffer_put(f->to, event.data);
	}
	assert_int_equal(loopback_counts_get(f->loopback).wakes, before);
}

struct consumer {
	struct fixture *f;
	_Atomic uint32_t taken, sent; // sent: 0 until all are
};

static void *consume_late(void *argument)
{
	struct consumer *c = argument;

	usleep(50000);
	while (c->sent == 0 || c->taken < c->sent) {
		struct sluice_event event;

		if (sluice_receive(c->f->to, &event, 1) != 1)
			continue;
		sluice_buffer_put(c->f->to, event.data);
		c->taken++;
	}
	return NULL;
}

// Who was refused for want of a buffer is woken when one comes back; and every message arrives.
static void wake__who_waits_for_a_buffer(void **state)
{
	struct fixture *f = *state;
	struct consumer consumer = {.f = f};
	uint8_t *body = calloc(1, SLUICE_MESSAGE_MAX);
	struct sluice_event event;
	uint32_t sent = 0;
	pthread_t thread;
	int rc;

	while ((rc = sluice_message(f->from, f->a, STREAM, body, SLUICE_MESSAGE_MAX)) == 0)
		sent++;
	assert_int_equal(rc, SLUICE_E_AGAIN);
	while (sluice_receive(f->from, &event, 1) == 0 && sluice_wait(f->from, 10) == 1)
		; // nothing moves: the peer takes nothing
	while (sluice_message(f->from, f->a, STREAM, body, SLUICE_MESSAGE_MAX) == 0)
		sent++;
	assert_int_equal(pthread_create(&thread, NULL, consume_late, &consumer), 0);
	for (int more = 0; more < 100; more += rc == 0) {
		rc = sluice_message(f->from, f->a, STREAM, body, SLUICE_MESSAGE_MAX);
		sent += rc == 0;
		if (rc == SLUICE_E_AGAIN)
			await_event(f->from);
		assert_int_equal(sluice_receive(f->from, &event, 1), 0);
	}
	while (sluice_flush(f->from) == SLUICE_E_AGAIN)
		sluice_wait(f->from, 1);
	consumer.sent = sent;
	pthread_join(thread, NULL);
	free(body);
	assert_int_equal(consumer.taken, sent);
}

static void message__refuses_what_cannot_be(void **state)
{
	struct fixture *f = *state;
	uint8_t *body = calloc(1, SLUICE_BUFFER_SIZE);

	assert_int_equal(sluice_message(f->from, f->a, STREAM, body, SLUICE_MESSAGE_MAX + 1),
		SLUICE_E_INVALID);
	assert_non_null(strstr(sluice_error(f->from), "sluice_send"));
	assert_int_equal(sluice_message(f->from, f->a, STREAM, NULL, 1), SLUICE_E_INVALID);
	assert_int_equal(sluice_message(f->from, f->a, 8 << 2, body, 1), SLUICE_E_INVALID);
	assert_int_equal(sluice_message(f->from, 4711, STREAM, body, 1), SLUICE_E_CLOSED);
	assert_int_equal(sluice_message(f->from, f->a, STREAM, NULL, 0), 0);
	free(body);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(message__each_once_and_in_order),
		CASE(message__flush_and_wait_hand_over),
		CASE(message__and_records_keep_their_order),
		CASE(message__many_streams_at_once),
		CASE(message__close_delivers_first),
		CASE(message__lost_with_its_session_is_said),
		CASE(message__refuses_what_cannot_be),
		CASE(wake__one_for_a_request_and_one_for_its_response),
		CASE(wake__none_for_who_polls),
		CASE(wake__who_waits_for_a_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
