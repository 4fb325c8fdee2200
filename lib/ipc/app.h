// The border between an application and the dataplane: regions, rings, descriptors. docs/shm.md is
// the prose.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "lib/ipc/stats.h"
#include "lib/shm/ring.h"

#define APP_ABI_VERSION  5u
#define APP_REGION_MAGIC 0x41434c53u // "SLCA", the application's region
#define APP_ARENA_MAGIC  0x44434c53u // "SLCD", the dataplane's region for this application

enum app_limits {
	APP_TX_SLOTS = 1024,     // send descriptors
	APP_RX_SLOTS = 4096,     // events; at least every block + every send + 2 per session, so it
				 // never overflows
	APP_RETURN_SLOTS = 1024, // blocks coming back; at least every arena block
	APP_SESSIONS_MAX = 64,
	APP_BLOCKS_MAX = 1024, // blocks of either region
	APP_BLOCKS_DEFAULT = 256,
};

#define APP_BLOCK_SIZE 65536u

// application -> worker
enum app_tx_op {
	APP_TX_SEND = 1,  // one record: `size` bytes at `offset` of the application's block area
	APP_TX_CLOSE = 2, // graceful
	APP_TX_ABORT = 3,
};

enum app_tx_flag {
	APP_TX_MESSAGE_END = 1,
	APP_TX_PACKED = 2, // a record of messages (lib/base/packed.h); never with MESSAGE_END
};

struct app_tx {
	uint32_t session;
	uint32_t stream; // stream_id(), lib/base/stream.h
	uint32_t offset; // bytes from the start of the block area
	uint32_t size;   // 0..APP_BLOCK_SIZE
	uint16_t op;     // enum app_tx_op
	uint16_t flags;  // enum app_tx_flag
	uint32_t reserved;
	uint64_t cookie; // comes back in APP_RX_SENT
};

static_assert(sizeof(struct app_tx) == 32, "app_tx is shared memory ABI");

// worker -> application
enum app_rx_type {
	APP_RX_DATA = 1, // a record: `size` bytes at `offset` of the arena; the block is the
			 // application's until returned
	APP_RX_SENT = 2, // the record with `cookie` is published at the peer (flags 0) or lost with
			 // its session (flags 1)
	APP_RX_OPENED = 3, // cookie: the request id of IPC_CONNECT, or 0 for an accepted session;
			   // info[offset] names the peer
	APP_RX_CLOSED = 4, // value: enum close_reason; the last event of a session
};

enum app_rx_flag {
	APP_RX_FAILED = 1,      // SENT
	APP_RX_MESSAGE_END = 2, // DATA
	APP_RX_PACKED = 4,      // DATA: a record of messages, as the peer's application wrote it
};

struct app_rx {
	uint32_t session;
	uint32_t stream;
	uint32_t offset; // DATA: bytes from the start of the arena's block area. OPENED: index of
			 // the info row
	uint32_t size;
	uint16_t type;  // enum app_rx_type
	uint16_t flags; // enum app_rx_flag
	uint32_t value;
	uint64_t cookie;
};

static_assert(sizeof(struct app_rx) == 32, "app_rx is shared memory ABI");

// application -> worker: a block of the arena comes back
struct app_return {
	uint32_t offset; // as in the DATA event
	uint32_t session;
};

static_assert(sizeof(struct app_return) == 8, "app_return is shared memory ABI");

struct app_region_header {
	uint32_t magic;
	uint32_t version;
	uint32_t blocks;        // of APP_BLOCK_SIZE
	uint32_t blocks_offset; // from the start of the region, multiple of 4096
	uint64_t size;
	uint64_t reserved[5];
};

// The application creates and writes this; the dataplane maps it read-only.
struct app_region {
	struct app_region_header header;
	struct ring_tail tx_tail;
	struct ring_tail return_tail;
	struct ring_head rx_head;
	_Alignas(64) uint8_t tx_slots[APP_TX_SLOTS * sizeof(struct app_tx)];
	_Alignas(64) uint8_t return_slots[APP_RETURN_SLOTS * sizeof(struct app_return)];
	// blocks follow at header.blocks_offset
};

struct app_session_info {
	_Atomic uint32_t seq; // seqlock
	uint32_t reserved;
	struct session_stats stats; // names of peer and service, and live figures
};

// The dataplane creates and writes this, one per application; the application maps it read-only.
struct app_arena {
	struct app_region_header header;
	struct ring_tail rx_tail;
	struct ring_head tx_head;
	struct ring_head return_head;
	_Alignas(64) uint8_t rx_slots[APP_RX_SLOTS * sizeof(struct app_rx)];
	_Alignas(64) struct app_session_info info[APP_SESSIONS_MAX];
	// blocks follow at header.blocks_offset: receive blocks, and slabs for what a codec
	// produced
};
