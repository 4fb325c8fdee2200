// What a session looks like from outside: one row, written by its worker, read through shared
// memory.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "lib/base/address.h"
#include "lib/ipc/names.h"

enum session_state {
	SESSION_FREE = 0,
	SESSION_RESERVED,
	SESSION_CONNECTING,
	SESSION_OPEN,
	SESSION_CLOSING,
	SESSION_CLOSED,
};

struct session_stats {
	uint32_t session; // local connection id: worker:8 | slot:16 | generation:8
	uint32_t peer_cid;
	uint8_t session_id[16];
	uint8_t state;     // enum session_state
	uint8_t initiator; // 1: opened from here
	uint8_t codec;     // enum codec_id asked for
	uint8_t level;
	uint8_t close_reason; // enum close_reason of transport.h
	uint8_t limited_by;   // enum limited_by of transport.h
	uint16_t app;         // index of the application, 0xffff none
	uint32_t segment_size;
	uint32_t in_flight; // packets
	struct address peer_address;
	char peer[NAME_SIZE];
	char service[NAME_SIZE];
	uint64_t opened_ns; // CLOCK_MONOTONIC
	uint64_t packets_sent, packets_received;
	uint64_t wire_bytes_sent, wire_bytes_received; // UDP payload bytes
	uint64_t data_packets_sent, retransmits, spurious, cuts, timeouts;
	uint64_t raw_bytes_sent, stored_bytes_sent; // acknowledged
	uint64_t raw_bytes_received, stored_bytes_received;
	uint64_t records_sent, records_received, duplicates;
	uint64_t blocks_raw; // records a codec was asked for and that went raw: the sum of ...
	uint64_t blocks_raw_by[RAW_REASONS]; // ... these, by enum raw_reason
	uint64_t srtt_ns, rttvar_ns, min_rtt_ns;
	uint64_t cwnd_milli; // segments * 1000
	uint64_t rate_Bps;
	uint64_t peer_boot_id;    // of the dataplane at the other end; 0: not known. Control aborts
				  // what ran with a dead one
	uint32_t connect_request; // the application's, 0 for an accepted session
	uint8_t controller;       // enum controller_id
	uint8_t cipher;           // enum cipher_id
	uint8_t codec_now;        // enum codec_id that the next record gets; with auto it changes
	uint8_t level_now;
	uint32_t path_segment;    // payload of the largest packet that the path is known to carry
	uint32_t path_falls;      // times that large packets vanished: back to the smallest
	uint8_t dictionary;       // id of the one that was asked for, 0: none
	uint8_t dictionary_state; // enum dictionary_state
	uint8_t reserved[2];
	uint32_t rekeys;               // times that the key of what this end sends changed
	uint64_t blocks_dictionary;    // records packed with it,
	uint64_t blocks_no_dictionary; // and those packed without, though one was asked for
};

static_assert(sizeof(struct session_stats) == 488, "session_stats is shared memory ABI");
