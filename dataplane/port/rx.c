// Receive: a burst of frames in, checked UDP datagrams for our workers out.
#include <rte_prefetch.h>

#include "dataplane/port/port_private.h"

// Frames of several segments come from a peer with smaller memif slots or a driver's own chains;
// the walk wants one piece. The buffer has room for any frame that the MTU allows.
static enum verdict rx_flatten(struct port_queue *q, struct rte_mbuf *mbuf)
{
	if (likely(mbuf->nb_segs == 1))
		return VERDICT_ACCEPT;
	q->counters.chained++;
	q->counters.chained_bytes += mbuf->pkt_len - mbuf->data_len;
	return rte_pktmbuf_linearize(mbuf) == 0 ? VERDICT_ACCEPT : DROP_IP_MALFORMED;
}

static enum verdict rx_check(const struct port *p, const struct net_udp *udp)
{
	if (!address_equal(udp->dst, p->config.address))
		return DROP_IP_NOT_OURS;
	if ((uint16_t)(udp->dst_port - p->config.udp_base_port) >= p->config.queues)
		return DROP_UDP_PORT;
	// Only memory may come without a checksum, which IPv6 allows between two who agreed on it
	// (RFC 6935 §5): on a cable the header would be believed with flipped bits.
	if (!udp->checksum && !port_is_memory(p))
		return DROP_UDP_CHECKSUM;
	return VERDICT_ACCEPT;
}

// True: the frame was ARP, and is done with.
static bool rx_arp(struct port *p, uint16_t queue, struct rte_mbuf *mbuf, uint64_t now_ns)
{
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

	if (likely(net_eth_type(frame, mbuf->data_len) != NET_ETHERTYPE_ARP))
		return false;
	arp_receive(p, queue, frame, mbuf->data_len, now_ns);
	return true;
}

// `out` is filled when the datagram is one of ours.
static enum verdict rx_datagram(
	const struct port *p, struct rte_mbuf *mbuf, struct port_packet *out)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	struct net_udp udp;
	uint32_t good = likely(!p->offload.rx) ? 0 : offload_good(&p->offload, mbuf);
	enum verdict verdict = net_udp_parse_checked(&udp, frame, mbuf->data_len, good);

	if (likely(verdict == VERDICT_ACCEPT))
		verdict = rx_check(p, &udp);
	if (unlikely(verdict != VERDICT_ACCEPT))
		return verdict;
	*out = (struct port_packet){
		.mbuf = mbuf,
		.payload = frame + udp.payload_at,
		.size = udp.payload_size,
		.src = udp.src,
		.src_port = udp.src_port,
		.dst_port = udp.dst_port,
	};
	return VERDICT_ACCEPT;
}

// False: the frame is not for the caller, and its buffer goes back.
static bool rx_frame(struct port *p, uint16_t queue, struct rte_mbuf *mbuf, struct port_packet *out,
	uint64_t now_ns)
{
	struct port_queue *q = &p->queues[queue];
	enum verdict verdict = rx_flatten(q, mbuf);

	q->counters.rx_bytes += mbuf->pkt_len;
	if (unlikely(p->config.vlan) && verdict == VERDICT_ACCEPT)
		verdict = vlan_check(p, mbuf);
	if (likely(verdict == VERDICT_ACCEPT)) {
		if (rx_arp(p, queue, mbuf, now_ns))
			return false;
		verdict = rx_datagram(p, mbuf, out);
	}
	if (unlikely(verdict == DROP_NOT_UDP)) {
		icmp_receive(
			p, queue, rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len, now_ns);
		return false;
	}
	q->counters.drops[verdict]++;
	return verdict == VERDICT_ACCEPT;
}

uint16_t port_rx(
	struct port *p, uint16_t queue, struct port_packet *out, uint16_t max, uint64_t now_ns)
{
	struct port_queue *q = &p->queues[queue];
	struct rte_mbuf *mbufs[BURST];
	uint16_t n, taken = 0;

	if (!port_enter(p, q))
		return 0;
	n = rte_eth_rx_burst(p->id, queue, mbufs, max < BURST ? max : BURST);
	port_leave(q);
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		if (likely(rx_frame(p, queue, mbufs[i], &out[taken], now_ns)))
			taken++;
		else
			rte_pktmbuf_free(mbufs[i]);
	}
	q->counters.rx_packets += n;
	resolve_step(p, queue, now_ns);
	return taken;
}
