// What two control processes say to each other: typed here; on the connection JSON in a
// length-prefixed frame, but for SYNC and RAFT, whose bytes are membership's and consensus' own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/address.h"
#include "lib/ipc/names.h"

#define MESSAGE_VERSION    7
#define MESSAGE_SIZE_MAX   65536u        // of one frame's payload
#define MESSAGE_FRAME_HEAD 4u            // big-endian length
#define MESSAGE_FRAME_SYNC (1u << 31)    // of the length: the payload is a SYNC, and no JSON
#define MESSAGE_FRAME_RAFT (1u << 30)    // of the length: the payload is a RAFT, and no JSON
#define MESSAGE_RAFT_MAX   (640u * 1024) // of a RAFT: an entry of 512 KiB and what is said of it
#define MESSAGE_DATA_MAX   (24u * 1024 + 64) // of a SYNC: a frame of membership, sealed
#define MESSAGE_FRAME_MAX  (MESSAGE_FRAME_HEAD + 4 + MESSAGE_DATA_MAX) // of message_frame

enum message_type {
	MESSAGE_HELLO = 1, // first in both directions: version, node, to
	MESSAGE_PING,      // request
	MESSAGE_PONG,      // answer to PING: request
	MESSAGE_SYNC,   // request, data: a frame of membership's anti-entropy, in both directions
	MESSAGE_OFFER,  // opener -> acceptor
	MESSAGE_ACCEPT, // answer to OFFER
	MESSAGE_REFUSE, // answer to OFFER: result, text; also the last word before a connection is
			// dropped (request 0)
	MESSAGE_RAFT,   // data: what consensus says, one way; never asked for, never answered
	MESSAGE_TYPE_COUNT,
};

struct message {
	enum message_type type;
	uint32_t version;
	uint32_t request; // the asker's number; the answer has the same
	uint32_t result;  // enum ipc_result
	uint32_t cid;
	uint32_t segment_size;  // OFFER: the opener's maximum; ACCEPT: what both use
	struct address address; // OFFER: the opener's dataplane
	uint32_t timeout_ms;    // OFFER
	uint16_t udp_port;      // of the worker that owns `cid`
	uint8_t codec, level, controller;
	uint8_t cipher; // enum cipher_id of packets: OFFER what the opener wants, ACCEPT the same
	uint8_t dictionary;       // OFFER: id that the opener wants, 0: none
	uint8_t dictionary_state; // ACCEPT: enum dictionary_state
	uint8_t dictionary_sha256
		[DICTIONARY_SHA256_SIZE]; // OFFER: of the opener's file; else zeros
	uint64_t boot_id;
	uint8_t session_id[16];
	char node[NAME_SIZE];
	char to[NAME_SIZE];
	char service[NAME_SIZE];
	char text[REASON_SIZE];
	const uint8_t *data; // SYNC, RAFT (borrowed)
	uint32_t data_size;
};

// Writes a whole frame, of anything but RAFT. Returns its size, 0 when it does not fit.
size_t message_frame(const struct message *message, uint8_t *buffer, size_t size);
// The head of the frame of a RAFT, `size` bytes to MESSAGE_RAFT_MAX.
void message_raft_head(uint8_t head[MESSAGE_FRAME_HEAD], uint32_t size);
// Bytes of the frame that begins with these MESSAGE_FRAME_HEAD; 0: that is no frame.
size_t message_frame_size(const uint8_t *head);
// Parses one whole frame. As message_parse; SYNC and RAFT borrow their data from `frame`.
int message_parse_frame(
	const uint8_t *frame, size_t size, struct message *message, char *error, size_t error_size);
// Parses one payload of JSON. 0, or -1 with a sentence in `error`.
int message_parse(const uint8_t *payload, size_t size, struct message *message, char *error,
	size_t error_size);
const char *message_type_name(enum message_type type);
