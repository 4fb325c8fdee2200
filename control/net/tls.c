// Reads a node's certificates into an OpenSSL context, checked before they are used.
#include "control/net/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "control/net/tls_check.h"
#include "control/pki/owner.h"
#include "control/pki/x509.h"

enum tls_limits {
	TLS_CHAIN_DEPTH = 3,
	TLS_CHAIN_BYTES = 32 * 1024, // of a peer's certificates, before we know who it is
};

// TLS 1.3, both ends with a certificate, every connection by itself: no ticket, no resumption, so
// that no connection outlives a certificate by a session.
static SSL_CTX *context_new(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_method());

	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1) {
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify_depth(context, TLS_CHAIN_DEPTH);
	SSL_CTX_set_max_cert_list(context, TLS_CHAIN_BYTES);
	return context;
}

// The groups of the key exchange that `pq` wants, as far as this OpenSSL has them.
static int context_groups(struct tls *tls, SSL_CTX *context, char *error, size_t error_size)
{
	static const char classical[] = "X25519:P-256";
	static const char *const hybrid[] = {
		[CONFIG_PQ_PREFER] = TLS_GROUP_HYBRID ":X25519:P-256",
		[CONFIG_PQ_REQUIRE] = TLS_GROUP_HYBRID,
	};
	enum config_pq pq = tls->config->pq;

	tls->hybrid = pq != CONFIG_PQ_OFF && SSL_CTX_set1_groups_list(context, hybrid[pq]) == 1;
	ERR_clear_error();
	if (tls->hybrid)
		return 0;
	if (pq == CONFIG_PQ_REQUIRE) {
		snprintf(error, error_size,
			"security.pq: require: %s has no " TLS_GROUP_HYBRID
			" (3.5 or newer has); write pq: prefer or off",
			OpenSSL_version(OPENSSL_VERSION));
		return -1;
	}
	return SSL_CTX_set1_groups_list(context, classical) == 1 ? 0 : -1;
}

// Root reads anybody's files only for as long as it has capabilities: what it could not read again
// is refused at once.
static int context_check_owner(const char *key, const char *file, char *error, size_t error_size)
{
	char why[PKI_ERROR_SIZE];

	if (owner_check_file(file, why) == 0)
		return 0;
	snprintf(error, error_size, "%s: %s", key, why);
	return -1;
}

// The certificates of a file that we believe. NULL with a sentence.
static STACK_OF(X509) *
	context_read(const char *key, const char *file, char *error, size_t error_size)
{
	char why[PKI_ERROR_SIZE];
	STACK_OF(X509) *all = NULL;

	if (context_check_owner(key, file, error, error_size) < 0)
		return NULL;
	all = x509_read_certificates(file, why);
	if (!all)
		snprintf(error, error_size, "%s: %s", key, why);
	return all;
}

static int context_load_authorities(
	const struct tls *tls, SSL_CTX *context, char *error, size_t error_size)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	STACK_OF(X509) *all = context_read("security.ca", tls->config->ca, error, error_size);
	bool added = all;
	char why[160];

	for (int i = 0; added && i < sk_X509_num(all); i++)
		added = X509_STORE_add_cert(store, sk_X509_value(all, i)) == 1;
	if (all && !added)
		snprintf(error, error_size, "security.ca: %s cannot be used: %s", tls->config->ca,
			x509_openssl_error(why, sizeof(why)));
	sk_X509_pop_free(all, X509_free);
	return added ? 0 : -1;
}

// Ours in front, then those between it and its authority.
static int context_load_certificate(
	const struct tls *tls, SSL_CTX *context, char *error, size_t error_size)
{
	const char *file = tls->config->certificate;
	STACK_OF(X509) *all = context_read("security.certificate", file, error, error_size);
	X509 *own = all ? sk_X509_shift(all) : NULL;
	bool used = own && SSL_CTX_use_certificate(context, own) == 1 &&
		    SSL_CTX_set1_chain(context, all) == 1;
	char why[160];

	if (own && !used)
		snprintf(error, error_size, "security.certificate: %s cannot be used: %s", file,
			x509_openssl_error(why, sizeof(why)));
	X509_free(own);
	sk_X509_pop_free(all, X509_free);
	return used ? 0 : -1;
}

static int context_load(const struct tls *tls, SSL_CTX *context, char *error, size_t error_size)
{
	const struct config_security *config = tls->config;
	char read[PKI_ERROR_SIZE];
	EVP_PKEY *key;
	int loaded;

	if (context_load_authorities(tls, context, error, error_size) < 0 ||
		context_load_certificate(tls, context, error, error_size) < 0)
		return -1;
	key = x509_read_key(config->key, read);
	if (!key) {
		snprintf(error, error_size, "security.key: %s", read);
		return -1;
	}
	loaded = SSL_CTX_use_PrivateKey(context, key);
	EVP_PKEY_free(key);
	if (loaded == 1)
		return tls_check(tls, context, error, error_size);
	snprintf(error, error_size, "security.key: %s is not the key of security.certificate %s",
		config->key, config->certificate);
	ERR_clear_error();
	return -1;
}

// What there is now. A file that is missing has zeros.
static void files_look(const struct tls *tls, struct stat files[3])
{
	const char *paths[3] = {tls->config->ca, tls->config->certificate, tls->config->key};

	for (int i = 0; i < 3; i++)
		if (stat(paths[i], &files[i]) < 0)
			memset(&files[i], 0, sizeof(files[i]));
}

bool tls_changed(const struct tls *tls)
{
	struct stat now[3];

	if (!tls->context)
		return false;
	files_look(tls, now);
	for (int i = 0; i < 3; i++) {
		const struct stat *was = &tls->files[i];

		if (was->st_ino != now[i].st_ino || was->st_dev != now[i].st_dev ||
			was->st_size != now[i].st_size || was->st_mode != now[i].st_mode ||
			was->st_mtim.tv_sec != now[i].st_mtim.tv_sec ||
			was->st_mtim.tv_nsec != now[i].st_mtim.tv_nsec)
			return true;
	}
	return false;
}

// Whom this context believes, to be shown.
static void context_authorities(struct tls *tls, SSL_CTX *context)
{
	STACK_OF(X509) *all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context));

	tls->authorities = 0;
	for (int i = 0; i < sk_X509_num(all) && i < TLS_AUTHORITIES_MAX; i++)
		x509_describe(sk_X509_value(all, i), &tls->authority[tls->authorities++]);
	sk_X509_pop_free(all, X509_free);
}

int tls_reload(struct tls *tls, char *error, size_t error_size)
{
	SSL_CTX *context = context_new();

	files_look(tls, tls->files);
	snprintf(error, error_size, "OpenSSL gives no TLS 1.3");
	if (!context || context_groups(tls, context, error, error_size) < 0 ||
		context_load(tls, context, error, error_size) < 0) {
		SSL_CTX_free(context);
		return -1;
	}
	x509_describe(SSL_CTX_get0_certificate(context), &tls->certificate);
	context_authorities(tls, context);
	SSL_CTX_free(tls->context); // open connections keep theirs
	tls->context = context;
	error[0] = 0;
	return 0;
}

int tls_init(struct tls *tls, const struct config_security *config, const char *node, char *error,
	size_t error_size)
{
	*tls = (struct tls){.config = config, .node = node};
	error[0] = 0;
	return config->ca[0] ? tls_reload(tls, error, error_size) : 0;
}

void tls_fini(struct tls *tls)
{
	SSL_CTX_free(tls->context);
	tls->context = NULL;
}
