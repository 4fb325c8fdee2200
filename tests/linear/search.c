// The search for an order: calls and returns in a list; an operation that could come next is lifted
// out, and put back when nothing can follow it. What was tried already, as the set of operations
// done and the state, is not tried again.
#include "tests/linear/search.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/rng.h"

enum { LATE_EVERY = 4096, CACHE_FIRST = 1024, CACHE_BYTES_MAX = 1 << 30 };

struct node {
	struct node *before, *after;
	struct node *end; // of a call: its return, or NULL; NULL of a return, too
	const struct search_op *op;
	bool call;
};

struct frame {
	struct node *node;
	uint64_t state; // before it
	bool forced;    // there is nothing else to try instead
};

// Sets of operations that were done, with the state that they left.
struct cache {
	uint64_t *sets; // `words` each
	uint64_t *states, *hashes;
	uint32_t *slots; // 1 + index of an entry; 0: free
	uint32_t count, room, slot_count, words;
};

struct search {
	struct node head;
	struct node *nodes;
	struct frame *frames;
	uint32_t depth, left; // frames; operations that must still be done
	uint64_t state, hash; // of the set
	uint64_t *set;
	struct cache cache;
};

static void *checked(void *memory)
{
	assert(memory);
	return memory;
}

static void cache_grow(struct cache *cache)
{
	cache->room = cache->room ? 2 * cache->room : CACHE_FIRST;
	cache->slot_count = 4 * cache->room;
	cache->sets = checked(
		realloc(cache->sets, (size_t)cache->room * cache->words * sizeof(cache->sets[0])));
	cache->states = checked(realloc(cache->states, cache->room * sizeof(cache->states[0])));
	cache->hashes = checked(realloc(cache->hashes, cache->room * sizeof(cache->hashes[0])));
	free(cache->slots);
	cache->slots = checked(calloc(cache->slot_count, sizeof(cache->slots[0])));
	for (uint32_t i = 0; i < cache->count; i++) {
		uint32_t at = (uint32_t)cache->hashes[i] & (cache->slot_count - 1);

		while (cache->slots[at])
			at = (at + 1) & (cache->slot_count - 1);
		cache->slots[at] = i + 1;
	}
}

// False: it was there.
static bool cache_add(struct cache *cache, const uint64_t *set, uint64_t hash, uint64_t state)
{
	size_t bytes = cache->words * sizeof(set[0]);
	uint32_t at;

	if (cache->count == cache->room)
		cache_grow(cache);
	hash = rng_mix(hash ^ rng_mix(state));
	for (at = (uint32_t)hash & (cache->slot_count - 1); cache->slots[at];
		at = (at + 1) & (cache->slot_count - 1)) {
		uint32_t i = cache->slots[at] - 1;

		if (cache->hashes[i] == hash && cache->states[i] == state &&
			memcmp(cache->sets + (size_t)i * cache->words, set, bytes) == 0)
			return false;
	}
	memcpy(cache->sets + (size_t)cache->count * cache->words, set, bytes);
	cache->states[cache->count] = state;
	cache->hashes[cache->count] = hash;
	cache->slots[at] = ++cache->count;
	return true;
}

static void set_flip(struct search *search, const struct node *node)
{
	uint64_t at = (uint64_t)(node - search->nodes);

	search->set[at / 64] ^= 1ull << at % 64;
	search->hash ^= rng_mix(at + 1);
}

static void unlink_node(struct node *node)
{
	node->before->after = node->after;
	if (node->after)
		node->after->before = node->before;
}

static void relink_node(struct node *node)
{
	node->before->after = node;
	if (node->after)
		node->after->before = node;
}

static bool swap_can(const struct search_op *op, uint64_t state, uint64_t *next)
{
	bool there = state == op->op->expect || state == SEARCH_ANY;

	if (!op->open && op->op->held == LINEAR_NOT_HELD) {
		*next = state;
		return state != op->op->expect;
	}
	*next = op->put;
	return there; // one that did nothing and may not have happened need not
}

// Whether the operation could happen now, and what is there then.
static bool op_can(const struct search_op *op, uint64_t state, uint64_t *next)
{
	*next = op->put;
	if (op->blind)
		return true;
	switch (op->op->kind) {
	case LINEAR_GET:
		*next = op->op->value;
		return state == op->op->value || state == SEARCH_ANY;
	case LINEAR_PUT:
		return true;
	case LINEAR_DELETE:
		if (op->open || op->op->held == LINEAR_UNTOLD)
			return true;
		return op->op->held == LINEAR_HELD ? state != LINEAR_ABSENT
						   : state == LINEAR_ABSENT || state == SEARCH_ANY;
	case LINEAR_SWAP:
		return swap_can(op, state, next);
	}
	return false;
}

