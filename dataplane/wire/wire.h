// Every constant and structure of the wire: header, ACK block, HELLO, block header. docs/wire.md is
// the prose. Bytes on the wire are big-endian; the structs below are host-order *views* filled by
// parse.c, written by frame.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/limits.h"

#define WIRE_VERSION     1u
#define WIRE_HEADER_SIZE 22u
#define WIRE_TAG_SIZE    16u   // reserved behind every payload, with every cipher, null too
#define WIRE_UDP_PORT    7654u // worker w listens on WIRE_UDP_PORT + w unless configured otherwise
#define WIRE_PN_MAX      ((1ull << 48) - 1)

// Payload of one packet at an IP MTU: what is left of it, cut down to whole cache lines. The same
// over IPv4 and IPv6, whose headers are 20 and 40 bytes. 1500 -> 1408, 9000 -> 8896.
static inline uint32_t wire_segment_size(uint32_t mtu)
{
	return (mtu - 40u - 8u - WIRE_HEADER_SIZE - WIRE_TAG_SIZE) & ~63u;
}

enum wire_type {
	WIRE_DATA = 0,
	WIRE_ACK = 1,   // nothing but an ACK block; elicits nothing
	WIRE_HELLO = 2, // opens a connection: struct wire_hello
	WIRE_RESET = 3, // closes it at once: u16 reason; with cid 0: a hint that a cid is unknown,
			// never believed alone
	WIRE_PROBE = 4, // elicits an ACK: tail probe without data, keep-alive; with FLAG_FIN: close
	WIRE_FLOOR = 5, // u48: the sender's lowest tracked packet number
	WIRE_PATH = 6,  // elicits an ACK: as many bytes as a DATA packet that is being tried
	WIRE_TYPE_COUNT,
};

enum wire_flag {
	WIRE_ACK_BLOCK =
		1 << 0, // an ACK block stands before the payload (WIRE_ACK_RIDE_SIZE bytes on DATA)
	WIRE_ACK_NOW = 1 << 1, // acknowledge without delay
	WIRE_FIN = 1 << 2,
	WIRE_KEY_PHASE = 1 << 3,
	WIRE_COMPRESSED = 1 << 4, // the record's stored bytes are not its raw bytes
	WIRE_RECORD_END = 1 << 5, // the payload ends a record
	WIRE_RETX = 1 << 6,       // diagnostic: this offset was sent before
	WIRE_CE = 1 << 7,
};

struct wire_header {
	uint8_t type;    // enum wire_type
	uint8_t flags;   // enum wire_flag
	uint32_t cid;    // the RECEIVER's connection id: worker:8 | slot:16 | generation:8
	uint64_t pn;     // 48 bits; new for every transmission
	uint32_t stream; // stream_id()
	uint64_t offset; // 48 bits: record << RECORD_SHIFT | byte within the record (block header
			 // included)
};

// The offset names the record: 31 bits of record number, 17 bits
// within (65,552 needs 17). A receiver places any segment of any
// record without having seen another one: no range tree (docs/adr).
#define RECORD_SHIFT     17u
#define RECORD_INDEX_MAX ((1ull << 31) - 1)

static inline uint64_t wire_offset(uint64_t record, uint32_t within)
{
	return record << RECORD_SHIFT | within;
}

static inline uint32_t wire_cid(uint8_t worker, uint16_t slot, uint8_t generation)
{
	return (uint32_t)worker << 24 | (uint32_t)slot << 8 | generation;
}

static inline uint8_t wire_cid_worker(uint32_t cid)
{
	return (uint8_t)(cid >> 24);
}

static inline uint16_t wire_cid_slot(uint32_t cid)
{
	return (uint16_t)(cid >> 8);
}

static inline uint8_t wire_cid_generation(uint32_t cid)
{
	return (uint8_t)cid;
}

