// Who answers for an IP address: what ARP and neighbour discovery hear goes into the tables of all
// queues, what the tables ask for goes out.
#include "dataplane/port/port_private.h"

static void resolve_learn(
	struct neighbour_table *t, const struct port_heard *heard, uint64_t now_ns)
{
	if (heard->request)
		neighbour_on_request(t, heard->ip, heard->mac, now_ns);
	else
		neighbour_on_reply(t, heard->ip, heard->mac, now_ns);
}

// Each queue has its own table, so that none needs a lock; but an answer may come in on another
// queue than the one that asked.
void resolve_heard(struct port *p, uint16_t queue, const struct port_heard *heard, uint64_t now_ns)
{
	resolve_learn(&p->queues[queue].neighbours, heard, now_ns);
	for (uint16_t q = 0; q < p->config.queues; q++)
		if (q != queue)
			rte_ring_mp_enqueue_elem(
				p->queues[q].inbox, (void *)(uintptr_t)heard, sizeof(*heard));
}

// A lost one is asked for again: by the peer, or by the table.
bool resolve_send(struct port *p, uint16_t queue, struct rte_mbuf *mbuf, uint32_t size)
{
	mbuf->data_len = (uint16_t)size;
	mbuf->pkt_len = size;
	if (p->config.vlan)
		vlan_tag(p, mbuf);
	if (port_tx(p, queue, &mbuf, 1) == 1)
		return true;
	rte_pktmbuf_free(mbuf);
	return false;
}

void resolve_step(struct port *p, uint16_t queue, uint64_t now_ns)
{
	struct port_queue *q = &p->queues[queue];
	struct port_heard heard;
	struct address ip;

	if (q->inbox)
		for (int i = 0;
			i < BURST && rte_ring_sc_dequeue_elem(q->inbox, &heard, sizeof(heard)) == 0;
			i++)
			resolve_learn(&q->neighbours, &heard, now_ns);
	for (int i = 0; i < BURST && neighbour_take_request(&q->neighbours, &ip, now_ns); i++) {
		if (address_is_ipv4(ip))
			arp_request(p, queue, ip);
		else
			nd_request(p, queue, ip);
	}
}
