// Ciphers behind one table. Sealing is out of place and is the scatter/gather step: it gathers a
// packet's payload from the record into the packet buffer; opening scatters it from the packet
// buffer into the record's block.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h" // enum cipher_id

#define SEAL_KEY_MAX       32u   // bytes of the longest key
#define SEAL_IV_SIZE       12u   // of every cipher
#define SEAL_TAG_SIZE      16u   // of every cipher but null
#define SEAL_PIECES_MAX    8u    // of one packet
#define SEAL_SCHEDULE_SIZE 1280u // an expanded key, of any backend; libipsec-mb 2.0 wants 1264

// Who computes. imb: libipsec-mb's direct calls, the fastest where the CPU has AES instructions.
// evp: OpenSSL, which runs everywhere and is the reference.
enum cipher_backend {
	CIPHER_AUTO, // imb where this build and this CPU have it, else evp
	CIPHER_IMB,
	CIPHER_EVP,
	CIPHER_BACKEND_COUNT,
};

struct seal_piece {
	uint8_t *base;
	uint32_t size;
};

struct seal_source {
	const uint8_t *base;
	uint32_t size;
};

// One key and IV per connection and direction: the packet number is per connection, so a key that
// two connections shared would repeat nonces. Zeroed before its first use; lies in memory that is
// neither dumped nor mapped by anybody else.
struct seal_key {
	_Alignas(64) uint8_t schedule[SEAL_SCHEDULE_SIZE]; // imb: expanded key
	const void *library;                               // imb: its calls
	void *context; // evp: its context of this key, taken with its first key_set
	uint8_t iv[SEAL_IV_SIZE];
	uint8_t header_size; // bytes of associated data of every packet
};

struct cipher {
	const char *name;
	enum cipher_id id;
	uint32_t tag_size; // bytes behind the payload on the wire; WIRE_TAG_SIZE is reserved in any
			   // case
	uint32_t key_size;
	bool copies;        // seal and open are bare copies: each byte counts as bytes_memcpy
	bool authenticates; // the tag proves the bytes: block checksums are not needed
	// `cipher`: this one. `bytes`: key_size bytes, which the caller wipes. `seals`: else it
	// opens. Sets everything but IV and header_size. False: the library refused. Only the first
	// call for a key may allocate.
	bool (*key_set)(struct seal_key *key, const struct cipher *cipher, const void *library,
		const uint8_t *bytes, bool seals);
	// Nothing of the key is left. Legal on a zeroed key.
	void (*key_wipe)(struct seal_key *key);
	// `header`: key->header_size bytes as framed, the associated data. Writes the gathered,
	// sealed payload and the tag to `out`, which overlaps no piece (but may be the only piece
	// itself). Returns bytes written; fewer than tag_size: the library refused, and nothing of
	// `out` may go. No two calls for one key with the same `pn`.
	uint32_t (*seal)(const struct seal_key *key, uint64_t pn, const uint8_t *header,
		const struct seal_source *in, uint32_t pieces, uint8_t *out);
	// `size` bytes, the tag among them, into pieces that are exactly as large as what was
	// sealed. False when they are not, or the tag does not verify; the places are then
	// undefined and must not be believed.
	bool (*open)(const struct seal_key *key, uint64_t pn, const uint8_t *header,
		const uint8_t *in, uint32_t size, const struct seal_piece *out, uint32_t pieces);
};

// A library and its ciphers. `start`: what the ciphers' key_set want, or NULL with a sentence.
struct seal_backend {
	const char *name;
	const struct cipher *cipher[CIPHER_COUNT]; // NULL: not of this backend
	void *(*start)(char *why, size_t size);
	void (*stop)(void *library);
};

extern const struct seal_backend seal_imb, seal_evp;

// One per worker, made at start; what the library allocates it allocates there.
struct seal_engine {
	const struct seal_backend *backend; // NULL: not started
	void *library;
};

// 0, or -1 with a sentence in `why`. AUTO never fails where OpenSSL works.
int seal_engine_init(
	struct seal_engine *engine, enum cipher_backend backend, char *why, size_t size);
void seal_engine_fini(struct seal_engine *engine); // legal on a zeroed engine

// NULL: no such cipher in this build.
const struct cipher *cipher_by_id(const struct seal_engine *engine, uint8_t id);
// The cipher that needs no library.
extern const struct cipher cipher_null;
// What people write: "auto", "imb", "evp". -1: no such name.
int cipher_backend_find(const char *name);

// Nonce of a packet (RFC 9001, section 5.3): the IV with the packet number in its last bytes.
static inline void seal_nonce(const struct seal_key *key, uint64_t pn, uint8_t nonce[SEAL_IV_SIZE])
{
	for (uint32_t i = 0; i < SEAL_IV_SIZE; i++)
		nonce[i] = key->iv[i];
	for (uint32_t i = 0; i < 8; i++)
		nonce[SEAL_IV_SIZE - 1 - i] ^= (uint8_t)(pn >> 8 * i);
}

// Takes the same time whatever differs.
static inline bool seal_tag_equal(const uint8_t *a, const uint8_t *b)
{
	uint8_t differs = 0;

	for (uint32_t i = 0; i < SEAL_TAG_SIZE; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}

static inline uint32_t seal_pieces_size(const struct seal_piece *pieces, uint32_t count)
{
	uint32_t size = 0;

	for (uint32_t i = 0; i < count; i++)
		size += pieces[i].size;
	return size;
}
