// Peers by name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "control/cluster/directory.h"

static struct config config;
static const struct directory directory = {.config = &config};

static int setup(void **state)
{
	(void)state;
	config = (struct config){.node = "a", .links_count = 2, .peers_count = 2};
	config.links[1].address = address_from_ipv4(0x0a4d0201);
	config.links[1].prefix = 24;
	for (uint32_t i = 0; i < 2; i++) {
		struct config_peer *peer = &config.peers[i];

		snprintf(peer->name, sizeof(peer->name), "%s", i ? "c" : "b");
		peer->control_address = address_from_ipv4(0x7f000001);
		peer->control_port = (uint16_t)(7701 + i);
		peer->address = address_from_ipv4(0x0a4d0202 + i);
		peer->link = 1;
	}
	return 0;
}

static void find__of_the_configuration(void **state)
{
	struct directory_peer peer;

	(void)state;
	assert_true(directory_find(&directory, "c", &peer));
	assert_string_equal(peer.name, "c");
	assert_int_equal(peer.control_port, 7702);
	assert_true(address_equal(peer.address, address_from_ipv4(0x0a4d0203)));
	assert_int_equal(peer.link, 1);
	assert_false(directory_find(&directory, "a", &peer));
	assert_false(directory_find(&directory, "d", &peer));
}

static void find_at__only_its_own_address(void **state)
{
	struct directory_peer peer;

	(void)state;
	assert_true(directory_find_at(&directory, "b", address_from_ipv4(0x0a4d0202), &peer));
	assert_false(directory_find_at(&directory, "b", address_from_ipv4(0x0a4d0203), &peer));
	assert_string_equal(peer.name, "b");
	assert_false(directory_find_at(&directory, "d", address_from_ipv4(0x0a4d0203), &peer));
}

static void names__whole_ones(void **state)
{
	char text[8];

	(void)state;
	assert_string_equal(directory_names(&directory, text, sizeof(text)), "b, c");
	assert_string_equal(directory_names(&directory, text, 5), "b, c");
	assert_string_equal(directory_names(&directory, text, 4), "b");
	assert_string_equal(directory_names(&directory, text, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find__of_the_configuration),
		cmocka_unit_test(find_at__only_its_own_address),
		cmocka_unit_test(names__whole_ones),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
