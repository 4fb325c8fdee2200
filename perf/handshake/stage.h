// Two nodes of one authority, as their control processes are: certificates, TLS, a socket between.
#pragma once

#include "control/net/tls_session.h"

struct stage {
	struct config_security config[2];
	struct tls tls[2]; // 0 dials
	int fd[2];
	struct tls_session *session[2]; // NULL: hung up
};

// Makes the certificates in a folder that is gone again when it returns. NULL with a sentence on
// the standard error.
struct stage *stage_new(enum pki_algorithm algorithm, enum config_pq pq);
void stage_free(struct stage *stage); // NULL is legal
// A full handshake; both connections are then open and know whose they are. False: it failed, and
// nothing is open.
bool stage_shake(struct stage *stage);
void stage_hang_up(struct stage *stage);
// Does this OpenSSL have the algorithm or group?
bool stage_has(const char *algorithm);
