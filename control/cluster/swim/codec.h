// Datagrams of SWIM as bytes: a header, then messages {type, length, body}. Reading copies and
// checks; nothing of a hostile datagram is used before. Fields: docs/wire.md, "SWIM".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/swim/identities.h"
#include "control/cluster/swim/swim.h"

enum codec_limits {
	CODEC_VERSION = 1, // that we write
	CODEC_VERSION_MIN = 1,
	CODEC_HEADER = 12,
	CODEC_MESSAGE_HEAD = 3,
};

enum message_kind {
	SWIM_PING = 1,
	SWIM_PING_REQ,
	SWIM_ACK,
	SWIM_NACK,
	SWIM_SAY_ALIVE,
	SWIM_SAY_SUSPECT,
	SWIM_SAY_DEAD,
	SWIM_SAY_LEFT,
};

// PING, PING_REQ, ACK, NACK.
struct control {
	enum message_kind kind;
	uint32_t number;
	char target[NAME_SIZE]; // PING: may be empty, whoever is there; PING_REQ
	char from[NAME_SIZE];   // PING: who asks
};

// SUSPECT, DEAD, LEFT.
struct rumour {
	uint32_t incarnation;
	char name[NAME_SIZE];
	char from[NAME_SIZE]; // who says so
};

// ALIVE, and a line of a sync frame.
struct record {
	enum swim_state state;
	uint32_t incarnation;
	struct identity_want identity; // points into `name` and into the bytes that were read
	char name[NAME_SIZE];
};

struct writer {
	uint8_t *bytes;
	size_t size, room;
};

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad; // something did not fit or was not allowed
};

struct message {
	uint8_t kind;
	struct reader body;
};

// FNV-1a of 64 bits.
uint64_t codec_cluster(const char *name);

void header_write(struct writer *writer, uint64_t cluster);
enum swim_result header_read(struct reader *reader, uint64_t cluster);
// False: no more, or reader->bad.
bool message_next(struct reader *reader, struct message *message);

// A length byte and so many printable characters without blanks.
void read_name(struct reader *reader, char name[NAME_SIZE], bool may_be_empty);
bool write_name(struct writer *writer, const char *name);

// Appends a message. False: it does not fit, and nothing was written.
bool control_write(struct writer *writer, const struct control *control);
bool rumour_write(struct writer *writer, enum message_kind kind, const struct rumour *rumour);
bool alive_write(struct writer *writer, const struct identity *identity, uint32_t incarnation);
// The body of a message. False: malformed.
bool control_read(const struct message *message, struct control *control);
bool rumour_read(const struct message *message, struct rumour *rumour);
bool alive_read(const struct message *message, struct record *record);

// A record alone, as sync frames have it.
bool record_write(struct writer *writer, enum swim_state state, const struct identity *identity,
	uint32_t incarnation);
bool record_read(struct reader *reader, struct record *record);

uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
bool write_u8(struct writer *writer, uint8_t value);
bool write_u16(struct writer *writer, uint16_t value);
bool write_u32(struct writer *writer, uint32_t value);
bool write_u64(struct writer *writer, uint64_t value);
