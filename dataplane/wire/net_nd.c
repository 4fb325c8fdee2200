// Neighbour discovery (RFC 4861): solicitations and advertisements, views <-> bytes.
#include <string.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

#define ND_HOPS       255u // nobody beyond the link can have sent it (§7.1)
#define ND_SIZE       24u  // without options
#define ND_OPTION     8u   // a link-layer address of Ethernet, and the unit of option lengths
#define ND_SOURCE_MAC 1u
#define ND_TARGET_MAC 2u
#define ND_SOLICITED  0x40u
#define ND_OVERRIDE   0x20u

_Static_assert(NET_ND_FRAME == NET_ETH_SIZE + NET_IPV6_SIZE + ND_SIZE + ND_OPTION, "net.h");

struct address net_solicited_node(struct address a)
{
	struct address group = {{0xff, 0x02, [11] = 1, 0xff}};

	memcpy(group.bytes + 13, a.bytes + 13, 3);
	return group;
}

void net_group_mac(uint8_t mac[6], struct address group)
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group.bytes + 12, 4);
}

static bool mac_is_host(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, sizeof(zero)) != 0;
}

// Every option has a length, and the one that is wanted that of an Ethernet address.
static bool options_parse(struct net_nd *view, const uint8_t *options, uint32_t size)
{
	uint8_t wanted = view->type == NET_ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC;

	for (uint32_t at = 0, length; at < size; at += length) {
		if (size - at < ND_OPTION)
			return false;
		length = options[at + 1] * ND_OPTION;
		if (length == 0 || length > size - at)
			return false;
		if (options[at] != wanted)
			continue;
		if (length != ND_OPTION || !mac_is_host(options + at + 2))
			return false;
		memcpy(view->mac, options + at + 2, 6);
		view->has_mac = true;
	}
	return true;
}

static bool addresses_agree(const struct net_nd *view)
{
	if (address_is_multicast(view->target) || address_is_none(view->target) ||
		address_is_ipv4(view->target) || address_is_multicast(view->src))
		return false;
	if (view->type == NET_ND_ADVERTISE)
		return !address_is_none(view->src) &&
		       !(view->solicited && address_is_multicast(view->dst));
	return !address_is_none(view->src) ||
	       (!view->has_mac && address_equal(view->dst, net_solicited_node(view->target)));
}

enum verdict net_nd_parse(struct net_nd *view, const struct net_icmp *icmp, const uint8_t *frame)
{
	const uint8_t *nd = frame + icmp->at;

	if (address_is_ipv4(icmp->ip.src) ||
		(icmp->type != NET_ND_SOLICIT && icmp->type != NET_ND_ADVERTISE))
		return DROP_ICMP_OTHER;
	if (icmp->ip.hop_limit != ND_HOPS || icmp->code != 0 || icmp->size < ND_SIZE)
		return DROP_ND_MALFORMED;
	memset(view, 0, sizeof(*view));
	view->type = icmp->type;
	view->solicited = view->type == NET_ND_ADVERTISE && nd[4] & ND_SOLICITED;
	view->override = view->type == NET_ND_ADVERTISE && nd[4] & ND_OVERRIDE;
	view->src = icmp->ip.src;
	view->dst = icmp->ip.dst;
	view->target = address_load(nd + 8);
	if (!options_parse(view, nd + ND_SIZE, icmp->size - ND_SIZE) || !addresses_agree(view))
		return DROP_ND_MALFORMED;
	// As with ARP: nobody speaks for another.
	if (!mac_is_host(frame + 6) || (view->has_mac && memcmp(view->mac, frame + 6, 6) != 0))
		return DROP_ND_MALFORMED;
	return VERDICT_ACCEPT;
}

uint32_t net_nd_frame(uint8_t *frame, const struct net_nd *view, const uint8_t dst_mac[6])
{
	uint8_t *ip = frame + NET_ETH_SIZE, *nd = ip + NET_IPV6_SIZE, *option = nd + ND_SIZE;
	uint8_t protocol[2] = {0, NET_PROTOCOL_ICMPV6};
	uint64_t sum;

	memset(frame, 0, NET_ND_FRAME);
	memcpy(frame, dst_mac, 6);
	memcpy(frame + 6, view->mac, 6);
	be16_put(frame + 12, NET_ETHERTYPE_IPV6);
	ip[0] = 0x60;
	be16_put(ip + 4, ND_SIZE + ND_OPTION);
	ip[6] = NET_PROTOCOL_ICMPV6;
	ip[7] = ND_HOPS;
	memcpy(ip + 8, view->src.bytes, 16);
	memcpy(ip + 24, view->dst.bytes, 16);
	nd[0] = view->type;
	nd[4] = (uint8_t)((view->solicited ? ND_SOLICITED : 0) |
			  (view->override ? ND_OVERRIDE : 0));
	memcpy(nd + 8, view->target.bytes, 16);
	option[0] = view->type == NET_ND_SOLICIT ? ND_SOURCE_MAC : ND_TARGET_MAC;
	option[1] = 1;
	memcpy(option + 2, view->mac, 6);
	sum = net_sum(net_sum(net_sum(0, ip + 8, 32), ip + 4, 2), protocol, 2);
	be16_put(nd + 2, net_sum_fold(net_sum(sum, nd, ND_SIZE + ND_OPTION)));
	return NET_ND_FRAME;
}
