// The cluster's certificates: what is made verifies, is nobody else's to read, replaces nothing
// unasked, and what is no certificate gets a sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/pki/x509.h"
#include "tests/unit/control/pki/folder.h"

#define NOW 1800000000

static struct pki_want want(const char *folder, const char *name)
{
	return (struct pki_want){
		.folder = folder, .name = name, .not_before = NOW, .not_after = NOW + 86400};
}

static int setup(void **state)
{
	struct pki_want authority;
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	*state = folder_new();
	authority = want(*state, "cluster-1");
	authority.not_after = NOW + 864000;
	assert_int_equal(pki_init(&authority, &made, error), 0);
	assert_true(made.authority);
	assert_string_equal(made.subject, "cluster-1");
	assert_string_equal(made.node, "");
	return 0;
}

static int teardown(void **state)
{
	folder_free(*state);
	return 0;
}

// The first of a file, or -1.
static int read_first(const char *file, struct pki_certificate *first, char *error)
{
	struct pki_certificate *all;

	if (pki_read(file, &all, error) < 1)
		return -1;
	*first = all[0];
	free(all);
	return 0;
}

static mode_t mode(const char *folder, const char *file)
{
	char path[PKI_PATH_SIZE];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 0777;
}

static void pki_issue__verifies(void **state)
{
	struct pki_want node = want(*state, "node_7.rack-2");
	struct pki_certificate made, read;
	char error[PKI_ERROR_SIZE], path[PKI_PATH_SIZE];
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509 *ca, *certificate;
	EVP_PKEY *key;

	assert_int_equal(pki_issue(&node, &made, error), 0);
	assert_string_equal(made.node, "node_7.rack-2");
	assert_string_equal(made.issuer, "cluster-1");
	assert_string_equal(made.algorithm, "ed25519");
	assert_int_equal(strlen(made.serial), 32);
	assert_false(made.authority);
	assert_true(made.not_before == NOW && made.not_after == NOW + 86400);
	snprintf(path, sizeof(path), "%s/node_7.rack-2/node.crt", (char *)*state);
	assert_int_equal(read_first(path, &read, error), 0);
	assert_memory_equal(&read, &made, sizeof(read));
	certificate = x509_read_certificate(path, error);
	snprintf(path, sizeof(path), "%s/node_7.rack-2/ca.crt", (char *)*state);
	ca = x509_read_certificate(path, error);
	snprintf(path, sizeof(path), "%s/node_7.rack-2/node.key", (char *)*state);
	key = x509_read_key(path, error);
	assert_true(ca && certificate && key);
	assert_int_equal(X509_check_private_key(certificate, key), 1);
	X509_STORE_add_cert(store, ca);
	X509_STORE_CTX_init(context, store, certificate, NULL);
	X509_STORE_CTX_set_time(context, 0, NOW + 10);
	X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT);
	assert_int_equal(X509_verify_cert(context), 1);
	X509_STORE_CTX_cleanup(context);
	X509_STORE_CTX_init(context, store, certificate, NULL);
	X509_STORE_CTX_set_time(context, 0, NOW + 86401);
	assert_int_equal(X509_verify_cert(context), 0);
	assert_int_equal(X509_STORE_CTX_get_error(context), X509_V_ERR_CERT_HAS_EXPIRED);
	EVP_PKEY_free(key);
	X509_free(ca);
	X509_free(certificate);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
}

static void pki_issue__is_nobody_elses(void **state)
{
	static const char *const files[] = {
		"ca.crt", "ca.key", "a/ca.crt", "a/node.crt", "a/node.key"};
	struct pki_want node = want(*state, "a");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE], wanted[PKI_ERROR_SIZE], key[PKI_PATH_SIZE];

	umask(0);
	assert_int_equal(pki_issue(&node, &made, error), 0);
	umask(022);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(mode(*state, files[i]), 0600);
	assert_int_equal(mode(*state, "a"), 0700);
	snprintf(key, sizeof(key), "%s/ca.key", (char *)*state);
	chmod(key, 0640);
	node.name = "b";
	assert_int_equal(pki_issue(&node, &made, error), -1);
	snprintf(wanted, sizeof(wanted),
		"%s is a private key that others may read (mode 640); chmod 600 it", key);
	assert_string_equal(error, wanted);
}

