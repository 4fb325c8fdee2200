// The file of the cluster's keys: what is written is read, what is not a key is told, others may
// not read it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/cluster/keyring/keys.h"
#include "control/pki/pki.h"

#define ONE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TWO "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF"

static void keys_parse__takes_keys_comments_and_blank_lines(void **state)
{
	char error[PKI_ERROR_SIZE], id[KEYS_ID_TEXT];
	struct keys keys;

	(void)state;
	assert_int_equal(
		keys_parse(&keys, "# first\n" ONE " # seals\r\n\n\t" TWO, "file", error), 0);
	assert_int_equal(keys.count, 2);
	assert_int_equal(keys.key[0][31], 0x1f);
	assert_int_equal(keys.key[1][31], 0xff);
	// printf 000102...1f | xxd -r -p | sha256sum
	assert_string_equal(keys_id_text(id, keys.key[0]), "630dcd29");
	assert_int_equal(keys_find(&keys, "630dcd29"), 0);
	assert_int_equal(keys_find(&keys, "630dcd2"), -1);
}

static void keys_parse__tells_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{"", "has no key"},
		{"# nothing\n", "has no key"},
		{"\n0001\n", "line 2 is not a key, which is 64 hexadecimal digits"},
		{ONE "0\n", "line 1 is not a key"},
		{ONE " " ONE "\n", "line 1 is not a key"},
		{"zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "not a key"},
		{ONE "\n" TWO "\n" ONE "\n", "the key in line 3 is there twice"},
	};
	char error[PKI_ERROR_SIZE];
	struct keys keys;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(keys_parse(&keys, bad[i].text, "file", error), -1);
		if (!strstr(error, bad[i].error))
			fail_msg("'%s' is not about '%s'", error, bad[i].error);
		assert_null(strstr(error, "0102030405")); // no key in a sentence
		assert_int_equal(keys.count, 0);
	}
}

static void keys_parse__has_a_maximum(void **state)
{
	char text[(KEYS_MAX + 1) * 66 + 1] = "", error[PKI_ERROR_SIZE];
	struct keys keys;

	(void)state;
	for (int i = 0; i <= KEYS_MAX; i++) {
		snprintf(text + 65 * i, 66, "%02x%.62s\n", i, ONE);
		assert_int_equal(keys_parse(&keys, text, "file", error), i < KEYS_MAX ? 0 : -1);
	}
	assert_non_null(strstr(error, "more than 8"));
}

static void keys_save__comes_back_and_is_for_its_owner_only(void **state)
{
	char folder[] = "/tmp/test_keys.XXXXXX", path[64], error[PKI_ERROR_SIZE];
	struct keys keys = {.count = 2}, back;
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/" KEYS_FILE, folder);
	assert_int_equal(keys_make(keys.key[0], error), 0);
	assert_int_equal(keys_make(keys.key[1], error), 0);
	assert_int_equal(keys_save(&keys, path, error), 0);
	assert_int_equal(keys_load(&back, path, error), 0);
	assert_memory_equal(&back, &keys, sizeof(keys));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(keys_ensure(folder, error), 0); // there are some
	assert_int_equal(keys_load(&back, path, error), 0);
	assert_memory_equal(&back, &keys, sizeof(keys));
	chmod(path, 0640);
	assert_int_equal(keys_load(&back, path, error), -1);
	assert_non_null(strstr(error, "chmod 600 it"));
	unlink(path);
	assert_int_equal(keys_load(&back, path, error), -1);
	assert_non_null(strstr(error, "cannot be read: No such file"));
	assert_int_equal(keys_ensure(folder, error), 0);
	assert_int_equal(keys_load(&back, path, error), 0);
	assert_int_equal(back.count, 1);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_parse__takes_keys_comments_and_blank_lines),
		cmocka_unit_test(keys_parse__tells_what_is_wrong),
		cmocka_unit_test(keys_parse__has_a_maximum),
		cmocka_unit_test(keys_save__comes_back_and_is_for_its_owner_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
