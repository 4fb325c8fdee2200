// The rules of a node's start: where each one begins and ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/ipc/setup.h"

static char why[SETUP_WHY_SIZE];

static void setup_number__digits_in_the_range(void **state)
{
	static const char *const wrong[] = {
		"", "-1", "+5", " 5", "5 ", "0x5", "4", "11", "00000000005", "5.0"};
	uint32_t value = 0;

	(void)state;
	assert_true(setup_number(&value, "5", 5, 10, why));
	assert_true(setup_number(&value, "0010", 5, 10, why));
	assert_int_equal(value, 10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(setup_number(&value, wrong[i], 5, 10, why));
	assert_string_equal(why, "'5.0' is not a number from 5 to 10");
	assert_int_equal(value, 10);
}

static void setup_name__letters_and_length(void **state)
{
	static const char *const wrong[] = {
		"", ".a", "-a", "a b", "a/b", "a,b", "\xc3\xa9", "12345"};
	char name[5];

	(void)state;
	assert_true(setup_name(name, sizeof(name), "A.-_", why));
	assert_string_equal(name, "A.-_");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(setup_name(name, sizeof(name), wrong[i], why));
	assert_string_equal(why, "'12345' is not a name of 1 to 4 letters, digits, '.', '_' or "
				 "'-', with a letter or digit in front");
}

static void cores_are(const char *text, uint16_t count, uint16_t first, uint16_t last)
{
	struct setup_dataplane d;

	setup_dataplane_init(&d);
	assert_true(setup_dataplane_take(&d, "cores", text, why));
	assert_int_equal(d.cores_count, count);
	assert_int_equal(d.core[0], first);
	assert_int_equal(d.core[count - 1], last);
	assert_string_equal(d.cores, text);
}

static void setup_dataplane_take__cores(void **state)
{
	static const char *const wrong[] = {"", ",", "1,", ",1", "1-", "-1", "2-1", "1024", "0-16",
		"0-7,8-15,16", "0,0", "0-2,1", "1--2", "1 2", "a", "99999999999999999999",
		"0-1,0-1,0-1,0-1,0-1,0-1,0-1,0000000000000000000000000000000000000"};
	struct setup_dataplane d = {0};

	(void)state;
	cores_are("3", 1, 3, 3);
	cores_are("0-15", 16, 0, 15);
	cores_are("7,2-4,1023", 5, 7, 1023);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (setup_dataplane_take(&d, "cores", wrong[i], why))
			fail_msg("\"%s\" is taken", wrong[i]);
}

static void setup_link_end__wants_what_the_driver_wants(void **state)
{
	static const char *const whole[][2] = {{"name", "ab"}, {"driver", "memif"},
		{"role", "client"}, {"socket", "/s"}, {"address", "10.0.0.1/24"}};
	const char *key;

	(void)state;
	for (size_t missing = 0; missing < 6; missing++) {
		struct setup_link link = {0};

		for (size_t i = 0; i < 5; i++)
			if (i != missing)
				assert_true(setup_link_take(&link, whole[i][0], whole[i][1], why));
		if (missing == 5) {
			assert_true(setup_link_end(&link, 0, &key, why));
			assert_int_equal(link.mtu, 1500); // not given
			continue;
		}
		assert_false(setup_link_end(&link, 0, &key, why));
		assert_string_equal(key, whole[missing][0]);
		assert_non_null(strstr(why, "is missing; write "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_number__digits_in_the_range),
		cmocka_unit_test(setup_name__letters_and_length),
		cmocka_unit_test(setup_dataplane_take__cores),
		cmocka_unit_test(setup_link_end__wants_what_the_driver_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
