// Identities are kept once, counted, and given back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/cluster/swim/identities.h"

#define COUNT 8u

static struct identities *table;

static int setup(void **state)
{
	(void)state;
	void *memory = aligned_alloc(64, (identities_size(COUNT) + 63) & ~(size_t)63);

	table = identities_init(memory, COUNT);
	return memory ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(table);
	return 0;
}

static struct identity_want want(const char *name, uint32_t version, const char *meta)
{
	struct identity_want w = {.name = name,
		.address = ADDRESS_IPV4(0x0a4d0101),
		.port = 7000,
		.meta_version = version,
		.meta = (const uint8_t *)meta,
		.meta_size = (uint16_t)strlen(meta)};
	return w;
}

static void get__equal_ones_are_one(void **state)
{
	(void)state;
	struct identity_want a = want("a", 1, "meta"), other_meta = want("a", 1, "mete"),
			     other_version = want("a", 2, "meta"), longer = want("aa", 1, "meta");
	uint32_t id = identities_get(table, &a);

	assert_int_equal(identities_get(table, &a), id);
	assert_int_equal(identities_used(table), 1);
	assert_int_not_equal(identities_get(table, &other_meta), id);
	assert_int_not_equal(identities_get(table, &other_version), id);
	assert_int_not_equal(identities_get(table, &longer), id);
	a.port++;
	assert_int_not_equal(identities_get(table, &a), id);
	assert_int_equal(identities_used(table), 5);
	assert_string_equal(identities_at(table, id)->name, "a");
	assert_int_equal(identities_at(table, id)->references, 2);
}

static void put__the_last_reference_frees(void **state)
{
	(void)state;
	struct identity_want a = want("a", 1, "");
	uint32_t id = identities_get(table, &a);

	identities_get(table, &a);
	identities_put(table, id);
	assert_int_equal(identities_used(table), 1);
	identities_put(table, id);
	assert_int_equal(identities_used(table), 0);
}

static void get__a_full_table_says_so_and_recovers(void **state)
{
	(void)state;
	char name[NAME_SIZE];
	struct identity_want w = want(name, 1, "x");
	uint32_t ids[COUNT];

	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < COUNT; i++) {
			snprintf(name, sizeof(name), "node-%u-%d", i, round);
			ids[i] = identities_get(table, &w);
			assert_int_not_equal(ids[i], IDENTITIES_NONE);
		}
		snprintf(name, sizeof(name), "one-too-many");
		assert_int_equal(identities_get(table, &w), IDENTITIES_NONE);
		for (uint32_t i = 0; i < COUNT; i++)
			identities_put(table, ids[i]);
	}
	assert_int_equal(identities_used(table), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(get__equal_ones_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(put__the_last_reference_frees, setup, teardown),
		cmocka_unit_test_setup_teardown(
			get__a_full_table_says_so_and_recovers, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
