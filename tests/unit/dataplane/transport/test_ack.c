// When an ACK goes, on what it rides, and which ACKs are refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define US 1000ull
#define MS 1000000ull

static struct pair *opened(void)
{
	struct pair *p = pair_new(200);
	pair_for(p, 1 * MS);
	return p;
}

static enum verdict data(struct pair *p, uint64_t pn, uint32_t record, uint8_t flags)
{
	struct pair_side *s = &p->side[1];
	struct conn_place place;
	struct wire_header h = {
		.type = WIRE_DATA, .flags = flags, .pn = pn, .offset = wire_offset(record, 0)};
	enum verdict v = conn_place(s->t, s->c, &h, 1408, &place);
	return v ? v : conn_on_packet(s->t, s->c, &h, NULL, 1408, NULL, p->now_ns);
}

static void policy__delayed(void **state)
{
	(void)state;
	struct pair *p = opened();
	uint64_t pn = p->side[1].c->pns.largest;
	struct send_packet out[4];
	assert_int_equal(data(p, ++pn, 0, 0), VERDICT_ACCEPT);
	assert_int_equal(transport_send(p->side[1].t, out, 4, p->now_ns), 0);
	assert_int_equal(transport_deadline(p->side[1].t),
		p->now_ns + 10 * US); // a quarter of the round trip that HELLO took
	p->now_ns += 4 * US;
	assert_int_equal(data(p, ++pn, 1, 0), VERDICT_ACCEPT);
	p->now_ns += 6 * US;
	transport_on_time(p->side[1].t, p->now_ns);
	assert_int_equal(transport_send(p->side[1].t, out, 4, p->now_ns), 1);
	assert_int_equal(out[0].header.type, WIRE_ACK);
	assert_true(out[0].header.flags & WIRE_ACK_BLOCK && out[0].has_ack);
	assert_int_equal(out[0].ack.largest, pn);
	assert_int_equal(out[0].ack.delay_us, 6); // since the largest came
	assert_int_equal(out[0].ack.words[0] & 3, 3);
	pair_free(p);
}

static void policy__at_once(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct pair_side *s = &p->side[1];
	uint64_t pn = s->c->pns.largest;
	struct send_packet out[4];
	data(p, pn + 1, 0, 0);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 0);
	data(p, pn + 3, 1, 0); // a gap
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	data(p, pn + 4, 2, 0); // the same gap is no news
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 0);
	data(p, pn + 5, 3, WIRE_ACK_NOW); // several reasons in one burst, one ACK
	data(p, pn + 8, 4, WIRE_ACK_NOW);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	assert_int_equal(out[0].ack.words[0] & 0xff, 0xb9); // 8, 5, 4, 3, 1
	struct wire_header probe = {.type = WIRE_PROBE, .pn = pn + 9};
	conn_on_packet(s->t, s->c, &probe, NULL, 0, NULL, p->now_ns);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 0);
	pair_free(p);
}

// Asked for: its sender waits, but the answer may take it along, so it gets the time of a turn.
static void policy__soon(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct pair_side *s = &p->side[1];
	uint64_t pn = s->c->pns.largest;
	struct send_packet out[4];
	data(p, pn + 1, 0, 0);
	p->now_ns += US;
	data(p, pn + 2, 1, WIRE_ACK_NOW); // sooner than the first one's
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 0);
	assert_int_equal(transport_deadline(s->t), p->now_ns + ACK_RIDE_NS);
	p->now_ns += US;
	data(p, pn + 3, 2, WIRE_ACK_NOW); // does not put it off
	p->now_ns += US;
	transport_on_time(s->t, p->now_ns);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	assert_int_equal(out[0].header.type, WIRE_ACK);
	assert_int_equal(out[0].ack.words[0] & 7, 7);
	struct wire_header probe = {.type = WIRE_PROBE, .flags = WIRE_ACK_NOW, .pn = pn + 4};
	conn_on_packet(s->t, s->c, &probe, NULL, 0, NULL, p->now_ns); // nobody answers a probe
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	pair_free(p);
}

static void policy__every_256(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct pair_side *s = &p->side[1];
	uint64_t pn = s->c->pns.largest;
	struct send_packet out[4];
	data(p, pn + 1, 0, 0);
	for (uint64_t i = 2; i <= ACK_EVERY; i++) {
		assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 0);
		data(p, pn + i, 0, 0); // duplicates of the data under new packet numbers count too
	}
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	pair_free(p);
}

