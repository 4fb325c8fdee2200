// The names that people write against the controllers that the transport has.
#include "lib/ipc/controller_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/cc.h"

static void controller_find__knows_every_name_and_no_other(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < CONTROLLER_COUNT; id++) {
		assert_string_equal(controller_choices[id], controller_name(id));
		assert_string_equal(cc_by_id(id)->name, controller_name(id));
		assert_int_equal(controller_find(controller_name(id)), id);
	}
	assert_null(controller_choices[CONTROLLER_COUNT]);
	assert_null(cc_by_id(CONTROLLER_COUNT));
	assert_int_equal(controller_find("reno"), -1);
	assert_int_equal(controller_find(""), -1);
	assert_string_equal(controller_name(CONTROLLER_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controller_find__knows_every_name_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
