// What of a node's files is refused before any peer sees it, and the sentence that says why.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>
#include <unistd.h>

#include "control/net/tls.h"
#include "tests/unit/control/pki/folder.h"

#define NOBODY 65534

// Node a of a cluster whose authority lies in `folder`.
struct stage {
	char *folder;
	struct config_security config;
	struct tls tls;
};

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct pki_want want = {.folder = s->folder = folder_new(),
		.name = "cluster",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct config_security *config = &s->config;
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	assert_int_equal(pki_init(&want, &made, error), 0);
	want.name = "a";
	assert_int_equal(pki_issue(&want, &made, error), 0);
	snprintf(config->ca, sizeof(config->ca), "%.64s/a/ca.crt", s->folder);
	snprintf(config->certificate, sizeof(config->certificate), "%.64s/a/node.crt", s->folder);
	snprintf(config->key, sizeof(config->key), "%.64s/a/node.key", s->folder);
	config->pq = CONFIG_PQ_PREFER;
	assert_int_equal(tls_init(&s->tls, config, "a", error, sizeof(error)), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	tls_fini(&s->tls);
	folder_free(s->folder);
	free(s);
	return 0;
}

static void expect_refused(struct stage *s, const char *beginning, const char *end)
{
	char error[CONFIG_ERROR_SIZE];
	struct tls again;

	assert_int_equal(tls_init(&again, &s->config, "a", error, sizeof(error)), -1);
	if (strncmp(error, beginning, strlen(beginning)) != 0 || !strstr(error, end))
		fail_msg("%s", error);
	assert_int_equal(tls_reload(&s->tls, error, sizeof(error)), -1);
	assert_non_null(s->tls.context); // the former ones stay
}

// Root without capabilities could not read them again: it does not begin with them.
static void tls_init__anothers_files(void **state)
{
	struct stage *s = *state;
	const struct {
		const char *file, *beginning;
	} cases[] = {
		{s->config.ca, "security.ca: "},
		{s->config.certificate, "security.certificate: "},
		{s->config.key, "security.key: "},
	};
	char error[CONFIG_ERROR_SIZE], folder[128];

	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(chown(cases[i].file, NOBODY, NOBODY), 0);
		expect_refused(s, cases[i].beginning,
			" belongs to user 65534, who can exchange "
			"it, and this is user 0; chown 0 it");
		assert_int_equal(chown(cases[i].file, 0, 0), 0);
	}
	snprintf(folder, sizeof(folder), "%s/a", s->folder);
	assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
	expect_refused(s, "security.ca: ", "/a belongs to user 65534");
	assert_int_equal(chown(folder, 0, 0), 0);
	assert_int_equal(tls_reload(&s->tls, error, sizeof(error)), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(tls_init__anothers_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
