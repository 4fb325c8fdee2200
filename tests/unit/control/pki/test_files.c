// Files that belong together are written all or none: whatever fails, what was there stays.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "control/pki/files.h"
#include "tests/unit/control/pki/folder.h"

#define NOW 1800000000

static int setup(void **state)
{
	*state = folder_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	folder_free(*state);
	return 0;
}

static struct pki_want want(const char *folder, const char *name)
{
	return (struct pki_want){.folder = folder,
		.name = name,
		.not_before = NOW,
		.not_after = NOW + 86400,
		.replace = true};
}

static void expect_made(int (*make)(const struct pki_want *, struct pki_certificate *, char *),
	struct pki_want want)
{
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE] = "";

	if (make(&want, &made, error) != 0)
		fail_msg("%s", error);
}

// All that `folder` has, hidden files too.
static int entries(const char *folder)
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, NULL);

	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return count - 2; // . and ..
}

static void read_all(const char *folder, const char *name, char text[2048])
{
	char path[PKI_PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, 2047, file)] = 0;
	fclose(file);
}

// What a full disk does, without one: a certificate is longer than this, its key is not.
static void disk_full(bool full)
{
	static struct rlimit before;
	struct rlimit limit;

	if (full) {
		assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
		limit = (struct rlimit){.rlim_cur = 300, .rlim_max = before.rlim_max};
	} else {
		limit = before;
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void pki_init__full_disk_loses_no_authority(void **state)
{
	struct pki_want authority = want(*state, "cluster");
	char key[2048], certificate[2048], now[2048], error[PKI_ERROR_SIZE];
	struct pki_certificate made;
	int result;

	expect_made(pki_init, authority);
	read_all(*state, "ca.key", key);
	read_all(*state, "ca.crt", certificate);
	disk_full(true);
	result = pki_init(&authority, &made, error);
	disk_full(false);
	assert_int_equal(result, -1);
	assert_non_null(strstr(error, "/ca.crt cannot be written: No space left on device"));
	read_all(*state, "ca.key", now);
	assert_string_equal(now, key);
	read_all(*state, "ca.crt", now);
	assert_string_equal(now, certificate);
	assert_int_equal(entries(*state), 3);
	expect_made(pki_issue, want(*state, "a")); // it still signs
	expect_made(pki_init, authority);
	read_all(*state, "ca.key", now);
	assert_string_not_equal(now, key);
	assert_int_equal(entries(*state), 4);
}

static void pki_init__full_disk_leaves_nothing(void **state)
{
	struct pki_want authority = want(*state, "cluster");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];
	int result;

	authority.replace = false;
	disk_full(true);
	result = pki_init(&authority, &made, error);
	disk_full(false);
	assert_int_equal(result, -1);
	assert_int_equal(entries(*state), 0);
	expect_made(pki_init, authority);
}

// The last of four is refused when the others are in their places already.
static void pki_issue__last_file_cannot_be_replaced(void **state)
{
	struct pki_want node = want(*state, "a");
	char folder[128], command[512], key[2048], now[2048], error[PKI_ERROR_SIZE];
	struct pki_certificate made;

	expect_made(pki_init, want(*state, "cluster"));
	expect_made(pki_issue, node);
	snprintf(folder, sizeof(folder), "%s/a", (char *)*state);
	read_all(folder, "node.key", key);
	snprintf(command, sizeof(command), "rm %s/node.crt && mkdir %s/node.crt", folder, folder);
	assert_int_equal(folder_run(command), 0);
	assert_int_equal(pki_issue(&node, &made, error), -1);
	assert_non_null(strstr(error, "/a/node.crt cannot be written: "));
	read_all(folder, "node.key", now);
	assert_string_equal(now, key);
	assert_int_equal(entries(folder), 4);
}

// Nodes go on with the cluster's keys while its authority is replaced.
static void pki_issue__gives_every_node_the_same_keys(void **state)
{
	struct pki_want cluster = want(*state, "cluster");
	char keys[2048], node[2048], folder[128];

	expect_made(pki_init, cluster);
	read_all(*state, "cluster.keys", keys);
	for (const char *name = "ab"; *name; name++) {
		const char one[2] = {*name};

		expect_made(pki_issue, want(*state, one));
		snprintf(folder, sizeof(folder), "%s/%s", (char *)*state, one);
		read_all(folder, "cluster.keys", node);
		assert_string_equal(node, keys);
		expect_made(pki_init, cluster);
	}
	assert_non_null(strchr(keys, '\n'));
}

static struct files_text text(const char *name, const char *bytes)
{
	return (struct files_text){.name = name, .text = BIO_new_mem_buf(bytes, -1)};
}

// Somebody else makes the second one meanwhile.
static void files_write__undoes_what_was_new(void **state)
{
	struct files_text files[] = {text("one", "1"), text("two", "2")};
	char error[PKI_ERROR_SIZE], now[2048], command[256];

	snprintf(command, sizeof(command), "printf theirs >%s/two", (char *)*state);
	assert_int_equal(folder_run(command), 0);
	assert_int_equal(files_write(*state, files, 2, false, error), -1);
	assert_non_null(strstr(error, "/two cannot be written: File exists"));
	read_all(*state, "two", now);
	assert_string_equal(now, "theirs");
	assert_int_equal(entries(*state), 1);
	assert_int_equal(files_write(*state, files, 2, true, error), 0);
	read_all(*state, "one", now);
	assert_string_equal(now, "1");
	read_all(*state, "two", now);
	assert_string_equal(now, "2");
	assert_int_equal(entries(*state), 2);
	BIO_free(files[0].text);
	BIO_free(files[1].text);
}

static void files_write__no_folder(void **state)
{
	struct files_text file = text("one", "1");
	char error[PKI_ERROR_SIZE];

	(void)state;
	assert_int_equal(files_write("/nonexistent", &file, 1, true, error), -1);
	assert_string_equal(error, "/nonexistent/one cannot be written: No such file or directory");
	BIO_free(file.text);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(pki_init__full_disk_loses_no_authority),
		STORY(pki_init__full_disk_leaves_nothing),
		STORY(pki_issue__gives_every_node_the_same_keys),
		STORY(pki_issue__last_file_cannot_be_replaced),
		STORY(files_write__undoes_what_was_new),
		STORY(files_write__no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
