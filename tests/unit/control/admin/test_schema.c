// Every refusal of the schema, and that it says what is allowed.
#include "control/admin/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/admin/figures.h"

static char text[SCHEMA_TEXT_SIZE];

static int check(const char *method, const char *json)
{
	json_t *params = json ? json_loads(json, 0, NULL) : NULL;
	int result;

	if (json)
		assert_non_null(params);
	result = schema_check(schema_find(method), params, text);
	json_decref(params);
	return result;
}

static void refused(const char *method, const char *json, const char *because)
{
	assert_int_equal(check(method, json), -1);
	if (!strstr(text, because))
		fail_msg("\"%s\" does not say \"%s\"", text, because);
}

static void schema_check__accepts(void **state)
{
	(void)state;
	assert_int_equal(check("status", NULL), 0);
	assert_int_equal(check("status", "{}"), 0);
	assert_int_equal(check("session.show", "{\"id\":\"aBc123\"}"), 0);
	assert_int_equal(check("session.close", "{\"id\":\"abc123\",\"now\":true}"), 0);
	assert_int_equal(
		check("session.open",
			"{\"node\":\"b\",\"codec\":\"lz4\",\"level\":16,\"timeout_ms\":100}"),
		0);
}

static void schema_check__refuses_unknown_fields_with_the_allowed_ones(void **state)
{
	(void)state;
	refused("status", "{\"x\":1}", "takes none");
	refused("session.close", "{\"id\":\"abc123\",\"force\":true}", "allowed: id, now");
	refused("session.open", "{\"node\":\"b\",\"controller\":\"reno\"}", "aimd-ss");
	refused("session.open", "{\"node\":\"b\",\"Codec\":\"lz4\"}",
		"allowed: node, codec, level, dictionary, controller, timeout_ms");
}

static void schema_check__refuses_missing_fields(void **state)
{
	(void)state;
	refused("session.show", "{}", "needs \"id\"");
	refused("session.open", NULL, "needs \"node\"");
}

static void schema_check__refuses_types_and_ranges(void **state)
{
	(void)state;
	refused("session.show", "{\"id\":\"abc12\"}", "6 to 32 hexadecimal");
	refused("session.show", "{\"id\":\"abc12g\"}", "hexadecimal");
	refused("session.show", "{\"id\":123456}", "hexadecimal");
	refused("session.show", "{\"id\":\"0123456789abcdef0123456789abcdef0\"}", "6 to 32");
	refused("session.open", "{\"node\":\"\"}", "1 to 63 bytes");
	refused("session.open", "{\"node\":7}", "string");
	refused("session.open", "{\"node\":\"b\",\"codec\":\"zip\"}", "none, lz4");
	refused("session.open", "{\"node\":\"b\",\"codec\":null}", "none, lz4");
	refused("session.open", "{\"node\":\"b\",\"level\":256}", "0 to 255");
	refused("session.open", "{\"node\":\"b\",\"level\":-1}", "0 to 255");
	refused("session.open", "{\"node\":\"b\",\"level\":1.5}", "integer");
	refused("session.open", "{\"node\":\"b\",\"timeout_ms\":\"5\"}", "100 to 60000");
	refused("session.close", "{\"id\":\"abc123\",\"now\":1}", "true or false");
	refused("status", "[]", "object");
}

static void schema_check__refuses_a_zero_inside_a_name(void **state)
{
	json_t *params = json_pack("{s:s#}", "node", "b\0c", 3);

	(void)state;
	if (!params) // jansson refuses it already
		return;
	assert_int_equal(schema_check(schema_find("session.open"), params, text), -1);
	json_decref(params);
}

static void schema_values__standards_apply(void **state)
{
	const struct schema_method *m = schema_find("session.open");
	json_t *params = json_loads("{\"node\":\"b\",\"level\":4}", 0, NULL);

	(void)state;
	assert_string_equal(schema_string(m, params, "node"), "b");
	assert_string_equal(schema_string(m, params, "codec"), "none");
	assert_int_equal(schema_integer(m, params, "level"), 4);
	assert_int_equal(schema_integer(m, params, "timeout_ms"), 10000);
	assert_false(schema_boolean(params, "now"));
	assert_int_equal(schema_integer(m, NULL, "level"), 0);
	json_decref(params);
}

// A table with a hole would crash a caller somewhere else.
static void schema_methods__the_table_is_whole(void **state)
{
	(void)state;
	for (const struct schema_method *m = schema_methods; m->name; m++) {
		assert_ptr_equal(schema_find(m->name), m);
		assert_non_null(m->sentence);
		assert_non_null(m->result);
		assert_true(m->level >= LEVEL_VIEWER && m->level <= LEVEL_ADMIN);
		assert_true(!m->change || m->level >= LEVEL_OPERATOR);
		for (const struct schema_param *p = m->params;
			p < m->params + SCHEMA_PARAMS_MAX && p->name; p++) {
			assert_non_null(p->sentence);
			assert_true((p->type == SCHEMA_CHOICE) == (p->choices != NULL));
			assert_true(p->type != SCHEMA_INTEGER || p->required || p->standard);
			assert_true(!(p->required && p->standard));
			assert_true(p->min <= p->max);
		}
	}
	assert_null(schema_find("nope"));
	assert_null(schema_find("session"));
}

static void figures__no_name_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < figures_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(figures[i].name, figures[j].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_check__accepts),
		cmocka_unit_test(schema_check__refuses_unknown_fields_with_the_allowed_ones),
		cmocka_unit_test(schema_check__refuses_missing_fields),
		cmocka_unit_test(schema_check__refuses_types_and_ranges),
		cmocka_unit_test(schema_check__refuses_a_zero_inside_a_name),
		cmocka_unit_test(schema_values__standards_apply),
		cmocka_unit_test(schema_methods__the_table_is_whole),
		cmocka_unit_test(figures__no_name_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
