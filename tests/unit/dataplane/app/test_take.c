// What comes from the application's rings, honest and
// not: descriptors, returned blocks, impossible indices.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "tests/unit/dataplane/app/fake_app.h"

#define SESSION 0x01000203u

struct fixture {
	struct fake_app app;
	struct app_session *session;
	struct app_record records[APP_DESCRIPTORS_TURN];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_app_init(&f->app, 8, 64);
	f->session = app_session_open(f->app.channel, SESSION);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(app_channel_check(f->app.channel)); // whatever it did, the tables add up
	fake_app_fini(&f->app);
	free(f);
	return 0;
}

static struct app_tx honest(uint32_t block, uint32_t size)
{
	return (struct app_tx){.session = SESSION,
		.stream = stream_id(3, STREAM_UNORDERED),
		.offset = block * APP_BLOCK_SIZE,
		.size = size,
		.op = APP_TX_SEND,
		.cookie = block};
}

static void tx_check__each_field(void **state)
{
	const uint32_t area = 8 * APP_BLOCK_SIZE;
	struct app_tx good = honest(7, APP_BLOCK_SIZE), bad;

	(void)state;
	assert_true(app_tx_check(&good, area));
	bad = good, bad.op = 0, assert_false(app_tx_check(&bad, area));
	bad = good, bad.op = 4, assert_false(app_tx_check(&bad, area));
	bad = good, bad.stream = stream_id(8, STREAM_ORDERED),
	assert_false(app_tx_check(&bad, area));
	bad = good, bad.stream |= STREAM_URGENT, assert_true(app_tx_check(&bad, area));
	bad = good, bad.flags = APP_TX_PACKED, assert_true(app_tx_check(&bad, area));
	bad = good, bad.flags = APP_TX_PACKED | APP_TX_MESSAGE_END,
	assert_false(app_tx_check(&bad, area));
	bad = good, bad.flags = 4, assert_false(app_tx_check(&bad, area));
	bad = good, bad.size++, assert_false(app_tx_check(&bad, area));
	bad = good, bad.offset++, assert_false(app_tx_check(&bad, area)); // crosses the end
	bad = good, bad.offset = area, assert_false(app_tx_check(&bad, area));
	bad = good, bad.offset = area, bad.size = 0, assert_false(app_tx_check(&bad, area));
	bad = good, bad.offset = UINT32_MAX, bad.size = 1, assert_false(app_tx_check(&bad, area));
	bad = good, bad.offset = APP_BLOCK_SIZE - 1, bad.size = 2,
	assert_false(app_tx_check(&bad, area)); // two blocks
	bad = good, bad.offset = APP_BLOCK_SIZE - 1, bad.size = 1,
	assert_true(app_tx_check(&bad, area));
	bad = good, bad.offset = area - 1, bad.size = 0, assert_true(app_tx_check(&bad, area));
}

static void take__gives_checked_copies(void **state)
{
	struct fixture *f = *state;

	fake_app_send(&f->app, honest(2, 100));
	fake_app_send(&f->app, (struct app_tx){.session = SESSION + 1, .op = APP_TX_CLOSE});
	f->app.region.base[f->app.mine->header.blocks_offset + 2 * APP_BLOCK_SIZE] = 0x5a;
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 2);
	assert_ptr_equal(f->records[0].row, f->session);
	assert_int_equal(f->records[0].data[0], 0x5a);
	assert_int_equal(f->records[0].tx.size, 100);
	assert_null(f->records[1].row);
	assert_null(f->records[1].data);
	assert_int_equal(f->app.channel->sends, 1);
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 0);
}

static void take__garbage_descriptor_breaks(void **state)
{
	struct fixture *f = *state;
	struct app_tx bad = honest(0, 1);

	bad.op = 99;
	fake_app_send(&f->app, honest(0, 1));
	fake_app_send(&f->app, bad);
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 0);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_DESCRIPTOR);
	assert_int_equal(f->app.channel->sends, 0); // nothing of the batch was taken over
	fake_app_send(&f->app, honest(0, 1));
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 0); // for good
	assert_null(app_session_open(f->app.channel, 5));
}

static void take__garbage_tail_breaks(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->app.mine->tx_tail.tail, APP_TX_SLOTS + 1);
	assert_int_equal(app_take(f->app.channel, f->records, 1), 0);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_RING);
}

static void take__more_sends_than_buffers_break(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 8; i++)
		fake_app_send(&f->app, honest(0, 1));
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 8);
	fake_app_send(&f->app, honest(0, 1));
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 0);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_FULL);
}

static void take__is_bounded(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 100; i++)
		fake_app_send(&f->app, (struct app_tx){.session = SESSION, .op = APP_TX_CLOSE});
	assert_int_equal(app_take(f->app.channel, f->records, 1000), APP_DESCRIPTORS_TURN);
}

static uint32_t deliver(struct fixture *f)
{
	app_deliver_data(f->session, 0, app_block_get(f->session), 10, 0);
	app_deliver_flush(f->app.channel);
	struct app_rx rx = fake_app_event(&f->app);
	assert_int_equal(rx.type, APP_RX_DATA);
	return rx.offset;
}

