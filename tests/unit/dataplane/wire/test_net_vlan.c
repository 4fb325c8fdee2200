// Tags of VLANs: pushed and popped, and what has none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/net.h"

static const uint8_t plain[20] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 'h', 'e', 'l', 'l', 'o', '!'};
static const uint8_t tagged[24] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0x01, 0x05, 0x08,
	0x06, 'h', 'e', 'l', 'l', 'o', '!'};

static void net_vlan_push__golden(void **state)
{
	uint8_t frame[sizeof(tagged)] = {0};

	(void)state;
	memcpy(frame + NET_VLAN_SIZE, plain, sizeof(plain));
	net_vlan_push(frame, 0x105);
	assert_memory_equal(frame, tagged, sizeof(tagged));
}

static void net_vlan_pop__golden(void **state)
{
	uint8_t frame[sizeof(tagged)];
	uint16_t vlan = 0;

	(void)state;
	memcpy(frame, tagged, sizeof(frame));
	frame[14] |= 0xf0; // priority and drop eligible are not the VLAN's
	assert_true(net_vlan_pop(frame, sizeof(frame), &vlan));
	assert_int_equal(vlan, 0x105);
	assert_memory_equal(frame + NET_VLAN_SIZE, plain, sizeof(plain));
}

// Exactly as many bytes as there are, so that a sanitizer sees any read beyond them.
static void net_vlan_pop__none(void **state)
{
	uint16_t vlan = 7;

	(void)state;
	for (uint32_t size = 0; size <= sizeof(tagged); size++) {
		uint8_t *frame = malloc(size ? size : 1);

		memcpy(frame, tagged, size);
		assert_int_equal(net_vlan_pop(frame, size, &vlan), size >= 18);
		if (size < 18)
			assert_memory_equal(frame, tagged, size);
		memcpy(frame, plain, size < sizeof(plain) ? size : sizeof(plain));
		assert_false(size < sizeof(plain) && net_vlan_pop(frame, size, &vlan));
		free(frame);
	}
}

static void net_ip_parse__tagged(void **state)
{
	struct net_ip ip;
	struct net_udp udp;

	(void)state;
	assert_int_equal(net_ip_parse(&ip, tagged, sizeof(tagged)), DROP_VLAN);
	assert_int_equal(net_udp_parse(&udp, tagged, sizeof(tagged)), DROP_VLAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_vlan_push__golden),
		cmocka_unit_test(net_vlan_pop__golden),
		cmocka_unit_test(net_vlan_pop__none),
		cmocka_unit_test(net_ip_parse__tagged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
