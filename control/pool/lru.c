// Hints: which connection a kind of request used last on a node. A hash table and a list by use;
// the entry that was used the longest time ago makes room.
#include "control/pool/core.h"

#include <string.h>

static uint32_t buckets_of(uint32_t entries)
{
	uint32_t buckets = 1;

	while (buckets < entries * 2)
		buckets *= 2;
	return buckets;
}

size_t lru_size(uint32_t entries)
{
	return entries * sizeof(struct hint) + buckets_of(entries) * sizeof(uint16_t);
}

void lru_init(struct lru *lru, void *memory, uint32_t entries)
{
	uint32_t buckets = buckets_of(entries);

	*lru = (struct lru){
		.hints = memory, .entries = entries, .mask = buckets - 1, .by_use = LIST_EMPTY};
	lru->buckets = (uint16_t *)(void *)(lru->hints + entries);
	memset(lru->buckets, 0xff, buckets * sizeof(uint16_t));
}

static uint16_t *bucket(const struct lru *lru, uint16_t node, uint32_t affinity)
{
	uint64_t hash = ((uint64_t)node << 32 | affinity) * 0x9e3779b97f4a7c15ull;

	return &lru->buckets[hash >> 32 & lru->mask];
}

static struct hint *find(const struct lru *lru, uint16_t node, uint32_t affinity)
{
	for (uint16_t at = *bucket(lru, node, affinity); at != LIST_NONE;
		at = lru->hints[at].hash_next) {
		struct hint *hint = &lru->hints[at];

		if (hint->affinity == affinity && hint->node == node)
			return hint;
	}
	return NULL;
}

const struct hint *lru_find(struct lru *lru, uint16_t node, uint32_t affinity)
{
	lru->found = find(lru, node, affinity);
	return lru->found;
}

const struct hint *lru_peek(const struct lru *lru, uint16_t node, uint32_t affinity)
{
	return find(lru, node, affinity);
}

// A grant looks for the same hint twice.
static struct hint *find_again(const struct lru *lru, uint16_t node, uint32_t affinity)
{
	struct hint *found = lru->found;

	if (found && found->affinity == affinity && found->node == node)
		return found;
	return find(lru, node, affinity);
}

static void unhash(struct lru *lru, const struct hint *hint)
{
	uint16_t *at = bucket(lru, hint->node, hint->affinity);

	while (&lru->hints[*at] != hint)
		at = &lru->hints[*at].hash_next;
	*at = hint->hash_next;
}

static struct hint *add(struct lru *lru, uint16_t node, uint32_t affinity)
{
	uint16_t *its = bucket(lru, node, affinity), at;
	struct hint *hint;

	if (lru->used < lru->entries) {
		at = (uint16_t)lru->used++;
	} else {
		at = lru->by_use.tail;
		list_remove(&lru->by_use, LINKS(lru->hints, by_use), at);
		unhash(lru, &lru->hints[at]);
	}
	hint = &lru->hints[at];
	hint->node = node;
	hint->affinity = affinity;
	hint->hash_next = *its;
	*its = at;
	list_push_head(&lru->by_use, LINKS(lru->hints, by_use), at);
	return hint;
}

void lru_put(struct lru *lru, uint16_t node, uint32_t affinity, uint32_t connection)
{
	struct hint *hint = find_again(lru, node, affinity);
	uint16_t at;

	if (lru->entries == 0)
		return;
	lru->lookups++;
	if (!hint) {
		hint = add(lru, node, affinity);
	} else {
		at = (uint16_t)(hint - lru->hints);
		lru->hits += hint->connection == connection;
		if (lru->by_use.head != at) {
			list_remove(&lru->by_use, LINKS(lru->hints, by_use), at);
			list_push_head(&lru->by_use, LINKS(lru->hints, by_use), at);
		}
	}
	hint->connection = connection;
}
