// Packets from worker to worker: order, full rings, fairness, no buffer lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/steer.h"

#include <rte_mbuf.h>

static struct rte_mempool *pool;

static struct port_packet packet_of(uint16_t number)
{
	struct port_packet p = {
		.mbuf = rte_pktmbuf_alloc(pool), .dst_port = number, .size = number * 3u};

	assert_non_null(p.mbuf);
	return p;
}

static void steer_take__in_order_with_port(void **state)
{
	char error[128];
	struct steer *s = steer_new(2, error, sizeof(error));
	struct port_packet out[BURST];
	uint8_t port[BURST];

	(void)state;
	assert_non_null(s);
	for (uint16_t i = 0; i < 5; i++) {
		struct port_packet p = packet_of(i);

		assert_int_equal(steer_give(s, 0, 1, (uint8_t)(i + 3), &p), 0);
	}
	assert_int_equal(steer_take(s, 1, out, port, BURST), 0); // the burst is not over
	assert_int_equal(steer_flush(s, 0), 0);
	assert_int_equal(steer_take(s, 0, out, port, BURST), 0);
	assert_int_equal(steer_take(s, 1, out, port, 3), 3);
	assert_int_equal(steer_take(s, 1, out + 3, port + 3, BURST), 2);
	for (uint16_t i = 0; i < 5; i++) {
		assert_int_equal(out[i].dst_port, i);
		assert_int_equal(out[i].size, i * 3u);
		assert_int_equal(port[i], i + 3);
		rte_pktmbuf_free(out[i].mbuf);
	}
	assert_int_equal(steer_counters(s, 0)->given, 5);
	steer_free(s);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

// What finds no room in a ring is freed and counted; what is inside goes with the rings.
static void steer_give__full(void **state)
{
	char error[128];
	struct steer *s = steer_new(3, error, sizeof(error));
	uint32_t room = steer_room(3), full = 0;

	(void)state;
	assert_non_null(s);
	for (uint32_t i = 0; i < room + BURST + 3; i++) {
		struct port_packet p = packet_of(1);

		full += steer_give(s, 2, 0, 0, &p);
	}
	assert_int_equal(rte_mempool_in_use_count(pool), room + 3); // three are staged
	full += steer_flush(s, 2);
	assert_int_equal(full, BURST + 3);
	assert_int_equal(steer_counters(s, 2)->full, full);
	assert_int_equal(steer_counters(s, 2)->given, room);
	assert_int_equal(rte_mempool_in_use_count(pool), room);
	steer_free(s);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

// However many workers: what waits for one of them is bounded, and every ring takes a few bursts.
static void steer_room__shared(void **state)
{
	(void)state;
	assert_int_equal(steer_room(1), 0);
	for (uint16_t workers = 2; workers <= WORKERS_MAX; workers++) {
		uint32_t room = steer_room(workers);

		assert_true(room >= 4 * BURST);
		assert_int_equal(room & (room - 1), 0);
		assert_true((workers - 1u) * room <= STEER_ROOM);
	}
}

// One burst for many workers, each in his own order; what was never flushed goes with the rings.
static void steer_flush__every_worker(void **state)
{
	char error[128];
	struct steer *s = steer_new(WORKERS_MAX, error, sizeof(error));
	struct port_packet out[BURST];
	uint8_t port[BURST];

	(void)state;
	assert_non_null(s);
	for (uint16_t i = 0; i < 3 * (WORKERS_MAX - 1); i++) {
		struct port_packet p = packet_of(i);

		assert_int_equal(steer_give(s, 0, 1 + i % (WORKERS_MAX - 1), 0, &p), 0);
	}
	assert_int_equal(steer_flush(s, 0), 0);
	for (uint16_t w = 1; w < WORKERS_MAX; w++) {
		assert_int_equal(steer_take(s, w, out, port, BURST), 3);
		for (uint16_t i = 0; i < 3; i++) {
			assert_int_equal(out[i].dst_port, w - 1 + i * (WORKERS_MAX - 1));
			rte_pktmbuf_free(out[i].mbuf);
		}
	}
	out[0] = packet_of(1);
	assert_int_equal(steer_give(s, 3, 4, 0, &out[0]), 0);
	steer_free(s);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

// A loud giver does not silence a quiet one for ever.
static void steer_take__fair(void **state)
{
	char error[128];
	struct steer *s = steer_new(3, error, sizeof(error));
	struct port_packet out[4], quiet = packet_of(777);
	uint8_t port[4];
	uint16_t seen = 0;

	(void)state;
	assert_int_equal(steer_give(s, 2, 0, 0, &quiet), 0);
	assert_int_equal(steer_flush(s, 2), 0);
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 4; i++) {
			struct port_packet loud = packet_of(1);

			steer_give(s, 1, 0, 0, &loud);
		}
		steer_flush(s, 1);
		for (uint16_t i = steer_take(s, 0, out, port, 4); i-- > 0;
			rte_pktmbuf_free(out[i].mbuf))
			seen = (uint16_t)(seen + (out[i].dst_port == 777));
	}
	assert_int_equal(seen, 1);
	steer_free(s);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steer_take__in_order_with_port),
		cmocka_unit_test(steer_give__full),
		cmocka_unit_test(steer_room__shared),
		cmocka_unit_test(steer_flush__every_worker),
		cmocka_unit_test(steer_take__fair),
	};
	const struct eal_config config = {
		.name = "test-steer", .memory = EAL_NO_HUGE, .memory_mb = 64};
	char error[256];
	struct eal *eal = eal_start(&config, error, sizeof(error));
	int result;

	if (!eal) {
		print_error("%s\n", error);
		return 1;
	}
	pool = rte_pktmbuf_pool_create("test", 2047, 0, 0, 256, SOCKET_ID_ANY);
	result = pool ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
	rte_mempool_free(pool);
	eal_stop(eal);
	return result;
}
