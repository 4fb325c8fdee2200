// Ethernet, IPv4, UDP and ARP: golden frames, truncations, flipped bits, malformed ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"
#include "tests/unit/dataplane/wire/exact.h"

// 192.168.7.1:7654 -> 192.168.7.2:7655, "sluice!"; made by another program.
static const uint8_t golden[49] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02, 0x02, 0x53, 0xc0, 0xa8, 0x07,
	0x01, 0x08, 0x00, 0x45, 0x00, 0x00, 0x23, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xab, 0x76,
	0xc0, 0xa8, 0x07, 0x01, 0xc0, 0xa8, 0x07, 0x02, 0x1d, 0xe6, 0x1d, 0xe7, 0x00, 0x0f, 0xc7,
	0x73, 0x73, 0x6c, 0x75, 0x69, 0x63, 0x65, 0x21};

// fd00::1 port 7654 -> fd00::2 port 7655, "sluice!"; made by another program.
static const uint8_t golden6[69] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02, 0x02, 0x53, 0xc0, 0xa8,
	0x07, 0x01, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x11, 0x40, 0xfd, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xfd, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x1d,
	0xe6, 0x1d, 0xe7, 0x00, 0x0f, 0x5c, 0xc3, 0x73, 0x6c, 0x75, 0x69, 0x63, 0x65, 0x21};

#define ETH 12
#define IP  14
#define UDP 34

static enum verdict parse(struct net_udp *view, const uint8_t *frame, uint32_t size)
{
	uint8_t *exact = exact_copy(frame, size);
	enum verdict verdict = net_udp_parse(view, exact, size);

	free(exact);
	return verdict;
}

static void ip_checksum_renew(uint8_t *frame)
{
	be16_put(frame + IP + 10, 0);
	be16_put(frame + IP + 10, net_sum_fold(net_sum(0, frame + IP, (frame[IP] & 0xfu) * 4)));
}

static enum verdict parse_with(uint32_t at, uint16_t value, bool renew)
{
	uint8_t frame[sizeof(golden)];
	struct net_udp view;

	memcpy(frame, golden, sizeof(frame));
	be16_put(frame + at, value);
	if (renew)
		ip_checksum_renew(frame);
	return parse(&view, frame, sizeof(frame));
}

static void net_udp_parse__golden(void **state)
{
	struct net_udp view;

	(void)state;
	assert_int_equal(parse(&view, golden, sizeof(golden)), VERDICT_ACCEPT);
	assert_int_equal(address_ipv4(view.src), 0xc0a80701u);
	assert_int_equal(address_ipv4(view.dst), 0xc0a80702u);
	assert_int_equal(view.src_port, 7654);
	assert_int_equal(view.dst_port, 7655);
	assert_int_equal(view.payload_at, 42);
	assert_int_equal(view.payload_size, 7);
	assert_true(view.checksum);
}

static void net_udp_parse__every_truncation(void **state)
{
	struct net_udp view;

	(void)state;
	for (uint32_t size = 0; size < sizeof(golden); size++)
		assert_int_equal(parse(&view, golden, size),
			size < 14 ? DROP_ETH_TRUNCATED : DROP_IP_MALFORMED);
}

// Ethernet pads to 60 bytes: what is behind the packet is not payload.
static void net_udp_parse__padding_is_ignored(void **state)
{
	uint8_t frame[60] = {0};
	struct net_udp view;

	(void)state;
	memcpy(frame, golden, sizeof(golden));
	frame[59] = 0x77;
	assert_int_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_int_equal(view.payload_size, 7);
}

// Every flipped bit from the EtherType on is noticed; the Ethernet addresses have no checksum here.
static void net_udp_parse__every_flipped_bit(void **state)
{
	uint8_t frame[sizeof(golden)];
	struct net_udp view;

	(void)state;
	for (uint32_t bit = ETH * 8; bit < sizeof(golden) * 8; bit++) {
		memcpy(frame, golden, sizeof(frame));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	}
}

