// Bulk data over two transports: delivery, loss, reordering,
// order, fairness of streams, return of every buffer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

static void bulk__ordered(void **state)
{
	(void)state;
	struct pair *p = pair_new(64);
	assert_true(pair_bulk(p, 0, 0, 300, 65536, 10000 * MS));
	assert_int_equal(p->side[1].delivered, 300);
	assert_false(p->side[0].ordered_broken || p->side[1].ordered_broken);
	struct conn_stats st;
	conn_stats_get(p->side[0].c, &st);
	assert_int_equal(st.retransmits, 0);
	assert_int_equal(st.cuts, 0);
	assert_int_equal(st.records_sent, 300);
	assert_int_equal(st.raw_bytes_sent, 300 * 65536);
	assert_true(st.srtt_ns >= 40000 && st.srtt_ns < 80000);
	pair_for(p, 100 * MS);
	assert_int_equal(p->side[1].blocks_out, 0);
	pair_free(p);
}

static void bulk__random_loss(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct pair *p = pair_new(32);
		p->seed = seed * 77777;
		p->loss_permille = 20;
		p->reorder = seed & 1;
		uint32_t stream = 1u << 2 | (seed & 2 ? STREAM_UNORDERED : STREAM_ORDERED);
		assert_true(pair_bulk(p, 0, stream, 100, 65536 - seed * 100, 60000 * MS));
		assert_int_equal(p->side[1].delivered, 100);
		if (stream_ordered(stream))
			assert_false(p->side[0].ordered_broken || p->side[1].ordered_broken);
		struct conn_stats st;
		conn_stats_get(p->side[0].c, &st);
		assert_true(st.retransmits > 0 && st.cuts > 0 && st.cwnd_segments >= 1);
		p->loss_permille = 0;
		pair_for(p, 100 * MS);
		assert_int_equal(p->side[1].blocks_out, 0);
		pair_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk__ordered),
		cmocka_unit_test(bulk__random_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
