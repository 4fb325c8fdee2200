// The ordered index: a B+tree of entries by key. Nodes hold the first 8 bytes of each key beside
// the pointer, so that a search reads few keys.
#pragma once

#include <stdint.h>

#include "control/cluster/kv/entry.h"

struct tree_node;

struct tree {
	struct tree_node *root; // NULL: empty
	uint64_t count;
};

struct kv_entry *tree_find(const struct tree *tree, struct kv_bytes key);
// The first whose key is `key` or behind it (`behind`: only behind). NULL: none.
struct kv_entry *tree_seek(const struct tree *tree, struct kv_bytes key, bool behind);
// Takes the reference; returns the one of the same key that it replaces, or NULL.
struct kv_entry *tree_put(struct tree *tree, struct kv_entry *entry);
// Returns the reference, or NULL: it is not there.
struct kv_entry *tree_take(struct tree *tree, struct kv_bytes key);
// Gives all references back; the tree is empty then.
void tree_clear(struct tree *tree, struct kv_entry **limbo);
// Stops the process where the structure is broken.
void tree_check(const struct tree *tree);

// < 0, 0, > 0, as memcmp; a prefix comes first.
int bytes_compare(struct kv_bytes a, struct kv_bytes b);
