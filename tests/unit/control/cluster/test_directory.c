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
	config.links[0].address = address_from_ipv4(0x0a4d0901);
	config.links[0].prefix = 24;
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

// ---- members ----

static struct members members;
static const struct directory both = {.config = &config};

static void member_add(
	uint32_t index, const char *name, enum member_state state, uint32_t first, uint32_t second)
{
	struct member member = {.index = index,
		.address = address_from_ipv4(0x7f000002),
		.port = 7777,
		.state = (uint8_t)state,
		.self = name[0] == 'a',
		.meta = {.boot_id = 5, .gone_id = 4, .links_count = 2}};

	snprintf(member.name, sizeof(member.name), "%s", name);
	member.meta.links[0] = (struct meta_link){address_from_ipv4(first), 24};
	member.meta.links[1] = (struct meta_link){address_from_ipv4(second), 24};
	assert_int_equal(members_set(&members, &member), 0);
}

static int setup_members(void **state)
{
	members_init(&members);
	member_add(0, "a", MEMBER_ALIVE, 0x0a4d0201, 0x0a4d0301);
	member_add(1, "b", MEMBER_ALIVE, 0x0a4d02fe, 0x0a4d0302); // in the configuration, too
	member_add(2, "d", MEMBER_SUSPECT, 0x0a4d0304, 0x0a4d0204);
	member_add(3, "e", MEMBER_ALIVE, 0x0a4d0305, 0x0a4d0405); // no link of ours leads there
	member_add(4, "f", MEMBER_LEFT, 0x0a4d0206, 0x0a4d0306);
	assert_int_equal(members_publish(&members), 0);
	return setup(state);
}

static int teardown_members(void **state)
{
	(void)state;
	members_fini(&members);
	return 0;
}

static struct directory with_members(void)
{
	struct directory all = both;

	all.members = members.own;
	return all;
}

static void find__a_member(void **state)
{
	struct directory all = with_members();
	struct directory_peer peer;

	(void)state;
	assert_true(directory_find(&all, "d", &peer));
	assert_int_equal(peer.control_port, 7777);
	assert_true(address_equal(peer.address, address_from_ipv4(0x0a4d0204)));
	assert_int_equal(peer.link, 1);
	assert_true(directory_find(&all, "e", &peer));
	assert_int_equal(peer.link, DIRECTORY_NO_LINK);
	assert_false(directory_find(&all, "a", &peer));
	assert_false(directory_find(&all, "zebra", &peer));
}

// Where it listens it says itself; of its dataplane the configuration has the last word.
static void find__configured_member(void **state)
{
	struct directory all = with_members();
	struct directory_peer peer;

	(void)state;
	assert_true(directory_find(&all, "b", &peer));
	assert_int_equal(peer.control_port, 7777);
	assert_true(address_equal(peer.address, address_from_ipv4(0x0a4d0202)));
	assert_false(directory_find_at(&all, "b", address_from_ipv4(0x0a4d02fe), &peer));
}

// The opener may have chosen another link than we would.
static void find_at__any_address_of_a_member(void **state)
{
	struct directory all = with_members();
	struct directory_peer peer;

	(void)state;
	config.links[0].address = address_from_ipv4(0x0a4d0301);
	config.links[0].prefix = 24;
	assert_true(directory_find(&all, "d", &peer));
	assert_int_equal(peer.link, 0);
	assert_true(directory_find_at(&all, "d", address_from_ipv4(0x0a4d0204), &peer));
	assert_int_equal(peer.link, 1);
	assert_true(address_equal(peer.address, address_from_ipv4(0x0a4d0204)));
	assert_false(directory_find_at(&all, "d", address_from_ipv4(0x0a4d0205), &peer));
	assert_false(directory_find_at(&all, "e", address_from_ipv4(0x0a4d0405), &peer));
}

static void names_and_boots__of_members(void **state)
{
	struct directory all = with_members();
	uint64_t boot, gone;
	char text[64];

	(void)state;
	assert_string_equal(directory_names(&all, text, sizeof(text)), "b, c, d, e");
	directory_boots(&all, "d", &boot, &gone);
	assert_int_equal(boot, 5);
	assert_int_equal(gone, 4);
	directory_boots(&all, "c", &boot, &gone); // in the configuration, and not a member
	assert_int_equal(boot + gone, 0);
}

#define MEMBERS(name) cmocka_unit_test_setup_teardown(name, setup_members, teardown_members)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find__of_the_configuration),
		cmocka_unit_test(find_at__only_its_own_address),
		cmocka_unit_test(names__whole_ones),
		MEMBERS(find__a_member),
		MEMBERS(find__configured_member),
		MEMBERS(find_at__any_address_of_a_member),
		MEMBERS(names_and_boots__of_members),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