// What only looks may as well look at once, when it sees what it saw.
static bool only_looks(const struct search_op *op)
{
	if (op->open || op->blind)
		return false;
	return op->op->kind == LINEAR_GET ||
	       (op->op->kind != LINEAR_PUT && op->op->held == LINEAR_NOT_HELD);
}

static void push(struct search *search, struct node *node, uint64_t next, bool forced)
{
	search->frames[search->depth++] =
		(struct frame){.node = node, .state = search->state, .forced = forced};
	search->state = next;
	search->left -= !node->op->open;
	unlink_node(node);
	if (node->end)
		unlink_node(node->end);
}

// The operation that is undone, after which the next one is tried; NULL: there is nothing else.
static struct node *pop(struct search *search)
{
	while (search->depth > 0) {
		struct frame *frame = &search->frames[--search->depth];
		struct node *node = frame->node;

		if (node->end)
			relink_node(node->end);
		relink_node(node);
		set_flip(search, node);
		search->left += !node->op->open;
		search->state = frame->state;
		if (!frame->forced)
			return node;
	}
	return NULL;
}

static void look(struct search *search)
{
	struct node *node = search->head.after;

	while (node && node->call) {
		uint64_t next;

		if (only_looks(node->op) && op_can(node->op, search->state, &next) &&
			next == search->state) {
			set_flip(search, node);
			push(search, node, next, true);
			node = search->head.after;
		} else {
			node = node->after;
		}
	}
}

static bool too_late(const struct cache *cache, const struct linear_limits *limits, uint64_t steps)
{
	uint64_t bytes = cache->count * (cache->words * 8ull + 32);

	if (steps >= limits->steps || bytes > CACHE_BYTES_MAX)
		return true;
	return limits->late && steps % LATE_EVERY == 0 && limits->late(limits->owner);
}

static bool try_node(struct search *search, struct node *node)
{
	uint64_t next;

	if (!op_can(node->op, search->state, &next))
		return false;
	set_flip(search, node);
	if (!cache_add(&search->cache, search->set, search->hash, next)) {
		set_flip(search, node);
		return false;
	}
	push(search, node, next, false);
	look(search);
	return true;
}

static enum linear_verdict walk(
	struct search *search, const struct linear_limits *limits, uint64_t *steps)
{
	struct node *node;

	look(search);
	node = search->head.after;
	while (search->left > 0) {
		if (too_late(&search->cache, limits, ++*steps))
			return LINEAR_UNDECIDED;
		if (node && node->call) {
			node = try_node(search, node) ? search->head.after : node->after;
			continue;
		}
		node = pop(search); // a return, and nothing that can come before it
		if (!node)
			return LINEAR_NO;
		node = node->after;
	}
	return LINEAR_YES;
}

// By time; at the same time calls come first, for then nothing says who was earlier.
static int node_order(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;
	uint64_t x_at = (*x)->call ? (*x)->op->call : (*x)->op->end;
	uint64_t y_at = (*y)->call ? (*y)->op->call : (*y)->op->end;

	if (x_at != y_at)
		return x_at < y_at ? -1 : 1;
	if ((*x)->call != (*y)->call)
		return (*x)->call ? -1 : 1;
	return ((*x)->op > (*y)->op) - ((*x)->op < (*y)->op);
}

static void list_make(struct search *search, const struct search_op *ops, uint32_t count)
{
	struct node **order = checked(calloc(2 * (size_t)count + 1, sizeof(struct node *)));
	struct node *last = &search->head;
	uint32_t nodes = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct node *call = &search->nodes[i], *end = &search->nodes[count + i];

		*call = (struct node){.op = &ops[i], .call = true};
		*end = (struct node){.op = &ops[i]};
		order[nodes++] = call;
		if (ops[i].open)
			continue;
		call->end = order[nodes++] = end;
		search->left++;
	}
	qsort(order, nodes, sizeof(struct node *), node_order);
	for (uint32_t i = 0; i < nodes; i++) {
		last->after = order[i];
		order[i]->before = last;
		last = order[i];
	}
	free(order);
}

enum linear_verdict search_run(const struct search_op *ops, uint32_t count, uint64_t state,
	const struct linear_limits *limits, uint64_t *steps)
{
	struct search search = {.state = state, .cache.words = count / 64 + 1};
	uint64_t taken = 0;
	enum linear_verdict verdict;

	search.nodes = checked(calloc(2 * (size_t)count + 1, sizeof(struct node)));
	search.frames = checked(calloc((size_t)count + 1, sizeof(struct frame)));
	search.set = checked(calloc(search.cache.words, sizeof(uint64_t)));
	list_make(&search, ops, count);
	verdict = walk(&search, limits, &taken);
	*steps += taken;
	free(search.nodes);
	free(search.frames);
	free(search.set);
	free(search.cache.sets);
	free(search.cache.states);
	free(search.cache.hashes);
	free(search.cache.slots);
	return verdict;
}
