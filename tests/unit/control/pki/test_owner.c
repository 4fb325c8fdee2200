// What another user owns is not believed, and any user may have an authority of its own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "control/pki/owner.h"
#include "tests/unit/control/pki/folder.h"

#define NOW    1800000000
#define NOBODY 65534

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

// Makes a file somebody else's, which only root can.
static void give_away(const char *path)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(lchown(path, NOBODY, NOBODY), 0);
}

static void expect_refused(int result, const char *error, const char *path, const char *option)
{
	char wanted[PKI_ERROR_SIZE];

	assert_int_equal(result, -1);
	snprintf(wanted, sizeof(wanted),
		"%s belongs to user 65534, who can exchange it, and this is user 0; chown%s 0 it",
		path, option);
	assert_string_equal(error, wanted);
}

static void pki_issue__anothers_authority(void **state)
{
	static const char *const names[] = {"ca.key", "ca.crt"};
	struct pki_want authority = want(*state, "cluster"), node = want(*state, "a");
	char path[PKI_PATH_SIZE], error[PKI_ERROR_SIZE];
	struct pki_certificate made;

	assert_int_equal(pki_init(&authority, &made, error), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", (char *)*state, names[i]);
		give_away(path);
		expect_refused(pki_issue(&node, &made, error), error, path, "");
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(pki_issue(&node, &made, error), 0);
}

static void pki__anothers_folder(void **state)
{
	struct pki_want authority = want(*state, "cluster"), node = want(*state, "a");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	assert_int_equal(pki_init(&authority, &made, error), 0);
	give_away(*state);
	expect_refused(pki_init(&authority, &made, error), error, *state, "");
	expect_refused(pki_issue(&node, &made, error), error, *state, "");
}

// Whose link it is matters, and whose folder it leads to.
static void pki_init__by_a_link(void **state)
{
	char link[PKI_PATH_SIZE], folder[PKI_PATH_SIZE], error[PKI_ERROR_SIZE];
	struct pki_want authority = want(link, "cluster");
	struct pki_certificate made;

	snprintf(link, sizeof(link), "%s/link", (char *)*state);
	snprintf(folder, sizeof(folder), "%s/folder", (char *)*state);
	authority.folder = folder;
	assert_int_equal(pki_init(&authority, &made, error), 0);
	authority.folder = link;
	assert_int_equal(symlink("folder", link), 0);
	assert_int_equal(pki_init(&authority, &made, error), 0);
	give_away(link);
	expect_refused(pki_init(&authority, &made, error), error, link, " -h");
	assert_int_equal(lchown(link, 0, 0), 0);
	give_away(folder);
	expect_refused(pki_init(&authority, &made, error), error, link, "");
}

// Nobody has one too. Root, who can do anything, owns what others believe.
static void pki__of_any_user(void **state)
{
	struct pki_want authority = want(*state, "cluster"), node = want(*state, "a");
	char error[PKI_ERROR_SIZE];
	struct pki_certificate made;
	int result;

	give_away(*state);
	assert_int_equal(seteuid(NOBODY), 0);
	result = pki_init(&authority, &made, error);
	if (result == 0)
		result = pki_issue(&node, &made, error);
	if (result == 0)
		result = owner_check_file("/proc/version", error);
	assert_int_equal(seteuid(0), 0);
	if (result != 0)
		fail_msg("%s", error);
}

static void owner_check_file__paths(void **state)
{
	char error[PKI_ERROR_SIZE];

	(void)state;
	assert_int_equal(owner_check_file("/nonexistent/a", error), 0);
	assert_int_equal(owner_check_file("/proc", error), 0);
	assert_int_equal(owner_check_file("nonexistent", error), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(pki_issue__anothers_authority),
		STORY(pki__anothers_folder),
		STORY(pki_init__by_a_link),
		STORY(pki__of_any_user),
		cmocka_unit_test(owner_check_file__paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
