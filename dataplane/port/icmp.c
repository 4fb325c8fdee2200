// ICMP and ICMPv6 of one port: echo requests for its address are answered, so that people can ping
// a node; neighbour discovery goes to nd.c. Everything else is counted and believed by nobody.
#include "dataplane/port/port_private.h"

// Answers of one queue: people ping, nobody floods through us.
#define ECHO_WINDOW_NS  10000000ull
#define ECHO_WINDOW_MAX 32u

static bool echo_allowed(struct port_queue *q, uint64_t now_ns)
{
	if (now_ns - q->echo_since_ns >= ECHO_WINDOW_NS) {
		q->echo_since_ns = now_ns;
		q->echo_count = 0;
	}
	return q->echo_count++ < ECHO_WINDOW_MAX;
}

static enum verdict echo_check(struct port *p, struct port_queue *q, const struct net_echo *echo,
	uint32_t size, uint64_t now_ns)
{
	if (!address_equal(echo->dst, p->config.address))
		return DROP_IP_NOT_OURS;
	// What does not fit our MTU does not fit our buffers either. An answer to ourselves would
	// be a request that never ends.
	if (size > NET_ETH_SIZE + p->config.mtu || address_equal(echo->src, p->config.address))
		return DROP_ICMP_MALFORMED;
	return echo_allowed(q, now_ns) ? VERDICT_ACCEPT : DROP_ICMP_LIMITED;
}

static void echo_answer(
	struct port *p, uint16_t queue, const struct net_echo *echo, const uint8_t *frame)
{
	struct rte_mbuf *mbuf = port_mbuf_get(p, queue);

	if (mbuf && resolve_send(p, queue, mbuf,
			    net_echo_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), echo, frame, p->mac)))
		p->queues[queue].counters.echo_replies_sent++;
}

static enum verdict icmp_take(
	struct port *p, uint16_t queue, const uint8_t *frame, uint32_t size, uint64_t now_ns)
{
	struct net_icmp icmp;
	struct net_echo echo;
	enum verdict verdict = net_icmp_parse(&icmp, frame, size);

	if (verdict != VERDICT_ACCEPT)
		return verdict;
	verdict = net_echo_parse(&echo, &icmp, frame);
	if (verdict == DROP_ICMP_OTHER)
		return nd_receive(p, queue, &icmp, frame, now_ns);
	if (verdict == VERDICT_ACCEPT)
		verdict = echo_check(p, &p->queues[queue], &echo, size, now_ns);
	if (verdict == VERDICT_ACCEPT)
		echo_answer(p, queue, &echo, frame);
	return verdict;
}

void icmp_receive(
	struct port *p, uint16_t queue, const uint8_t *frame, uint32_t size, uint64_t now_ns)
{
	enum verdict verdict = icmp_take(p, queue, frame, size, now_ns);

	if (verdict != VERDICT_ACCEPT)
		p->queues[queue].counters.drops[verdict]++;
}
