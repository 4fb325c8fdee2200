// What of a node's files is refused before any peer sees it, and the sentence that says why.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/identity.h"
#include "control/net/tls.h"
#include "control/pki/x509.h"
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

static void write_certificate(const struct stage *s, X509 *certificate)
{
	FILE *file = fopen(s->config.certificate, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
}

// Another extension in the certificate of node a, signed again by its authority.
static void extend(const struct stage *s, X509_EXTENSION *extension)
{
	char path[128], error[PKI_ERROR_SIZE];
	X509 *certificate = x509_read_certificate(s->config.certificate, error);
	int at = X509_get_ext_by_OBJ(certificate, X509_EXTENSION_get_object(extension), -1);
	EVP_PKEY *key;

	snprintf(path, sizeof(path), "%s/ca.key", s->folder);
	key = x509_read_key(path, error);
	assert_true(certificate && key);
	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(certificate, at));
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	assert_true(X509_sign(certificate, key, NULL) > 0);
	write_certificate(s, certificate);
	X509_EXTENSION_free(extension);
	EVP_PKEY_free(key);
	X509_free(certificate);
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

// Nothing of a folder, a pipe or a missing file is waited for.
static void tls_init__no_regular_file(void **state)
{
	struct stage *s = *state;
	struct config_security good = s->config;
	const struct {
		char *path;
		const char *beginning;
	} cases[] = {
		{s->config.ca, "security.ca: "},
		{s->config.certificate, "security.certificate: "},
		{s->config.key, "security.key: "},
	};
	char fifo[128];

	snprintf(fifo, sizeof(fifo), "%s/fifo", s->folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	alarm(10); // who opens it waits for a writer
	for (int i = 0; i < 3; i++) {
		snprintf(cases[i].path, sizeof(good.ca), "%s", fifo);
		expect_refused(s, cases[i].beginning,
			"/fifo must be a regular file of at most 65536 bytes");
		snprintf(cases[i].path, sizeof(good.ca), "%s", s->folder);
		expect_refused(
			s, cases[i].beginning, " must be a regular file of at most 65536 bytes");
		snprintf(cases[i].path, sizeof(good.ca), "%.64s/nothing", s->folder);
		expect_refused(s, cases[i].beginning,
			"/nothing cannot be read: No such file or directory");
		s->config = good;
	}
	alarm(0);
}

// All of security.ca are believed; what is half a certificate is not passed over.
static void tls_init__two_authorities(void **state)
{
	struct stage *s = *state;
	char error[PKI_ERROR_SIZE], folder[128], command[1024];
	struct pki_want want = {.folder = folder,
		.name = "theirs",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct pki_certificate made;

	snprintf(folder, sizeof(folder), "%s/theirs", s->folder);
	assert_int_equal(pki_init(&want, &made, error), 0);
	snprintf(command, sizeof(command), "cat %s/ca.crt %s/ca.crt >%s", folder, s->folder,
		s->config.ca);
	assert_int_equal(folder_run(command), 0);
	assert_int_equal(tls_reload(&s->tls, error, sizeof(error)), 0);
	assert_int_equal(s->tls.authorities, 2);
	snprintf(command, sizeof(command), "head -c 900 %s >%s/half && cp %s/half %s", s->config.ca,
		s->folder, s->folder, s->config.ca);
	assert_int_equal(folder_run(command), 0);
	expect_refused(s, "security.ca: ", " holds something that is no certificate in PEM form: ");
}

// Why the files as they are now are not used is known until they are.
static void identity_reload__keeps_the_reason(void **state)
{
	struct stage *s = *state;
	struct own_identity identity = {.tls = s->tls};
	char away[CONFIG_ERROR_SIZE];

	identity_reload(&identity);
	assert_string_equal(identity.error, "");
	snprintf(away, sizeof(away), "%s/away", s->folder);
	assert_int_equal(rename(s->config.certificate, away), 0);
	identity_reload(&identity);
	assert_non_null(strstr(identity.error, "/node.crt cannot be read: No such file or "));
	assert_non_null(identity.tls.context);
	assert_int_equal(rename(away, s->config.certificate), 0);
	identity_reload(&identity);
	assert_string_equal(identity.error, "");
	s->tls = identity.tls; // its context is another now
}

// A node dials and is dialled.
static void tls_init__purpose(void **state)
{
	static const char *const usages[] = {"clientAuth", "serverAuth", "emailProtection"};
	struct stage *s = *state;
	char error[CONFIG_ERROR_SIZE];

	for (int i = 0; i < 3; i++) {
		extend(s, X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, usages[i]));
		expect_refused(s, "security.certificate: ",
			"/a/node.crt, or its authority, may not be used at both ends of TLS "
			"(extended key usage: serverAuth and clientAuth are wanted); sluice pki "
			"issue a makes one");
	}
	extend(s, X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "clientAuth,serverAuth"));
	assert_int_equal(tls_reload(&s->tls, error, sizeof(error)), 0);
}

// Our authority signed it, and yet nobody takes it: that is what is said.
static void tls_init__unheard_of_extension(void **state)
{
	struct stage *s = *state;
	ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(bytes, (const uint8_t *)"\x05", 2); // NULL
	extend(s, X509_EXTENSION_create_by_OBJ(NULL, object, 1, bytes));
	expect_refused(s, "security.certificate: every peer would refuse ",
		"/a/node.crt: unhandled critical extension");
	ASN1_OCTET_STRING_free(bytes);
	ASN1_OBJECT_free(object);
}

static void tls_init__not_of_our_authority(void **state)
{
	struct stage *s = *state;
	char error[PKI_ERROR_SIZE], folder[128];
	struct pki_want want = {.folder = folder,
		.name = "theirs",
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + 3600};
	struct pki_certificate made;

	snprintf(folder, sizeof(folder), "%s/theirs", s->folder);
	assert_int_equal(pki_init(&want, &made, error), 0);
	snprintf(s->config.ca, sizeof(s->config.ca), "%s/ca.crt", folder);
	expect_refused(s, "security.certificate: ", "/a/node.crt is not signed by security.ca ");
}

static void tls_init__hybrid(void **state)
{
	struct stage *s = *state;
	bool here = OPENSSL_version_major() > 3 || OPENSSL_version_minor() >= 5;
	char error[CONFIG_ERROR_SIZE];

	assert_int_equal(s->tls.hybrid, here);
	s->config.pq = CONFIG_PQ_OFF;
	assert_int_equal(tls_reload(&s->tls, error, sizeof(error)), 0);
	assert_false(s->tls.hybrid);
	s->config.pq = CONFIG_PQ_REQUIRE;
	assert_int_equal(tls_reload(&s->tls, error, sizeof(error)), here ? 0 : -1);
	if (!here)
		assert_non_null(strstr(error, "has no X25519MLKEM768 (3.5 or newer has); write pq: "
					      "prefer or off"));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(tls_init__anothers_files),
		STORY(tls_init__no_regular_file),
		STORY(tls_init__two_authorities),
		STORY(identity_reload__keeps_the_reason),
		STORY(tls_init__purpose),
		STORY(tls_init__unheard_of_extension),
		STORY(tls_init__not_of_our_authority),
		STORY(tls_init__hybrid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
