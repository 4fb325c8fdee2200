// The null cipher: gathers and scatters exactly, refuses lengths that do not add up.
#include "dataplane/transform/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void null__gathers_and_scatters(void **state)
{
	const struct cipher *cipher = cipher_by_id(CIPHER_NULL);
	struct seal_source in[2] = {{(const uint8_t *)"head", 4}, {(const uint8_t *)"body!", 5}};
	uint8_t packet[16], a[3], b[6];
	struct seal_piece out[2] = {{a, 3}, {b, 6}};

	(void)state;
	assert_int_equal(cipher->seal(NULL, 1, NULL, in, 2, packet), 9);
	assert_memory_equal(packet, "headbody!", 9);
	assert_true(cipher->open(NULL, 1, NULL, packet, 9, out, 2));
	assert_memory_equal(a, "hea", 3);
	assert_memory_equal(b, "dbody!", 6);
}

static void null__refuses_other_lengths(void **state)
{
	const struct cipher *cipher = cipher_by_id(CIPHER_NULL);
	uint8_t a[8];
	struct seal_piece out[1] = {{a, 8}};

	(void)state;
	assert_false(cipher->open(NULL, 1, NULL, (const uint8_t *)"1234567", 7, out, 1));
	assert_false(cipher->open(NULL, 1, NULL, (const uint8_t *)"123456789", 9, out, 1));
}

static void cipher_by_id__unknown(void **state)
{
	(void)state;
	assert_null(cipher_by_id(CIPHER_COUNT));
	assert_null(cipher_by_id(255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null__gathers_and_scatters),
		cmocka_unit_test(null__refuses_other_lengths),
		cmocka_unit_test(cipher_by_id__unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
