// How a file goes over a session:
// control messages on ordered stream 0, blocks on unordered stream 1. No I/O.
//
// Sender: OFFER -> ACCEPT or REFUSE -> blocks, END -> DONE or ERROR.
// A session may be striped: another one says JOIN with the token of ACCEPT, hears JOINED, and from
// then on carries blocks of that session's files, in any order. All other messages stay where they
// were. When a stripe is lost, so is the file.
//
// Files of one session follow each other; each has its own transfer number. Either side may send
// ERROR at any time: that transfer is over.
//
// A message is one record: "SLF", version, type (16 bits), 0 (16 bits), transfer (32 bits), then
// fields of tag (16 bits), size (16 bits), value. All big-endian. A field of an unknown tag is
// skipped, unless its top bit says it must be understood: that is the room for what comes later.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSFER_SERVICE "files"
#define TRANSFER_VERSION 2u

#define TRANSFER_STREAM_CONTROL 0
#define TRANSFER_STREAM_BLOCKS  1

enum transfer_limits {
	TRANSFER_NAME_MAX = 255,
	TRANSFER_TEXT_MAX = 255,
	TRANSFER_MESSAGE_MAX = 1024,
	TRANSFER_PREFIX = 16,   // before the bytes of each block
	TRANSFER_BLOCK = 65520, // bytes of every block but the last; one record with its prefix
	TRANSFER_TOKEN_SIZE = 16,
	TRANSFER_STRIPES_MAX = 16, // of one session, itself included
};

enum transfer_type {
	TRANSFER_OFFER = 1, // name, size, mode, mtime_ns, resume
	TRANSFER_ACCEPT,    // resume, stripes, token
	TRANSFER_REFUSE,    // reason, text
	TRANSFER_END,       // size, sha256: all blocks are on their way
	TRANSFER_DONE,      // sha256: checked, flushed, and under its name
	TRANSFER_ERROR,     // reason, text
	TRANSFER_JOIN,      // token; the first message of its session
	TRANSFER_JOINED,    // it is a stripe now
	TRANSFER_TYPE_COUNT,
};

enum transfer_reason {
	TRANSFER_NO_REASON = 0,
	TRANSFER_BAD_NAME,
	TRANSFER_EXISTS,
	TRANSFER_NO_SPACE,
	TRANSFER_IO,       // reading or writing failed
	TRANSFER_CHANGED,  // the file changed while it was sent
	TRANSFER_MISMATCH, // SHA-256 differs
	TRANSFER_CANCELLED,
	TRANSFER_PROTOCOL, // what came does not follow the rules
	TRANSFER_REASON_COUNT,
};

struct transfer_message {
	enum transfer_type type;
	uint32_t transfer; // not 0
	char name[TRANSFER_NAME_MAX + 1];
	uint64_t size;
	uint32_t mode;    // permission bits, 0777 at most
	int64_t mtime_ns; // since the epoch
	uint64_t resume;  // OFFER: 1 could resume; ACCEPT: send from this offset. 0 for now
	uint32_t stripes; // ACCEPT: workers that the receiver has for them
	uint8_t token[TRANSFER_TOKEN_SIZE]; // of a session, the receiver's choice
	uint8_t sha256[32];
	uint32_t reason; // enum transfer_reason
	char text[TRANSFER_TEXT_MAX + 1];
};

// Bytes written into `bytes`, which has room for TRANSFER_MESSAGE_MAX.
size_t transfer_frame(uint8_t *bytes, const struct transfer_message *message);
// NULL, or a sentence that says what is wrong.
const char *transfer_parse(struct transfer_message *message, const uint8_t *bytes, size_t size);

struct transfer_block {
	uint64_t offset; // in the file, a multiple of TRANSFER_BLOCK
	uint32_t size;   // bytes that follow the prefix
	uint32_t transfer;
};

void transfer_block_frame(uint8_t bytes[TRANSFER_PREFIX], const struct transfer_block *block);
// `size` is that of the whole record. NULL, or a sentence.
// Whether the block fits its file is the receiver's business.
const char *transfer_block_parse(struct transfer_block *block, const uint8_t *bytes, size_t size);

// NULL, or why a file must not be stored under this name: only plain names of one folder are.
const char *transfer_name_refuse(const char *name, size_t size);

// Names of files that are not complete yet: ".NAME.sluice-XXXXXX.part".
#define TRANSFER_TEMP_MARK ".sluice-"
#define TRANSFER_TEMP_END  ".part"
bool transfer_name_is_temp(const char *name, size_t size);
