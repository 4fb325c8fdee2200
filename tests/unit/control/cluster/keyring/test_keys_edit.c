// A file of keys that people wrote into: after each change their words are where they belong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/keyring/keys_edit.h"
#include "control/pki/pki.h"

// A, B, C in the texts below stand for these.
#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static char text[KEYS_FILE_MAX];

static void put(const char *pattern)
{
	text[0] = 0;
	for (; *pattern; pattern++) {
		size_t used = strlen(text);
		bool key = *pattern >= 'A' && *pattern <= 'Z';

		if (key)
			snprintf(text + used, sizeof(text) - used, DIGITS "%02X",
				(unsigned)(*pattern - 'A' + 10));
		else
			snprintf(text + used, sizeof(text) - used, "%c", *pattern);
	}
}

// The file says that; and it is a file of keys.
static void says(const char *pattern)
{
	char wanted[KEYS_FILE_MAX], error[PKI_ERROR_SIZE];
	struct keys keys;

	memcpy(wanted, text, sizeof(wanted));
	put(pattern);
	assert_string_equal(wanted, text);
	assert_int_equal(keys_parse(&keys, text, "file", error), 0);
}

#define HEAD "# keys of this cluster's datagrams\n\n"

static void keys_edit_add__behind_the_last(void **state)
{
	uint8_t key[KEYS_SIZE];

	(void)state;
	assert_true(keys_from_hex(key, DIGITS "0C"));
	put("# first\nA # seals\n\n# second\nB");
	assert_int_equal(keys_edit_add(text, key), 0);
	text[strlen(text) - 2] = 'C'; // ours are small letters
	says("# first\nA # seals\n\n# second\nB\nC\n");
}

static void keys_edit_first__takes_its_comments_along(void **state)
{
	(void)state;
	put(HEAD "# of spring\nA # seals\n\n# of summer,\n# made by ann\n\tB # ann's\r\n\nC\n# "
		 "end\n");
	assert_int_equal(keys_edit_first(text, 1), 0);
	says(HEAD "# of summer,\n# made by ann\n\tB # ann's\r\n# of spring\nA # seals\n\n\nC\n# "
		  "end\n");
	assert_int_equal(keys_edit_first(text, 2), 0);
	says(HEAD "C\n# of summer,\n# made by ann\n\tB # ann's\r\n# of spring\nA # seals\n\n\n# "
		  "end\n");
	assert_int_equal(keys_edit_first(text, 0), 0);
	says(HEAD "C\n# of summer,\n# made by ann\n\tB # ann's\r\n# of spring\nA # seals\n\n\n# "
		  "end\n");
}

static void keys_edit_first__of_a_last_line_without_an_end(void **state)
{
	(void)state;
	put("A\nB # two");
	assert_int_equal(keys_edit_first(text, 1), 0);
	says("B # two\nA\n");
}

// The line that we begin a file with is nobody's.
static void keys_edit_first__behind_our_head(void **state)
{
	char error[PKI_ERROR_SIZE];
	struct keys keys;

	(void)state;
	snprintf(text, sizeof(text), KEYS_HEAD "\n# a\n" DIGITS "0A\n# b\n" DIGITS "0B\n");
	assert_int_equal(keys_edit_first(text, 1), 0);
	assert_string_equal(text, KEYS_HEAD "\n# b\n" DIGITS "0B\n# a\n" DIGITS "0A\n");
	keys_edit_remove(text, 1);
	assert_string_equal(text, KEYS_HEAD "\n# b\n" DIGITS "0B\n");
	assert_int_equal(keys_parse(&keys, text, "file", error), 0);
}

static void keys_edit_remove__takes_its_comments_away(void **state)
{
	(void)state;
	put(HEAD "# a\nA\n\n# b, old\nB # old\n\n# c\nC\n\n# the end\n");
	keys_edit_remove(text, 1);
	says(HEAD "# a\nA\n\n# c\nC\n\n# the end\n");
	keys_edit_remove(text, 1);
	says(HEAD "# a\nA\n\n# the end\n");
	put("A\n# section\n\n# b\nB\n");
	keys_edit_remove(text, 1);
	says("A\n# section\n");
	put("A\nB\nC\n");
	keys_edit_remove(text, 1);
	says("A\nC\n");
	put("A\n\n\nB");
	keys_edit_remove(text, 1);
	says("A\n\n");
}

