// Ethernet, ARP, IPv4, IPv6, ICMP, UDP: bytes <-> views, and the Internet checksum. Pure.
// Ports in host order, and the IPv4 addresses of ARP.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/drop.h"
#include "lib/base/address.h"

#define NET_ETH_SIZE     14u
#define NET_VLAN_SIZE    4u
#define NET_IPV4_SIZE    20u // without options; with options only on receive
#define NET_IPV6_SIZE    40u
#define NET_UDP_SIZE     8u
#define NET_HEADERS_SIZE (NET_ETH_SIZE + NET_IPV4_SIZE + NET_UDP_SIZE)
#define NET_HEADERS_MAX  (NET_ETH_SIZE + NET_IPV6_SIZE + NET_UDP_SIZE)
#define NET_ND_FRAME     86u // a frame of neighbour discovery as we write it
#define NET_ARP_SIZE     28u
#define NET_ICMP_MIN     8u
#define NET_ETH_MIN      60u // shorter frames are padded by whoever puts them on a cable

enum net_ethertype {
	NET_ETHERTYPE_IPV4 = 0x0800,
	NET_ETHERTYPE_ARP = 0x0806,
	NET_ETHERTYPE_VLAN = 0x8100,
	NET_ETHERTYPE_IPV6 = 0x86dd,
};

enum net_protocol {
	NET_PROTOCOL_ICMP = 1,
	NET_PROTOCOL_UDP = 17,
	NET_PROTOCOL_ICMPV6 = 58,
};

enum net_icmp_type { // of either kind
	NET_ECHO_REPLY = 0,
	NET_ECHO_REQUEST = 8,
	NET_ECHO6_REQUEST = 128,
	NET_ECHO6_REPLY = 129,
	NET_ND_SOLICIT = 135,
	NET_ND_ADVERTISE = 136,
};

enum net_arp_operation {
	NET_ARP_REQUEST = 1,
	NET_ARP_REPLY = 2,
};

// ---- checksum (RFC 1071)

// Adds `size` bytes, as if an even number of bytes came before, to a partial sum; start with 0.
// The partial sum is in the machine's order: fold it at the end with net_sum_fold, and only then.
uint64_t net_sum(uint64_t sum, const uint8_t *bytes, uint32_t size);
// The checksum as it stands in a header, host order.
uint16_t net_sum_fold(uint64_t sum);

// ---- parse: the frame is one piece of `size` bytes; nothing beyond it is read

struct net_arp {
	uint16_t operation; // enum net_arp_operation
	uint8_t sender_mac[6], target_mac[6];
	uint32_t sender_ip, target_ip;
};

// What a device found right.
enum net_good {
	NET_GOOD_IPV4 = 1, // the header's checksum
	NET_GOOD_UDP = 2,
};

// What an IP packet says of itself.
struct net_ip {
	struct address src, dst;
	uint8_t protocol; // enum net_protocol, or another one
	uint8_t hop_limit;
	uint64_t pseudo_sum;   // partial sum of addresses and protocol; the length is missing
	uint32_t payload_at;   // offset in the frame, behind the header and its options
	uint32_t payload_size; // as the header says it, all of it in the frame
};

// An ICMP message whose checksum is right.
struct net_icmp {
	struct net_ip ip;
	uint8_t type, code;
	uint32_t at, size; // of all of it in the frame; size >= NET_ICMP_MIN
};

// An echo request.
struct net_echo {
	struct address src, dst;
	uint32_t body_at, body_size; // identifier, sequence number, data: comes back as it is
};

// A neighbour solicitation or advertisement (RFC 4861 §4.3, §4.4).
struct net_nd {
	uint8_t type;   // NET_ND_SOLICIT, NET_ND_ADVERTISE
	bool solicited; // an advertisement that answers
	bool override;  // ... and replaces what is known
	bool has_mac;
	uint8_t mac[6]; // link-layer address of the sender or, of an advertisement, of the target
	struct address src, dst, target; // src none: asks whether anybody has `target`
};

struct net_udp {
	struct address src, dst;
	uint16_t src_port, dst_port;
	uint32_t payload_at;   // offset in the frame
	uint32_t payload_size; // from the UDP length, checked against the frame
	bool checksum;         // false: the sender wrote none (0)
};

