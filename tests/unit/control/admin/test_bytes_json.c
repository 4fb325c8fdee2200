// Bytes come back from JSON as they were, and what is no base64 is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/admin/bytes_json.h"

static void bytes_json__text_is_text(void **state)
{
	json_t *object = json_object();

	(void)state;
	bytes_json_set(object, "value", (const uint8_t *)"gr\xc3\xbc\xc3\x9f", 6);
	bytes_json_set(object, "empty", NULL, 0);
	assert_string_equal(
		json_string_value(json_object_get(object, "value")), "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(json_string_value(json_object_get(object, "empty")), "");
	assert_null(json_object_get(object, "value_base64"));
	json_decref(object);
}

// Every length that base64 pads in its own way.
static void bytes_json__others_come_back(void **state)
{
	const uint8_t bytes[] = {0xff, 0, 'a', 0x80, '=', 0, 0xfe};

	(void)state;
	for (uint32_t size = 1; size <= sizeof(bytes); size++) {
		json_t *object = json_object();
		uint32_t back_size = 0;
		uint8_t *back;

		bytes_json_set(object, "value", bytes, size);
		assert_null(json_object_get(object, "value"));
		back = bytes_json_decode(
			json_string_value(json_object_get(object, "value_base64")), &back_size);
		assert_non_null(back);
		assert_int_equal(back_size, size);
		assert_memory_equal(back, bytes, size);
		free(back);
		json_decref(object);
	}
}

static void bytes_json__what_is_no_base64(void **state)
{
	static const char *const bad[] = {"a", "ab", "abc", "a?==", "YWJj\n", " YWJj", "YWJj    "};
	uint32_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(bytes_json_decode(bad[i], &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_json__text_is_text),
		cmocka_unit_test(bytes_json__others_come_back),
		cmocka_unit_test(bytes_json__what_is_no_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
