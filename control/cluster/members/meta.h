// What a node says of itself to all others, as the bytes that membership carries: typed fields, so
// that older nodes skip what newer ones add. What a peer sent is hostile. PURE.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/address.h"

enum meta_limits {
	META_SIZE_MAX = 512, // bytes of one encoding
	META_LINKS_MAX = 16,
	META_VERSION_SIZE = 32, // of the program's version, zero-terminated
};

struct meta_link {
	struct address address; // of the node's dataplane on that link
	uint8_t prefix;         // length
};

// Of the consensus.
enum meta_consensus {
	META_CONSENSUS_NONE = 0, // takes no part
	META_CONSENSUS_ASKS,     // would be a member
	META_CONSENSUS_MEMBER,
	META_CONSENSUS_COUNT,
};

struct meta {
	uint64_t boot_id; // of its dataplane; 0: not known (yet)
	uint64_t gone_id; // its dataplane that ran last is gone for sure; 0: none is
	uint16_t protocol_min, protocol_max; // of messages between control processes
	uint32_t consensus;                  // enum meta_consensus
	uint32_t links_count;
	struct meta_link links[META_LINKS_MAX];
	char version[META_VERSION_SIZE]; // of the program
};

// The number of bytes written, at most META_SIZE_MAX.
size_t meta_encode(const struct meta *meta, uint8_t bytes[META_SIZE_MAX]);
// 0, or -1 when the bytes are malformed: a field that is cut short, comes twice, has a value that
// cannot be. `meta` is then zeros.
int meta_decode(struct meta *meta, const uint8_t *bytes, size_t size);
