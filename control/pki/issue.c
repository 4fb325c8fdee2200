// Makes an authority, and certificates that it signs.
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "control/cluster/keyring/keys.h"
#include "control/pki/files.h"
#include "control/pki/folder.h"
#include "control/pki/owner.h"
#include "control/pki/x509.h"
#include "lib/ipc/setup.h"

#define AUTHORITY_KEY "ca.key"

struct issue_extension {
	int nid;
	const char *value;
};

static const struct issue_extension authority_extensions[] = {
	{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
	{NID_key_usage, "critical,keyCertSign,cRLSign"},
	{NID_subject_key_identifier, "hash"},
	{0},
};

static const struct issue_extension node_extensions[] = {
	{NID_basic_constraints, "critical,CA:FALSE"},
	{NID_key_usage, "critical,digitalSignature"},
	{NID_ext_key_usage, "serverAuth,clientAuth"}, // a control process is both
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid:always"},
	{0},
};

static EVP_PKEY *issue_key(enum pki_algorithm algorithm, char *error)
{
	static const char *const types[] = {"ED25519", "ML-DSA-65"};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, types[algorithm]);
	char why[160];

	if (key)
		return key;
	x509_openssl_error(why, sizeof(why));
	if (algorithm == PKI_ML_DSA_65)
		snprintf(error, PKI_ERROR_SIZE,
			"this machine's %s has no ML-DSA-65 (3.5 or newer has); take --algorithm "
			"ed25519",
			OpenSSL_version(OPENSSL_VERSION));
	else
		snprintf(error, PKI_ERROR_SIZE, "no key can be made: %s", why);
	return NULL;
}

static bool issue_extend(X509 *certificate, X509 *issuer, const struct issue_extension *extension)
{
	X509V3_CTX context;
	X509_EXTENSION *made;
	bool added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	made = X509V3_EXT_conf_nid(NULL, &context, extension->nid, extension->value);
	added = made && X509_add_ext(certificate, made, -1) == 1;
	X509_EXTENSION_free(made);
	return added;
}

// Random, so that two authorities or two rounds never give the same one.
static bool issue_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	bool set = number && BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));

	BN_free(number);
	return set;
}

static bool issue_name(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_txt(
		       name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1;
}

// Unsigned. `issuer` NULL: its own.
static X509 *issue_certificate(const struct pki_want *want, EVP_PKEY *key, X509 *issuer)
{
	const struct issue_extension *extension = issuer ? node_extensions : authority_extensions;
	X509 *certificate = X509_new();
	char san[NAME_SIZE + 8];
	struct issue_extension name = {NID_subject_alt_name, san};
	X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
	bool good = certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
		    issue_serial(certificate) && issue_name(subject, want->name) &&
		    X509_set_issuer_name(
			    certificate, issuer ? X509_get_subject_name(issuer) : subject) == 1 &&
		    X509_set_pubkey(certificate, key) == 1 &&
		    ASN1_TIME_set(X509_getm_notBefore(certificate), want->not_before) &&
		    ASN1_TIME_set(X509_getm_notAfter(certificate), want->not_after);

	// A name has no characters that mean something here: setup_name saw to it.
	snprintf(san, sizeof(san), "DNS:%s", want->name);
	for (; good && extension->nid; extension++)
		good = issue_extend(certificate, issuer ? issuer : certificate, extension);
	if (good && issuer)
		good = issue_extend(certificate, issuer, &name);
	if (good)
		return certificate;
	X509_free(certificate);
	return NULL;
}

// NULL: none.
static bool issue_write_all(BIO *text, STACK_OF(X509) * certificates)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		if (PEM_write_bio_X509(text, sk_X509_value(certificates, i)) != 1)
			return false;
	return true;
}

// Who signs. An authority that is being made: all NULL.
struct issuer {
	STACK_OF(X509) * authorities; // of the file: whom the node is to believe
	X509 *certificate;            // the one of them that signs; borrowed from there
	EVP_PKEY *key;
	struct keys keys; // of the cluster's datagrams
};

// Writes them together, and the authorities' and the cluster's keys beside a node's: the
// certificate last, so that whoever sees it finds its key.
static int issue_write(const char *folder, X509 *certificate, EVP_PKEY *key,
	const struct issuer *issuer, bool replace, char *error)
{
	BIO *key_text = BIO_new(BIO_s_secmem()); // wiped when it is freed
	BIO *text = BIO_new(BIO_s_mem()), *authorities_text = BIO_new(BIO_s_mem());
	BIO *keys_file = BIO_new(BIO_s_secmem());
	struct files_text node[] = {{PKI_KEY, key_text}, {PKI_AUTHORITY, authorities_text},
		{KEYS_FILE, keys_file}, {PKI_NODE, text}};
	struct files_text authority[] = {{AUTHORITY_KEY, key_text}, {PKI_AUTHORITY, text}};
	int result = -1;

	snprintf(error, PKI_ERROR_SIZE, "out of memory");
	if (key_text && text && authorities_text && keys_file &&
		keys_text(&issuer->keys, keys_file) == 0 &&
		PEM_write_bio_PKCS8PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		PEM_write_bio_X509(text, certificate) == 1 &&
		issue_write_all(authorities_text, issuer->authorities))
		result = issuer->authorities ? files_write(folder, node, 4, replace, error)
					     : files_write(folder, authority, 2, replace, error);
	BIO_free(keys_file);
	BIO_free(key_text);
	BIO_free(text);
	BIO_free(authorities_text);
	return result;
}

