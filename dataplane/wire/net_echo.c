// ICMP echo (RFC 792): who asks, and the answer.
#include <string.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

#define ICMP_HEADER_SIZE  4u // type, code, checksum
#define ICMP_ECHO_SIZE    8u // with identifier and sequence number
#define ICMP_ECHO_REPLY   0u
#define ICMP_ECHO_REQUEST 8u
#define IPV4_TTL          64u

// One host sent it, by its hardware address and by its own: nobody answers a group's.
static bool sender_is_host(const uint8_t *frame, struct address src)
{
	uint32_t ip = address_ipv4(src);

	return !(frame[6] & 1) && ip != 0 && ip < 0xe0000000u;
}

enum verdict net_echo_parse(struct net_echo *view, const uint8_t *frame, uint32_t size)
{
	struct net_ip ip;
	enum verdict verdict = net_ip_parse(&ip, frame, size);
	const uint8_t *icmp;

	if (verdict != VERDICT_ACCEPT)
		return verdict;
	if (ip.protocol != NET_PROTOCOL_ICMP)
		return DROP_NOT_UDP;
	icmp = frame + ip.payload_at;
	if (ip.payload_size < ICMP_ECHO_SIZE ||
		net_sum_fold(net_sum(0, icmp, ip.payload_size)) != 0)
		return DROP_ICMP_MALFORMED;
	if (icmp[0] != ICMP_ECHO_REQUEST)
		return DROP_ICMP_OTHER;
	if (icmp[1] != 0 || !sender_is_host(frame, ip.src))
		return DROP_ICMP_MALFORMED;
	view->src = ip.src;
	view->dst = ip.dst;
	view->body_at = ip.payload_at + ICMP_HEADER_SIZE;
	view->body_size = ip.payload_size - ICMP_HEADER_SIZE;
	return VERDICT_ACCEPT;
}

uint32_t net_echo_frame(uint8_t *frame, const struct net_echo *view, const uint8_t *request,
	const uint8_t src_mac[6])
{
	uint8_t *ip = frame + NET_ETH_SIZE, *icmp = ip + NET_IPV4_SIZE;
	uint32_t icmp_size = ICMP_HEADER_SIZE + view->body_size;
	uint32_t size = NET_ETH_SIZE + NET_IPV4_SIZE + icmp_size;

	memset(frame, 0, NET_ETH_MIN);
	memcpy(frame, request + 6, 6);
	memcpy(frame + 6, src_mac, 6);
	be16_put(frame + 12, NET_ETHERTYPE_IPV4);
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(NET_IPV4_SIZE + icmp_size));
	ip[8] = IPV4_TTL;
	ip[9] = NET_PROTOCOL_ICMP;
	be32_put(ip + 12, address_ipv4(view->dst));
	be32_put(ip + 16, address_ipv4(view->src));
	be16_put(ip + 10, net_sum_fold(net_sum(0, ip, NET_IPV4_SIZE)));
	memcpy(icmp + ICMP_HEADER_SIZE, request + view->body_at, view->body_size);
	icmp[0] = ICMP_ECHO_REPLY;
	be16_put(icmp + 2, net_sum_fold(net_sum(0, icmp, icmp_size)));
	return size < NET_ETH_MIN ? NET_ETH_MIN : size;
}
