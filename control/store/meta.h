// The bytes of the metadata: term and vote, and how far the log is known to be durable. PURE. Two
// slots of 4 KiB, both written with each change and a flush after each, so that the rot of one
// loses nothing; what is not zero lies in one sector, so that no crash tears it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum meta_layout {
	META_SLOT_SIZE = 4096,
	META_SLOTS = 2,
	META_VERSION = 1,
	META_CLUSTER_SIZE = 16,
};

struct meta {
	uint8_t cluster[META_CLUSTER_SIZE];
	uint64_t node;
	uint64_t sequence; // of changes: the higher one is newer
	uint64_t term, vote;
	// Group and last entry up to which the log was durable at the latest rotation, clean stop
	// or rot. The log is rotten where it ends before (durable_term, durable_index).
	uint64_t durable_sequence;
	uint64_t durable_index, durable_term;
};

enum meta_state {
	META_WHOLE,
	META_ZERO,
	META_DAMAGED,
	META_NEWER, // of a later version
};

void meta_seal(uint8_t slot[META_SLOT_SIZE], const struct meta *meta);
enum meta_state meta_parse(struct meta *meta, const uint8_t slot[META_SLOT_SIZE]);
