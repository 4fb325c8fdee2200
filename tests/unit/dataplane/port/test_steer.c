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

		assert_int_equal(steer_give(s, 0, 1, (uint8_t)(i + 3), &p), VERDICT_ACCEPT);
	}
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

// A full ring frees the packet and says so; what is inside goes with the rings.
static void steer_give__full(void **state)
{
	char error[128];
	struct steer *s = steer_new(3, error, sizeof(error));
	enum verdict verdict = VERDICT_ACCEPT;
	uint32_t n = 0;

	(void)state;
	assert_non_null(s);
	for (; n < 1000 && verdict == VERDICT_ACCEPT; n++) {
		struct port_packet p = packet_of(1);

		verdict = steer_give(s, 2, 0, 0, &p);
	}
	assert_int_equal(verdict, DROP_STEER_FULL);
	assert_int_equal(steer_counters(s, 2)->full, 1);
	assert_int_equal(rte_mempool_in_use_count(pool), n - 1);
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
	assert_int_equal(steer_give(s, 2, 0, 0, &quiet), VERDICT_ACCEPT);
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 4; i++) {
			struct port_packet loud = packet_of(1);

			steer_give(s, 1, 0, 0, &loud);
		}
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
