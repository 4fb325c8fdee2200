// Ethernet, ARP, IPv4, IPv6, UDP: views -> bytes.
#include <string.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

#define IPV4_DONT_FRAGMENT 0x4000u
#define IP_HOPS            64u

static void eth_frame(
	uint8_t *frame, const uint8_t dst_mac[6], const uint8_t src_mac[6], uint16_t type)
{
	memcpy(frame, dst_mac, 6);
	memcpy(frame + 6, src_mac, 6);
	be16_put(frame + 12, type);
}

static void ipv4_fixed(uint8_t *ip, struct address src, struct address dst)
{
	ip[0] = 0x45;
	// The identification stays 0: with do-not-fragment set it means nothing (RFC 6864 §4.1).
	be16_put(ip + 6, IPV4_DONT_FRAGMENT);
	ip[8] = IP_HOPS;
	ip[9] = NET_PROTOCOL_UDP;
	be32_put(ip + 12, address_ipv4(src));
	be32_put(ip + 16, address_ipv4(dst));
}

// The flow label stays 0: a connection is one flow by its ports as well.
static void ipv6_fixed(uint8_t *ip, struct address src, struct address dst)
{
	ip[0] = 0x60;
	ip[6] = NET_PROTOCOL_UDP;
	ip[7] = IP_HOPS;
	memcpy(ip + 8, src.bytes, sizeof(src.bytes));
	memcpy(ip + 24, dst.bytes, sizeof(dst.bytes));
}

void net_template_init(struct net_template *t, const uint8_t dst_mac[6], const uint8_t src_mac[6],
	struct address src, struct address dst, uint16_t src_port, uint16_t dst_port)
{
	bool v4 = address_is_ipv4(src);
	uint8_t *ip = t->bytes + NET_ETH_SIZE, *udp = ip + (v4 ? NET_IPV4_SIZE : NET_IPV6_SIZE);
	uint8_t protocol[2] = {0, NET_PROTOCOL_UDP};
	uint64_t addresses;

	memset(t, 0, sizeof(*t));
	eth_frame(t->bytes, dst_mac, src_mac, v4 ? NET_ETHERTYPE_IPV4 : NET_ETHERTYPE_IPV6);
	if (v4)
		ipv4_fixed(ip, src, dst);
	else
		ipv6_fixed(ip, src, dst);
	be16_put(udp, src_port);
	be16_put(udp + 2, dst_port);
	t->size = v4 ? NET_HEADERS_SIZE : NET_HEADERS_MAX;
	t->ip_sum = v4 ? net_sum(0, ip, NET_IPV4_SIZE) : 0;
	addresses = v4 ? net_sum(0, ip + 12, 8) : net_sum(0, ip + 8, 32);
	t->udp_sum = net_sum(net_sum(addresses, protocol, 2), udp, NET_UDP_SIZE);
}

// What net_sum adds for a field of two bytes. Not read back from the frame: the load would wait for
// every store before it, the payload's among them.
static uint64_t field_sum(uint16_t value)
{
	return __builtin_bswap16(value);
}

void net_udp_frame(uint8_t *frame, const struct net_template *t, uint32_t payload_size)
{
	uint8_t *ip = frame + NET_ETH_SIZE, *udp = frame + t->size - NET_UDP_SIZE;
	uint16_t udp_size = (uint16_t)(NET_UDP_SIZE + payload_size);
	uint16_t ip_size = (uint16_t)(NET_IPV4_SIZE + udp_size), sum;

	memcpy(frame, t->bytes, NET_HEADERS_SIZE);
	if (t->size == NET_HEADERS_SIZE) {
		be16_put(ip + 2, ip_size);
		if (!t->without_ip_sum)
			be16_put(ip + 10, net_sum_fold(t->ip_sum + field_sum(ip_size)));
	} else {
		memcpy(frame + NET_HEADERS_SIZE, t->bytes + NET_HEADERS_SIZE,
			NET_HEADERS_MAX - NET_HEADERS_SIZE);
		be16_put(ip + 4, udp_size);
	}
	be16_put(udp + 4, udp_size);
	if (t->without_sum)
		return;
	// The length counts twice: in the header and in the pseudo header.
	sum = net_sum_fold(
		net_sum(t->udp_sum + 2 * field_sum(udp_size), udp + NET_UDP_SIZE, payload_size));
	be16_put(udp + 6, sum ? sum : 0xffff); // 0 would say "no checksum" (RFC 768)
}

uint32_t net_arp_frame(uint8_t *frame, const struct net_arp *view, const uint8_t dst_mac[6])
{
	static const uint8_t fixed[6] = {0, 1, 0x08, 0x00, 6, 4};
	uint8_t *arp = frame + NET_ETH_SIZE;

	memset(frame, 0, NET_ETH_MIN);
	eth_frame(frame, dst_mac, view->sender_mac, NET_ETHERTYPE_ARP);
	memcpy(arp, fixed, sizeof(fixed));
	be16_put(arp + 6, view->operation);
	memcpy(arp + 8, view->sender_mac, 6);
	be32_put(arp + 14, view->sender_ip);
	memcpy(arp + 18, view->target_mac, 6);
	be32_put(arp + 24, view->target_ip);
	return NET_ETH_MIN;
}
