// The names that people write against the ciphers that the dataplane has.
#include "lib/ipc/cipher_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transform/seal.h"

static void cipher_find__knows_every_name_and_no_other(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < CIPHER_COUNT; id++) {
		assert_string_equal(cipher_choices[id], cipher_name(id));
		assert_int_equal(cipher_find(cipher_name(id)), id);
	}
	assert_null(cipher_choices[CIPHER_COUNT]);
	assert_int_equal(cipher_find("rc4"), -1);
	assert_int_equal(cipher_find(""), -1);
	assert_string_equal(cipher_name(CIPHER_COUNT), "unknown");
	assert_string_equal(cipher_name(UINT32_MAX), "unknown");
}

static void cipher_by_id__has_the_names_that_people_write(void **state)
{
	(void)state;
	for (int backend = CIPHER_AUTO; backend < CIPHER_BACKEND_COUNT; backend++) {
		struct seal_engine engine;
		char why[96];

		if (seal_engine_init(&engine, (enum cipher_backend)backend, why, sizeof(why)) !=
			0) {
			assert_int_equal(backend, CIPHER_IMB); // not for every CPU
			continue;
		}
		for (uint32_t id = 0; id < CIPHER_COUNT; id++)
			assert_string_equal(
				cipher_by_id(&engine, (uint8_t)id)->name, cipher_name(id));
		assert_null(cipher_by_id(&engine, CIPHER_COUNT));
		assert_null(cipher_by_id(&engine, 255));
		seal_engine_fini(&engine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cipher_find__knows_every_name_and_no_other),
		cmocka_unit_test(cipher_by_id__has_the_names_that_people_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
