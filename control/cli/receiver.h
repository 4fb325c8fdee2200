// The receiving side of one session: messages and blocks in, a file out, answers back.
// Knows libsluice only by a function that sends, so that it is tested without one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cli/incoming.h"
#include "control/cli/transfer_proto.h"

enum receiver_limits {
	RECEIVER_PEER_SIZE = 64,
};

// What happened to a file, for people.
struct receiver_report {
	enum { RECEIVER_RECEIVED, RECEIVER_REFUSED, RECEIVER_FAILED } what;
	const char *name, *peer, *text; // text: why not
	uint64_t bytes, duration_ns;
	const uint8_t *sha256; // RECEIVED
};

struct receiver {
	int dir; // borrowed
	bool overwrite;
	char peer[RECEIVER_PEER_SIZE];
	uint32_t transfer; // the newest that was offered, 0: none
	bool active;       // `transfer` is being received into `in`
	bool ended;        // END came
	bool settling; // all is there and checked; `in` is the settler's until receiver_on_settled
	bool gone;     // nobody is told any more; set while settling
	struct transfer_message end;
	struct incoming in;
	uint64_t started_ns;
	uint8_t sha256[32]; // while settling: as we hashed it

	uint32_t stripes; // what ACCEPT says; set after receiver_init, as the token is
	uint8_t token[TRANSFER_TOKEN_SIZE];
	struct receiver *main; // not NULL: we are a stripe of it, and our blocks are its

	// Who has this token and is no stripe itself; NULL: nobody.
	struct receiver *(*join)(void *owner, const uint8_t token[TRANSFER_TOKEN_SIZE]);
	// Runs incoming_settle(&in), then receiver_on_settled follows. NULL: it is done at once.
	void (*settle)(void *owner);
	// 0, or negative: the session is lost
	int (*tell)(void *owner, const struct transfer_message *message);
	void (*report)(void *owner, const struct receiver_report *report);
	void *owner;
};

void receiver_init(struct receiver *r, int dir, bool overwrite, const char *peer);
// A record of stream 0. 0, or -1: the peer broke the rules, the session must end.
int receiver_on_message(struct receiver *r, const uint8_t *bytes, size_t size, uint64_t now_ns);
// A record of stream 1. As receiver_on_message.
int receiver_on_block(struct receiver *r, const uint8_t *bytes, size_t size, uint64_t now_ns);
// How incoming_settle ended: `error` NULL: well. As receiver_on_message.
int receiver_on_settled(struct receiver *r, const struct incoming_error *error, uint64_t now_ns);
// The session ended, or we stop: what is not complete is gone. `text` says why. While settling the
// end of the file is still reported, by receiver_on_settled. Of a stripe: the file of its main
// fails.
void receiver_stop(struct receiver *r, const char *text);
