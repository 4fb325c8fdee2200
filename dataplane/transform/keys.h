// The keys of one connection, both directions, and when they change. No clock, no I/O.
//
// Each direction has its own phases. A phase is a key, an IV and the packet numbers sealed with
// them; the bit KEY_PHASE of the header is the lowest bit of its number. The sender begins a new
// one when the old has sealed `packets` or is `ns` old, and a packet of it was acknowledged: so the
// receiver is never more than one behind, and every phase lasts a round trip at least. The receiver
// takes the next when a packet of it authenticates, and the one before it for a while, for what
// comes late. An end that sends nothing but acknowledgements has none of them acknowledged: when
// its phase is due, one packet has to ask.
//
// The key of the next phase is derived ahead (keys_ahead, once a turn at most), so that a change is
// three pointers.
#pragma once

#include "dataplane/transform/seal.h"
#include "dataplane/transform/secret.h"

#define KEYS_PACKETS     (1ull << 22) // a phase is asked to end after so many
#define KEYS_PACKETS_MAX (1ull << 23) // RFC 9001, section 6.6: none is sealed beyond
#define KEYS_NS          120000000000ull
#define KEYS_OLD_NS      1000000000ull // the former phase is still opened for so long
// Packet numbers that the end of a connection may still take when its phase did not end in time.
#define KEYS_RESERVE 4096u
// A phase that is due asks for an acknowledgement, and again after so many packets without one.
#define KEYS_ASK 512u

// When a phase is to end; zeros: the defaults above.
struct keys_limits {
	uint64_t packets, packets_max, ns, old_ns;
};

struct keys_direction {
	struct seal_key *old, *now, *next; // each one of `key`
	uint64_t first_pn;                 // of the phase of `now`: that we sealed, or opened
	uint64_t since_ns;                 // sealing: when the phase began
	uint64_t asked_pn;                 // sealing: when an acknowledgement was last asked for
	uint64_t old_until_ns;             // opening: 0: there is no old one
	uint32_t phase;                    // its number
	bool ready;                        // `next` is derived
	uint8_t secret[SECRET_SIZE];       // of the phase after all that are derived
	struct seal_key key[3];
};

struct keys {
	const struct cipher *cipher;
	const void *library;
	struct keys_limits limits;
	bool wants; // keys_ahead has something to do, or one of the two below
	bool asks;  // a packet must go that the peer acknowledges, or the phase cannot end
	bool spent; // packets_max is near: no packet but the last ones, the connection must end
	struct keys_direction send, receive;
};

// Borrows the secrets. False: the library refused a key (nothing is left then). With the cipher
// null the secrets mean nothing, and phases never change.
bool keys_init(struct keys *keys, const struct seal_engine *engine, const struct cipher *cipher,
	const struct keys_limits *limits, const uint8_t secret_send[SECRET_SIZE],
	const uint8_t secret_receive[SECRET_SIZE], uint64_t now_ns);
// Nothing is left. Legal on zeroed keys.
void keys_fini(struct keys *keys);

// The key for packet `pn`, and whether its header has KEY_PHASE; `acked`: the largest packet number
// that the peer acknowledged. NULL: packets_max is reached, the packet must not go.
const struct seal_key *keys_to_seal(
	struct keys *keys, uint64_t pn, uint64_t acked, uint64_t now_ns, bool *phase);
// The key for a packet that says `phase`; NULL: its key is gone, or not there yet.
const struct seal_key *keys_to_open(
	const struct keys *keys, uint64_t pn, bool phase, uint64_t now_ns);
// The packet authenticated with `key`.
void keys_opened(struct keys *keys, const struct seal_key *key, uint64_t pn, uint64_t now_ns);
// Derives what is missing, forgets what is over, and clears `wants` and `asks`. False: the library
// refused, the connection must end.
bool keys_ahead(struct keys *keys, uint64_t now_ns);
