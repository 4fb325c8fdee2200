// TLS on one connection: handshake, records, and the secrets that both ends share. Nothing blocks,
// and nothing of a peer is believed before the handshake has ended.
//
// A process that uses it ignores SIGPIPE.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/net/tls.h"

#define TLS_SECRET_SIZE  32
#define TLS_SESSION_SIZE 40 // bytes of ours: beside OpenSSL's, and the peer's name

struct tls_session;

enum tls_end { TLS_LISTENS, TLS_DIALS };
enum tls_step { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_FAILED };

// `fd` stays the caller's. `peer`: who must answer (borrowed); NULL: any node of our authorities.
// NULL: out of memory.
struct tls_session *tls_session_new(
	const struct tls *tls, int fd, enum tls_end end, const char *peer);
void tls_session_free(struct tls_session *session); // NULL is legal

// TLS_DONE: both certificates were verified, as far as this end can know: the end that dialled
// hears of the other's refusal when it reads. TLS_FAILED: tls_session_error says why.
enum tls_step tls_session_handshake(struct tls_session *session);
// As recv and send: -1 with errno EAGAIN, or EPROTO and tls_session_error; reading 0: closed.
// A send that was not taken whole goes on with the same bytes.
ssize_t tls_session_read(struct tls_session *session, void *buffer, size_t size);
ssize_t tls_session_write(struct tls_session *session, const void *buffer, size_t size);
// Bytes wait that the socket does not know of.
bool tls_session_pending(const struct tls_session *session);

const char *tls_session_error(const struct tls_session *session);
// After the handshake: the node of the peer's certificate, and the group of the key exchange.
const char *tls_session_peer(const struct tls_session *session);
// When it ends, in Unix seconds: the certificate, or one of those above it.
int64_t tls_session_not_after(const struct tls_session *session);
const char *tls_session_group(const struct tls_session *session);

// The exporter (RFC 8446, 7.5) of this connection: the same at both ends for the same context, and
// known to nobody else. 0 or -1.
int tls_session_secret(struct tls_session *session, const char *label, const uint8_t *context,
	size_t context_size, uint8_t secret[TLS_SECRET_SIZE]);
