// Opening: HELLO, its repetition, and what refuses it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

static void open__both(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	pair_for(p, 1 * MS);
	assert_true(p->side[0].opened && p->side[1].opened);
	assert_int_equal(p->side[0].sent_type[WIRE_HELLO], 1);
	assert_int_equal(p->side[1].sent_type[WIRE_HELLO], 1);
	assert_int_equal(p->side[0].c->send_credit, 8 * RECORD_RAW_MAX);
	assert_int_equal(p->side[1].c->send[3].limit, RECORD_WINDOW);
	struct conn_stats st;
	conn_stats_get(p->side[0].c, &st);
	assert_string_equal(st.state, "open");
	pair_free(p);
}

static void open__reply_lost(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	p->side[1].mute = true;
	pair_for(p, 12 * MS);
	assert_true(p->side[1].opened && !p->side[0].opened);
	assert_int_equal(p->side[0].sent_type[WIRE_HELLO], 2); // 0, 5, (15) ms
	p->side[1].mute = false;
	pair_for(p, 20 * MS);
	assert_true(p->side[0].opened);
	assert_true(pair_bulk(p, 1, 0, 3, 5000, 1000 * MS));
	pair_free(p);
}

static void open__never_answered(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	p->side[0].mute = p->side[1].mute = true;
	pair_for(p, 4990 * MS);
	assert_false(p->side[0].closed || p->side[1].closed);
	pair_for(p, 20 * MS);
	for (int i = 0; i < 2; i++) {
		assert_true(p->side[i].closed);
		assert_int_equal(p->side[i].reason, CLOSE_HELLO_TIMEOUT);
	}
	assert_true(p->side[0].sent_type[WIRE_HELLO] > 10 && p->side[0].sent_type[WIRE_HELLO] < 40);
	pair_free(p);
}

static struct conn_stats stats(const struct pair *p, uint32_t side)
{
	struct conn_stats st;
	conn_stats_get(p->side[side].c, &st);
	return st;
}

// Both sides have a round trip time when they are open, also where HELLO went several times before
// the reply could be there: the packet number says which was answered.
static void open__measures(void **state)
{
	(void)state;
	static const uint64_t delays[] = {20000, 40 * MS};
	for (int i = 0; i < 2; i++) {
		struct pair *p = pair_new(8);
		p->delay_ns = delays[i];
		pair_for(p, 3 * delays[i]);
		assert_int_equal(p->side[0].sent_type[WIRE_HELLO] > 1, delays[i] > MS);
		assert_int_equal(stats(p, 0).srtt_ns, 2 * delays[i]);
		assert_int_equal(stats(p, 1).srtt_ns, 2 * delays[i]);
		assert_int_equal(stats(p, 0).min_rtt_ns, 2 * delays[i]);
		pair_free(p);
	}
}

// The first HELLO is lost: the time until it was sent again is not the path's.
static void open__measures_the_one_answered(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	p->side[0].mute = true;
	pair_for(p, 1 * MS);
	p->side[0].mute = false;
	pair_for(p, 10 * MS);
	assert_true(p->side[0].opened);
	assert_int_equal(stats(p, 0).srtt_ns, 40000);
	assert_int_equal(stats(p, 0).latest_rtt_ns, 40000);
	pair_free(p);
}

// Nobody has measured the path yet: data is not given up before a second, and no window is cut.
static void open__patient_without_sample(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	p->delay_ns = 400 * MS;
	pair_submit(p, 1, 0, 3000);
	pair_for(p, 3000 * MS);
	assert_int_equal(p->side[1].returned_ok, 1);
	assert_int_equal(stats(p, 1).timeouts, 0);
	assert_int_equal(stats(p, 1).retransmits, 0);
	assert_true(stats(p, 1).cwnd_segments >= 4);
	pair_free(p);
}

// Records submitted before the peer answered wait and then go.
static void open__submitted_before(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	assert_int_equal(pair_submit(p, 0, 0, 100000 % 65536), SUBMIT_OK);
	assert_int_equal(pair_submit(p, 1, 0, 10), SUBMIT_OK);
	pair_for(p, 10 * MS);
	assert_int_equal(p->side[0].returned_ok, 1);
	assert_int_equal(p->side[1].returned_ok, 1);
	pair_free(p);
}

