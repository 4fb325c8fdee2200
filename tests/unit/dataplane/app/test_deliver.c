// Events to the application: order, batches, wake-ups,
// and an application that breaks its side of the ring.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "tests/unit/dataplane/app/fake_app.h"

struct fixture {
	struct fake_app app;
	struct app_session *session;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_app_init(&f->app, 4, 64);
	f->session = app_session_open(f->app.channel, 7);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(app_channel_check(f->app.channel));
	fake_app_fini(&f->app);
	free(f);
	return 0;
}

// Bytes that wait in the application's wake socket; takes them.
static int wakes(struct fixture *f)
{
	char bytes[64];
	ssize_t count = recv(f->app.channel->peer_wake_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	return count > 0 ? (int)count : 0;
}

static void opened(struct fixture *f)
{
	app_deliver_opened(f->session, 0);
	app_deliver_flush(f->app.channel);
}

static void flush__publishes_once_and_in_order(void **state)
{
	struct fixture *f = *state;

	app_deliver_opened(f->session, 3);
	uint8_t *block = app_block_get(f->session);
	app_deliver_data(f->session, 5, block, 65536, APP_RX_MESSAGE_END);
	assert_int_equal(fake_app_event(&f->app).type, 0); // staged only
	app_deliver_flush(f->app.channel);

	struct app_rx rx = fake_app_event(&f->app);
	assert_int_equal(rx.type, APP_RX_OPENED);
	assert_int_equal(rx.cookie, 3);
	assert_int_equal(rx.offset, f->session->row);
	rx = fake_app_event(&f->app);
	assert_int_equal(rx.type, APP_RX_DATA);
	assert_int_equal(rx.session, 7);
	assert_int_equal(rx.stream, 5);
	assert_int_equal(rx.flags, APP_RX_MESSAGE_END);
	assert_ptr_equal(f->app.channel->blocks + rx.offset, block);
	assert_int_equal(f->app.channel->answered[0], 3);
}

static void stage__publishes_when_it_is_full(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < APP_STAGED_MAX + 1; i++)
		app_deliver_opened(f->session, 0);
	for (uint32_t i = 0; i < APP_STAGED_MAX; i++)
		assert_int_equal(fake_app_event(&f->app).type, APP_RX_OPENED);
	assert_int_equal(fake_app_event(&f->app).type, 0);
}

static void flush__wakes_only_a_sleeper_and_once(void **state)
{
	struct fixture *f = *state;

	opened(f);
	assert_int_equal(wakes(f), 0); // awake
	fake_app_event(&f->app);
	assert_true(ring_sleep(&f->app.rx));
	opened(f);
	opened(f);
	opened(f);
	assert_int_equal(wakes(f), 1); // one byte says it all until it has looked
	assert_false(ring_sleep(&f->app.rx));
	for (int i = 0; i < 3; i++)
		fake_app_event(&f->app);
	assert_true(ring_sleep(&f->app.rx));
	opened(f);
	assert_int_equal(wakes(f), 1);
	ring_awake(&f->app.rx);
	opened(f);
	assert_int_equal(wakes(f), 0);
	app_deliver_flush(f->app.channel); // nothing staged: nothing done
}

static void sent(struct fixture *f, bool ok, bool packed)
{
	f->app.channel->sends++; // as if it had been taken
	app_deliver_sent(f->app.channel, f->session->cid, 0, 0, ok, packed);
}

// That messages arrived is no reason to get up; that they did not is one, and so is anything else.
static void flush__answers_to_messages_can_wait(void **state)
{
	struct fixture *f = *state;

	assert_true(ring_sleep_as(&f->app.rx, RING_ASLEEP_DEEP));
	for (int i = 0; i < APP_STAGED_MAX + 1; i++) // more than are staged at a time
		sent(f, true, true);
	app_deliver_flush(f->app.channel);
	assert_int_equal(wakes(f), 0);
	sent(f, true, true);
	sent(f, true, false);
	app_deliver_flush(f->app.channel);
	assert_int_equal(wakes(f), 1);
	sent(f, false, true); // its head has not moved: one byte is enough
	app_deliver_flush(f->app.channel);
	assert_int_equal(wakes(f), 0);

	while (fake_app_event(&f->app).type != 0)
		;
	assert_true(ring_sleep_as(&f->app.rx, RING_ASLEEP_DEEP));
	sent(f, false, true);
	app_deliver_flush(f->app.channel);
	assert_int_equal(wakes(f), 1);
	fake_app_event(&f->app);
	assert_true(ring_sleep(&f->app.rx)); // it wants a buffer
	sent(f, true, true);
	app_deliver_flush(f->app.channel);
	assert_int_equal(wakes(f), 1);
	assert_int_equal(f->app.channel->wakes, 3);
}

// What was published because the stage was full wakes with the flush, whatever was staged last.
static void flush__remembers_what_was_published_before(void **state)
{
	struct fixture *f = *state;

	assert_true(ring_sleep_as(&f->app.rx, RING_ASLEEP_DEEP));
	app_deliver_opened(f->session, 0);
	for (int i = 0; i < APP_STAGED_MAX + 1; i++)
		sent(f, true, true);
	app_deliver_flush(f->app.channel);
	assert_int_equal(wakes(f), 1);
}

// Asleep for ever, never reading its wake socket: the worker does not block.
static void flush__never_blocks_on_a_full_wake_socket(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20000; i++) {
		opened(f);
		fake_app_event(&f->app);
		atomic_store(&f->app.mine->rx_head.asleep, 1);
	}
	assert_int_equal(f->app.channel->broken, APP_BROKEN_NOT);
}

static void flush__full_ring_breaks(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < APP_RX_SLOTS; i++)
		opened(f);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_NOT);
	opened(f);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_FULL);
}

static void flush__impossible_head_breaks(void **state)
{
	struct fixture *f = *state;

	atomic_store(
		&f->app.mine->rx_head.head, APP_RX_SLOTS + 1); // looked at when the ring seems full
	for (uint32_t i = 0; i <= APP_RX_SLOTS && f->app.channel->broken == APP_BROKEN_NOT; i++)
		opened(f);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_RING);
}

static void data__of_a_broken_application_stays_here(void **state)
{
	struct fixture *f = *state;
	uint8_t *block = app_block_get(f->session);

	f->app.channel->broken = APP_BROKEN_RING;
	app_deliver_data(f->session, 0, block, 1, 0);
	assert_int_equal(f->app.channel->free_count, 64);
	app_session_close(f->session, 8);
	assert_true(app_channel_quiet(f->app.channel));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(flush__publishes_once_and_in_order),
		CASE(stage__publishes_when_it_is_full),
		CASE(flush__wakes_only_a_sleeper_and_once),
		CASE(flush__answers_to_messages_can_wait),
		CASE(flush__remembers_what_was_published_before),
		CASE(flush__never_blocks_on_a_full_wake_socket),
		CASE(flush__full_ring_breaks),
		CASE(flush__impossible_head_breaks),
		CASE(data__of_a_broken_application_stays_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
