// What a device does for us, chosen from what it says it can.
#include "dataplane/port/offload.h"

#include <rte_ethdev.h>

struct offload offload_choose(const struct port_config *c, uint64_t rx_capa, uint64_t tx_capa)
{
	struct offload offload = {0};

	if (c->vlan)
		offload = (struct offload){.rx = rx_capa & RTE_ETH_RX_OFFLOAD_VLAN_STRIP,
			.tx = tx_capa & RTE_ETH_TX_OFFLOAD_VLAN_INSERT};
	return offload;
}