// An answer in the same turn: its ACK rides on a small record, and does not on a full segment.
static void ride__only_where_it_fits(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct pair_side *s = &p->side[1];
	uint64_t pn = s->c->pns.largest;
	struct send_packet out[4];
	data(p, pn + 1, 0, WIRE_ACK_NOW);
	pair_submit(p, 1, 0, 1408 - WIRE_ACK_RIDE_SIZE - BLOCK_HEADER_SIZE);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	assert_int_equal(out[0].header.type, WIRE_DATA);
	assert_true(out[0].has_ack && out[0].header.flags & WIRE_ACK_BLOCK);
	assert_int_equal(out[0].ack.largest, pn + 1);
	assert_true(out[0].ack.nwords + out[0].ack.nlimits <= 5);
	data(p, pn + 2, 1, WIRE_ACK_NOW);
	pair_submit(
		p, 1, 0, 1408 - WIRE_ACK_RIDE_SIZE - BLOCK_HEADER_SIZE + 1); // one byte too many
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	assert_false(out[0].has_ack);
	p->now_ns += ACK_RIDE_NS;
	transport_on_time(s->t, p->now_ns);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	assert_int_equal(out[0].header.type, WIRE_ACK);
	data(p, pn + 3, 2, 0); // not urgent, but there is data that goes anyway
	pair_submit(p, 1, 0, 10);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 1);
	assert_int_equal(out[0].ack.largest, pn + 3);
	p->now_ns += 30 * US; // the pacer lets one more go
	transport_on_time(s->t, p->now_ns);
	data(p, pn + 4, 3, 0);
	data(p, pn + 400, 4, 0); // a gap, and more words than fit
	pair_submit(p, 1, 0, 10);
	assert_int_equal(transport_send(s->t, out, 4, p->now_ns), 2);
	assert_int_equal(out[0].ack.nwords, 7);
	assert_false(out[1].has_ack);
	assert_true(transport_deadline(s->t) > p->now_ns); // and no delayed ACK is left
	pair_free(p);
}

static void ack__refused(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct pair_side *s = &p->side[0];
	struct wire_header h = {.type = WIRE_ACK, .pn = s->c->pns.largest + 1};
	struct wire_ack ack = {.largest = s->c->log.next_pn, .nwords = 1, .words = {1}};
	assert_int_equal(
		conn_on_packet(s->t, s->c, &h, NULL, 0, NULL, p->now_ns), DROP_ACK_MALFORMED);
	assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 0, &ack, p->now_ns), DROP_ACK_BEYOND);
	ack.largest--;
	ack.nwords = ACK_WORDS_MAX + 1;
	assert_int_equal(
		conn_on_packet(s->t, s->c, &h, NULL, 0, &ack, p->now_ns), DROP_ACK_MALFORMED);
	ack.nwords = 1;
	ack.nlimits = 2;
	ack.limits[0] = (struct wire_limit){0xffffffff, 5}; // unknown streams are not for us
	ack.limits[1] = (struct wire_limit){3 << 2, 100000};
	assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 0, &ack, p->now_ns), VERDICT_ACCEPT);
	assert_int_equal(s->c->send[3].limit, RECORD_WINDOW); // never used: told nothing
	assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 0, &ack, p->now_ns), DROP_REPLAY);
	pair_free(p);
}

// Random blocks of a hostile peer, within what parse.c lets
// through: nothing breaks, nothing is acknowledged twice.
static void ack__random(void **state)
{
	(void)state;
	uint64_t seed = 88172645463325252ull;
	struct pair *p = opened();
	struct pair_side *s = &p->side[0];
	struct send_packet out[32];
	p->side[1].mute = true;
	for (int round = 0; round < 20000; round++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		pair_submit(p, 0, (uint32_t)(seed >> 40 & 7) << 2, (uint32_t)(seed >> 20 & 0x3fff));
		transport_on_time(s->t, p->now_ns);
		transport_send(s->t, out, 1 + seed % 32, p->now_ns);
		struct wire_header h = {.type = WIRE_ACK, .pn = s->c->pns.largest + 1};
		struct wire_ack ack = {.nwords = (uint8_t)(seed % 17),
			.credit = (seed >> 30 & 0xff) * RECORD_RAW_MAX};
		ack.largest = s->c->log.next_pn - 1 - (seed >> 8 & 0xff) % s->c->log.next_pn;
		for (int w = 0; w < 16; w++)
			ack.words[w] = seed * (uint64_t)(2 * w + 1) & seed >> w;
		assert_int_equal(
			conn_on_packet(s->t, s->c, &h, NULL, 0, &ack, p->now_ns), VERDICT_ACCEPT);
		assert_null(transport_check(s->t));
		struct sent_record sent;
		while (transport_take_sent(s->t, &sent)) {
			assert_true(sent.ok);
			free((void *)(uintptr_t)sent.record.stored);
		}
		p->now_ns += seed % 100000;
	}
	assert_true(s->c->stats.records_sent > 100);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy__delayed),
		cmocka_unit_test(policy__at_once),
		cmocka_unit_test(policy__soon),
		cmocka_unit_test(policy__every_256),
		cmocka_unit_test(ride__only_where_it_fits),
		cmocka_unit_test(ack__refused),
		cmocka_unit_test(ack__random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
