// TLS on one connection, over OpenSSL: what it says is turned into sentences that say what to do.
#include "control/net/tls_session.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/pki/x509.h"

struct tls_session {
	SSL *ssl;
	const char *wanted; // NULL: whoever the authority knows
	char *peer;         // of its certificate; NULL: it is not verified
	int64_t not_after;  // Unix seconds, of the peer's chain: the first end in it
	char *error;        // NULL: nothing is wrong. Most sessions never need the room
};

_Static_assert(sizeof(struct tls_session) <= TLS_SESSION_SIZE, "pooled connections are many");

// ---- why ----

static void session_say(struct tls_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// The first reason is the reason.
static void session_say(struct tls_session *session, const char *format, ...)
{
	va_list arguments;

	if (session->error)
		return;
	session->error = malloc(REASON_SIZE);
	if (!session->error)
		return;
	va_start(arguments, format);
	vsnprintf(session->error, REASON_SIZE, format, arguments);
	va_end(arguments);
}

// What is wrong with the certificate that the peer showed.
static void session_say_certificate(struct tls_session *session, X509_STORE_CTX *check)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(check);
	int depth = X509_STORE_CTX_get_error_depth(check);
	int error = X509_STORE_CTX_get_error(check);
	struct pki_certificate said = {0};
	char when[PKI_TIME_SIZE], whose[NAME_SIZE + 32];

	if (certificate)
		x509_describe(certificate, &said);
	snprintf(whose, sizeof(whose), "its %s '%.40s'", depth == 0 ? "certificate" : "authority",
		said.node[0] ? said.node : said.subject);
	if (error == X509_V_ERR_CERT_HAS_EXPIRED)
		session_say(session, "%s expired %s", whose, pki_time_text(when, said.not_after));
	else if (error == X509_V_ERR_CERT_NOT_YET_VALID)
		session_say(session, "%s is valid from %s; look at both clocks", whose,
			pki_time_text(when, said.not_before));
	else if (x509_is_of_another_authority(error))
		session_say(session,
			"its certificate is of another authority ('%.40s') than our security.ca",
			said.issuer);
	else
		session_say(
			session, "%s is refused: %s", whose, X509_verify_cert_error_string(error));
	// TLS has one alert for both; OpenSSL sends it for one of them only (RFC 8446, 6.2).
	if (error == X509_V_ERR_CERT_NOT_YET_VALID)
		X509_STORE_CTX_set_error(check, X509_V_ERR_CERT_HAS_EXPIRED);
}

// What OpenSSL complains about: mostly an alert, the other end's last word.
static void session_say_openssl(struct tls_session *session)
{
	static const struct {
		int reason;
		const char *sentence;
	} sentences[] = {
		{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
			"it says that our certificate has expired, or is not valid yet"},
		{SSL_R_TLSV1_ALERT_UNKNOWN_CA, "it says that our certificate is of another "
					       "authority than its security.ca"},
		{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
			"it says that our certificate is not the one of this node's name, or is "
			"bad; its log says which"},
		{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
			"it says that our certificate may not be used at this end of TLS"},
		{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "it says that we showed no certificate"},
		{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "it showed no certificate"},
		{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "it does not speak TLS 1.3"},
		{SSL_R_UNSUPPORTED_PROTOCOL, "it does not speak TLS 1.3"},
		{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
			"no key exchange suits both ends; compare their security.pq"},
		{SSL_R_NO_SUITABLE_KEY_SHARE,
			"no key exchange suits both ends; compare their security.pq"},
		{SSL_R_WRONG_VERSION_NUMBER,
			"it does not speak TLS; give it a certificate (security.ca)"},
		{SSL_R_PACKET_LENGTH_TOO_LONG,
			"it does not speak TLS; give it a certificate (security.ca)"},
	};
	unsigned long code = ERR_peek_error();
	char why[120];

	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == sentences[i].reason)
			session_say(session, "%s", sentences[i].sentence);
	session_say(session, "TLS failed: %s", x509_openssl_error(why, sizeof(why)));
	ERR_clear_error();
}

// ---- who ----

static bool session_name(struct tls_session *session, const char *name)
{
	free(session->peer);
	session->peer = strdup(name);
	return session->peer;
}

