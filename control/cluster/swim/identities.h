// What is equal between nodes: name, address and metadata of members, each kept once. Entries are
// immutable and counted; a process has a table of its own, a simulator one for all its nodes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/address.h"
#include "lib/ipc/names.h"

#define SWIM_META_MAX   512u
#define IDENTITIES_NONE UINT32_MAX

struct identity {
	uint32_t references;
	uint32_t hash;      // of the whole, the same on every node
	uint32_t next;      // in its chain, or in the list of free ones
	uint32_t name_hash; // of the name alone
	uint32_t meta_version;
	uint16_t meta_size;
	uint16_t port;
	struct address address;
	char name[NAME_SIZE];
	uint8_t meta[SWIM_META_MAX];
};

struct identities;

// What to look for. Everything is borrowed.
struct identity_want {
	const char *name; // shorter than NAME_SIZE
	struct address address;
	uint16_t port;
	uint16_t meta_size; // <= SWIM_META_MAX
	uint32_t meta_version;
	const uint8_t *meta;
};

// Memory for `count` entries, aligned to 64.
size_t identities_size(uint32_t count);
struct identities *identities_init(void *memory, uint32_t count);
// One more reference to the entry that is equal, or a new one. IDENTITIES_NONE: the table is full.
uint32_t identities_get(struct identities *table, const struct identity_want *want);
void identities_put(struct identities *table, uint32_t id);
const struct identity *identities_at(const struct identities *table, uint32_t id);
uint32_t identities_used(const struct identities *table);
// FNV-1a of a name.
uint32_t identity_name_hash(const char *name);
