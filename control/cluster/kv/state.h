// What the state machine holds, and the only three ways to change its keys.
#pragma once

#include "control/cluster/kv/history.h"
#include "control/cluster/kv/kv.h"
#include "control/cluster/kv/origins.h"
#include "control/cluster/kv/tree.h"

struct snapshot;
struct restore;

struct kv {
	// replicated
	struct tree tree;
	struct origins origins;
	uint64_t revision, used, quota;
	uint32_t value_max;
	uint64_t applied;
	uint64_t sum; // of the hashes of all entries
	// this node's own
	struct kv_config config;
	struct history history;
	struct snapshot *snapshot; // under way, or NULL
	struct restore *restore;   // under way, or NULL
	struct kv_entry *limbo;    // freed when nothing can borrow them any more
	struct kv_request scratch; // of kv_apply
};

// Takes the entry into the index, sealed, and the one that it replaces out of it; no event.
void state_add(struct kv *kv, struct kv_entry *entry);
// One put or delete of revision `revision`. state_put returns the new version of the key.
uint64_t state_put(struct kv *kv, struct kv_bytes key, struct kv_bytes value, uint64_t revision);
void state_delete(struct kv *kv, struct kv_entry *entry, uint64_t revision);

// The first entry of a range, behind the key `after` when that is not empty. NULL: none (any more).
struct kv_entry *range_next(
	const struct kv *kv, const struct kv_range *range, struct kv_bytes after);
// Of a snapshot under way: this entry is about to leave the index.
void snapshot_keep(struct kv *kv, struct kv_entry *entry);
void restore_free(struct kv *kv);