static void net_udp_parse__malformed(void **state)
{
	(void)state;
	assert_int_equal(parse_with(ETH, 0x8100, false), DROP_VLAN);         // 802.1Q
	assert_int_equal(parse_with(ETH, 0x88a8, false), DROP_NOT_IP);       // 802.1ad
	assert_int_equal(parse_with(ETH, 0x86dd, false), DROP_IP_MALFORMED); // not IPv6
	assert_int_equal(parse_with(IP, 0x5500, true), DROP_IP_MALFORMED);   // version 5
	assert_int_equal(parse_with(IP, 0x4400, true), DROP_IP_MALFORMED);   // header of 16 bytes
	assert_int_equal(
		parse_with(IP, 0x4f00, false), DROP_IP_MALFORMED); // header longer than the packet
	assert_int_equal(
		parse_with(IP + 2, 19, true), DROP_IP_MALFORMED); // total shorter than the header
	assert_int_equal(
		parse_with(IP + 2, 36, true), DROP_IP_MALFORMED); // total longer than the frame
	assert_int_equal(parse_with(IP + 10, 0x1234, false), DROP_IP_MALFORMED); // header checksum
	assert_int_equal(parse_with(IP + 6, 0x2000, true), DROP_IP_FRAGMENT);    // first of several
	assert_int_equal(parse_with(IP + 6, 0x0001, true), DROP_IP_FRAGMENT);    // a later one
	assert_int_equal(parse_with(IP + 8, 0x4006, true), DROP_NOT_UDP);        // TCP
	assert_int_equal(
		parse_with(IP + 2, 27, true), DROP_UDP_MALFORMED); // no room for a UDP header
	assert_int_equal(
		parse_with(UDP + 4, 7, false), DROP_UDP_MALFORMED); // shorter than its own header
	assert_int_equal(
		parse_with(UDP + 4, 16, false), DROP_UDP_MALFORMED); // longer than the packet
	assert_int_equal(parse_with(UDP + 6, 0xc774, false), DROP_UDP_CHECKSUM);
}

static void net_udp_parse__no_checksum_is_said(void **state)
{
	uint8_t frame[sizeof(golden)];
	struct net_udp view;

	(void)state;
	memcpy(frame, golden, sizeof(frame));
	be16_put(frame + UDP + 6, 0);
	assert_int_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_false(view.checksum);
}

// Options are skipped, and counted where the payload begins.
// What a device found right is not summed up again; everything else is.
static void net_udp_parse_checked__believes(void **state)
{
	uint8_t frame[sizeof(golden) + 2];
	struct net_udp view;

	(void)state;
	memcpy(frame, golden, sizeof(golden));
	frame[IP + 10] ^= 1;
	assert_int_equal(net_udp_parse_checked(&view, frame, sizeof(golden), NET_GOOD_UDP),
		DROP_IP_MALFORMED);
	assert_int_equal(
		net_udp_parse_checked(&view, frame, sizeof(golden), NET_GOOD_IPV4), VERDICT_ACCEPT);
	frame[UDP + 8] ^= 1;
	assert_int_equal(net_udp_parse_checked(&view, frame, sizeof(golden), NET_GOOD_IPV4),
		DROP_UDP_CHECKSUM);
	assert_int_equal(
		net_udp_parse_checked(&view, frame, sizeof(golden), NET_GOOD_IPV4 | NET_GOOD_UDP),
		VERDICT_ACCEPT);
	// The packet has two bytes more than its datagram: the device summed up something else.
	be16_put(frame + IP + 2, sizeof(frame) - IP);
	assert_int_equal(
		net_udp_parse_checked(&view, frame, sizeof(frame), NET_GOOD_IPV4 | NET_GOOD_UDP),
		DROP_UDP_CHECKSUM);
}

static void net_udp_parse__ip_options(void **state)
{
	uint8_t frame[sizeof(golden) + 4];
	struct net_udp view;

	(void)state;
	memcpy(frame, golden, UDP);
	memset(frame + UDP, 1, 4);
	memcpy(frame + UDP + 4, golden + UDP, sizeof(golden) - UDP);
	frame[IP] = 0x46;
	be16_put(frame + IP + 2, 39);
	ip_checksum_renew(frame);
	assert_int_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_int_equal(view.payload_at, 46);
	assert_int_equal(view.payload_size, 7);
}

