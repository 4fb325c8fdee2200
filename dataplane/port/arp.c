// ARP of one port: answers who asks for us, learns what
// the table may learn, sends what the table asks for.
#include <string.h>

#include "dataplane/port/port_private.h"

// A lost one is asked for again: by the peer, or by the table.
static bool arp_send(
	struct port *p, uint16_t queue, const struct net_arp *arp, const uint8_t dst_mac[6])
{
	struct rte_mbuf *mbuf = port_mbuf_get(p, queue);

	if (!mbuf)
		return false;
	mbuf->data_len = (uint16_t)net_arp_frame(rte_pktmbuf_mtod(mbuf, uint8_t *), arp, dst_mac);
	mbuf->pkt_len = mbuf->data_len;
	if (port_tx(p, queue, &mbuf, 1) == 1)
		return true;
	rte_pktmbuf_free(mbuf);
	return false;
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
		p->queues[queue].counters.arp_replies_sent++;
}

static void arp_learn(struct neighbour_table *t, const struct port_heard *heard, uint64_t now_ns)
{
	if (heard->operation == NET_ARP_REQUEST)
		neighbour_on_request(t, heard->ip, heard->mac, now_ns);
	else
		neighbour_on_reply(t, heard->ip, heard->mac, now_ns);
}

// Each queue has its own table, so that none needs a lock; but an answer may come in on another
// queue than the one that asked.
static void arp_tell(struct port *p, uint16_t queue, const struct port_heard *heard)
{
	for (uint16_t q = 0; q < p->config.queues; q++)
		if (q != queue)
			rte_ring_mp_enqueue_elem(
				p->queues[q].inbox, (void *)(uintptr_t)heard, sizeof(*heard));
}

void arp_receive(
	struct port *p, uint16_t queue, const uint8_t *frame, uint32_t size, uint64_t now_ns)
{
	struct port_queue *q = &p->queues[queue];
	uint32_t own = address_ipv4(p->config.address);
	uint32_t host_mask = UINT32_MAX >> p->config.prefix;
	struct port_heard heard;
	struct net_arp arp;
	enum verdict verdict = net_arp_parse(&arp, frame, size);

	if (verdict == VERDICT_ACCEPT && arp.target_ip != own)
		verdict = DROP_IP_NOT_OURS; // somebody else's, or gratuitous: believed from nobody
	if (verdict == VERDICT_ACCEPT &&
		(arp.sender_ip == own || (arp.sender_ip ^ own) & ~host_mask))
		verdict = DROP_ARP_MALFORMED; // claims our address, or one that is not on this link
	if (verdict != VERDICT_ACCEPT) {
		q->counters.drops[verdict]++;
		return;
	}
	q->counters.arp_received++;
	heard = (struct port_heard){
		.ip = address_from_ipv4(arp.sender_ip), .operation = arp.operation};
	memcpy(heard.mac, arp.sender_mac, 6);
	arp_learn(&q->neighbours, &heard, now_ns);
	arp_tell(p, queue, &heard);
	if (arp.operation == NET_ARP_REQUEST)
		arp_answer(p, queue, &arp);
}

static void arp_request(struct port *p, uint16_t queue, struct address ip)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct net_arp request = {
		.operation = NET_ARP_REQUEST,
		.sender_ip = address_ipv4(p->config.address),
		.target_ip = address_ipv4(ip),
	};

	memcpy(request.sender_mac, p->mac, 6);
	if (arp_send(p, queue, &request, broadcast))
		p->queues[queue].counters.arp_requests_sent++;
}

void arp_step(struct port *p, uint16_t queue, uint64_t now_ns)
{
	struct port_queue *q = &p->queues[queue];
	struct port_heard heard;
	struct address ip;

	if (q->inbox)
		for (int i = 0;
			i < BURST && rte_ring_sc_dequeue_elem(q->inbox, &heard, sizeof(heard)) == 0;
			i++)
			arp_learn(&q->neighbours, &heard, now_ns);
	for (int i = 0; i < BURST && neighbour_take_request(&q->neighbours, &ip, now_ns); i++)
		arp_request(p, queue, ip);
}
