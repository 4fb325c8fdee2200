// One key with its value at one revision: never changed, shared by the index, the history and a
// snapshot under way.
#pragma once

#include <stdint.h>

#include "control/cluster/kv/kv.h"

struct kv_entry {
	uint64_t create_revision, mod_revision, version;
	uint64_t hash;         // of all that it says
	struct kv_entry *next; // of those that wait to be freed, or that a snapshot saved
	uint32_t refs;
	uint32_t value_size;
	uint16_t key_size;
	uint8_t bytes[]; // key, value
};

// Memory or the end of the process.
void *kv_alloc(size_t size);

// One reference, room for key and value; entry_seal when they are written.
struct kv_entry *entry_new(uint32_t key_size, uint32_t value_size);
void entry_seal(struct kv_entry *entry);
// Gives a reference back. The last one: it goes to the list `limbo`, since results may borrow it.
void entry_put(struct kv_entry *entry, struct kv_entry **limbo);
void limbo_free(struct kv_entry **limbo);
struct kv_item entry_item(const struct kv_entry *entry);

static inline struct kv_entry *entry_get(struct kv_entry *entry)
{
	entry->refs++;
	return entry;
}

// What it counts: the same on all replicas, whatever the allocator does.
static inline uint64_t entry_cost(const struct kv_entry *entry)
{
	return KV_ENTRY_COST + (uint64_t)entry->key_size + entry->value_size;
}

static inline struct kv_bytes entry_key(const struct kv_entry *entry)
{
	return (struct kv_bytes){entry->bytes, entry->key_size};
}
