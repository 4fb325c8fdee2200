// What a device does for us, chosen from what it says it can.
#include "dataplane/port/offload.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

struct offload offload_choose(
	const struct port_config *c, bool memory, uint64_t rx_capa, uint64_t tx_capa)
{
	bool v4 = address_is_ipv4(c->address);
	struct offload offload = {0};

	if (!memory) {
		offload.rx = RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
		offload.tx = RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	}
	if (!memory && v4) {
		offload.rx |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
		offload.tx |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	}
	if (c->vlan) {
		offload.rx |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
		offload.tx |= RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	}
	offload.rx &= rx_capa;
	offload.tx &= tx_capa;
	if (offload.tx & RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
		offload.mark |= RTE_MBUF_F_TX_UDP_CKSUM;
	if (offload.tx & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM)
		offload.mark |= RTE_MBUF_F_TX_IP_CKSUM;
	if (offload.mark)
		offload.mark |= v4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	return offload;
}

uint32_t offload_bits(const struct offload *o)
{
	static const struct {
		uint64_t rx, tx;
		uint32_t bit;
	} bits[] = {
		{0, RTE_ETH_TX_OFFLOAD_IPV4_CKSUM, PORT_OFFLOAD_TX_IPV4},
		{0, RTE_ETH_TX_OFFLOAD_UDP_CKSUM, PORT_OFFLOAD_TX_UDP},
		{0, RTE_ETH_TX_OFFLOAD_VLAN_INSERT, PORT_OFFLOAD_TX_VLAN},
		{RTE_ETH_RX_OFFLOAD_IPV4_CKSUM, 0, PORT_OFFLOAD_RX_IPV4},
		{RTE_ETH_RX_OFFLOAD_UDP_CKSUM, 0, PORT_OFFLOAD_RX_UDP},
		{RTE_ETH_RX_OFFLOAD_VLAN_STRIP, 0, PORT_OFFLOAD_RX_VLAN},
	};
	uint32_t found = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (o->rx & bits[i].rx || o->tx & bits[i].tx)
			found |= bits[i].bit;
	return found;
}

void offload_mark(const struct offload *o, bool v4, struct rte_mbuf *mbuf)
{
	mbuf->l2_len = NET_ETH_SIZE;
	mbuf->l3_len = v4 ? NET_IPV4_SIZE : NET_IPV6_SIZE;
	mbuf->l4_len = NET_UDP_SIZE;
	mbuf->ol_flags |= o->mark;
}

uint32_t offload_good(const struct offload *o, const struct rte_mbuf *mbuf)
{
	uint32_t good = 0;

	if (o->rx & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM &&
		(mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		good |= NET_GOOD_IPV4;
	if (o->rx & RTE_ETH_RX_OFFLOAD_UDP_CKSUM &&
		(mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		good |= NET_GOOD_UDP;
	return good;
}