static const struct address a6 = {{0xfd, [15] = 1}}, b6 = {{0xfd, [15] = 2}};

static void net_udp_parse__ipv6_golden(void **state)
{
	struct net_udp view;

	(void)state;
	assert_int_equal(parse(&view, golden6, sizeof(golden6)), VERDICT_ACCEPT);
	assert_true(address_equal(view.src, a6));
	assert_true(address_equal(view.dst, b6));
	assert_int_equal(view.src_port, 7654);
	assert_int_equal(view.dst_port, 7655);
	assert_int_equal(view.payload_at, 62);
	assert_int_equal(view.payload_size, 7);
	assert_true(view.checksum);
	for (uint32_t size = 0; size < sizeof(golden6); size++)
		assert_int_equal(parse(&view, golden6, size),
			size < 14 ? DROP_ETH_TRUNCATED : DROP_IP_MALFORMED);
}

// IPv6 has no header checksum: traffic class, flow label and hop limit are nobody's to believe; all
// else is noticed.
static void net_udp_parse__ipv6_every_flipped_bit(void **state)
{
	uint8_t frame[sizeof(golden6)];
	struct net_udp view;

	(void)state;
	for (uint32_t bit = ETH * 8; bit < sizeof(golden6) * 8; bit++) {
		bool free = (bit >= IP * 8 + 4 && bit < IP * 8 + 32) || bit / 8 == IP + 7;

		memcpy(frame, golden6, sizeof(frame));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		free = free && bit / 8 != IP; // within a byte, bits are counted from the right
		free = free || (bit / 8 == IP && bit % 8 < 4);
		if (parse(&view, frame, sizeof(frame)) == VERDICT_ACCEPT)
			assert_true(free);
		else
			assert_false(free);
	}
}

static enum verdict parse6_with(uint32_t at, uint8_t value)
{
	uint8_t frame[sizeof(golden6)];
	struct net_udp view;

	memcpy(frame, golden6, sizeof(frame));
	frame[at] = value;
	return parse(&view, frame, sizeof(frame));
}

static void net_udp_parse__ipv6_malformed(void **state)
{
	static const uint8_t extensions[] = {0, 43, 50, 51, 60, 135, 139, 140, 253, 254};
	uint8_t frame[sizeof(golden6)];
	struct net_udp view;

	(void)state;
	assert_int_equal(parse6_with(IP, 0x40), DROP_IP_MALFORMED);    // version 4
	assert_int_equal(parse6_with(IP + 5, 16), DROP_IP_MALFORMED);  // longer than the frame
	assert_int_equal(parse6_with(IP + 5, 7), DROP_UDP_MALFORMED);  // no room for a UDP header
	assert_int_equal(parse6_with(IP + 5, 14), DROP_UDP_MALFORMED); // shorter than UDP says
	assert_int_equal(parse6_with(IP + 6, 44), DROP_IP_FRAGMENT);
	assert_int_equal(parse6_with(IP + 6, 6), DROP_NOT_UDP); // TCP
	for (size_t i = 0; i < sizeof(extensions); i++)
		assert_int_equal(parse6_with(IP + 6, extensions[i]), DROP_IP_EXTENSION);
	memcpy(frame, golden6, sizeof(frame));
	be16_put(frame + 60, 0);
	assert_int_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_false(view.checksum); // the port decides (RFC 8200 §8.1)
}

// ::ffff:192.168.7.2 in an IPv6 packet is not our IPv4 address.
static void net_udp_parse__ipv4_address_in_ipv6(void **state)
{
	uint8_t frame[sizeof(golden6)];
	struct address mapped = address_from_ipv4(0xc0a80702);
	struct net_ip view;

	(void)state;
	for (uint32_t at = IP + 8; at <= IP + 24; at += 16) {
		memcpy(frame, golden6, sizeof(frame));
		memcpy(frame + at, mapped.bytes, sizeof(mapped.bytes));
		assert_int_equal(net_ip_parse(&view, frame, sizeof(frame)), DROP_IP_MALFORMED);
	}
}

