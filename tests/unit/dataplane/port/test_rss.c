// Which queue a card takes, held against DPDK's own Toeplitz hash; and a device that keeps what it
// was told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/rss.h"
#include "dataplane/wire/wire.h"

#include <rte_bus_vdev.h>
#include <rte_thash.h>

#define TUPLES 4000

static uint64_t random_state = 88172645463325252ull;

static uint32_t random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16);
}

static struct port_config config_of(bool ipv4, uint16_t queues)
{
	struct port_config c = {.name = "card",
		.driver = PORT_PCI,
		.udp_base_port = WIRE_UDP_PORT,
		.address = ADDRESS_IPV4(0x0a000001),
		.queues = queues};

	if (!ipv4)
		c.address = (struct address){{[0] = 0xfd, [15] = 1}};
	return c;
}

static struct rte_eth_dev_info card_of(uint32_t key_size, uint32_t table_size)
{
	return (struct rte_eth_dev_info){
		.hash_key_size = (uint8_t)key_size,
		.reta_size = (uint16_t)table_size,
		.flow_type_rss_offloads =
			RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP,
	};
}

// Any peer, any source port: words of the hash's input as rte_softrss wants them.
static uint32_t hash_to(const struct rss *rss, uint32_t words, uint16_t to)
{
	uint32_t tuple[RTE_THASH_V6_L4_LEN];

	for (uint32_t i = 0; i < words; i++)
		tuple[i] = random_bits();
	tuple[words - 1] = (tuple[words - 1] & 0xffff0000u) | to;
	return rte_softrss(tuple, words, rss->key);
}

static void every_worker(bool ipv4, uint16_t queues, uint32_t key_size, uint32_t table_size)
{
	struct port_config c = config_of(ipv4, queues);
	struct rte_eth_dev_info info = card_of(key_size, table_size);
	struct rss rss;

	rss_choose(&rss, &c, &info);
	assert_true(rss.possible);
	for (uint32_t i = 0; i < TUPLES; i++) {
		uint16_t w = (uint16_t)(i % queues);
		uint32_t hash = hash_to(&rss, ipv4 ? RTE_THASH_V4_L4_LEN : RTE_THASH_V6_L4_LEN,
			(uint16_t)(c.udp_base_port + w));

		assert_int_equal(rss.table[hash % table_size], w);
	}
	for (uint32_t i = 0; i < table_size; i++)
		assert_true(rss.table[i] < queues);
}

static void choose__port_names_the_queue(void **state)
{
	(void)state;
	for (uint16_t queues = 2; queues <= WORKERS_MAX; queues++) {
		every_worker(true, queues, 40, 128);
		every_worker(false, queues, 40, 128);
	}
	every_worker(true, 16, 52, 512);
	every_worker(false, 5, 52, 512);
	every_worker(true, 16, 40, 16);
}

static void choose__impossible(void **state)
{
	struct port_config c = config_of(true, 4);
	struct rte_eth_dev_info info = card_of(40, 128);
	struct rss rss;

	(void)state;
	c.queues = 1; // nothing to choose
	rss_choose(&rss, &c, &info);
	assert_false(rss.possible);
	c.queues = 4;
	info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4; // without the ports
	rss_choose(&rss, &c, &info);
	assert_false(rss.possible);
	info = card_of(40, 8);
	rss_choose(&rss, &c, &info);
	assert_false(rss.possible);
	info = card_of(0, 128);
	rss_choose(&rss, &c, &info);
	assert_false(rss.possible);
	info = card_of(255, 128);
	rss_choose(&rss, &c, &info);
	assert_false(rss.possible);
	c = config_of(false, 4);
	info = card_of(36, 128); // too short for IPv6
	rss_choose(&rss, &c, &info);
	assert_false(rss.possible);
}

// net_null keeps a table as cards do.
static void table_set__device(void **state)
{
	struct port_config c = config_of(true, 3);
	struct rte_eth_rss_reta_entry64 groups[2] = {{.mask = UINT64_MAX}, {.mask = UINT64_MAX}};
	struct rte_eth_conf conf = {.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS};
	struct rte_eth_dev_info info;
	struct rss rss;
	uint16_t device;

	(void)state;
	assert_int_equal(rte_vdev_init("net_null0", NULL), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("net_null0", &device), 0);
	assert_int_equal(rte_eth_dev_info_get(device, &info), 0);
	info.hash_key_size = 40; // it takes one and does not say so
	rss_choose(&rss, &c, &info);
	assert_true(rss.possible);
	assert_int_equal(rss.table_size, 128);
	conf.rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = rss.key, .rss_key_len = (uint8_t)rss.key_size, .rss_hf = rss.types};
	assert_int_equal(rte_eth_dev_configure(device, 3, 3, &conf), 0);
	assert_true(rss_table_set(device, &rss));
	assert_int_equal(rte_eth_dev_rss_reta_query(device, groups, 128), 0);
	for (uint32_t i = 0; i < 128; i++)
		assert_int_equal(groups[i / 64].reta[i % 64], rss.table[i]);
	rte_vdev_uninit("net_null0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choose__port_names_the_queue),
		cmocka_unit_test(choose__impossible),
		cmocka_unit_test(table_set__device),
	};
	const struct eal_config config = {
		.name = "test-rss", .memory = EAL_NO_HUGE, .memory_mb = 64};
	char error[256];
	struct eal *eal = eal_start(&config, error, sizeof(error));
	int result;

	if (!eal) {
		print_error("%s\n", error);
		return 1;
	}
	result = cmocka_run_group_tests(tests, NULL, NULL);
	eal_stop(eal);
	return result;
}
