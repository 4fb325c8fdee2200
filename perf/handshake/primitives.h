// The limit of handshakes: what of OpenSSL's arithmetic one cannot do without, and nothing around.
#pragma once

#include <stdbool.h>

struct primitives;

// `group`: of the key exchange; `algorithm`: of the certificates' keys; NULL: the exchange alone.
// NULL: this OpenSSL has them not.
struct primitives *primitives_new(const char *group, const char *algorithm);
void primitives_free(struct primitives *primitives); // NULL is legal
// Both ends of one key exchange.
bool primitives_exchange(struct primitives *primitives);
// What a mutual handshake of TLS 1.3 signs and verifies, both ends: two signatures; two of them
// verified, and two certificates.
bool primitives_authenticate(struct primitives *primitives);
