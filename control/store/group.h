// The bytes of a group: what one flush makes durable, in whole blocks of 4 KiB. PURE. Every sector
// has a CRC of its own in the group's tail, and what a segment held before is zeros: so each sector
// of a group that was torn by a crash is whole or zero, and anything else is rot. Layout:
// docs/store.md.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum group_layout {
	GROUP_BLOCK = 4096,
	GROUP_SECTOR = 512,
	GROUP_HEADER_SIZE = 192, // records begin behind it
	GROUP_TRAILER_SIZE = 64, // the last bytes of the last block
	GROUP_RECORD_SIZE = 32,  // in front of each record's data
	GROUP_VERSION = 1,
	GROUP_CLUSTER_SIZE = 16,
};

enum record_type {
	RECORD_ENTRY = 1, // of the log
	RECORD_TRUNCATE,  // entries from `index` on are gone
	RECORD_RESET,     // all are; a snapshot up to `index` of `term` takes their place
	RECORD_TYPE_END,
};

struct record {
	enum record_type type;
	uint8_t kind; // ENTRY: enum raft_entry_kind
	uint64_t index, term;
	uint32_t size;
	const uint8_t *data;
};

struct group {
	uint8_t cluster[GROUP_CLUSTER_SIZE];
	uint64_t node;
	uint64_t segment, offset;  // where it is meant to be
	uint64_t sequence;         // 1, 2, ... without a gap
	uint64_t durable_sequence; // the last that was known to be flushed when this was written
	uint64_t before_index, before_term; // the last entry of the log before this group
	uint64_t last_index, last_term;     // and after it
	uint32_t size;                      // of all, a multiple of GROUP_BLOCK
	uint32_t payload;                   // bytes of records
	uint32_t records;
	uint32_t chain; // own CRC of the group before
	uint32_t crc;   // own: of the first sector, which covers everything by way of the tail
};

enum group_state {
	GROUP_WHOLE,
	GROUP_ABSENT, // its first sector is zero: never written, or not before the crash
	GROUP_TORN,   // the first sector is there, others are zero
	GROUP_ROTTEN, // neither whole nor zero, or not meant to be here
};

// Bytes of a record with so much data.
uint32_t group_record_size(uint32_t size);
// Bytes of records that fit a group of at most `size` bytes.
uint32_t group_room(uint32_t size);
// Bytes of a group with so many bytes of records.
uint32_t group_size(uint32_t payload);

// Writes the record at bytes + GROUP_HEADER_SIZE + payload. Returns the payload with it.
uint32_t group_add(uint8_t *bytes, uint32_t payload, const struct record *record);
// Header, tail and zeros between; sets size and crc. The payload is in place.
void group_seal(uint8_t *bytes, struct group *group);

// What is at offset 0 of `bytes`, of which `room` may be read. `identity`: cluster, node, segment
// and offset that must be there. WHOLE, TORN, and a ROTTEN one whose first sector is right: group
// is filled, else its size is 0.
enum group_state group_examine(
	struct group *group, const uint8_t *bytes, size_t room, const struct group *identity);
// The first sector alone, wherever it is meant to be. False: damaged, or none.
bool group_parse(struct group *group, const uint8_t sector[GROUP_SECTOR]);
// The last sector of a group, whose first one may be damaged: segment, offset, sequence,
// last_index, last_term, size and chain.
bool group_parse_trailer(struct group *group, const uint8_t sector[GROUP_SECTOR]);
// Are the bytes of this sector the ones that the group had been given? Of a damaged one whose first
// sector is right.
bool group_owns(const uint8_t *bytes, const struct group *group, uint32_t sector);
// The record at `at` (0: the first) of a whole group's payload; at goes to the next. False: the
// end, or (*at == UINT32_MAX) malformed.
bool group_record(
	struct record *record, const uint8_t *bytes, const struct group *group, uint32_t *at);
bool group_is_zero(const uint8_t *bytes, size_t size);