// OpenSSL asks for each certificate of the chain; depth 0 is the peer's own.
static int session_on_certificate(int good, X509_STORE_CTX *check)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *session = SSL_get_app_data(ssl);
	X509 *certificate = X509_STORE_CTX_get_current_cert(check);
	char name[NAME_SIZE];

	if (!good) {
		session_say_certificate(session, check);
		return 0;
	}
	if (X509_STORE_CTX_get_error_depth(check) > 0)
		return 1;
	if (!x509_node(certificate, name))
		session_say(session, "its certificate names no node, or several");
	else if (session->wanted && strcmp(name, session->wanted) != 0)
		session_say(session, "its certificate is for node '%.40s', not for node '%.40s'",
			name, session->wanted);
	else if (session_name(session, name))
		return 1;
	X509_STORE_CTX_set_error(check, X509_V_ERR_HOSTNAME_MISMATCH);
	return 0;
}

struct tls_session *tls_session_new(
	const struct tls *tls, int fd, enum tls_end end, const char *peer)
{
	struct tls_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->ssl = SSL_new(tls->context);
	session->wanted = peer;
	if (!session->ssl || SSL_set_fd(session->ssl, fd) != 1) {
		tls_session_free(session);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_app_data(session->ssl, session);
	SSL_set_verify(session->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
		session_on_certificate);
	if (end == TLS_DIALS)
		SSL_set_connect_state(session->ssl);
	else
		SSL_set_accept_state(session->ssl);
	return session;
}

void tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	free(session->error);
	free(session->peer);
	free(session);
}

// ---- bytes ----

// What an operation that did not succeed wants.
static enum tls_step session_step(struct tls_session *session, int result)
{
	int saved = errno;

	switch (SSL_get_error(session->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		session_say(session, "the connection was closed by the other side");
		return TLS_FAILED;
	case SSL_ERROR_SYSCALL:
		session_say(session, "%s",
			saved ? strerror(saved) : "the connection was closed by the other side");
		ERR_clear_error();
		return TLS_FAILED;
	default:
		session_say_openssl(session);
		return TLS_FAILED;
	}
}

static int64_t session_chain_end(const struct tls_session *session)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(session->ssl);
	int64_t end = INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		struct pki_certificate said;

		x509_describe(sk_X509_value(chain, i), &said);
		end = said.not_after < end ? said.not_after : end;
	}
	return end;
}

enum tls_step tls_session_handshake(struct tls_session *session)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(session->ssl);
	if (result != 1)
		return session_step(session, result);
	session->not_after = session_chain_end(session);
	return TLS_DONE;
}

ssize_t tls_session_read(struct tls_session *session, void *buffer, size_t size)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_read(session->ssl, buffer, size > INT_MAX ? INT_MAX : (int)size);
	if (result > 0)
		return result;
	if (SSL_get_error(session->ssl, result) == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = session_step(session, result) == TLS_FAILED ? EPROTO : EAGAIN;
	return -1;
}

ssize_t tls_session_write(struct tls_session *session, const void *buffer, size_t size)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_write(session->ssl, buffer, size > INT_MAX ? INT_MAX : (int)size);
	if (result > 0)
		return result;
	errno = session_step(session, result) == TLS_FAILED ? EPROTO : EAGAIN;
	return -1;
}

bool tls_session_pending(const struct tls_session *session)
{
	return SSL_pending(session->ssl) > 0;
}

// ---- what it agreed on ----

const char *tls_session_error(const struct tls_session *session)
{
	return session->error ? session->error : "TLS failed";
}

const char *tls_session_peer(const struct tls_session *session)
{
	return session->peer ? session->peer : "";
}

int64_t tls_session_not_after(const struct tls_session *session)
{
	return session->not_after;
}

const char *tls_session_group(const struct tls_session *session)
{
	const char *name = SSL_group_to_name(session->ssl, SSL_get_negotiated_group(session->ssl));

	return name ? name : "unknown";
}

int tls_session_secret(struct tls_session *session, const char *label, const uint8_t *context,
	size_t context_size, uint8_t secret[TLS_SECRET_SIZE])
{
	return SSL_export_keying_material(session->ssl, secret, TLS_SECRET_SIZE, label,
		       strlen(label), context, context_size, 1) == 1
		       ? 0
		       : -1;
}
