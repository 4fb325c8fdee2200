// The sending side of a session:
// opens it, sends files one after the other, hears what the receiver says.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cli/outgoing.h"
#include "control/cli/progress.h"
#include "control/cli/transfer_proto.h"
#include "lib/client/sluice.h"

enum sender_limits {
	SENDER_ANSWER_S = 60, // the receiver takes room for the file before it answers an offer
	SENDER_STALL_S = 300, // nothing moved for so long: give up
	SENDER_GOODBYE_MS = 1000,
	SENDER_FIGURES_MS = 500, // the worker writes a row every few milliseconds while it runs
	SENDER_FIGURES_LOOKS = 250,
	SENDER_TEXT_SIZE = 512,
};

// How a step ended.
enum sender_verdict {
	SENDER_OK,
	SENDER_FILE_FAILED, // this file; the session goes on
	SENDER_REFUSED,     // the session: nobody listens, no such peer, ...
	SENDER_GONE,        // the peer, or our dataplane, went away or does not answer
	SENDER_CANCELLED,
};

struct sender {
	struct sluice *sluice;
	const char *node; // borrowed
	uint32_t session; // valid while `open`
	bool open;
	bool detached;
	enum sender_verdict over; // of the session; SENDER_OK while it lives
	uint32_t request;         // of sluice_connect
	uint32_t transfer;        // of the file now, 0: none yet
	uint32_t in_flight;       // records
	uint64_t acked;           // bytes of the file that the peer has
	uint64_t sent;            // bytes of all records of the session
	uint64_t moved_ns;        // when something last happened
	bool answered;            // `answer` is new
	bool ended;               // END was sent: only now may the receiver say DONE
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
};

struct sender_options {
	const char *data_socket; // NULL: as libsluice finds it
	const char *node, *service, *codec, *controller;
	uint32_t level;
};

enum sender_verdict sender_open(struct sender *s, const struct sender_options *options);
// SENDER_OK only when the receiver has checked the hash, flushed, and given the file its name.
enum sender_verdict sender_file(struct sender *s, struct outgoing *out, struct progress *progress,
	struct sender_result *result);
// Says goodbye and lets go. Legal after any failure.
void sender_close(struct sender *s);
