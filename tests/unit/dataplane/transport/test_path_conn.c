// A path that carries less than its links say: found by probes, and found again when it changes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

enum { WIDE = 8896, CELL = 1408, FULL = 6 * CELL };

// Opens, and sends until the search on both sides is over.
static struct pair *opened(uint32_t carries)
{
	struct pair *p = pair_new_wide(64, WIDE, carries);
	pair_for(p, 1 * MS);
	assert_true(p->side[0].opened && p->side[1].opened);
	for (uint32_t i = 0; i < 60; i++) {
		assert_true(pair_bulk(p, 0, 0, 4, 65536, 10000 * MS));
		assert_true(pair_bulk(p, 1, 0, 4, 65536, 10000 * MS));
		pair_for(p, 50 * MS);
	}
	return p;
}

static uint32_t segment(const struct pair *p, uint32_t side)
{
	struct conn_stats stats;
	conn_stats_get(p->side[side].c, &stats);
	return stats.segment_bytes;
}

static void open__wide_path(void **state)
{
	(void)state;
	struct pair *p = pair_new_wide(64, WIDE, WIDE);
	pair_for(p, 1 * MS);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(segment(p, i), FULL);
		assert_int_equal(p->side[i].sent_type[WIRE_PATH], 1);
		assert_true(p->side[i].c->cc.cwnd == 4.0); // the start window, of larger packets
	}
	assert_true(pair_bulk(p, 0, 0, 50, 65536, 1000 * MS));
	assert_true(p->side[0].sent_type[WIRE_DATA] <= 50 * 8);
	pair_free(p);
}

// No probe where there is nothing to find.
static void open__no_room(void **state)
{
	(void)state;
	struct pair *p = pair_new(64);
	pair_for(p, 100 * MS);
	assert_int_equal(segment(p, 0), CELL);
	assert_int_equal(p->side[0].sent_type[WIRE_PATH], 0);
	pair_free(p);
}

// Lost probes are no congestion: nothing is cut, and nothing is sent twice.
static void search__narrow_path(void **state)
{
	(void)state;
	static const uint32_t carries[] = {CELL, 2 * CELL + 5, 3 * CELL, 5 * CELL + 1000, FULL};
	for (uint32_t i = 0; i < 5; i++) {
		struct pair *p = opened(carries[i]);
		for (uint32_t side = 0; side < 2; side++) {
			struct conn_stats stats;
			conn_stats_get(p->side[side].c, &stats);
			assert_int_equal(stats.segment_bytes, carries[i] / CELL * CELL);
			assert_int_equal(stats.cuts, 0);
			assert_int_equal(stats.retransmits, 0);
			assert_int_equal(stats.path_probes, p->side[side].sent_type[WIRE_PATH]);
			assert_true(stats.path_probes <= 4 * PATH_TRIES);
		}
		pair_free(p);
	}
}

// The path becomes narrow in the middle of a transfer: large packets vanish without a word.
static void hole__falls_and_goes_on(void **state)
{
	(void)state;
	struct pair *p = opened(FULL);
	assert_int_equal(segment(p, 0), FULL);
	p->carries = 2 * CELL;
	assert_true(pair_bulk(p, 0, 0, 30, 65536, 5000 * MS));
	assert_int_equal(p->side[0].c->stats.path_falls, 1);
	pair_for(p, 2000 * MS);
	assert_true(pair_bulk(p, 0, 0, 30, 65536, 5000 * MS));
	assert_int_equal(segment(p, 0), 2 * CELL);
	assert_false(p->side[0].closed || p->side[0].ordered_broken);
	pair_free(p);
}

// The ends of records are small and pass; the large packets before them do not. ACKs go on
// coming, so no timeout tells.
static void hole__while_small_packets_pass(void **state)
{
	(void)state;
	struct pair *p = opened(FULL);
	p->carries = CELL;
	for (uint32_t i = 0; i < 40; i++)
		pair_submit(p, 0, (1 + i % 7) << 2 | STREAM_UNORDERED, i % 2 ? 100 : 20000);
	pair_for(p, 1000 * MS);
	assert_int_equal(p->side[1].delivered - 240, 40);
	assert_int_equal(segment(p, 0), CELL);
	pair_free(p);
}

// A path that was cut altogether says nothing about sizes: once it is back, packets are large.
static void outage__is_no_size(void **state)
{
	(void)state;
	struct pair *p = opened(FULL);
	pair_submit(p, 0, 0, 65536);
	p->side[0].mute = p->side[1].mute = true;
	pair_for(p, 3000 * MS);
	p->side[0].mute = p->side[1].mute = false;
	pair_for(p, 3000 * MS);
	assert_true(pair_bulk(p, 0, 0, 20, 65536, 5000 * MS));
	assert_int_equal(segment(p, 0), FULL);
	pair_free(p);
}

// A path that becomes wider is found out within the time between two searches.
static void search__again(void **state)
{
	(void)state;
	struct pair *p = opened(CELL);
	assert_int_equal(segment(p, 0), CELL);
	p->carries = WIDE;
	pair_for(p, 601000 * MS);
	assert_int_equal(segment(p, 0), FULL);
	assert_int_equal(segment(p, 1), FULL);
	pair_free(p);
}

// Sizes up and down under loss and reordering: every byte arrives once.
static void bulk__while_the_path_changes(void **state)
{
	(void)state;
	struct pair *p = opened(FULL);
	p->reorder = true;
	p->loss_permille = 20;
	for (uint32_t i = 0; i < 40; i++) {
		p->carries = (1 + (i * 7) % 6) * CELL;
		assert_true(pair_bulk(p, 0, 0, 6, 65536, 20000 * MS));
		pair_for(p, 300 * MS);
	}
	assert_false(p->side[1].ordered_broken);
	pair_free(p);
}

// The window keeps its bytes when packets grow late in the life of a connection.
static void window__keeps_its_bytes(void **state)
{
	(void)state;
	struct pair *p = opened(CELL);
	struct conn *c = p->side[0].c;
	c->cc.cwnd = 60;
	p->carries = WIDE;
	conn_path_search(p->side[0].t, c, p->now_ns);
	pair_for(p, 1 * MS);
	assert_int_equal(segment(p, 0), FULL);
	assert_true(c->cc.cwnd == 10);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__wide_path),
		cmocka_unit_test(open__no_room),
		cmocka_unit_test(search__narrow_path),
		cmocka_unit_test(hole__falls_and_goes_on),
		cmocka_unit_test(hole__while_small_packets_pass),
		cmocka_unit_test(outage__is_no_size),
		cmocka_unit_test(search__again),
		cmocka_unit_test(bulk__while_the_path_changes),
		cmocka_unit_test(window__keeps_its_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