static void keys_edit_remove__leaves_nothing_behind_the_end(void **state)
{
	(void)state;
	memset(text, 0, sizeof(text));
	put("A\nB\n");
	keys_edit_remove(text, 1);
	for (size_t i = strlen(text); i < sizeof(text); i++)
		assert_int_equal(text[i], 0);
}

static void keys_edit__a_full_file_stays_as_it_is(void **state)
{
	static const uint8_t key[KEYS_SIZE] = {9};
	char before[KEYS_FILE_MAX];

	(void)state;
	put("A\nB #");
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	text[sizeof(text) - 1] = 0;
	memcpy(before, text, sizeof(text));
	assert_int_equal(keys_edit_add(text, key), -1);
	assert_int_equal(keys_edit_first(text, 1), -1);
	assert_memory_equal(text, before, sizeof(text));
	text[sizeof(text) - 2] = 0; // one byte less: its end fits
	assert_int_equal(keys_edit_first(text, 1), 0);
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

static uint32_t below(uint32_t bound)
{
	static uint32_t seed = 12345;

	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % bound;
}

// Whatever is around them: the keys are the same, in the order that was asked for.
static void keys_edit__of_any_file(void **state)
{
	static const char *const between[] = {
		"", "\n", "# x\n", "  # y\r\n", "\t\n\n", "# z\n\n", "\n# v\n"};
	static const char *const behind[] = {"\n", " \r\n", " # of it\n"};
	char error[PKI_ERROR_SIZE];
	struct keys keys, after;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		int count = 1 + (int)below(KEYS_MAX), index = (int)below((uint32_t)count);
		char pattern[512] = "";

		for (int i = 0; i < count; i++)
			snprintf(pattern + strlen(pattern), sizeof(pattern) - strlen(pattern),
				"%s%s%c%s", between[below(7)], between[below(7)], 'A' + i,
				behind[below(3)]);
		put(pattern);
		if (keys_parse(&keys, text, "file", error) != 0)
			fail_msg("%s: %s", error, pattern);
		if (round % 2) {
			assert_int_equal(keys_edit_first(text, (uint32_t)index), 0);
			assert_int_equal(keys_parse(&after, text, "file", error), 0);
			assert_int_equal(after.count, count);
			assert_memory_equal(after.key[0], keys.key[index], KEYS_SIZE);
			assert_memory_equal(after.key[1], keys.key[0], (size_t)index * KEYS_SIZE);
			assert_memory_equal(after.key[index + 1 - (index == KEYS_MAX - 1)],
				keys.key[index + 1 - (index == KEYS_MAX - 1)],
				(size_t)(count - index - 1) * KEYS_SIZE);
		} else if (count > 1) {
			keys_edit_remove(text, (uint32_t)index);
			assert_int_equal(keys_parse(&after, text, "file", error), 0);
			assert_int_equal(after.count, count - 1);
			assert_memory_equal(after.key, keys.key, (size_t)index * KEYS_SIZE);
			assert_memory_equal(after.key + index, keys.key + index + 1,
				(size_t)(count - index - 1) * KEYS_SIZE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_edit_add__behind_the_last),
		cmocka_unit_test(keys_edit_first__takes_its_comments_along),
		cmocka_unit_test(keys_edit_first__of_a_last_line_without_an_end),
		cmocka_unit_test(keys_edit_first__behind_our_head),
		cmocka_unit_test(keys_edit_remove__takes_its_comments_away),
		cmocka_unit_test(keys_edit_remove__leaves_nothing_behind_the_end),
		cmocka_unit_test(keys_edit__a_full_file_stays_as_it_is),
		cmocka_unit_test(keys_edit__of_any_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
