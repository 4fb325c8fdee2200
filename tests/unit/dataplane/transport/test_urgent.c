// Urgent streams: ahead of the others, and never more than half when others wait.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/base/stream.h"
#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

enum { BULK = 0, ALARM = 5 };

static const uint32_t bulk = BULK << 2 | STREAM_ORDERED;
static const uint32_t alarm_stream = ALARM << 2 | STREAM_ORDERED | STREAM_URGENT;

static struct pair *opened(uint32_t credit_records)
{
	struct pair *p = pair_new(credit_records);

	pair_for(p, 1 * MS);
	pair_unpaced(p, 0);
	p->side[0].c->cc.cwnd = 4000;
	return p;
}

static void submit(struct pair *p, uint32_t stream, uint32_t records, uint32_t size)
{
	for (uint32_t i = 0; i < records; i++)
		assert_int_equal(pair_submit(p, 0, stream, size), SUBMIT_OK);
}

// DATA packets of each stream, counted by send_some, which returns the stream number of the first.
static uint32_t sent[STREAMS_MAX];

static uint32_t send_some(struct pair *p, uint32_t max)
{
	struct send_packet out[32];
	uint32_t n = transport_send(p->side[0].t, out, max, p->now_ns);

	assert_true(n > 0);
	for (uint32_t i = 0; i < n; i++)
		sent[stream_number(out[i].header.stream)]++;
	return stream_number(out[0].header.stream);
}

static void urgent__goes_before_what_waits(void **state)
{
	struct pair *p = opened(400);

	(void)state;
	submit(p, bulk, 20, 65536);
	// In the middle of its round: by turns it would go on.
	assert_int_equal(send_some(p, QUANTUM_SEGMENTS / 2), BULK);
	submit(p, alarm_stream, 1, 100);
	assert_int_equal(send_some(p, 1), ALARM);
	assert_int_equal(send_some(p, 32), BULK);
	pair_free(p);
}

static void urgent__leaves_half_to_others(void **state)
{
	struct pair *p = opened(400);

	(void)state;
	submit(p, bulk, 100, 65536);
	submit(p, alarm_stream, 100, 65536);
	sent[BULK] = sent[ALARM] = 0;
	for (int i = 0; i < 50; i++)
		send_some(p, 32);
	assert_in_range(sent[ALARM], sent[BULK], sent[BULK] + 8);
	pair_free(p);
}

static void urgent__alone_has_everything(void **state)
{
	struct pair *p = opened(400);

	(void)state;
	submit(p, alarm_stream, 20, 65536);
	sent[BULK] = sent[ALARM] = 0;
	for (int i = 0; i < 20; i++)
		send_some(p, 32);
	submit(p, bulk, 1, 1000); // what went before is no debt
	submit(p, alarm_stream, 1, 100);
	assert_int_equal(sent[BULK], 0);
	assert_int_equal(send_some(p, 1), ALARM);
	pair_free(p);
}

static void urgent__of_two_the_lower_number(void **state)
{
	struct pair *p = opened(400);

	(void)state;
	submit(p, 7 << 2 | STREAM_URGENT, 1, 100);
	submit(p, 6 << 2 | STREAM_URGENT | STREAM_UNORDERED, 1, 65536);
	sent[6] = sent[7] = 0;
	send_some(p, 2 * QUANTUM_SEGMENTS); // longer than a round: by turns 7 would have had one
	assert_int_equal(sent[6], 2 * QUANTUM_SEGMENTS);
	assert_int_equal(sent[7], 0);
	pair_free(p);
}

// The peer's application takes nothing: others stop one record before the end of its credit.
static void urgent__has_credit_left(void **state)
{
	struct pair *p = opened(8);

	(void)state;
	p->side[1].hold = true;
	submit(p, alarm_stream, 1, 100);
	pair_for(p, 10 * MS);
	submit(p, bulk, 20, 1000);
	pair_for(p, 200 * MS);
	assert_int_equal(p->side[1].blocks_out, 7);
	submit(p, alarm_stream, 1, 100);
	pair_for(p, 10 * MS);
	assert_int_equal(p->side[1].blocks_out, 8);
	p->side[1].hold = false;
	pair_for(p, 300 * MS);
	assert_int_equal(p->side[0].returned_ok, 22);
	pair_free(p);
}

// A peer that grants little has nothing to spare: no record waits for an urgent one that may never
// come.
static void urgent__small_grant_is_for_all(void **state)
{
	struct pair *p = opened(2);

	(void)state;
	submit(p, alarm_stream, 1, 100);
	pair_for(p, 10 * MS);
	submit(p, bulk, 6, 1000);
	pair_for(p, 300 * MS);
	assert_int_equal(p->side[0].returned_ok, 7);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urgent__goes_before_what_waits),
		cmocka_unit_test(urgent__leaves_half_to_others),
		cmocka_unit_test(urgent__alone_has_everything),
		cmocka_unit_test(urgent__of_two_the_lower_number),
		cmocka_unit_test(urgent__has_credit_left),
		cmocka_unit_test(urgent__small_grant_is_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