static void pki_init__open_folder(void **state)
{
	struct pki_want authority = want(*state, "c");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	authority.replace = true;
	chmod(*state, 0755);
	assert_int_equal(pki_init(&authority, &made, error), -1);
	assert_non_null(strstr(error, "(mode 755), where private keys go; chmod 700 it"));
	authority.folder = "/dev/null";
	assert_int_equal(pki_init(&authority, &made, error), -1);
	assert_string_equal(error, "/dev/null is not a folder");
	authority.folder = "/proc/nonexistent/pki";
	assert_int_equal(pki_init(&authority, &made, error), -1);
	assert_string_equal(error,
		"the folder /proc/nonexistent/pki cannot be made: No such file or directory");
}

// On a machine that has no /etc/sluice yet.
static void pki_init__makes_the_folders_above(void **state)
{
	char folder[128], error[PKI_ERROR_SIZE];
	struct pki_want authority = want(folder, "c");
	struct pki_certificate made;

	umask(022);
	snprintf(folder, sizeof(folder), "%s/etc/sluice/pki", (char *)*state);
	assert_int_equal(pki_init(&authority, &made, error), 0);
	assert_int_equal(mode(*state, "etc/sluice"), 0755);
	assert_int_equal(mode(*state, "etc/sluice/pki"), 0700);
	assert_int_equal(mode(*state, "etc/sluice/pki/ca.key"), 0600);
}

static void pki__replaces_nothing_unasked(void **state)
{
	struct pki_want node = want(*state, "a"), authority = want(*state, "x");
	struct pki_certificate first, again, read;
	char error[PKI_ERROR_SIZE], path[PKI_PATH_SIZE];

	assert_int_equal(pki_issue(&node, &first, error), 0);
	assert_int_equal(pki_issue(&node, &again, error), -1);
	assert_non_null(strstr(error, "/a/node.key exists; --replace makes it anew"));
	assert_int_equal(pki_init(&authority, &again, error), -1);
	assert_non_null(strstr(error, "/ca.key exists; --replace makes it anew"));
	snprintf(path, sizeof(path), "%s/a/node.crt", (char *)*state);
	assert_int_equal(read_first(path, &read, error), 0);
	assert_memory_equal(&read, &first, sizeof(read));
	node.replace = true;
	assert_int_equal(pki_issue(&node, &again, error), 0);
	assert_string_not_equal(again.serial, first.serial);
	assert_string_not_equal(again.sha256, first.sha256);
	assert_int_equal(mode(*state, "a/node.key"), 0600);
}

static void pki_issue__refused(void **state)
{
	struct pki_want node = want(*state, "../../etc");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE], path[PKI_PATH_SIZE];

	assert_int_equal(pki_issue(&node, &made, error), -1);
	assert_string_equal(error, "the node's name: '../../etc' is not a name of 1 to 63 letters, "
				   "digits, '.', '_' or '-', with a letter or digit in front");
	node.name = "a";
	node.folder = "/nonexistent";
	assert_int_equal(pki_issue(&node, &made, error), -1);
	assert_string_equal(error, "/nonexistent/ca.crt cannot be read: No such file or directory; "
				   "sluice pki init makes one");
	node.folder = *state;
	node.not_before = NOW + 864000; // the day the authority ends
	node.not_after = node.not_before + 1;
	assert_int_equal(pki_issue(&node, &made, error), -1);
	assert_non_null(strstr(error, "has expired, 2027-01-25 08:00 UTC; sluice pki init"));
	// A node's own folder is no authority.
	node = want(*state, "a");
	assert_int_equal(pki_issue(&node, &made, error), 0);
	snprintf(path, sizeof(path), "cd %s && cp a/node.crt ca.crt && cp a/node.key ca.key",
		(char *)*state);
	assert_int_equal(folder_run(path), 0);
	node.name = "b";
	assert_int_equal(pki_issue(&node, &made, error), -1);
	assert_non_null(strstr(error, "/ca.crt is not an authority's"));
}

static void pki_issue__ends_with_its_authority(void **state)
{
	struct pki_want node = want(*state, "a");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	node.not_after = NOW + 10 * 864000;
	assert_int_equal(pki_issue(&node, &made, error), 0);
	assert_true(made.not_after == NOW + 864000);
}

// Either it works (OpenSSL 3.5) or it says what would.
static void pki_issue__ml_dsa(void **state)
{
	struct pki_want node = want(*state, "a");
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	node.algorithm = PKI_ML_DSA_65;
	if (OPENSSL_version_major() > 3 || OPENSSL_version_minor() >= 5) {
		assert_int_equal(pki_issue(&node, &made, error), 0);
		assert_string_equal(made.algorithm, "ml-dsa-65");
		return;
	}
	assert_int_equal(pki_issue(&node, &made, error), -1);
	assert_non_null(
		strstr(error, "has no ML-DSA-65 (3.5 or newer has); take --algorithm ed25519"));
}

