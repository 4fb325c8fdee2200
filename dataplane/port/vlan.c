// A link in a VLAN: every frame that leaves is tagged, only frames with that tag come in. The
// device does it where it can.
#include "dataplane/port/port_private.h"

enum verdict vlan_check(const struct port *p, struct rte_mbuf *mbuf)
{
	uint16_t vlan;

	if (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		vlan = RTE_VLAN_TCI_ID(mbuf->vlan_tci);
	else if (net_vlan_pop(rte_pktmbuf_mtod(mbuf, uint8_t *), mbuf->data_len, &vlan))
		rte_pktmbuf_adj(mbuf, NET_VLAN_SIZE);
	else
		return DROP_VLAN;
	return vlan == p->config.vlan ? VERDICT_ACCEPT : DROP_VLAN;
}

void vlan_tag(const struct port *p, struct rte_mbuf *mbuf)
{
	if (p->offload.tx & RTE_ETH_TX_OFFLOAD_VLAN_INSERT) {
		mbuf->ol_flags |= RTE_MBUF_F_TX_VLAN;
		mbuf->vlan_tci = p->config.vlan;
		return;
	}
	if (mbuf->l2_len)
		mbuf->l2_len += NET_VLAN_SIZE;
	net_vlan_push((uint8_t *)rte_pktmbuf_prepend(mbuf, NET_VLAN_SIZE), p->config.vlan);
}
