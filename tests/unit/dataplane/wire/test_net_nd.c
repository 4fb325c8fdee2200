// Neighbour discovery: golden frames both ways, truncations, what RFC 4861 §7.1 refuses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/net.h"
#include "lib/base/bytes.h"
#include "tests/unit/dataplane/wire/exact.h"

// fd00::1 asks who has fd00::2, which answers; made by another program.
static const uint8_t solicit[NET_ND_FRAME] = {0x33, 0x33, 0xff, 0x00, 0x00, 0x02, 0x02, 0x53, 0xc0,
	0xa8, 0x07, 0x01, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0xfd, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff, 0x00, 0x00, 0x02,
	0x87, 0x00, 0xb5, 0x9b, 0x00, 0x00, 0x00, 0x00, 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x01, 0x02, 0x53, 0xc0, 0xa8,
	0x07, 0x01};
static const uint8_t advertise[NET_ND_FRAME] = {0x02, 0x53, 0xc0, 0xa8, 0x07, 0x01, 0x02, 0x53,
	0xc0, 0xa8, 0x07, 0x02, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0xfd,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
	0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x88, 0x00, 0x54, 0x9e, 0x60, 0x00, 0x00, 0x00, 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x01, 0x02, 0x53, 0xc0,
	0xa8, 0x07, 0x02};

static const struct address a6 = {{0xfd, [15] = 1}}, b6 = {{0xfd, [15] = 2}};

#define IP     14
#define ND     54
#define OPTION 78

static enum verdict parse(struct net_nd *view, const uint8_t *frame, uint32_t size)
{
	uint8_t *exact;
	struct net_icmp icmp;
	enum verdict verdict = exact_icmp(&icmp, &exact, frame, size);

	if (verdict == VERDICT_ACCEPT)
		verdict = net_nd_parse(view, &icmp, exact);
	free(exact);
	return verdict;
}

static void sum_renew(uint8_t *frame, uint32_t size)
{
	uint8_t rest[4] = {0, NET_PROTOCOL_ICMPV6};

	be16_put(rest + 2, (uint16_t)(size - ND));
	be16_put(frame + ND + 2, 0);
	be16_put(frame + ND + 2,
		net_sum_fold(net_sum(
			net_sum(net_sum(0, frame + IP + 8, 32), rest, 4), frame + ND, size - ND)));
}

static enum verdict parse_with(const uint8_t *golden, uint32_t at, uint8_t value)
{
	uint8_t frame[NET_ND_FRAME];
	struct net_nd view;

	memcpy(frame, golden, sizeof(frame));
	frame[at] = value;
	sum_renew(frame, sizeof(frame));
	return parse(&view, frame, sizeof(frame));
}

static void net_nd_parse__golden(void **state)
{
	struct net_nd view;

	(void)state;
	assert_int_equal(parse(&view, solicit, sizeof(solicit)), VERDICT_ACCEPT);
	assert_int_equal(view.type, NET_ND_SOLICIT);
	assert_true(address_equal(view.src, a6) && address_equal(view.target, b6));
	assert_true(address_equal(view.dst, net_solicited_node(b6)));
	assert_true(view.has_mac && !view.solicited && !view.override);
	assert_memory_equal(view.mac, solicit + 6, 6);
	assert_int_equal(parse(&view, advertise, sizeof(advertise)), VERDICT_ACCEPT);
	assert_int_equal(view.type, NET_ND_ADVERTISE);
	assert_true(address_equal(view.src, b6) && address_equal(view.target, b6));
	assert_true(address_equal(view.dst, a6));
	assert_true(view.has_mac && view.solicited && view.override);
	assert_memory_equal(view.mac, advertise + 6, 6);
}

static void net_nd_frame__golden(void **state)
{
	static const uint8_t *const golden[] = {solicit, advertise};
	uint8_t frame[NET_ND_FRAME];
	struct net_nd view;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(parse(&view, golden[i], NET_ND_FRAME), VERDICT_ACCEPT);
		assert_int_equal(net_nd_frame(frame, &view, golden[i]), NET_ND_FRAME);
		assert_memory_equal(frame, golden[i], NET_ND_FRAME);
	}
}

