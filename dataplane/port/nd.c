// Neighbour discovery of one port (RFC 4861): answers who asks for us, hears who answers. Left out:
// routers (a gateway is configured), redirects, and asking whether our own address is a duplicate;
// but we answer those who ask whether theirs is ours.
#include <string.h>

#include "dataplane/port/port_private.h"

static const struct address all_nodes = {{0xff, 0x02, [15] = 1}};

static bool nd_send(
	struct port *p, uint16_t queue, const struct net_nd *nd, const uint8_t dst_mac[6])
{
	struct rte_mbuf *mbuf = port_mbuf_get(p, queue);

	return mbuf && resolve_send(p, queue, mbuf,
			       net_nd_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), nd, dst_mac));
}

// §7.2.4: who has no address yet hears of ours like everybody else.
static void nd_answer(
	struct port *p, uint16_t queue, const struct net_nd *solicit, const uint8_t *frame)
{
	bool to_all = address_is_none(solicit->src);
	struct net_nd advertise = {
		.type = NET_ND_ADVERTISE,
		.solicited = !to_all,
		.override = true,
		.src = p->config.address,
		.dst = to_all ? all_nodes : solicit->src,
		.target = p->config.address,
	};
	uint8_t dst_mac[6];

	memcpy(advertise.mac, p->mac, 6);
	memcpy(dst_mac, frame + 6, 6);
	if (to_all)
		net_group_mac(dst_mac, all_nodes);
	if (nd_send(p, queue, &advertise, dst_mac))
		p->queues[queue].counters.neighbour_replies_sent++;
}

static enum verdict nd_check(const struct port *p, const struct net_nd *nd)
{
	struct address own = p->config.address;

	if (nd->type == NET_ND_ADVERTISE) {
		// What nobody asked for is believed from nobody: a changed address is found by the
		// next probe. Who is asked for by a group must say its hardware address (§7.2.4).
		if (!address_equal(nd->dst, own) || !nd->solicited)
			return DROP_IP_NOT_OURS;
		return nd->has_mac && !address_equal(nd->target, own) ? VERDICT_ACCEPT
								      : DROP_ND_MALFORMED;
	}
	if (!address_equal(nd->target, own) ||
		(!address_equal(nd->dst, own) && !address_equal(nd->dst, net_solicited_node(own))))
		return DROP_IP_NOT_OURS;
	if (address_equal(nd->src, own))
		return DROP_ND_MALFORMED; // claims our address
	// of this link, a link-local one too, or none yet
	return address_same_network(nd->src, own, p->config.prefix) ||
			       address_is_link_local(nd->src) || address_is_none(nd->src)
		       ? VERDICT_ACCEPT
		       : DROP_ND_MALFORMED;
}

enum verdict nd_receive(struct port *p, uint16_t queue, const struct net_icmp *icmp,
	const uint8_t *frame, uint64_t now_ns)
{
	struct port_heard heard = {0};
	struct net_nd nd;
	enum verdict verdict = net_nd_parse(&nd, icmp, frame);

	if (verdict == VERDICT_ACCEPT)
		verdict = nd_check(p, &nd);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	p->queues[queue].counters.neighbour_received++;
	heard.request = nd.type == NET_ND_SOLICIT;
	heard.ip = heard.request ? nd.src : nd.target;
	memcpy(heard.mac, nd.mac, 6);
	// Routes lead to addresses of the prefix only, or to the gateway.
	if (nd.has_mac && (address_same_network(heard.ip, p->config.address, p->config.prefix) ||
				  address_equal(heard.ip, p->config.gateway)))
		resolve_heard(p, queue, &heard, now_ns);
	if (heard.request)
		nd_answer(p, queue, &nd, frame);
	return VERDICT_ACCEPT;
}

// Always to the group, a probe of a known neighbour too (§7.3.3 would ask it alone first): it is
// answered by whoever has the address now.
void nd_request(struct port *p, uint16_t queue, struct address ip)
{
	struct net_nd solicit = {
		.type = NET_ND_SOLICIT,
		.src = p->config.address,
		.dst = net_solicited_node(ip),
		.target = ip,
	};
	uint8_t dst_mac[6];

	memcpy(solicit.mac, p->mac, 6);
	net_group_mac(dst_mac, solicit.dst);
	if (nd_send(p, queue, &solicit, dst_mac))
		p->queues[queue].counters.neighbour_requests_sent++;
}
