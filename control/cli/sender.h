// The sending side of a session:
// opens it, sends files one after the other, hears what the receiver says.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cli/outgoing.h"
#include "control/cli/progress.h"
#include "control/cli/transfer_proto.h"
#include "lib/client/sluice.h"
#include "lib/ipc/names.h"

enum sender_limits {
	SENDER_ANSWER_S = 60, // the receiver takes room for the file before it answers an offer
	SENDER_STALL_S = 300, // nothing moved for so long: give up
	SENDER_GOODBYE_MS = 1000,
	SENDER_FIGURES_MS = 500, // the worker writes a row every few milliseconds while it runs
	SENDER_FIGURES_LOOKS = 250,
	SENDER_TEXT_SIZE = 512,
	SENDER_WINDOW =
		1024, // blocks from the first that the peer does not have to the last on its
	// way: the receiver's window (incoming.h) less what its rings may hold
	SENDER_STRIPE_BYTES = 16 * 1024 * 1024, // a smaller file is not worth a second session
};

// How a step ended.
enum sender_verdict {
	SENDER_OK,
	SENDER_FILE_FAILED, // this file; the session goes on
	SENDER_REFUSED,     // the session: nobody listens, no such peer, ...
	SENDER_GONE,        // the peer, or our dataplane, went away or does not answer
	SENDER_CANCELLED,
};

// A session of an attachment of its own, so that each may have a worker of its own. The first
// carries the messages and blocks, the others blocks.
struct sender_stripe {
	struct sluice *sluice;
	uint32_t session; // valid while `open`
	uint32_t request; // of sluice_connect
	bool open;
	bool detached;
	bool refused;       // never opened
	bool joined;        // to the first
	uint32_t in_flight; // records
	uint8_t *held;      // a block that was read and did not find room yet
	struct transfer_block block;
};

struct sender_options {
	const char *data_socket; // NULL: as libsluice finds it
	const char *node, *service, *codec, *controller;
	uint32_t level, dictionary;
	uint32_t stripes; // 0: as many as both sides have workers, if the file is large
};

struct sender {
	const char *node;              // borrowed
	struct sender_options options; // its texts are borrowed
	struct sender_stripe stripe[TRANSFER_STRIPES_MAX];
	uint32_t stripes;                 // attached
	uint32_t used;                    // ... by the file now
	uint32_t turn;                    // stripe that the next block is offered to
	enum sender_verdict over;         // of the session; SENDER_OK while it lives
	uint32_t transfer;                // of the file now, 0: none yet
	uint64_t size;                    // of the file now
	uint64_t acked;                   // bytes of the file that the peer has
	uint64_t floor;                   // the first block that it does not have
	uint64_t has[SENDER_WINDOW / 64]; // blocks from there on that it has, modulo the window
	uint64_t sent;                    // bytes of all records of all sessions
	uint64_t moved_ns;                // when something last happened
	bool answered;                    // `answer` is new
	bool ended;                       // END was sent: only now may the receiver say DONE
	struct transfer_message answer;
	char text[SENDER_TEXT_SIZE]; // what went wrong
};

struct sender_result {
	uint64_t bytes, duration_ns;
	uint64_t wire_bytes, packets;
	uint64_t retransmits, spurious, timeouts; // spurious: taken for lost, yet arrived
	uint64_t raw_bytes, stored_bytes;         // as the codec had them
	uint64_t srtt_ns;
	uint8_t sha256[32]; // as the receiver computed it
	uint32_t stripes;
	uint32_t dictionary; // that records were packed with, 0: none
	const char *cipher;  // that sealed the packets; static
	const char *codec;   // that packed the last records; with auto the ones before had others
	uint32_t level;      // ... at this level
	uint64_t blocks_raw_by[RAW_REASONS]; // records that went raw, for each reason
};

// The texts of `options` are borrowed until sender_close.
enum sender_verdict sender_open(struct sender *s, const struct sender_options *options);
// SENDER_OK only when the receiver has checked the hash, flushed, and given the file its name.
enum sender_verdict sender_file(struct sender *s, struct outgoing *out, struct progress *progress,
	struct sender_result *result);
// Says goodbye and lets go. Legal after any failure.
void sender_close(struct sender *s);
