// Transmit: routes, headers in front, a burst to the driver.
#include <assert.h>
#include <string.h>

#include "dataplane/port/port_private.h"

// A route looks its neighbour up again after so long
// although nothing changed: that keeps the entry in use.
#define ROUTE_LOOK_NS 1000000000ull
// Of a host behind the gateway nobody knows the prefix.
#define ROUTE_ANY_PREFIX 128

bool port_route_init(
	struct port *p, uint16_t queue, struct port_route *r, struct address dst, uint16_t dst_port)
{
	static const uint8_t unknown[6];
	const struct port_config *c = &p->config;
	bool direct = address_same_network(dst, c->address, c->prefix);

	memset(r, 0, sizeof(*r));
	r->next_hop = direct ? dst : c->gateway;
	if (address_is_none(r->next_hop) || address_equal(dst, c->address) ||
		address_is_ipv4(dst) != address_is_ipv4(c->address) ||
		!address_is_host(dst, direct ? c->prefix : ROUTE_ANY_PREFIX))
		return false;
	net_template_init(&r->template, unknown, p->mac, c->address, dst,
		(uint16_t)(c->udp_base_port + queue), dst_port);
	r->template.without_sum = port_is_memory(p) || p->offload.tx & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	r->template.without_ip_sum = p->offload.tx & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	return true;
}

enum verdict port_route_ready(struct port *p, uint16_t queue, struct port_route *r, uint64_t now_ns)
{
	struct neighbour_table *table = &p->queues[queue].neighbours;
	const uint8_t *mac;

	if (likely(r->version == table->version && now_ns - r->checked_ns < ROUTE_LOOK_NS))
		return VERDICT_ACCEPT;
	mac = neighbour_resolve(table, r->next_hop, now_ns);
	if (!mac) {
		r->version = 0;
		return DROP_NEIGHBOUR;
	}
	memcpy(r->template.bytes, mac, 6);
	r->version = table->version;
	r->checked_ns = now_ns;
	return VERDICT_ACCEPT;
}

uint32_t port_payload_max(const struct port *p)
{
	bool v4 = address_is_ipv4(p->config.address);

	return p->config.mtu - (v4 ? NET_IPV4_SIZE : NET_IPV6_SIZE) - NET_UDP_SIZE;
}

// The checksums are computed here unless the device does it: of the kinds that need them tap and
// cards do (DPDK 22.11).
void port_frame(struct port *p, const struct port_route *r, struct rte_mbuf *mbuf, uint32_t size)
{
	// A buffer that somebody else refers to may still be read by a driver.
	assert(size <= port_payload_max(p) && rte_mbuf_refcnt_read(mbuf) == 1);
	// Longer headers begin earlier: what is behind them stays where it was built.
	mbuf->data_off = (uint16_t)(mbuf->data_off + NET_HEADERS_SIZE - r->template.size);
	mbuf->data_len = (uint16_t)(r->template.size + size);
	mbuf->pkt_len = mbuf->data_len;
	net_udp_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), &r->template, size);
	if (unlikely(p->offload.mark))
		offload_mark(&p->offload, r->template.size == NET_HEADERS_SIZE, mbuf);
	if (unlikely(p->config.vlan))
		vlan_tag(p, mbuf);
}

// What a device does for us may want something of ours first; virtio inserts the tag here,
// cards want the sum of the pseudo header.
// Preparing again what was refused changes nothing.
static uint16_t tx_prepare(struct port *p, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n)
{
	return likely(!p->offload.tx) ? n : rte_eth_tx_prepare(p->id, queue, mbufs, n);
}

uint16_t port_tx(struct port *p, uint16_t queue, struct rte_mbuf **mbufs, uint16_t n)
{
	struct port_queue *q = &p->queues[queue];
	uint64_t bytes = 0;
	uint16_t taken = 0;

	for (uint16_t i = 0; i < n; i++)
		bytes += mbufs[i]->pkt_len; // before the burst: afterwards they are the driver's
	if (likely(port_enter(p, q))) {
		taken = rte_eth_tx_burst(p->id, queue, mbufs, tx_prepare(p, queue, mbufs, n));
		port_leave(q);
	}
	for (uint16_t i = taken; i < n; i++)
		bytes -= mbufs[i]->pkt_len;
	q->counters.tx_packets += taken;
	q->counters.tx_bytes += bytes;
	q->counters.tx_refused += (uint64_t)(n - taken);
	return taken;
}
