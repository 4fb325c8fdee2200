// Ethernet, ARP, IPv4, IPv6, UDP: bytes -> views. Every length
// is checked before the bytes behind it are read.
#include <string.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

#define IPV4_MORE_FRAGMENTS 0x2000u
#define IPV4_OFFSET_MASK    0x1fffu
#define IPV6_FRAGMENT       44u

uint16_t net_eth_type(const uint8_t *frame, uint32_t size)
{
	return size >= NET_ETH_SIZE ? be16_get(frame + 12) : 0;
}

// Partial sum of addresses and protocol, in the machine's order like net_sum.
static uint64_t pseudo_sum(const uint8_t *addresses, uint32_t size, uint8_t protocol)
{
	uint8_t rest[2] = {0, protocol};

	return net_sum(net_sum(0, addresses, size), rest, sizeof(rest));
}

static uint64_t pseudo_sum_with(uint64_t sum, uint32_t size)
{
	uint8_t length[2];

	be16_put(length, (uint16_t)size);
	return net_sum(sum, length, sizeof(length));
}

static enum verdict ipv4_parse(struct net_ip *view, const uint8_t *ip, uint32_t size, uint32_t good)
{
	uint32_t header, total;

	if (size < NET_IPV4_SIZE || ip[0] >> 4 != 4)
		return DROP_IP_MALFORMED;
	header = (ip[0] & 0xfu) * 4;
	total = be16_get(ip + 2);
	// A frame may be longer than its packet (Ethernet pads to 60), never shorter.
	if (header < NET_IPV4_SIZE || total < header || total > size)
		return DROP_IP_MALFORMED;
	if (!(good & NET_GOOD_IPV4) && net_sum_fold(net_sum(0, ip, header)) != 0)
		return DROP_IP_MALFORMED;
	if (be16_get(ip + 6) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK))
		return DROP_IP_FRAGMENT;
	view->src = address_from_ipv4(be32_get(ip + 12));
	view->dst = address_from_ipv4(be32_get(ip + 16));
	view->protocol = ip[9];
	view->hop_limit = ip[8];
	view->pseudo_sum = pseudo_sum(ip + 12, 8, ip[9]);
	view->payload_at = NET_ETH_SIZE + header;
	view->payload_size = total - header;
	return VERDICT_ACCEPT;
}

// What stands where UDP could: an extension header (RFC 8200 §4), or another protocol.
static enum verdict ipv6_next(uint8_t header)
{
	static const uint8_t extensions[] = {0, 43, 50, 51, 60, 135, 139, 140, 253, 254};

	if (header == IPV6_FRAGMENT)
		return DROP_IP_FRAGMENT;
	for (uint32_t i = 0; i < sizeof(extensions); i++)
		if (header == extensions[i])
			return DROP_IP_EXTENSION;
	return VERDICT_ACCEPT;
}

static enum verdict ipv6_parse(struct net_ip *view, const uint8_t *ip, uint32_t size)
{
	uint32_t payload;

	if (size < NET_IPV6_SIZE || ip[0] >> 4 != 6)
		return DROP_IP_MALFORMED;
	payload = be16_get(ip + 4);
	if (payload > size - NET_IPV6_SIZE)
		return DROP_IP_MALFORMED;
	view->src = address_load(ip + 8);
	view->dst = address_load(ip + 24);
	// On a cable they would be a second way to write our IPv4 address.
	if (address_is_ipv4(view->src) || address_is_ipv4(view->dst))
		return DROP_IP_MALFORMED;
	view->protocol = ip[6];
	view->hop_limit = ip[7];
	view->pseudo_sum = pseudo_sum(ip + 8, 32, ip[6]);
	view->payload_at = NET_ETH_SIZE + NET_IPV6_SIZE;
	view->payload_size = payload;
	return ip[6] == NET_PROTOCOL_UDP ? VERDICT_ACCEPT : ipv6_next(ip[6]);
}

static enum verdict ip_parse(
	struct net_ip *view, const uint8_t *frame, uint32_t size, uint32_t good)
{
	if (size < NET_ETH_SIZE)
		return DROP_ETH_TRUNCATED;
	switch (be16_get(frame + 12)) {
	case NET_ETHERTYPE_IPV4:
		return ipv4_parse(view, frame + NET_ETH_SIZE, size - NET_ETH_SIZE, good);
	case NET_ETHERTYPE_IPV6:
		return ipv6_parse(view, frame + NET_ETH_SIZE, size - NET_ETH_SIZE);
	case NET_ETHERTYPE_VLAN:
		return DROP_VLAN;
	default:
		return DROP_NOT_IP;
	}
}

enum verdict net_ip_parse(struct net_ip *view, const uint8_t *frame, uint32_t size)
{
	return ip_parse(view, frame, size, 0);
}

