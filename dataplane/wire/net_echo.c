// ICMP and ICMPv6 echo (RFC 792, RFC 4443 §4): who asks, and the answer.
#include <string.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

#define ICMP_HEADER_SIZE 4u // type, code, checksum
#define IP_HOPS          64u

// One host sent it, by its hardware address and by its own: nobody answers a group's.
static bool sender_is_host(const uint8_t *frame, struct address src)
{
	bool nobody = address_is_ipv4(src) ? address_ipv4(src) == 0 : address_is_none(src);
	bool reserved = address_is_ipv4(src) && address_ipv4(src) >= 0xe0000000u;

	return !(frame[6] & 1) && !nobody && !reserved && !address_is_multicast(src);
}

enum verdict net_echo_parse(
	struct net_echo *view, const struct net_icmp *icmp, const uint8_t *frame)
{
	bool v4 = address_is_ipv4(icmp->ip.src);

	if (icmp->type != (v4 ? NET_ECHO_REQUEST : NET_ECHO6_REQUEST))
		return DROP_ICMP_OTHER;
	if (icmp->code != 0 || !sender_is_host(frame, icmp->ip.src))
		return DROP_ICMP_MALFORMED;
	view->src = icmp->ip.src;
	view->dst = icmp->ip.dst;
	view->body_at = icmp->at + ICMP_HEADER_SIZE;
	view->body_size = icmp->size - ICMP_HEADER_SIZE;
	return VERDICT_ACCEPT;
}

static void ipv4_header(uint8_t *ip, const struct net_echo *view, uint32_t payload)
{
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(NET_IPV4_SIZE + payload));
	ip[8] = IP_HOPS;
	ip[9] = NET_PROTOCOL_ICMP;
	be32_put(ip + 12, address_ipv4(view->dst));
	be32_put(ip + 16, address_ipv4(view->src));
	be16_put(ip + 10, net_sum_fold(net_sum(0, ip, NET_IPV4_SIZE)));
}

// Returns the partial sum of the pseudo header.
static uint64_t ipv6_header(uint8_t *ip, const struct net_echo *view, uint32_t payload)
{
	uint8_t protocol[2] = {0, NET_PROTOCOL_ICMPV6};

	ip[0] = 0x60;
	be16_put(ip + 4, (uint16_t)payload);
	ip[6] = NET_PROTOCOL_ICMPV6;
	ip[7] = IP_HOPS;
	memcpy(ip + 8, view->dst.bytes, 16);
	memcpy(ip + 24, view->src.bytes, 16);
	return net_sum(net_sum(net_sum(0, ip + 8, 32), ip + 4, 2), protocol, 2);
}

uint32_t net_echo_frame(uint8_t *frame, const struct net_echo *view, const uint8_t *request,
	const uint8_t src_mac[6])
{
	bool v4 = address_is_ipv4(view->dst);
	uint8_t *ip = frame + NET_ETH_SIZE, *icmp = ip + (v4 ? NET_IPV4_SIZE : NET_IPV6_SIZE);
	uint32_t icmp_size = ICMP_HEADER_SIZE + view->body_size;
	uint32_t size = (uint32_t)(icmp - frame) + icmp_size;
	uint64_t sum = 0;

	memset(frame, 0, NET_ETH_MIN);
	memcpy(frame, request + 6, 6);
	memcpy(frame + 6, src_mac, 6);
	be16_put(frame + 12, v4 ? NET_ETHERTYPE_IPV4 : NET_ETHERTYPE_IPV6);
	if (v4)
		ipv4_header(ip, view, icmp_size);
	else
		sum = ipv6_header(ip, view, icmp_size);
	memcpy(icmp + ICMP_HEADER_SIZE, request + view->body_at, view->body_size);
	memset(icmp, 0, ICMP_HEADER_SIZE);
	icmp[0] = v4 ? NET_ECHO_REPLY : NET_ECHO6_REPLY;
	be16_put(icmp + 2, net_sum_fold(net_sum(sum, icmp, icmp_size)));
	return size < NET_ETH_MIN ? NET_ETH_MIN : size;
}
