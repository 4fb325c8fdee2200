// Encryption of what membership says, in datagrams and in frames over connections: AES-256-GCM with
// a key that all nodes of the cluster share. No clock: the caller tells the time. Bytes:
// docs/wire.md, "Datagrams between control processes".
//
//   0  'S' 'G'   magic
//   2  version   1
//   3  0
//   4  key id    first 4 bytes of SHA-256(key)
//   8  time      Unix seconds, 4 bytes
//  12  salt      8 bytes, random at each start: with the counter the nonce
//  20  counter   4 bytes; a new salt before it wraps
//  24  what is sealed, then 16 bytes of tag
//
// Authenticated besides: the 13 bytes "sluice swim 1", in a frame "sluice sync 1", and this header.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/cluster/keyring/keys.h"
#include "control/cluster/keyring/replay.h"

enum keyring_sizes {
	KEYRING_HEADER = 24,
	KEYRING_TAG = 16,
	KEYRING_OVERHEAD = KEYRING_HEADER + KEYRING_TAG,
	KEYRING_PLAIN_MAX = 1400,
	KEYRING_DATAGRAM_MAX = KEYRING_PLAIN_MAX + KEYRING_OVERHEAD,
	KEYRING_FRAME_PLAIN_MAX = 24 * 1024,
	KEYRING_FRAME_MAX = KEYRING_FRAME_PLAIN_MAX + KEYRING_OVERHEAD,
	KEYRING_SKEW_S = 300, // that two clocks may differ: older ones are refused
};

// Why a datagram was not opened.
enum keyring_result {
	KEYRING_OK = 0,
	KEYRING_SHORT,   // or too long: not one of ours
	KEYRING_CLEAR,   // not sealed at all
	KEYRING_VERSION, // a version that we do not speak
	KEYRING_KEY,     // sealed with a key that we do not have
	KEYRING_FORGED,  // does not authenticate
	KEYRING_CLOCK,   // from another time
	KEYRING_REPLAYED,
	KEYRING_RESULT_COUNT,
};

extern const char *const keyring_result_names[KEYRING_RESULT_COUNT]; // for metrics: "replayed"

struct keyring_use {
	uint8_t id[KEYS_ID_SIZE];
	void *seal, *open;    // EVP_CIPHER_CTX with the key in them
	uint64_t opened;      // datagrams
	uint32_t opened_time; // Unix seconds of the last one; 0: none
};

struct keyring {
	uint32_t count;
	struct keyring_use use[KEYS_MAX];
	uint64_t salt;
	uint32_t counter;
	struct replay *replay; // owned; NULL before keyring_init
};

// 0, or -1: out of memory or OpenSSL refuses.
int keyring_init(struct keyring *keyring);
void keyring_fini(struct keyring *keyring);
// These keys from now on; what is remembered of others' datagrams stays. 0, or -1: nothing changed.
int keyring_set(struct keyring *keyring, const struct keys *keys);
// Returns the size of the datagram, `size` + KEYRING_OVERHEAD; 0: OpenSSL refuses, or no keys.
// size <= KEYRING_PLAIN_MAX.
size_t keyring_seal(struct keyring *keyring, uint32_t now, const uint8_t *plain, size_t size,
	uint8_t out[KEYRING_DATAGRAM_MAX]);
// `plain` has room for KEYRING_PLAIN_MAX; *plain_size is set when the answer is KEYRING_OK.
enum keyring_result keyring_open(struct keyring *keyring, uint32_t now, const uint8_t *datagram,
	size_t size, uint8_t plain[KEYRING_PLAIN_MAX], size_t *plain_size);

// The same for frames over connections, which may come late, but never twice: the connection sees
// to that, and no window is kept. `size` <= KEYRING_FRAME_PLAIN_MAX; may be 0.
size_t keyring_seal_frame(struct keyring *keyring, uint32_t now, const uint8_t *plain, size_t size,
	uint8_t out[KEYRING_FRAME_MAX]);
enum keyring_result keyring_open_frame(struct keyring *keyring, uint32_t now, const uint8_t *frame,
	size_t size, uint8_t plain[KEYRING_FRAME_PLAIN_MAX], size_t *plain_size);