// Devices sum up what the IP header says: of a datagram that ends before its packet that is not
// the datagram.
static bool udp_sum_right(const struct net_ip *ip, const uint8_t *udp, uint32_t size, uint32_t good)
{
	if (good & NET_GOOD_UDP && size == ip->payload_size)
		return true;
	return net_sum_fold(net_sum(pseudo_sum_with(ip->pseudo_sum, size), udp, size)) == 0;
}

enum verdict net_udp_parse(struct net_udp *view, const uint8_t *frame, uint32_t size)
{
	return net_udp_parse_checked(view, frame, size, 0);
}

enum verdict net_udp_parse_checked(
	struct net_udp *view, const uint8_t *frame, uint32_t size, uint32_t good)
{
	struct net_ip ip;
	enum verdict verdict = ip_parse(&ip, frame, size, good);
	const uint8_t *udp;
	uint32_t udp_size;

	if (verdict != VERDICT_ACCEPT)
		return verdict;
	if (ip.protocol != NET_PROTOCOL_UDP)
		return DROP_NOT_UDP;
	if (ip.payload_size < NET_UDP_SIZE)
		return DROP_UDP_MALFORMED;
	udp = frame + ip.payload_at;
	udp_size = be16_get(udp + 4);
	if (udp_size < NET_UDP_SIZE || udp_size > ip.payload_size)
		return DROP_UDP_MALFORMED;
	view->src = ip.src;
	view->dst = ip.dst;
	view->src_port = be16_get(udp);
	view->dst_port = be16_get(udp + 2);
	view->payload_at = ip.payload_at + NET_UDP_SIZE;
	view->payload_size = udp_size - NET_UDP_SIZE;
	view->checksum = be16_get(udp + 6) != 0;
	if (view->checksum && !udp_sum_right(&ip, udp, udp_size, good))
		return DROP_UDP_CHECKSUM;
	return VERDICT_ACCEPT;
}

enum verdict net_icmp_parse(struct net_icmp *view, const uint8_t *frame, uint32_t size)
{
	struct net_ip *ip = &view->ip;
	enum verdict verdict = net_ip_parse(ip, frame, size);
	uint64_t sum = 0;

	if (verdict != VERDICT_ACCEPT)
		return verdict;
	if (ip->protocol != (address_is_ipv4(ip->src) ? NET_PROTOCOL_ICMP : NET_PROTOCOL_ICMPV6))
		return DROP_NOT_UDP;
	if (ip->protocol == NET_PROTOCOL_ICMPV6)
		sum = pseudo_sum_with(ip->pseudo_sum, ip->payload_size);
	if (ip->payload_size < NET_ICMP_MIN ||
		net_sum_fold(net_sum(sum, frame + ip->payload_at, ip->payload_size)) != 0)
		return DROP_ICMP_MALFORMED;
	view->at = ip->payload_at;
	view->size = ip->payload_size;
	view->type = frame[view->at];
	view->code = frame[view->at + 1];
	return VERDICT_ACCEPT;
}

// Bytes 0..7: Ethernet (1), IPv4, address lengths 6 and 4, then the operation.
static const uint8_t arp_fixed[6] = {0, 1, 0x08, 0x00, 6, 4};

static bool mac_is_unicast(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, sizeof(zero)) != 0;
}

// 0.0.0.0 is a probe for a duplicate address (RFC 5227): nobody to learn from, and 224.0.0.0 up are
// no hosts.
static bool ip_is_host(uint32_t ip)
{
	return ip != 0 && ip < 0xe0000000u;
}

enum verdict net_arp_parse(struct net_arp *view, const uint8_t *frame, uint32_t size)
{
	const uint8_t *arp = frame + NET_ETH_SIZE;

	if (size < NET_ETH_SIZE + NET_ARP_SIZE)
		return DROP_ARP_MALFORMED;
	if (net_eth_type(frame, size) != NET_ETHERTYPE_ARP ||
		memcmp(arp, arp_fixed, sizeof(arp_fixed)) != 0)
		return DROP_ARP_MALFORMED;
	view->operation = be16_get(arp + 6);
	memcpy(view->sender_mac, arp + 8, 6);
	view->sender_ip = be32_get(arp + 14);
	memcpy(view->target_mac, arp + 18, 6);
	view->target_ip = be32_get(arp + 24);
	if (view->operation != NET_ARP_REQUEST && view->operation != NET_ARP_REPLY)
		return DROP_ARP_MALFORMED;
	if (memcmp(frame + 6, view->sender_mac, 6) != 0 || !mac_is_unicast(view->sender_mac))
		return DROP_ARP_MALFORMED;
	return ip_is_host(view->sender_ip) ? VERDICT_ACCEPT : DROP_ARP_MALFORMED;
}
