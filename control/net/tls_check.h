// Would the peers of a node believe what it has read?
#pragma once

#include "control/net/tls.h"

// The certificate in `context` is this node's, and a peer that believes our authority believes it,
// whoever dials. 0, or -1 with a sentence in `error`. But for the time, which passes: an expired
// certificate is told of, and replaced while we run.
int tls_check(const struct tls *tls, struct ssl_ctx_st *context, char *error, size_t error_size);
