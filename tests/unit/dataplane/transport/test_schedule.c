// Who goes first: control before data, connections and streams by turns, bytes and not packets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define US 1000ull
#define MS 1000000ull

static struct pair *opened(void)
{
	struct pair *p = pair_new(400);
	pair_for(p, 1 * MS);
	pair_unpaced(p, 0);
	return p;
}

static void streams__by_turns(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct send_packet out[32];
	p->side[0].c->cc.cwnd = 1000;
	for (int i = 0; i < 20; i++)
		for (uint32_t s = 0; s < 3; s++)
			pair_submit(p, 0, s << 2, 65536);
	uint32_t sent[STREAMS_MAX] = {0}, run = 0, longest = 0, last = 9;
	for (int i = 0; i < 15; i++) {
		uint32_t n = transport_send(p->side[0].t, out, 32, p->now_ns);
		for (uint32_t k = 0; k < n; k++) {
			uint32_t s = stream_number(out[k].header.stream);
			sent[s]++;
			run = s == last ? run + 1 : 1;
			last = s;
			longest = run > longest ? run : longest;
		}
	}
	assert_int_equal(sent[0] + sent[1] + sent[2], 480);
	for (int s = 0; s < 3; s++)
		assert_true(sent[s] >= 144 && sent[s] <= 176);
	assert_true(longest <= QUANTUM_SEGMENTS + 1);
	pair_free(p);
}

// Small records on one stream, large on another: the
// bytes are shared, so the small ones send more packets.
static void streams__share_bytes(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct send_packet out[32];
	p->side[0].c->cc.cwnd = 4000;
	for (int i = 0; i < 128; i++) {
		pair_submit(p, 0, 0, 65536);
		pair_submit(p, 0, 4, 688); // half a segment on the wire
	}
	uint32_t sent[2] = {0};
	while (sent[1] < 128) {
		uint32_t n = transport_send(p->side[0].t, out, 32, p->now_ns);
		assert_true(n > 0);
		for (uint32_t k = 0; k < n; k++)
			sent[stream_number(out[k].header.stream)]++;
	}
	assert_true(sent[0] >= 64 - 16 && sent[0] <= 64 + 48);
	pair_free(p);
}

static void conns__by_turns(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct transport *t = p->side[0].t;
	struct send_packet out[32];
	struct conn *second = transport_reserve(t);
	struct conn_open open = {
		.owner = &p->side[0], .peer_cid = 77, .segment_size = 1408, .credit_records = 1};
	transport_open(t, second, &open, p->now_ns);
	struct wire_hello hello = {
		.boot_id = 5, .credit = 1ull << 40, .segment_size = 1408, .records = RECORD_WINDOW};
	uint8_t bytes[WIRE_HELLO_SIZE], stored[65536] = {0};
	struct wire_header h = {.type = WIRE_HELLO, .pn = 1};
	wire_hello_frame(bytes, &hello);
	assert_int_equal(conn_on_packet(t, second, &h, bytes, sizeof(bytes), NULL, p->now_ns),
		VERDICT_ACCEPT);
	p->side[0].c->cc.cwnd = second->cc.cwnd = 1000;
	struct send_record r = {.stored = stored, .stored_size = 65536, .raw_size = 65536};
	for (int i = 0; i < 20; i++) {
		pair_submit(p, 0, 0, 65536);
		assert_int_equal(transport_submit(t, second, 0, &r, p->now_ns), SUBMIT_OK);
	}
	uint32_t sent[2] = {0};
	assert_int_equal(transport_send(t, out, 32, p->now_ns), 32);
	assert_int_equal(out[0].header.type, WIRE_HELLO); // control first
	for (int i = 0; i < 20; i++) {
		uint32_t n = transport_send(t, out, 32, p->now_ns);
		for (uint32_t k = 0; k < n; k++)
			sent[out[k].conn == second]++;
	}
	assert_int_equal(sent[0] + sent[1], 640);
	assert_true(sent[0] >= 300 && sent[0] <= 340);
	assert_null(transport_check(t));
	transport_abort(t, second, CLOSE_LOCAL, p->now_ns);
	struct sent_record back;
	uint32_t failed = 0;
	while (transport_take_sent(t, &back))
		failed += !back.ok;
	assert_int_equal(failed, 20);
	pair_free(p);
}

static void control__before_data(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct send_packet out[4];
	for (int i = 0; i < 5; i++)
		pair_submit(p, 0, 0, 65536);
	conn_control(p->side[0].t, p->side[0].c, CONTROL_PROBE | CONTROL_ACK);
	assert_int_equal(transport_send(p->side[0].t, out, 1, p->now_ns), 1);
	assert_int_equal(out[0].header.type, WIRE_ACK);
	assert_int_equal(transport_send(p->side[0].t, out, 4, p->now_ns), 4);
	assert_int_equal(out[0].header.type, WIRE_PROBE);
	assert_int_equal(out[1].header.type, WIRE_DATA);
	pair_free(p);
}

// The packet that exhausts the window, and the one that exhausts the data, ask for the ACK at once.
static void ack_now__on_the_last(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct send_packet out[8];
	pair_submit(p, 0, 0, 65536);
	assert_int_equal(transport_send(p->side[0].t, out, 8, p->now_ns), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(!!(out[i].header.flags & WIRE_ACK_NOW), i == 3);
	pair_free(p);
	p = opened();
	pair_submit(p, 0, 0, 3000);
	assert_int_equal(transport_send(p->side[0].t, out, 3, p->now_ns), 3);
	assert_true(out[2].header.flags & WIRE_ACK_NOW);
	assert_true(out[2].header.flags & WIRE_RECORD_END);
	assert_false(out[1].header.flags & (WIRE_ACK_NOW | WIRE_RECORD_END));
	assert_int_equal(out[2].iov[0].size, 3016 - 2 * 1408);
	pair_free(p);
}

static void submit__refusals(void **state)
{
	(void)state;
	struct pair *p = opened();
	assert_int_equal(pair_submit(p, 0, STREAM_ORDERED, 10), SUBMIT_OK);
	assert_int_equal(pair_submit(p, 0, STREAM_UNORDERED, 10), SUBMIT_STREAM); // the other kind
	assert_int_equal(pair_submit(p, 0, 3, 10), SUBMIT_STREAM);
	struct send_record r = {.stored_size = RECORD_RAW_MAX + 1};
	assert_int_equal(transport_submit(p->side[0].t, p->side[0].c, 0, &r, 0), SUBMIT_STREAM);
	assert_int_equal(transport_submit(p->side[0].t, p->side[0].c, STREAMS_MAX << 2, &r, 0),
		SUBMIT_STREAM);
	struct conn *c = transport_reserve(p->side[0].t);
	r.stored_size = 1;
	assert_int_equal(transport_submit(p->side[0].t, c, 0, &r, 0), SUBMIT_CLOSED);
	transport_free(p->side[0].t, c);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams__by_turns),
		cmocka_unit_test(streams__share_bytes),
		cmocka_unit_test(conns__by_turns),
		cmocka_unit_test(control__before_data),
		cmocka_unit_test(ack_now__on_the_last),
		cmocka_unit_test(submit__refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