// ACK block: 20 bytes + 8 * nwords + 8 * nlimits.
//  0 largest u48 | 6 delay u16 (us) | 8 nwords u8 | 9 nlimits u8 | 10 ce u16 | 12 credit u64
// 20 words: bit i of word w is packet number largest - (64 * w + i)
//  . limits: stream u32, records u32 (the first record number the receiver will NOT take)
#define WIRE_ACK_FIXED 20u
#define WIRE_ACK_MAX   (WIRE_ACK_FIXED + 8u * ACK_WORDS_MAX + 8u * ACK_LIMITS_MAX)
// On a DATA packet the block is padded to this size, so that the place of the payload is known
// before it is opened.
#define WIRE_ACK_RIDE_SIZE 64u

struct wire_limit {
	uint32_t stream;
	uint32_t records;
};

struct wire_ack {
	uint64_t largest;
	uint16_t delay_us;
	uint8_t nwords;  // <= ACK_WORDS_MAX
	uint8_t nlimits; // <= ACK_LIMITS_MAX
	uint16_t ce;
	uint64_t credit; // absolute: raw bytes of records granted since the connection opened
	uint64_t words[ACK_WORDS_MAX];
	struct wire_limit limits[ACK_LIMITS_MAX];
};

// HELLO payload, 40 bytes:
//  0 session id | 16 boot id u64 | 24 credit u64 | 32 segment u16 | 34 flags u16 | 36 records u32
#define WIRE_HELLO_SIZE 40u

struct wire_hello {
	uint8_t session_id[16];
	uint64_t boot_id;
	uint64_t credit;
	uint16_t segment_size;
	uint16_t flags;
	uint32_t records; // initial limit of every stream
};

#define WIRE_HELLO_REPLY  1u
#define WIRE_HELLO_MEMORY 2u // the sender's link is memory: nothing on it flips a bit

// RESET payload of a hint (connection id 0), 4 bytes: the connection id that its sender does not know.
#define WIRE_HINT_SIZE 4u

// Block header, 16 bytes, the same on the wire and on disk:
//  0 version:4 | flags:4 | 1 codec | 2 level | 3 dictionary | 4 raw u32 | 8 stored u32
// 12 crc32c u32, of the stored bytes
#define BLOCK_VERSION 1u

enum block_flag {
	BLOCK_MESSAGE_END = 1, // this record ends a message
	BLOCK_PACKED = 2,      // it is a record of messages (lib/base/packed.h)
};

struct block_header {
	uint8_t flags; // enum block_flag, at most one
	uint8_t codec; // enum codec_id; codec 0 (none): raw == stored
	uint8_t level;
	uint8_t dictionary;
	uint32_t raw_size;    // <= RECORD_RAW_MAX
	uint32_t stored_size; // <= RECORD_RAW_MAX
	uint32_t crc32c;      // CRC32C (Castagnoli) of the stored bytes
};

// parse.c: false when the bytes are too short or say something the version does not allow; the view
// is then undefined. Nothing beyond `size` is read.
bool wire_header_parse(struct wire_header *view, const uint8_t *bytes, uint32_t size);
// Bytes used, or 0 when malformed. Unknown streams in limits are not judged here.
uint32_t wire_ack_parse(struct wire_ack *view, const uint8_t *bytes, uint32_t size);
bool wire_hello_parse(struct wire_hello *view, const uint8_t *bytes, uint32_t size);
bool wire_hint_parse(uint32_t *cid, const uint8_t *bytes, uint32_t size);
// Checks version, codec range, raw and stored bounds, and that codec 0 has raw == stored.
bool block_header_parse(struct block_header *view, const uint8_t *bytes, uint32_t size);

// frame.c: `bytes` has room (WIRE_HEADER_SIZE, WIRE_ACK_MAX, ...); returns bytes written.
uint32_t wire_header_frame(uint8_t *bytes, const struct wire_header *view);
uint32_t wire_ack_frame(uint8_t *bytes, const struct wire_ack *view);
uint32_t wire_hello_frame(uint8_t *bytes, const struct wire_hello *view);
uint32_t wire_hint_frame(uint8_t *bytes, uint32_t cid);
uint32_t block_header_frame(uint8_t *bytes, const struct block_header *view);
