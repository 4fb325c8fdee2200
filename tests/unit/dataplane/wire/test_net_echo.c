// ICMP echo: a golden request and its answer, truncations, flipped bits, what is not answered.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"
#include "tests/unit/dataplane/wire/exact.h"

// 192.168.7.1 pings 192.168.7.2: identifier 0x1234, sequence 1, "sluice"; made by another program.
static const uint8_t golden[48] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02, 0x02, 0x53, 0xc0, 0xa8, 0x07,
	0x01, 0x08, 0x00, 0x45, 0x00, 0x00, 0x22, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01, 0xab, 0x87,
	0xc0, 0xa8, 0x07, 0x01, 0xc0, 0xa8, 0x07, 0x02, 0x08, 0x00, 0x99, 0x8f, 0x12, 0x34, 0x00,
	0x01, 0x73, 0x6c, 0x75, 0x69, 0x63, 0x65};

// fd00::1 pings fd00::2.
static const uint8_t golden6[68] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02, 0x02, 0x53, 0xc0, 0xa8,
	0x07, 0x01, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0e, 0x3a, 0x40, 0xfd, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xfd, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x80,
	0x00, 0x27, 0x42, 0x12, 0x34, 0x00, 0x01, 0x73, 0x6c, 0x75, 0x69, 0x63, 0x65};

#define IP   14
#define ICMP 34

static const uint8_t mac_b[6] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x02};

static enum verdict parse(struct net_echo *view, const uint8_t *frame, uint32_t size)
{
	uint8_t *exact;
	struct net_icmp icmp;
	enum verdict verdict = exact_icmp(&icmp, &exact, frame, size);

	if (verdict == VERDICT_ACCEPT)
		verdict = net_echo_parse(view, &icmp, exact);
	free(exact);
	return verdict;
}

static void sums_renew(uint8_t *frame, uint32_t size)
{
	be16_put(frame + IP + 10, 0);
	be16_put(frame + IP + 10, net_sum_fold(net_sum(0, frame + IP, NET_IPV4_SIZE)));
	be16_put(frame + ICMP + 2, 0);
	be16_put(frame + ICMP + 2, net_sum_fold(net_sum(0, frame + ICMP, size - ICMP)));
}

static enum verdict parse_with(uint32_t at, uint8_t value)
{
	uint8_t frame[sizeof(golden)];
	struct net_echo view;

	memcpy(frame, golden, sizeof(frame));
	frame[at] = value;
	sums_renew(frame, sizeof(frame));
	return parse(&view, frame, sizeof(frame));
}

static void net_echo_parse__golden(void **state)
{
	struct net_echo view;

	(void)state;
	assert_int_equal(parse(&view, golden, sizeof(golden)), VERDICT_ACCEPT);
	assert_int_equal(address_ipv4(view.src), 0xc0a80701u);
	assert_int_equal(address_ipv4(view.dst), 0xc0a80702u);
	assert_int_equal(view.body_at, ICMP + 4);
	assert_int_equal(view.body_size, 10);
}

static void net_echo_parse__malformed(void **state)
{
	uint8_t frame[sizeof(golden)];
	struct net_echo view;

	(void)state;
	for (uint32_t size = 0; size < sizeof(golden); size++)
		assert_int_equal(parse(&view, golden, size),
			size < 14 ? DROP_ETH_TRUNCATED : DROP_IP_MALFORMED);
	for (uint32_t bit = IP * 8; bit < sizeof(golden) * 8; bit++) {
		memcpy(frame, golden, sizeof(frame));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	}
	assert_int_equal(parse_with(ICMP + 1, 1), DROP_ICMP_MALFORMED);  // code
	assert_int_equal(parse_with(IP + 3, 27), DROP_ICMP_MALFORMED);   // no room for a sequence
	assert_int_equal(parse_with(6, 0x03), DROP_ICMP_MALFORMED);      // from a group's mac
	assert_int_equal(parse_with(IP + 12, 224), DROP_ICMP_MALFORMED); // from a group
}

