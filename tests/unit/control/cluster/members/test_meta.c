// What a node says of itself comes back the same; what cannot be is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/cluster/members/meta.h"

static struct meta meta_full(void)
{
	struct meta meta = {.boot_id = 0x0123456789abcdefull,
		.protocol_min = 5,
		.protocol_max = 6,
		.consensus = META_CONSENSUS_MEMBER,
		.links_count = META_LINKS_MAX,
		.version = "0.5.0-rc1-0123456789abcdefabcde"}; // the longest

	for (uint32_t i = 0; i < META_LINKS_MAX; i++)
		meta.links[i] = (struct meta_link){
			.address = address_from_ipv4(0x0a4d0101 + (i << 8)), .prefix = 24};
	address_parse(&meta.links[3].address, "fd77::1");
	meta.links[3].prefix = 64;
	return meta;
}

static void meta_encode__of_the_largest_comes_back(void **state)
{
	struct meta meta = meta_full(), back;
	uint8_t bytes[META_SIZE_MAX];
	size_t size = meta_encode(&meta, bytes);

	(void)state;
	assert_in_range(size, 1, META_SIZE_MAX);
	assert_int_equal(meta_decode(&back, bytes, size), 0);
	assert_memory_equal(&back, &meta, sizeof(meta));
}

static void meta_decode__skips_what_a_newer_node_says(void **state)
{
	static const uint8_t bytes[] = {200, 3, 1, 2, 3, 1, 8, 0, 0, 0, 0, 0, 0, 0, 9, 201, 0};
	struct meta meta;

	(void)state;
	assert_int_equal(meta_decode(&meta, bytes, sizeof(bytes)), 0);
	assert_int_equal(meta.boot_id, 9);
	assert_int_equal(meta_decode(&meta, bytes, 0), 0); // of a node that says nothing
	assert_int_equal(meta.boot_id, 0);
}

static void meta_decode__consensus(void **state)
{
	static const uint8_t asks[] = {6, 1, META_CONSENSUS_ASKS}, newer[] = {6, 2, 77, 1};
	struct meta meta;

	(void)state;
	assert_int_equal(meta_decode(&meta, asks, sizeof(asks)), 0);
	assert_int_equal(meta.consensus, META_CONSENSUS_ASKS);
	assert_int_equal(meta_decode(&meta, newer, sizeof(newer)), 0);
	assert_int_equal(meta.consensus, META_CONSENSUS_NONE);
}

static void meta_decode__refuses_what_cannot_be(void **state)
{
	static const struct {
		uint8_t size;
		uint8_t bytes[48];
	} bad[] = {
		{2, {6, 0}},                                       // says nothing
		{1, {1}},                                          // no length
		{2, {1, 8}},                                       // no value
		{9, {1, 7, 0, 0, 0, 0, 0, 0, 1}},                  // a short number
		{20, {1, 8, 0, 0, 0, 0, 0, 0, 0, 1, 1, 8}},        // twice
		{6, {2, 4, 0, 6, 0, 5}},                           // lowest above highest
		{4, {3, 2, 'a', 0}},                               // a zero in a text
		{4, {3, 2, 'a', 27}},                              // an escape
		{34, {3, 32, 'a'}},                                // longer than there is room
		{19, {4, 17, [12] = 0xff, 0xff, 127, 0, 0, 1, 8}}, // nobody's link
		{19, {4, 17, [12] = 0xff, 0xff, 10, 0, 0, 1, 33}}, // a prefix that cannot be
		{19, {4, 17, [12] = 0xff, 0xff, 10, 0, 0, 1, 0}},
	};
	struct meta meta, zeros = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(meta_decode(&meta, bad[i].bytes, bad[i].size), -1);
		assert_memory_equal(&meta, &zeros, sizeof(meta));
	}
}

static void meta_decode__refuses_too_many_links(void **state)
{
	struct meta meta = meta_full();
	uint8_t bytes[META_SIZE_MAX + 19];
	size_t size = meta_encode(&meta, bytes);

	(void)state;
	memcpy(bytes + size, bytes + size - 19, 19);
	assert_int_equal(meta_decode(&meta, bytes, size + 19), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meta_encode__of_the_largest_comes_back),
		cmocka_unit_test(meta_decode__skips_what_a_newer_node_says),
		cmocka_unit_test(meta_decode__consensus),
		cmocka_unit_test(meta_decode__refuses_what_cannot_be),
		cmocka_unit_test(meta_decode__refuses_too_many_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
