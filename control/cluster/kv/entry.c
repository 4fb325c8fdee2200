// One key with its value at one revision.
#include "control/cluster/kv/entry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/cluster/kv/hash.h"

void *kv_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fprintf(stderr, "kv: no memory for %zu bytes; a replica cannot skip an entry\n",
			size);
		abort();
	}
	return memory;
}

struct kv_entry *entry_new(uint32_t key_size, uint32_t value_size)
{
	struct kv_entry *entry;

	assert(key_size >= 1 && key_size <= KV_KEY_MAX && value_size <= KV_VALUE_MAX);
	entry = kv_alloc(sizeof(*entry) + key_size + value_size);
	entry->key_size = (uint16_t)key_size;
	entry->value_size = value_size;
	entry->refs = 1;
	return entry;
}

void entry_seal(struct kv_entry *entry)
{
	uint64_t hash = hash_bytes(entry->key_size, entry->bytes, entry->key_size);

	hash = hash_bytes(hash, entry->bytes + entry->key_size, entry->value_size);
	hash = hash_word(hash, entry->create_revision);
	hash = hash_word(hash, entry->mod_revision);
	entry->hash = hash_word(hash, entry->version);
}

void entry_put(struct kv_entry *entry, struct kv_entry **limbo)
{
	assert(entry->refs > 0);
	if (--entry->refs > 0)
		return;
	entry->next = *limbo;
	*limbo = entry;
}

void limbo_free(struct kv_entry **limbo)
{
	while (*limbo) {
		struct kv_entry *entry = *limbo;

		*limbo = entry->next;
		free(entry);
	}
}

struct kv_item entry_item(const struct kv_entry *entry)
{
	return (struct kv_item){
		.key = entry_key(entry),
		.value = {entry->bytes + entry->key_size, entry->value_size},
		.create_revision = entry->create_revision,
		.mod_revision = entry->mod_revision,
		.version = entry->version,
	};
}
