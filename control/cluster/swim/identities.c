// Interning of identities: a hash table with chains over entries that are counted.
#include "control/cluster/swim/identities.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "lib/base/bytes.h"

struct identities {
	uint32_t count, used, free;
	uint32_t mask; // of chains
	uint32_t *chains;
	struct identity *entries;
};

static uint32_t chains_of(uint32_t count)
{
	uint32_t chains = 16;

	while (chains < count)
		chains *= 2;
	return chains;
}

static size_t aligned(size_t size)
{
	return (size + 63) & ~(size_t)63;
}

size_t identities_size(uint32_t count)
{
	return aligned(sizeof(struct identities)) + aligned(chains_of(count) * sizeof(uint32_t)) +
	       count * sizeof(struct identity);
}

struct identities *identities_init(void *memory, uint32_t count)
{
	struct identities *table = memory;
	uint8_t *at = memory;

	*table = (struct identities){.count = count, .mask = chains_of(count) - 1};
	at += aligned(sizeof(*table));
	table->chains = (uint32_t *)at;
	memset(table->chains, 0xff, (table->mask + 1) * sizeof(uint32_t));
	at += aligned((table->mask + 1) * sizeof(uint32_t));
	table->entries = (struct identity *)at;
	for (uint32_t i = 0; i < count; i++) {
		table->entries[i].references = 0;
		table->entries[i].next = i + 1 < count ? i + 1 : IDENTITIES_NONE;
	}
	table->free = count ? 0 : IDENTITIES_NONE;
	return table;
}

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t size)
{
	for (const uint8_t *at = bytes; size--; at++)
		hash = (hash ^ *at) * 16777619u;
	return hash;
}

static size_t name_length(const char *name)
{
	size_t length = 0;

	while (length < NAME_SIZE - 1 && name[length])
		length++;
	return length;
}

uint32_t identity_name_hash(const char *name)
{
	return hash_bytes(2166136261u, name, name_length(name));
}

static uint32_t want_hash(const struct identity_want *want, uint32_t name_hash)
{
	uint32_t hash = hash_bytes(name_hash, want->address.bytes, sizeof(want->address.bytes));
	uint8_t numbers[6];

	be16_put(numbers, want->port);
	be32_put(numbers + 2, want->meta_version);
	hash = hash_bytes(hash, numbers, sizeof(numbers));
	return hash_bytes(hash, want->meta, want->meta_size);
}

static bool equal(const struct identity *a, const struct identity_want *b)
{
	size_t length = name_length(b->name);

	return address_equal(a->address, b->address) && a->port == b->port &&
	       a->meta_version == b->meta_version && a->meta_size == b->meta_size &&
	       memcmp(a->name, b->name, length) == 0 && a->name[length] == 0 &&
	       (a->meta_size == 0 || memcmp(a->meta, b->meta, a->meta_size) == 0);
}

static void fill(struct identity *entry, const struct identity_want *want)
{
	size_t length = name_length(want->name);

	entry->address = want->address;
	entry->port = want->port;
	entry->meta_version = want->meta_version;
	entry->meta_size = want->meta_size;
	memset(entry->name, 0, sizeof(entry->name));
	memcpy(entry->name, want->name, length);
	if (want->meta_size)
		memcpy(entry->meta, want->meta, want->meta_size);
}

uint32_t identities_get(struct identities *table, const struct identity_want *want)
{
	uint32_t name_hash = identity_name_hash(want->name), hash = want_hash(want, name_hash);
	uint32_t *chain = &table->chains[hash & table->mask], id;
	struct identity *entry;

	assert(want->meta_size <= SWIM_META_MAX);
	for (id = *chain; id != IDENTITIES_NONE; id = table->entries[id].next) {
		entry = &table->entries[id];
		if (entry->hash == hash && equal(entry, want)) {
			entry->references++;
			return id;
		}
	}
	id = table->free;
	if (id == IDENTITIES_NONE)
		return id;
	entry = &table->entries[id];
	table->free = entry->next;
	table->used++;
	fill(entry, want);
	entry->references = 1;
	entry->hash = hash;
	entry->name_hash = name_hash;
	entry->next = *chain;
	*chain = id;
	return id;
}

void identities_put(struct identities *table, uint32_t id)
{
	struct identity *entry = &table->entries[id];
	uint32_t *at = &table->chains[entry->hash & table->mask];

	assert(id < table->count && entry->references);
	if (--entry->references)
		return;
	while (*at != id)
		at = &table->entries[*at].next;
	*at = entry->next;
	entry->next = table->free;
	table->free = id;
	table->used--;
}

const struct identity *identities_at(const struct identities *table, uint32_t id)
{
	assert(id < table->count && table->entries[id].references);
	return &table->entries[id];
}

uint32_t identities_used(const struct identities *table)
{
	return table->used;
}
