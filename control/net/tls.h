// Who this node is to its peers: its certificate, its key and the authority it believes, as TLS 1.3
// needs them. They may be replaced while connections are open; new connections use the new ones
// (peers_renew).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "control/config.h"
#include "control/pki/pki.h"

#define TLS_GROUP_HYBRID "X25519MLKEM768"

enum tls_authorities {
	TLS_AUTHORITIES_MAX = 8
}; // that are told of; all of security.ca are believed

struct ssl_ctx_st; // OpenSSL's SSL_CTX

struct tls {
	struct ssl_ctx_st *context; // NULL: no TLS, connections are plain
	const struct config_security *config;
	const char *node;
	struct pki_certificate certificate;                    // ours
	struct pki_certificate authority[TLS_AUTHORITIES_MAX]; // that we believe
	uint32_t authorities;
	bool hybrid;          // TLS_GROUP_HYBRID is offered
	struct stat files[3]; // as they were read, or tried last
};

// Reads what `config` names (borrowed, like `node`); nothing when it names nothing. 0, or -1 with a
// sentence in `error`.
int tls_init(struct tls *tls, const struct config_security *config, const char *node, char *error,
	size_t error_size);
// Are the files others than those read or tried last?
bool tls_changed(const struct tls *tls);
// Reads them again. On -1 what was read before stays in use.
int tls_reload(struct tls *tls, char *error, size_t error_size);
void tls_fini(struct tls *tls);
