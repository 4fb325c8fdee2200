// Addresses: text and back, networks, which of them a host may have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/address.h"

static struct address parsed(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, text));
	return a;
}

static void address_parse__and_back(void **state)
{
	static const char *const same[] = {"10.77.1.1", "0.0.0.0", "255.255.255.255", "fd00::1",
		"::", "::1", "fe80::53ff:fe01"};
	char text[ADDRESS_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_string_equal(address_text(text, parsed(same[i])), same[i]);
	assert_string_equal(address_text(text, parsed("FD00:0:0::01")), "fd00::1");
	assert_int_equal(address_ipv4(parsed("10.77.1.1")), 0x0a4d0101);
	assert_true(address_equal(parsed("10.77.1.1"), address_from_ipv4(0x0a4d0101)));
	assert_int_equal(address_ipv4(parsed("fd00::1")), 0);
}

static void address_parse__refused(void **state)
{
	static const char *const wrong[] = {"", "10.77.1", "10.77.1.1.1", "10.77.1.256", "fd00:::1",
		"fd00::1::2", "::ffff:10.77.1.1", "fe80::1%eth0", "fd00::1/64", "[::1]", "x"};
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(address_parse(&a, wrong[i]));
}

static void address_same_network__at_every_border(void **state)
{
	(void)state;
	assert_true(address_same_network(parsed("10.77.1.1"), parsed("10.77.1.2"), 30));
	assert_false(address_same_network(parsed("10.77.1.1"), parsed("10.77.1.4"), 30));
	assert_true(address_same_network(parsed("10.77.1.1"), parsed("10.77.9.4"), 16));
	assert_true(address_same_network(parsed("fd00::1"), parsed("fd00::2:0:0:1"), 64));
	assert_false(address_same_network(parsed("fd00::1"), parsed("fd00:0:0:1::1"), 64));
	assert_true(address_same_network(parsed("fd00::2"), parsed("fd00::3"), 127));
	assert_false(address_same_network(parsed("fd00::1"), parsed("fd00::2"), 127));
	assert_true(address_same_network(parsed("fd00::1"), parsed("fd00::1"), 128));
	// two kinds are two networks, however short the prefix
	assert_false(address_same_network(parsed("10.77.1.1"), parsed("::1"), 8));
	assert_false(address_same_network(parsed("10.77.1.1"), parsed("fd00::1"), 8));
}

static void address_is_host__of_its_network(void **state)
{
	static const struct {
		const char *text;
		uint32_t prefix;
		bool host;
	} cases[] = {
		{"10.0.0.1", 24, true},
		{"10.0.0.0", 24, false},
		{"10.0.0.255", 24, false},
		{"10.0.0.0", 31, true}, // RFC 3021: both are hosts
		{"10.0.0.1", 31, true},
		{"0.0.0.1", 8, false},
		{"127.0.0.1", 8, false},
		{"224.0.0.1", 8, false},
		{"223.255.255.1", 8, true},
		{"fd00::1", 64, true},
		{"fe80::1", 64, true},
		{"fd00::", 64, false}, // the routers' anycast address
		{"fd00::ffff:ffff:ffff:ffff", 64, true},
		{"fd00::2", 127, true},
		{"fd00::3", 127, true}, // RFC 6164: both are hosts
		{"::", 64, false},
		{"::1", 64, false},
		{"ff02::1", 64, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			address_is_host(parsed(cases[i].text), cases[i].prefix), cases[i].host);
}

// Hardware addresses of memif links and names of pools are made of it.
static void address_tag__differs(void **state)
{
	(void)state;
	assert_int_equal(address_tag(parsed("10.77.1.1")), 0x0a4d0101);
	assert_int_not_equal(address_tag(parsed("fd00:1::1")), address_tag(parsed("fd00:2::2")));
	assert_int_not_equal(address_tag(parsed("fd00::1")), address_tag(parsed("fd00::2")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_parse__and_back),
		cmocka_unit_test(address_parse__refused),
		cmocka_unit_test(address_same_network__at_every_border),
		cmocka_unit_test(address_is_host__of_its_network),
		cmocka_unit_test(address_tag__differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