static void issuer_free(struct issuer *issuer)
{
	EVP_PKEY_free(issuer->key);
	sk_X509_pop_free(issuer->authorities, X509_free);
	keys_wipe(&issuer->keys);
	*issuer = (struct issuer){0};
}

// The folder, in which nothing is replaced unasked.
static int issue_folder(const char *folder, const struct issuer *issuer, bool replace, char *error)
{
	const char *const files[] = {issuer->key ? PKI_KEY : AUTHORITY_KEY, PKI_AUTHORITY,
		issuer->key ? PKI_NODE : NULL, issuer->key ? KEYS_FILE : NULL};
	int result = folder_make(folder, error);

	for (int i = 0; i < 4 && files[i] && result == 0; i++)
		result = folder_may_write(folder, files[i], replace, error);
	return result;
}

// Makes key and certificate and writes both. What cannot be made leaves no folder behind.
static int issue_pair(const struct pki_want *want, const char *folder, const struct issuer *issuer,
	struct pki_certificate *made, char *error)
{
	EVP_PKEY *key = issue_key(want->algorithm, error);
	X509 *certificate = key ? issue_certificate(want, key, issuer->certificate) : NULL;
	int result = -1;
	char why[160];

	if (key && (!certificate ||
			   X509_sign(certificate, issuer->key ? issuer->key : key, NULL) == 0))
		snprintf(error, PKI_ERROR_SIZE, "no certificate can be made: %s",
			x509_openssl_error(why, sizeof(why)));
	else if (key)
		result = issue_folder(folder, issuer, want->replace, error);
	if (result == 0)
		result = issue_write(folder, certificate, key, issuer, want->replace, error);
	if (result == 0)
		x509_describe(certificate, made);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return result;
}

static int issue_check_name(const char *what, const char *name, char *error)
{
	char checked[NAME_SIZE], why[SETUP_WHY_SIZE];

	// No dot in front, no slash: it names a folder here.
	if (setup_name(checked, sizeof(checked), name, why))
		return 0;
	snprintf(error, PKI_ERROR_SIZE, "%s: %s", what, why);
	return -1;
}

int pki_init(const struct pki_want *want, struct pki_certificate *made, char *error)
{
	if (issue_check_name("the cluster's name", want->name, error) < 0)
		return -1;
	if (issue_pair(want, want->folder, &(struct issuer){0}, made, error) < 0)
		return -1;
	return keys_ensure(want->folder, error);
}

// Two lie in one file while one replaces the other: the one that the key fits signs.
static X509 *issuer_find(const struct issuer *issuer)
{
	X509 *found = NULL;

	for (int i = 0; !found && i < sk_X509_num(issuer->authorities); i++)
		if (X509_check_private_key(sk_X509_value(issuer->authorities, i), issuer->key) == 1)
			found = sk_X509_value(issuer->authorities, i);
	ERR_clear_error();
	return found;
}

static int issuer_read(const struct pki_want *want, struct issuer *issuer, char *error)
{
	char path[PKI_PATH_SIZE];

	if (folder_path(path, want->folder, PKI_AUTHORITY, error) < 0 ||
		owner_check_file(path, error) < 0)
		return -1;
	issuer->authorities = x509_read_certificates(path, error);
	if (!issuer->authorities)
		pki_say_init(path, error);
	if (!issuer->authorities || folder_path(path, want->folder, AUTHORITY_KEY, error) < 0)
		return -1;
	issuer->key = x509_read_key(path, error);
	if (!issuer->key)
		return -1;
	issuer->certificate = issuer_find(issuer);
	if (!issuer->certificate)
		snprintf(error, PKI_ERROR_SIZE,
			"%s is not the key of the " PKI_AUTHORITY " beside it", path);
	return issuer->certificate ? 0 : -1;
}

// Can it sign for as long as that?
static int issuer_check(
	const struct pki_want *want, const struct pki_certificate *told, char *error)
{
	char when[PKI_TIME_SIZE];

	if (told->authority && told->not_after > want->not_before)
		return 0;
	if (!told->authority)
		snprintf(error, PKI_ERROR_SIZE, "%s/" PKI_AUTHORITY " is not an authority's",
			want->folder);
	else
		snprintf(error, PKI_ERROR_SIZE,
			"the authority in %s has expired, %s; sluice pki init --replace makes a "
			"new one, and then every node needs a new certificate",
			want->folder, pki_time_text(when, told->not_after));
	return -1;
}

// An authority from before there were keys gets some now.
static int issuer_read_keys(const char *folder, struct keys *keys, char *error)
{
	char path[PKI_PATH_SIZE];

	if (keys_ensure(folder, error) < 0 || folder_path(path, folder, KEYS_FILE, error) < 0)
		return -1;
	return keys_load(keys, path, error);
}

int pki_issue(const struct pki_want *want, struct pki_certificate *made, char *error)
{
	struct pki_certificate authority = {0};
	struct pki_want node = *want;
	struct issuer issuer = {0};
	char folder[PKI_PATH_SIZE];
	int result = -1;

	if (issue_check_name("the node's name", want->name, error) < 0 ||
		folder_path(folder, want->folder, want->name, error) < 0)
		return -1;
	if (issuer_read(want, &issuer, error) == 0) {
		x509_describe(issuer.certificate, &authority);
		result = issuer_check(want, &authority, error);
	}
	if (node.not_after > authority.not_after)
		node.not_after = authority.not_after;
	if (result == 0)
		result = issuer_read_keys(want->folder, &issuer.keys, error);
	if (result == 0)
		result = issue_pair(&node, folder, &issuer, made, error);
	issuer_free(&issuer);
	return result;
}
