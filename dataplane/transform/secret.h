// What follows from a traffic secret: key, IV, and the secret after it. One way only.
#pragma once

#include <stdint.h>

#define SECRET_SIZE 32u

// HKDF-Expand (RFC 5869, SHA-256) with the information of TLS 1.3 (RFC 8446, section 7.1) but for
// its prefix "tls13 ": size as u16, length of the label as u8, label, u8 0. `label`: ASCII, at most
// 32 bytes; `size` <= 32. `out` may be `secret`. Does not allocate; leaves nothing of the secret
// behind.
void secret_expand(
	const uint8_t secret[SECRET_SIZE], const char *label, uint8_t *out, uint8_t size);
