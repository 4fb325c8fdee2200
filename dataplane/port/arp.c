// ARP of one port: answers who asks for us, hears who answers.
#include <string.h>

#include "dataplane/port/port_private.h"

static bool arp_send(
	struct port *p, uint16_t queue, const struct net_arp *arp, const uint8_t dst_mac[6])
{
	struct rte_mbuf *mbuf = port_mbuf_get(p, queue);

	return mbuf && resolve_send(p, queue, mbuf,
			       net_arp_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), arp, dst_mac));
}

static void arp_answer(struct port *p, uint16_t queue, const struct net_arp *request)
{
	struct net_arp reply = {
		.operation = NET_ARP_REPLY,
		.sender_ip = address_ipv4(p->config.address),
		.target_ip = request->sender_ip,
	};

	memcpy(reply.sender_mac, p->mac, 6);
	memcpy(reply.target_mac, request->sender_mac, 6);
	if (arp_send(p, queue, &reply, request->sender_mac))
		p->queues[queue].counters.neighbour_replies_sent++;
}

static enum verdict arp_check(
	const struct port *p, struct net_arp *arp, const uint8_t *frame, uint32_t size)
{
	enum verdict verdict = net_arp_parse(arp, frame, size);
	struct address own = p->config.address, sender;

	if (verdict != VERDICT_ACCEPT)
		return verdict;
	if (!address_is_ipv4(own) || arp->target_ip != address_ipv4(own))
		return DROP_IP_NOT_OURS; // somebody else's, or gratuitous: believed from nobody
	sender = address_from_ipv4(arp->sender_ip);
	if (address_equal(sender, own) || !address_same_network(sender, own, p->config.prefix))
		return DROP_ARP_MALFORMED; // claims our address, or one that is not on this link
	return VERDICT_ACCEPT;
}

void arp_receive(
	struct port *p, uint16_t queue, const uint8_t *frame, uint32_t size, uint64_t now_ns)
{
	struct port_queue *q = &p->queues[queue];
	struct port_heard heard;
	struct net_arp arp;
	enum verdict verdict = arp_check(p, &arp, frame, size);

	if (verdict != VERDICT_ACCEPT) {
		q->counters.drops[verdict]++;
		return;
	}
	q->counters.neighbour_received++;
	heard = (struct port_heard){.ip = address_from_ipv4(arp.sender_ip),
		.request = arp.operation == NET_ARP_REQUEST};
	memcpy(heard.mac, arp.sender_mac, 6);
	resolve_heard(p, queue, &heard, now_ns);
	if (heard.request)
		arp_answer(p, queue, &arp);
}

void arp_request(struct port *p, uint16_t queue, struct address ip)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct net_arp request = {
		.operation = NET_ARP_REQUEST,
		.sender_ip = address_ipv4(p->config.address),
		.target_ip = address_ipv4(ip),
	};

	memcpy(request.sender_mac, p->mac, 6);
	if (arp_send(p, queue, &request, broadcast))
		p->queues[queue].counters.neighbour_requests_sent++;
}
