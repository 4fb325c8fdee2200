// What is chosen of a device's capabilities, what a packet is marked with, and what is believed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/port/offload.h"

#define RX_SUMS (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM)
#define TX_SUMS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)

static const struct port_config v4 = {.address = ADDRESS_IPV4(0x0a000001)};
static const struct port_config v6 = {.address = {{0xfd, [15] = 1}}};

static void offload_choose__vlan(void **state)
{
	struct port_config c = v4;
	struct offload all, none;

	(void)state;
	c.vlan = 5;
	all = offload_choose(&c, true, UINT64_MAX, UINT64_MAX);
	assert_int_equal(all.rx, RTE_ETH_RX_OFFLOAD_VLAN_STRIP);
	assert_int_equal(all.tx, RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
	none = offload_choose(
		&c, true, ~RTE_ETH_RX_OFFLOAD_VLAN_STRIP, ~RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
	assert_true(none.rx == 0 && none.tx == 0);
	c.vlan = 0; // a card that strips would take tags away that are to be seen
	none = offload_choose(&c, true, UINT64_MAX, UINT64_MAX);
	assert_true(none.rx == 0 && none.tx == 0);
}

static void offload_choose__sums(void **state)
{
	struct offload o = offload_choose(&v4, false, UINT64_MAX, UINT64_MAX);

	(void)state;
	assert_true(o.rx == RX_SUMS && o.tx == TX_SUMS);
	assert_int_equal(
		o.mark, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM);
	o = offload_choose(&v6, false, UINT64_MAX, UINT64_MAX); // no checksum in its header
	assert_int_equal(o.rx, RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	assert_int_equal(o.tx, RTE_ETH_TX_OFFLOAD_UDP_CKSUM);
	assert_int_equal(o.mark, RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM);
	o = offload_choose(&v4, false, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, RTE_ETH_TX_OFFLOAD_UDP_CKSUM);
	assert_int_equal(o.rx, RTE_ETH_RX_OFFLOAD_IPV4_CKSUM);
	assert_int_equal(o.mark, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM);
	o = offload_choose(&v4, false, 0, 0);
	assert_true(o.rx == 0 && o.tx == 0 && o.mark == 0);
	o = offload_choose(&v4, true, UINT64_MAX, UINT64_MAX); // memory has no sums at all
	assert_true(o.rx == 0 && o.tx == 0 && o.mark == 0);
}

static void offload_bits__tell(void **state)
{
	struct port_config c = v4;
	struct offload o;

	(void)state;
	c.vlan = 5;
	o = offload_choose(&c, false, UINT64_MAX, UINT64_MAX);
	assert_int_equal(offload_bits(&o), 63);
	o = offload_choose(&c, false, RTE_ETH_RX_OFFLOAD_UDP_CKSUM, RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
	assert_int_equal(offload_bits(&o), PORT_OFFLOAD_RX_UDP | PORT_OFFLOAD_TX_VLAN);
	o = offload_choose(&c, false, 0, 0);
	assert_int_equal(offload_bits(&o), 0);
}

static void offload_mark__lengths(void **state)
{
	struct offload o4 = offload_choose(&v4, false, 0, UINT64_MAX),
		       o6 = offload_choose(&v6, false, 0, UINT64_MAX);
	struct rte_mbuf mbuf;

	(void)state;
	memset(&mbuf, 0, sizeof(mbuf));
	offload_mark(&o4, true, &mbuf);
	assert_int_equal(mbuf.ol_flags, o4.mark);
	assert_true(mbuf.l2_len == 14 && mbuf.l3_len == 20 && mbuf.l4_len == 8);
	mbuf.ol_flags = 0;
	offload_mark(&o6, false, &mbuf);
	assert_int_equal(mbuf.ol_flags, o6.mark);
	assert_true(mbuf.l2_len == 14 && mbuf.l3_len == 40 && mbuf.l4_len == 8);
}

// "Unknown" and "none" say nothing, and nothing counts that was not asked for.
static void offload_good__only_good(void **state)
{
	static const uint64_t ip[] = {RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, RTE_MBUF_F_RX_IP_CKSUM_BAD,
		RTE_MBUF_F_RX_IP_CKSUM_NONE, RTE_MBUF_F_RX_IP_CKSUM_GOOD};
	static const uint64_t udp[] = {RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, RTE_MBUF_F_RX_L4_CKSUM_BAD,
		RTE_MBUF_F_RX_L4_CKSUM_NONE, RTE_MBUF_F_RX_L4_CKSUM_GOOD};
	struct offload all = {.rx = RX_SUMS}, none = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++) {
			struct rte_mbuf mbuf;
			uint32_t want = (i == 3 ? NET_GOOD_IPV4 : 0) | (j == 3 ? NET_GOOD_UDP : 0);

			memset(&mbuf, 0, sizeof(mbuf));
			mbuf.ol_flags = ip[i] | udp[j];
			assert_int_equal(offload_good(&all, &mbuf), want);
			assert_int_equal(offload_good(&none, &mbuf), 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offload_choose__vlan),
		cmocka_unit_test(offload_choose__sums),
		cmocka_unit_test(offload_bits__tell),
		cmocka_unit_test(offload_mark__lengths),
		cmocka_unit_test(offload_good__only_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