// EtherType of a frame, 0 when it is too short to have one.
uint16_t net_eth_type(const uint8_t *frame, uint32_t size);
// VERDICT_ACCEPT or why not. Checks the IPv4 header checksum; fragments, IPv6 extension headers and
// IPv4 addresses in an IPv6 packet are refused.
enum verdict net_ip_parse(struct net_ip *view, const uint8_t *frame, uint32_t size);
// VERDICT_ACCEPT or why not. Checks the UDP checksum too, when there is one.
enum verdict net_udp_parse(struct net_udp *view, const uint8_t *frame, uint32_t size);
// The same for a frame of which a device has checked sums already: they are not computed again.
// `good`: enum net_good. A UDP sum is believed only of a datagram that fills its packet.
enum verdict net_udp_parse_checked(
	struct net_udp *view, const uint8_t *frame, uint32_t size, uint32_t good);
// ICMP over IPv4 or ICMPv6 over IPv6, both checksums right.
enum verdict net_icmp_parse(struct net_icmp *view, const uint8_t *frame, uint32_t size);
// An echo request of one host: VERDICT_ACCEPT, or why it is none.
enum verdict net_echo_parse(
	struct net_echo *view, const struct net_icmp *icmp, const uint8_t *frame);
// Neighbour discovery as RFC 4861 §7.1 wants it checked, from a host whose link-layer address is
// the frame's source.
enum verdict net_nd_parse(struct net_nd *view, const struct net_icmp *icmp, const uint8_t *frame);
// Ethernet/IPv4 ARP whose Ethernet source is its sender and whose sender is a unicast address.
enum verdict net_arp_parse(struct net_arp *view, const uint8_t *frame, uint32_t size);

// The tag's VLAN (0: priority only), and the frame without its tag, beginning NET_VLAN_SIZE bytes
// later. False: there is no tag, and nothing has changed.
bool net_vlan_pop(uint8_t *frame, uint32_t size, uint16_t *vlan);

// ---- frame

// The 42 (IPv4) or 62 bytes (IPv6) that are the same in every packet from one address and port to
// another.
struct net_template {
	uint8_t bytes[NET_HEADERS_MAX]; // lengths and checksums 0
	uint8_t size;                   // NET_HEADERS_SIZE or NET_HEADERS_MAX
	uint64_t ip_sum, udp_sum; // partial sums of what is fixed; udp_sum has the pseudo header
	bool without_sum;         // UDP checksum 0: "none" (RFC 768), only on links that are
				  // memory; or a device fills it in
	bool without_ip_sum;      // IPv4 header checksum 0: a device fills it in
};

// `src` and `dst` are of one kind.
void net_template_init(struct net_template *t, const uint8_t dst_mac[6], const uint8_t src_mac[6],
	struct address src, struct address dst, uint16_t src_port, uint16_t dst_port);
// Writes t->size bytes before `payload_size` bytes that are in place. TTL 64, do-not-fragment.
void net_udp_frame(uint8_t *frame, const struct net_template *t, uint32_t payload_size);
// Writes NET_ETH_MIN bytes (padding 0) and returns that. A
// request goes to `dst_mac` (broadcast or the last known).
uint32_t net_arp_frame(uint8_t *frame, const struct net_arp *view, const uint8_t dst_mac[6]);
// The answer to an accepted request, to the hardware address that it came from. Needs room for
// the request, and NET_ETH_MIN; returns the bytes written.
uint32_t net_echo_frame(uint8_t *frame, const struct net_echo *view, const uint8_t *request,
	const uint8_t src_mac[6]);
// `view->mac` is ours, and the frame's source. Writes NET_ND_FRAME bytes.
uint32_t net_nd_frame(uint8_t *frame, const struct net_nd *view, const uint8_t dst_mac[6]);
// ff02::1:ffXX:XXXX, where whoever has `a` listens (RFC 4291 §2.7.1).
struct address net_solicited_node(struct address a);
// Puts a tag into the frame that begins NET_VLAN_SIZE bytes behind `frame`, and now there.
void net_vlan_push(uint8_t *frame, uint16_t vlan);
// 33:33:XX:XX:XX:XX of an IPv6 group (RFC 2464 §7).
void net_group_mac(uint8_t mac[6], struct address group);