static enum verdict hello(
	struct pair *p, uint32_t side, uint64_t pn, void (*spoil)(struct wire_hello *))
{
	struct pair_side *s = &p->side[side];
	struct wire_header h = {.type = WIRE_HELLO, .cid = conn_cid(s->c), .pn = pn};
	struct wire_hello view;
	uint8_t bytes[WIRE_HELLO_SIZE];
	hello_fill(p->side[1 - side].t, p->side[1 - side].c, side == 0, &view);
	if (spoil)
		spoil(&view);
	wire_hello_frame(bytes, &view);
	return conn_on_packet(s->t, s->c, &h, bytes, sizeof(bytes), NULL, p->now_ns);
}

static void spoil_session(struct wire_hello *h)
{
	h->session_id[3] ^= 1;
}

static void spoil_segment(struct wire_hello *h)
{
	h->segment_size = 8896;
}

static void spoil_reply(struct wire_hello *h)
{
	h->flags ^= WIRE_HELLO_REPLY;
}

static void spoil_boot(struct wire_hello *h)
{
	h->boot_id++;
}

static void hello__refused(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	assert_int_equal(hello(p, 1, 1, spoil_session), DROP_STATE);
	assert_int_equal(hello(p, 1, 1, spoil_segment), DROP_STATE);
	assert_int_equal(hello(p, 1, 1, spoil_reply), DROP_STATE);
	assert_int_equal(
		hello(p, 1, 1, NULL), VERDICT_ACCEPT); // the same pn: nothing was committed
	pair_free(p);
}

static void hello__duplicates(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	pair_for(p, 1 * MS);
	for (int i = 0; i < 10; i++) {
		conn_control(
			p->side[0].t, p->side[0].c, CONTROL_HELLO); // as if the replies came late
		pair_for(p, 10000);
	}
	pair_for(p, 1 * MS);
	assert_int_equal(p->side[1].sent_type[WIRE_HELLO], 11);
	assert_int_equal(p->side[1].drops[DROP_STATE], 0);
	assert_true(pair_bulk(p, 0, 0, 20, 65536, 1000 * MS));
	pair_free(p);
}

static void hello__other_boot(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	pair_for(p, 1 * MS);
	pair_submit(p, 1, 0, 100);
	assert_int_equal(hello(p, 1, 5, spoil_boot), VERDICT_ACCEPT);
	pair_for(p, 1 * MS);
	assert_true(p->side[1].closed);
	assert_int_equal(p->side[1].reason, CLOSE_PEER_RESTARTED);
	assert_int_equal(p->side[1].returned_failed, 1);
	pair_free(p);
}

static void data__before_hello(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	struct conn_place place;
	struct wire_header h = {.type = WIRE_DATA, .pn = 3};
	assert_int_equal(conn_place(p->side[1].t, p->side[1].c, &h, 1408, &place), DROP_STATE);
	assert_int_equal(
		conn_on_packet(p->side[1].t, p->side[1].c, &h, NULL, 1408, NULL, p->now_ns),
		DROP_STATE);
	h.type = WIRE_PROBE;
	assert_int_equal(conn_on_packet(p->side[1].t, p->side[1].c, &h, NULL, 0, NULL, p->now_ns),
		DROP_STATE);
	pair_free(p);
}

static void find__generation(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	uint32_t cid = conn_cid(p->side[0].c);
	assert_ptr_equal(transport_find(p->side[0].t, cid), p->side[0].c);
	assert_null(transport_find(p->side[0].t, cid ^ 1));            // another generation
	assert_null(transport_find(p->side[0].t, cid | 1u << 24));     // another worker
	assert_null(transport_find(p->side[0].t, cid | 0xffffu << 8)); // no such slot
	transport_abort(p->side[0].t, p->side[0].c, CLOSE_LOCAL, p->now_ns);
	pair_for(p, 1 * MS);
	assert_true(p->side[0].closed);
	assert_null(transport_find(p->side[0].t, cid));
	struct conn *a = transport_reserve(p->side[0].t), *b = transport_reserve(p->side[0].t);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(transport_reserve(p->side[0].t)); // two slots
	assert_true(conn_cid(a) != cid && conn_cid(b) != cid);
	transport_free(p->side[0].t, b);
	assert_non_null(transport_reserve(p->side[0].t));
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__both),
		cmocka_unit_test(open__reply_lost),
		cmocka_unit_test(open__never_answered),
		cmocka_unit_test(open__measures),
		cmocka_unit_test(open__measures_the_one_answered),
		cmocka_unit_test(open__patient_without_sample),
		cmocka_unit_test(open__submitted_before),
		cmocka_unit_test(hello__refused),
		cmocka_unit_test(hello__duplicates),
		cmocka_unit_test(hello__other_boot),
		cmocka_unit_test(data__before_hello),
		cmocka_unit_test(find__generation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