static void net_nd_parse__truncated_or_flipped(void **state)
{
	uint8_t frame[NET_ND_FRAME];
	struct net_nd view;

	(void)state;
	for (uint32_t size = 0; size < NET_ND_FRAME; size++)
		assert_int_not_equal(parse(&view, solicit, size), VERDICT_ACCEPT);
	for (uint32_t bit = ND * 8; bit < NET_ND_FRAME * 8; bit++) {
		memcpy(frame, solicit, sizeof(frame));
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(parse(&view, frame, sizeof(frame)), DROP_ICMP_MALFORMED);
	}
}

static void net_nd_parse__malformed(void **state)
{
	(void)state;
	assert_int_equal(
		parse_with(solicit, IP + 7, 254), DROP_ND_MALFORMED);        // from beyond the link
	assert_int_equal(parse_with(solicit, ND + 1, 1), DROP_ND_MALFORMED); // code
	assert_int_equal(parse_with(solicit, ND + 8, 0xff), DROP_ND_MALFORMED); // a group's target
	assert_int_equal(
		parse_with(solicit, OPTION + 1, 0), DROP_ND_MALFORMED); // no end of options
	assert_int_equal(
		parse_with(solicit, OPTION + 1, 2), DROP_ND_MALFORMED); // beyond the packet
	assert_int_equal(parse_with(solicit, OPTION + 2, 3), DROP_ND_MALFORMED); // a group's mac
	assert_int_equal(parse_with(solicit, OPTION + 7, 9), DROP_ND_MALFORMED); // not the frame's
	assert_int_equal(parse_with(solicit, IP + 8, 0xff), DROP_ND_MALFORMED);  // from a group
	assert_int_equal(parse_with(advertise, IP + 24, 0xff), DROP_ND_MALFORMED); // S to a group
	assert_int_equal(parse_with(solicit, ND, 133), DROP_ICMP_OTHER); // router solicitation
	assert_int_equal(parse_with(solicit, ND, 137), DROP_ICMP_OTHER); // redirect
}

// An option that we do not know is skipped; the one of the other message means nothing.
static void net_nd_parse__other_options(void **state)
{
	uint8_t frame[NET_ND_FRAME];
	struct net_nd view;

	(void)state;
	for (uint8_t type = 2; type < 20; type++) {
		memcpy(frame, solicit, sizeof(frame));
		frame[OPTION] = type;
		sum_renew(frame, sizeof(frame));
		assert_int_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
		assert_false(view.has_mac);
	}
}

// Whether an address is a duplicate is asked without one's own: to the group, without an option.
static void net_nd_parse__from_nobody(void **state)
{
	uint8_t frame[NET_ND_FRAME];
	struct net_nd view;

	(void)state;
	memcpy(frame, solicit, sizeof(frame));
	memset(frame + IP + 8, 0, 16);
	sum_renew(frame, sizeof(frame));
	assert_int_equal(parse(&view, frame, sizeof(frame)), DROP_ND_MALFORMED);
	frame[OPTION] = 14; // a nonce (RFC 7527)
	sum_renew(frame, sizeof(frame));
	assert_int_equal(parse(&view, frame, sizeof(frame)), VERDICT_ACCEPT);
	assert_true(address_is_none(view.src));
	frame[IP + 39] = 3; // the group of another target
	sum_renew(frame, sizeof(frame));
	assert_int_equal(parse(&view, frame, sizeof(frame)), DROP_ND_MALFORMED);
}

static void net_group_mac__of_the_group(void **state)
{
	static const uint8_t expected[6] = {0x33, 0x33, 0xff, 0x00, 0x00, 0x02};
	uint8_t mac[6];

	(void)state;
	net_group_mac(mac, net_solicited_node(b6));
	assert_memory_equal(mac, expected, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_nd_parse__golden),
		cmocka_unit_test(net_nd_frame__golden),
		cmocka_unit_test(net_nd_parse__truncated_or_flipped),
		cmocka_unit_test(net_nd_parse__malformed),
		cmocka_unit_test(net_nd_parse__other_options),
		cmocka_unit_test(net_nd_parse__from_nobody),
		cmocka_unit_test(net_group_mac__of_the_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
