// Ethernet, IPv4, UDP and ARP frames against golden bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"

static uint8_t noise(uint32_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static const uint8_t mac_a[6] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x01};
static const uint8_t mac_b[6] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02};

static void template_a_to_b(struct net_template *t)
{
	net_template_init(t, mac_b, mac_a, address_from_ipv4(0xc0a80701),
		address_from_ipv4(0xc0a80702), 7654, 7655);
}

// The same bytes as in test_net_parse.c, made by another program.
static void net_udp_frame__golden(void **state)
{
	static const uint8_t golden[49] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02, 0x02, 0x53, 0xc0,
		0xa8, 0x07, 0x01, 0x08, 0x00, 0x45, 0x00, 0x00, 0x23, 0x00, 0x00, 0x40, 0x00, 0x40,
		0x11, 0xab, 0x76, 0xc0, 0xa8, 0x07, 0x01, 0xc0, 0xa8, 0x07, 0x02, 0x1d, 0xe6, 0x1d,
		0xe7, 0x00, 0x0f, 0xc7, 0x73, 0x73, 0x6c, 0x75, 0x69, 0x63, 0x65, 0x21};
	uint8_t frame[49];
	struct net_template t;

	(void)state;
	template_a_to_b(&t);
	memcpy(frame + NET_HEADERS_SIZE, "sluice!", 7);
	net_udp_frame(frame, &t, 7);
	assert_memory_equal(frame, golden, sizeof(golden));
}

static void template6(struct net_template *t)
{
	struct address a = {{0xfd, [15] = 1}}, b = {{0xfd, [15] = 2}};

	net_template_init(t, mac_b, mac_a, a, b, 7654, 7655);
}

static void net_udp_frame__ipv6_golden(void **state)
{
	static const uint8_t golden[69] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02, 0x02, 0x53, 0xc0,
		0xa8, 0x07, 0x01, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x11, 0x40, 0xfd,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x01, 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x02, 0x1d, 0xe6, 0x1d, 0xe7, 0x00, 0x0f, 0x5c, 0xc3, 0x73, 0x6c, 0x75,
		0x69, 0x63, 0x65, 0x21};
	uint8_t frame[69];
	struct net_template t;

	(void)state;
	template6(&t);
	assert_int_equal(t.size, 62);
	memcpy(frame + 62, "sluice!", 7);
	net_udp_frame(frame, &t, 7);
	assert_memory_equal(frame, golden, sizeof(golden));
}

static void net_udp_frame__every_size_parses(void **state)
{
	static uint8_t frame[9014];
	struct net_template t;
	struct net_udp view;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		(v6 ? template6 : template_a_to_b)(&t);
		for (uint32_t size = 0; size <= 9000 - 48; size += size < 100 ? 1 : 97) {
			for (uint32_t i = 0; i < size; i++)
				frame[t.size + i] = noise(i);
			net_udp_frame(frame, &t, size);
			assert_int_equal(
				net_udp_parse(&view, frame, t.size + size), VERDICT_ACCEPT);
			assert_int_equal(view.payload_size, size);
			assert_int_equal(view.payload_at, t.size);
			assert_true(view.checksum);
		}
	}
}

static void net_udp_frame__says_none_without_a_checksum(void **state)
{
	uint8_t frame[NET_HEADERS_SIZE + 7] = {0};
	struct net_template t;
	struct net_udp view;

	(void)state;
	template_a_to_b(&t);
	t.without_sum = true;
	net_udp_frame(frame, &t, 7);
	assert_int_equal(net_udp_parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_false(view.checksum);
	assert_int_equal(view.payload_size, 7);
}

static void net_udp_frame__leaves_sums_to_a_device(void **state)
{
	uint8_t frame[NET_HEADERS_SIZE + 7] = {0}, ours[NET_HEADERS_SIZE + 7] = {0};
	struct net_template t;

	(void)state;
	template_a_to_b(&t);
	net_udp_frame(ours, &t, 7);
	t.without_sum = t.without_ip_sum = true;
	net_udp_frame(frame, &t, 7);
	assert_true(be16_get(ours + 24) != 0 && be16_get(ours + 40) != 0);
	memset(ours + 24, 0, 2);
	memset(ours + 40, 0, 2);
	assert_memory_equal(frame, ours, sizeof(frame));
}

// This payload's checksum comes out as 0, which would mean that there is none.
static void net_udp_frame__checksum_is_never_zero(void **state)
{
	uint8_t frame[44];
	struct net_template t;
	struct net_udp view;

	(void)state;
	template_a_to_b(&t);
	be16_put(frame + NET_HEADERS_SIZE, 0x34b9);
	net_udp_frame(frame, &t, 2);
	assert_int_equal(be16_get(frame + 40), 0xffff);
	assert_int_equal(net_udp_parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_true(view.checksum);
}

static void net_arp_frame__parses_back(void **state)
{
	struct net_arp reply = {.operation = NET_ARP_REPLY,
			       .sender_ip = 0xc0a80701,
			       .target_ip = 0xc0a80702},
		       view;
	uint8_t frame[NET_ETH_MIN];

	(void)state;
	memcpy(reply.sender_mac, mac_a, 6);
	memcpy(reply.target_mac, mac_b, 6);
	memset(frame, 0xaa, sizeof(frame));
	assert_int_equal(net_arp_frame(frame, &reply, mac_b), 60);
	assert_int_equal(net_arp_parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_int_equal(view.operation, NET_ARP_REPLY);
	assert_int_equal(view.sender_ip, 0xc0a80701u);
	assert_int_equal(view.target_ip, 0xc0a80702u);
	assert_memory_equal(view.sender_mac, mac_a, 6);
	assert_memory_equal(view.target_mac, mac_b, 6);
	assert_memory_equal(frame, mac_b, 6);
	for (uint32_t i = NET_ETH_SIZE + NET_ARP_SIZE; i < NET_ETH_MIN; i++)
		assert_int_equal(frame[i], 0); // padding tells nothing of what was in memory
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_udp_frame__golden),
		cmocka_unit_test(net_udp_frame__ipv6_golden),
		cmocka_unit_test(net_udp_frame__every_size_parses),
		cmocka_unit_test(net_udp_frame__says_none_without_a_checksum),
		cmocka_unit_test(net_udp_frame__leaves_sums_to_a_device),
		cmocka_unit_test(net_udp_frame__checksum_is_never_zero),
		cmocka_unit_test(net_arp_frame__parses_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
