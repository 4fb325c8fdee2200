// JSON on one line: reals without exponents, all else as jansson has it.
#include "control/admin/json_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_line(json_t *value, const char *wanted)
{
	char *line = json_line(value);

	assert_string_equal(line, wanted);
	free(line);
	json_decref(value);
}

static void json_line__reals_are_plain_decimals(void **state)
{
	(void)state;
	assert_line(json_real(0.000012), "0.000012");
	assert_line(json_real(1e-9), "0.000000001");
	assert_line(json_real(2.32842829), "2.32842829");
	assert_line(json_real(1.0 / 3), "0.333333333");
	assert_line(json_real(3), "3.0");
	assert_line(json_real(0), "0.0");
	assert_line(json_real(100), "100.0");
	assert_line(json_real(-1.5), "-1.5");
	assert_line(json_real(12345678900.25), "12345678900.25");
}

static void json_line__all_else_as_it_is(void **state)
{
	(void)state;
	assert_line(json_pack("{s:[i, f, b, n], s:{}, s:s, s:[]}", "a\"b", 1, 1e-6, 1, "o", "t",
			    "\xc3\xbc\n", "e"),
		"{\"a\\\"b\":[1,0.000001,true,null],\"o\":{},\"t\":\"\xc3\xbc\\n\",\"e\":[]}");
}

static void json_line__the_largest_number(void **state)
{
	char *line, *end;
	json_t *large = json_real(1.7976931348623157e308);

	(void)state;
	line = json_line(large);
	assert_true(strtod(line, &end) == json_real_value(large));
	assert_string_equal(end, "");
	free(line);
	json_decref(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_line__reals_are_plain_decimals),
		cmocka_unit_test(json_line__all_else_as_it_is),
		cmocka_unit_test(json_line__the_largest_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
