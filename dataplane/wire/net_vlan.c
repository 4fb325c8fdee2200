// The tag of a VLAN (IEEE 802.1Q), between the Ethernet addresses and the EtherType.
#include <string.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

#define ADDRESSES_SIZE 12u
#define VLAN_ID        0x0fffu // the rest is priority, and "may be dropped"

void net_vlan_push(uint8_t *frame, uint16_t vlan)
{
	memmove(frame, frame + NET_VLAN_SIZE, ADDRESSES_SIZE);
	be16_put(frame + ADDRESSES_SIZE, NET_ETHERTYPE_VLAN);
	be16_put(frame + ADDRESSES_SIZE + 2, vlan);
}

bool net_vlan_pop(uint8_t *frame, uint32_t size, uint16_t *vlan)
{
	if (size < NET_ETH_SIZE + NET_VLAN_SIZE || net_eth_type(frame, size) != NET_ETHERTYPE_VLAN)
		return false;
	*vlan = be16_get(frame + NET_ETH_SIZE) & VLAN_ID;
	memmove(frame + NET_VLAN_SIZE, frame, ADDRESSES_SIZE);
	return true;
}