static const uint8_t arp_golden[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x53, 0xc0, 0xa8,
	0x07, 0x01, 0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x53, 0xc0,
	0xa8, 0x07, 0x01, 0xc0, 0xa8, 0x07, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0xa8,
	0x07, 0x02};

static enum verdict arp_parse(struct net_arp *view, const uint8_t *frame, uint32_t size)
{
	uint8_t *exact = exact_copy(frame, size);
	enum verdict verdict = net_arp_parse(view, exact, size);

	free(exact);
	return verdict;
}

static enum verdict arp_parse_with(uint32_t at, uint16_t value)
{
	uint8_t frame[sizeof(arp_golden)];
	struct net_arp view;

	memcpy(frame, arp_golden, sizeof(frame));
	be16_put(frame + at, value);
	return arp_parse(&view, frame, sizeof(frame));
}

static void net_arp_parse__golden(void **state)
{
	struct net_arp view;

	(void)state;
	assert_int_equal(arp_parse(&view, arp_golden, sizeof(arp_golden)), VERDICT_ACCEPT);
	assert_int_equal(view.operation, NET_ARP_REQUEST);
	assert_int_equal(view.sender_ip, 0xc0a80701u);
	assert_int_equal(view.target_ip, 0xc0a80702u);
	assert_memory_equal(view.sender_mac, arp_golden + 6, 6);
}

static void net_arp_parse__malformed(void **state)
{
	uint8_t frame[sizeof(arp_golden)];
	struct net_arp view;

	(void)state;
	for (uint32_t size = 0; size < sizeof(arp_golden); size++)
		assert_int_equal(arp_parse(&view, arp_golden, size), DROP_ARP_MALFORMED);
	assert_int_equal(arp_parse_with(12, 0x0800), DROP_ARP_MALFORMED);
	assert_int_equal(arp_parse_with(14, 6), DROP_ARP_MALFORMED);      // not Ethernet
	assert_int_equal(arp_parse_with(16, 0x86dd), DROP_ARP_MALFORMED); // not IPv4
	assert_int_equal(arp_parse_with(18, 0x0810), DROP_ARP_MALFORMED); // address lengths
	assert_int_equal(arp_parse_with(20, 0), DROP_ARP_MALFORMED);      // operations
	assert_int_equal(arp_parse_with(20, 3), DROP_ARP_MALFORMED);
	assert_int_equal(
		arp_parse_with(22, 0x0254), DROP_ARP_MALFORMED); // sender is not the frame's source
	assert_int_equal(arp_parse_with(28, 0xe000), DROP_ARP_MALFORMED); // a multicast sender
	memcpy(frame, arp_golden, sizeof(frame));
	frame[6] = frame[22] = 0x03; // a group's hardware address
	assert_int_equal(arp_parse(&view, frame, sizeof(frame)), DROP_ARP_MALFORMED);
	memcpy(frame, arp_golden, sizeof(frame));
	memset(frame + 28, 0, 4); // asks whether an address is taken: nobody to learn from
	assert_int_equal(arp_parse(&view, frame, sizeof(frame)), DROP_ARP_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_udp_parse__golden),
		cmocka_unit_test(net_udp_parse__every_truncation),
		cmocka_unit_test(net_udp_parse__padding_is_ignored),
		cmocka_unit_test(net_udp_parse__every_flipped_bit),
		cmocka_unit_test(net_udp_parse__malformed),
		cmocka_unit_test(net_udp_parse__no_checksum_is_said),
		cmocka_unit_test(net_udp_parse_checked__believes),
		cmocka_unit_test(net_udp_parse__ip_options),
		cmocka_unit_test(net_udp_parse__ipv6_golden),
		cmocka_unit_test(net_udp_parse__ipv6_every_flipped_bit),
		cmocka_unit_test(net_udp_parse__ipv6_malformed),
		cmocka_unit_test(net_udp_parse__ipv4_address_in_ipv6),
		cmocka_unit_test(net_arp_parse__golden),
		cmocka_unit_test(net_arp_parse__malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
