// Which sealed datagrams came already: a window of 64 for each sender and start of it. PURE. Only
// what was authenticated may be shown to it, so nobody without a key can fill it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum replay_limits {
	REPLAY_SETS = 4096, // power of two
	REPLAY_WAYS = 16,   // senders of one set: 65,536 in all, four times the largest cluster
	REPLAY_WINDOW = 64,
};

struct replay_sender {
	uint64_t salt; // random, of one start of one node
	uint64_t seen; // bit i: counter top - i came
	uint32_t top;  // highest counter
	uint32_t used; // Unix seconds of the last one; 0: free
};

struct replay {
	struct replay_sender sender[REPLAY_SETS][REPLAY_WAYS]; // begins as zeros
};

// False: this one came already, or is too far behind the newest of its sender to tell. `now`: Unix
// seconds. Of a full set the sender that is silent longest is forgotten: what it sent is then
// older than the bound on a datagram's time, unless 17 senders of one set are at work.
bool replay_take(struct replay *replay, uint32_t now, uint64_t salt, uint32_t counter);