static void returns__become_credit_of_their_session(void **state)
{
	struct fixture *f = *state;
	uint32_t a = deliver(f), b = deliver(f);

	assert_int_equal(f->session->blocks, 2);
	fake_app_return(&f->app, b, SESSION);
	fake_app_return(&f->app, a, SESSION);
	assert_int_equal(app_take_returns(f->app.channel), 2);
	assert_int_equal(app_take_credit(f->session), 2);
	assert_int_equal(app_take_credit(f->session), 0);
	assert_int_equal(f->session->blocks, 0);
	assert_int_equal(f->app.channel->free_count, 64);
}

static void returns__after_the_session_ended(void **state)
{
	struct fixture *f = *state;
	uint32_t offset = deliver(f);

	app_session_close(f->session, 1);
	assert_int_equal(f->app.channel->orphans, 1);
	fake_app_return(&f->app, offset, SESSION);
	assert_int_equal(app_take_returns(f->app.channel), 1);
	assert_int_equal(f->app.channel->orphans, 0);
	assert_int_equal(f->app.channel->free_count, 64);
}

static void returns_break(struct fixture *f, uint32_t offset, uint32_t session)
{
	fake_app_return(&f->app, offset, session);
	assert_int_equal(app_take_returns(f->app.channel), 0);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_RETURN);
}

static void returns__twice_breaks(void **state)
{
	struct fixture *f = *state;
	uint32_t offset = deliver(f);

	fake_app_return(&f->app, offset, SESSION);
	returns_break(f, offset, SESSION);
}

static void returns__of_a_block_in_use_by_the_transport_breaks(void **state)
{
	struct fixture *f = *state;
	uint8_t *block = app_block_get(f->session);

	returns_break(f, (uint32_t)(block - f->app.channel->blocks), SESSION);
}

static void returns__of_a_slab_breaks(void **state)
{
	struct fixture *f = *state;

	returns_break(f, (uint32_t)(app_slab_get(f->app.channel) - f->app.channel->blocks), 0);
}

static void returns__of_another_session_breaks(void **state)
{
	struct fixture *f = *state;

	returns_break(f, deliver(f), SESSION + 1);
}

static void returns__not_at_a_block_breaks(void **state)
{
	struct fixture *f = *state;

	returns_break(f, deliver(f) + 1, SESSION);
}

static void returns__out_of_range_breaks(void **state)
{
	returns_break(*state, 64 * APP_BLOCK_SIZE, SESSION);
}

static void returns__far_out_of_range_breaks(void **state)
{
	returns_break(*state, 0xffff0000u, SESSION);
}

static void returns__garbage_tail_breaks(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->app.mine->return_tail.tail, 0x7fffffffu);
	assert_int_equal(app_take_returns(f->app.channel), 0);
	assert_int_equal(f->app.channel->broken, APP_BROKEN_RING);
}

static void park__keeps_order_and_fails_with_the_session(void **state)
{
	struct fixture *f = *state;
	uint32_t stream = stream_id(3, STREAM_UNORDERED);

	for (uint32_t i = 0; i < 5; i++)
		fake_app_send(&f->app, honest(i, 1));
	assert_int_equal(app_take(f->app.channel, f->records, APP_DESCRIPTORS_TURN), 5);
	assert_false(app_parked_any(f->session, 3));
	for (uint32_t i = 0; i < 5; i++)
		app_park(f->session, &f->records[i].tx);
	assert_int_equal(f->session->parked, 5);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(app_parked_first(f->session, 3)->cookie, i);
		app_unpark(f->session, 3);
		app_deliver_sent(f->app.channel, SESSION, stream, i, true, false);
	}
	assert_false(app_parked_any(f->session, 2));

	app_session_close(f->session, 5);
	app_deliver_flush(f->app.channel);
	for (uint32_t i = 0; i < 5; i++) {
		struct app_rx rx = fake_app_event(&f->app);

		assert_int_equal(rx.type, APP_RX_SENT);
		assert_int_equal(rx.cookie, i);
		assert_int_equal(rx.flags, i < 2 ? 0 : APP_RX_FAILED);
	}
	struct app_rx last = fake_app_event(&f->app);
	assert_int_equal(last.type, APP_RX_CLOSED);
	assert_int_equal(last.value, 5);
	assert_int_equal(fake_app_event(&f->app).type, 0);
	assert_int_equal(f->app.channel->sends, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(tx_check__each_field),
		CASE(take__gives_checked_copies),
		CASE(take__garbage_descriptor_breaks),
		CASE(take__garbage_tail_breaks),
		CASE(take__more_sends_than_buffers_break),
		CASE(take__is_bounded),
		CASE(returns__become_credit_of_their_session),
		CASE(returns__after_the_session_ended),
		CASE(returns__twice_breaks),
		CASE(returns__of_a_block_in_use_by_the_transport_breaks),
		CASE(returns__of_a_slab_breaks),
		CASE(returns__of_another_session_breaks),
		CASE(returns__not_at_a_block_breaks),
		CASE(returns__out_of_range_breaks),
		CASE(returns__far_out_of_range_breaks),
		CASE(returns__garbage_tail_breaks),
		CASE(park__keeps_order_and_fails_with_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