static void pki_read__garbage(void **state)
{
	struct pki_want node = want(*state, "a");
	struct pki_certificate made, read;
	char error[PKI_ERROR_SIZE], path[PKI_PATH_SIZE], text[4096];
	size_t size;
	FILE *file;

	assert_int_equal(pki_issue(&node, &made, error), 0);
	snprintf(path, sizeof(path), "%s/a/node.crt", (char *)*state);
	file = fopen(path, "r");
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_int_equal(read_first("/dev/null", &read, error), -1);
	assert_string_equal(error, "/dev/null must be a regular file of at most 65536 bytes");
	// Cut anywhere before its last line, it is none; the line's end may be missing.
	for (size_t cut = 0; cut + 20 < size; cut += 7) {
		file = fopen(path, "w");
		fwrite(text, 1, cut, file);
		fclose(file);
		assert_int_equal(read_first(path, &read, error), -1);
		assert_non_null(strstr(error, "/a/node.crt holds no certificate in PEM form: "));
	}
}

// One dNSName, exactly a name.
static void x509_node__one_name(void **state)
{
	static const struct {
		const char *san, *node;
	} cases[] = {
		{"DNS:a", "a"},
		{"DNS:Node-1.x_y, email:root@localhost", "Node-1.x_y"},
		{"DNS:a, DNS:b", NULL},
		{"DNS:*.example", NULL},
		{"DNS:*", NULL},
		{"IP:127.0.0.1", NULL},
		{"URI:sluice:a", NULL},
		{"DNS:a b", NULL},
		{"DNS:.", NULL},
		{"DNS:a/../b", NULL},
		{"DNS:0123456789012345678901234567890123456789012345678901234567890123", NULL},
	};
	char node[NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *x509 = X509_new();
		X509_EXTENSION *san =
			X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, cases[i].san);

		assert_non_null(san);
		X509_add_ext(x509, san, -1);
		assert_int_equal(x509_node(x509, node), cases[i].node != NULL);
		if (cases[i].node)
			assert_string_equal(node, cases[i].node);
		X509_EXTENSION_free(san);
		X509_free(x509);
	}
}

// "a" in front of a zero byte is another name.
static void x509_node__zero_inside(void **state)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	X509 *x509 = X509_new();
	char node[NAME_SIZE];

	(void)state;
	ASN1_STRING_set(text, "a\0b", 3);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, name);
	X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0);
	assert_false(x509_node(x509, node));
	GENERAL_NAMES_free(names);
	X509_free(x509);
}

static void pki_age__by_its_life(void **state)
{
	const int64_t day = 86400;
	struct pki_certificate year = {.not_before = NOW, .not_after = NOW + 365 * day};
	struct pki_certificate hours = {.not_before = NOW, .not_after = NOW + 4 * 3600};

	(void)state;
	assert_int_equal(pki_age(&year, NOW - 1), PKI_NOT_YET);
	assert_int_equal(pki_age(&year, NOW), PKI_GOOD);
	assert_int_equal(pki_age(&year, NOW + 335 * day), PKI_GOOD);
	assert_int_equal(pki_age(&year, NOW + 335 * day + 1), PKI_EXPIRING);
	assert_int_equal(pki_age(&year, NOW + 365 * day - 1), PKI_EXPIRING);
	assert_int_equal(pki_age(&year, NOW + 365 * day), PKI_EXPIRED);
	assert_int_equal(pki_age(&hours, NOW + 2 * 3600), PKI_GOOD);
	assert_int_equal(pki_age(&hours, NOW + 3 * 3600 + 1), PKI_EXPIRING);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(pki_issue__verifies),
		STORY(pki_issue__is_nobody_elses),
		STORY(pki_init__open_folder),
		STORY(pki_init__makes_the_folders_above),
		STORY(pki__replaces_nothing_unasked),
		STORY(pki_issue__refused),
		STORY(pki_issue__ends_with_its_authority),
		STORY(pki_issue__ml_dsa),
		STORY(pki_read__garbage),
		cmocka_unit_test(x509_node__one_name),
		cmocka_unit_test(x509_node__zero_inside),
		cmocka_unit_test(pki_age__by_its_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