static void net_echo_parse__other_messages(void **state)
{
	(void)state;
	assert_int_equal(parse_with(ICMP, 0), DROP_ICMP_OTHER); // an answer is not answered
	assert_int_equal(parse_with(ICMP, 3), DROP_ICMP_OTHER); // unreachable
	assert_int_equal(parse_with(IP + 9, 6), DROP_NOT_UDP);  // TCP
}

static void net_echo_frame__answers(void **state)
{
	uint8_t answer[NET_ETH_MIN];
	struct net_echo view;
	struct net_ip ip;

	(void)state;
	assert_int_equal(parse(&view, golden, sizeof(golden)), VERDICT_ACCEPT);
	memset(answer, 0xaa, sizeof(answer));
	assert_int_equal(net_echo_frame(answer, &view, golden, mac_b), NET_ETH_MIN);
	assert_int_equal(net_ip_parse(&ip, answer, sizeof(answer)), VERDICT_ACCEPT);
	assert_int_equal(address_ipv4(ip.src), 0xc0a80702u);
	assert_int_equal(address_ipv4(ip.dst), 0xc0a80701u);
	assert_int_equal(ip.payload_size, 14);
	assert_memory_equal(answer, golden + 6, 6);
	assert_memory_equal(answer + 6, mac_b, 6);
	assert_int_equal(answer[ICMP], 0);
	assert_int_equal(net_sum_fold(net_sum(0, answer + ICMP, 14)), 0);
	assert_memory_equal(answer + ICMP + 4, golden + ICMP + 4, 10);
	for (uint32_t i = sizeof(golden); i < NET_ETH_MIN; i++)
		assert_int_equal(answer[i], 0); // padding tells nothing of what was in memory
}

static void net_echo_frame__answers_ipv6(void **state)
{
	struct address a = {{0xfd, [15] = 1}}, b = {{0xfd, [15] = 2}};
	uint8_t answer[sizeof(golden6)];
	struct net_echo view;
	struct net_icmp icmp;

	(void)state;
	assert_int_equal(parse(&view, golden6, sizeof(golden6)), VERDICT_ACCEPT);
	assert_int_equal(net_echo_frame(answer, &view, golden6, mac_b), sizeof(golden6));
	assert_int_equal(net_icmp_parse(&icmp, answer, sizeof(answer)), VERDICT_ACCEPT);
	assert_true(address_equal(icmp.ip.src, b) && address_equal(icmp.ip.dst, a));
	assert_int_equal(icmp.type, NET_ECHO6_REPLY);
	assert_memory_equal(answer + 58, golden6 + 58, 10);
	assert_int_equal(parse(&view, answer, sizeof(answer)), DROP_ICMP_OTHER);
}

// Each kind of ICMP is believed over its own IP only, and ICMPv6 sums the addresses, too.
static void net_echo_parse__kinds_are_not_mixed(void **state)
{
	uint8_t frame[sizeof(golden6)];
	struct net_echo view;

	(void)state;
	assert_int_equal(parse_with(IP + 9, 58), DROP_NOT_UDP);
	assert_int_equal(parse_with(ICMP, 128), DROP_ICMP_OTHER);
	memcpy(frame, golden6, sizeof(frame));
	frame[IP + 6] = NET_PROTOCOL_ICMP;
	assert_int_equal(parse(&view, frame, sizeof(frame)), DROP_NOT_UDP);
	memcpy(frame, golden6, sizeof(frame));
	frame[IP + 23] ^= 1;
	assert_int_equal(parse(&view, frame, sizeof(frame)), DROP_ICMP_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_echo_parse__golden),
		cmocka_unit_test(net_echo_parse__malformed),
		cmocka_unit_test(net_echo_parse__other_messages),
		cmocka_unit_test(net_echo_frame__answers),
		cmocka_unit_test(net_echo_frame__answers_ipv6),
		cmocka_unit_test(net_echo_parse__kinds_are_not_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
