// Messages of Raft as bytes, big-endian. A header of fixed fields, then a configuration, then
// entries, then data, each with its size in the header. Reading checks everything that can be
// checked without state. Fields: docs/wire.md, "Raft".
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"

enum raft_codec {
	RAFT_CODEC_VERSION = 1, // that we write
	RAFT_CODEC_HEADER = 112,
	RAFT_CODEC_ENTRY = 16, // before the bytes of each entry
};

// Room for what a message that was read points at.
struct raft_scratch {
	struct raft_conf conf;
	struct raft_entry entry[RAFT_ENTRIES_MAX];
};

// No message of a node with this config is larger.
size_t raft_message_max(const struct raft_config *config);
// Bytes of this one.
size_t raft_message_size(const struct raft_message *message);
// Bytes that were written: raft_message_size. 0: more than room. All pointers must be there.
size_t raft_message_write(const struct raft_message *message, uint8_t *bytes, size_t room);
// RAFT_OK, RAFT_MALFORMED, RAFT_VERSION. The message points into bytes and scratch.
enum raft_result raft_message_read(struct raft_message *message, struct raft_scratch *scratch,
	const uint8_t *bytes, size_t size);
// "append-reply"; "?" of what is none.
const char *raft_message_name(enum raft_message_type type);
