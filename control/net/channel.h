// One pooled connection to the control process of a peer: dialed, greeted, then for requests and
// their answers. An idle one costs little.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/net/conn.h"
#include "control/net/message.h"

// Bytes of ours beside TLS_SESSION_SIZE and the pool's record.
#define CHANNEL_SIZE 168

struct calls;

struct channel {
	struct conn conn;
	struct calls *calls; // who owns it
	uint32_t connection; // as the pool calls it
	uint32_t node;       // the same
	uint64_t link;       // its name in this process: never reused
	uint64_t ping_ns;    // when the pool's unanswered ping went out; 0: none
	uint32_t epoch;      // of the certificates that it was dialed with
	bool ready;          // both ends have greeted
};

_Static_assert(sizeof(struct channel) <= CHANNEL_SIZE, "pooled connections are many");

struct channel_target {
	const char *self; // this node
	const char *node; // who must answer; NULL: any node of our authorities
	struct address address;
	uint16_t port;
};

// Says who we are, and to whom we speak. 0, or -1: closed.
int channel_greet(struct channel *channel, const struct channel_target *target);
// The first message of the other end: is it who it should be? 0, or -1 with a sentence.
int channel_greeted(struct channel *channel, const struct channel_target *target,
	const struct message *hello, char why[REASON_SIZE]);
// Why a dial took too long.
const char *channel_late(const struct channel *channel);
// Open as far as this end knows without a round trip, and the other's certificate has not expired.
bool channel_is_good(const struct channel *channel);
