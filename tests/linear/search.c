// The search for an order: calls and returns in a list; an operation that could come next is lifted
// out, and put back when nothing can follow it. What was tried already, as the set of operations
// done and the state, is not tried again.
//
// What need not happen (open) is what makes histories hard. So it is tried last, only where
// something that looks comes next, and of two that are alike only the first; and what had no order
// with some of it done has none with more of it done.
#include "tests/linear/search.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/rng.h"

enum { LATE_EVERY = 4096, CACHE_FIRST = 1024, CACHE_BYTES_MAX = 1 << 30 };

struct node {
	struct node *before, *after;
	struct node *end;  // of a call: its return, or NULL; NULL of a return, too
	struct node *twin; // of an open one: the one before it that is alike
	const struct search_op *op;
	uint32_t bit; // in its set
	bool call;
	bool out; // lifted
};

struct frame {
	struct node *node;
	uint64_t state; // before it
	bool wanting;   // before it
	bool forced;    // there is nothing else to try instead
};

// Sets of operations that were done, with the state that they left: first those that must happen,
// then the open ones.
struct cache {
	uint64_t *sets; // must_words + open_words each
	uint64_t *states, *hashes;
	bool *wanting;
	uint32_t *slots; // 1 + index of an entry; 0: free
	uint32_t count, room, slot_count, must_words, open_words;
};

struct search {
	struct node head;  // calls and returns of what must happen
	struct node opens; // calls of what need not
	struct node *nodes;
	struct frame *frames;
	uint32_t depth, left; // frames; operations that must still be done
	uint64_t state, hash; // of the set of those that must happen
	bool wanting;         // an open one was done, and nobody has looked since
	uint64_t *set;
	struct cache cache;
};

static void *checked(void *memory)
{
	assert(memory);
	return memory;
}

static uint32_t words_of(const struct cache *cache)
{
	return cache->must_words + cache->open_words;
}

static void cache_grow(struct cache *cache)
{
	cache->room = cache->room ? 2 * cache->room : CACHE_FIRST;
	cache->slot_count = 4 * cache->room;
	cache->sets = checked(realloc(
		cache->sets, (size_t)cache->room * words_of(cache) * sizeof(cache->sets[0])));
	cache->states = checked(realloc(cache->states, cache->room * sizeof(cache->states[0])));
	cache->hashes = checked(realloc(cache->hashes, cache->room * sizeof(cache->hashes[0])));
	cache->wanting = checked(realloc(cache->wanting, cache->room * sizeof(cache->wanting[0])));
	free(cache->slots);
	cache->slots = checked(calloc(cache->slot_count, sizeof(cache->slots[0])));
	for (uint32_t i = 0; i < cache->count; i++) {
		uint32_t at = (uint32_t)cache->hashes[i] & (cache->slot_count - 1);

		while (cache->slots[at])
			at = (at + 1) & (cache->slot_count - 1);
		cache->slots[at] = i + 1;
	}
}

// Whether an entry is of the same operations that must happen, with the same or fewer open ones.
static bool cache_covers(const struct cache *cache, uint32_t entry, const uint64_t *set)
{
	const uint64_t *tried = cache->sets + (size_t)entry * words_of(cache);

	if (memcmp(tried, set, cache->must_words * sizeof(set[0])) != 0)
		return false;
	for (uint32_t i = cache->must_words; i < words_of(cache); i++) {
		if (tried[i] & ~set[i])
			return false;
	}
	return true;
}

// False: it was tried, or what can do all that it can.
static bool cache_add(struct search *search, uint64_t state, bool wanting)
{
	struct cache *cache = &search->cache;
	uint64_t hash = rng_mix(search->hash ^ rng_mix(state + wanting));
	uint32_t at;

	if (cache->count == cache->room)
		cache_grow(cache);
	for (at = (uint32_t)hash & (cache->slot_count - 1); cache->slots[at];
		at = (at + 1) & (cache->slot_count - 1)) {
		uint32_t i = cache->slots[at] - 1;

		if (cache->hashes[i] == hash && cache->states[i] == state &&
			cache->wanting[i] == wanting && cache_covers(cache, i, search->set))
			return false;
	}
	memcpy(cache->sets + (size_t)cache->count * words_of(cache), search->set,
		words_of(cache) * sizeof(search->set[0]));
	cache->states[cache->count] = state;
	cache->hashes[cache->count] = hash;
	cache->wanting[cache->count] = wanting;
	cache->slots[at] = ++cache->count;
	return true;
}

static void set_flip(struct search *search, const struct node *node)
{
	uint32_t at = node->bit;

	if (node->op->open)
		at += 64 * search->cache.must_words;
	else
		search->hash ^= rng_mix(at + 1);
	search->set[at / 64] ^= 1ull << at % 64;
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

// Of what must happen: what only looks may as well look at once, when it sees what it saw.
static bool only_looks(const struct search_op *op)
{
	return op->op->kind == LINEAR_GET ||
	       (op->op->kind != LINEAR_PUT && op->op->held == LINEAR_NOT_HELD);
}

// Whether it matters to an operation what was there before it.
static bool looks(const struct search_op *op)
{
	if (op->op->kind == LINEAR_PUT)
		return false;
	if (op->op->kind == LINEAR_DELETE)
		return !op->open && op->op->held != LINEAR_UNTOLD;
	return true;
}

static void push(struct search *search, struct node *node, uint64_t next, bool forced)
{
	search->frames[search->depth++] = (struct frame){
		.node = node, .state = search->state, .wanting = search->wanting, .forced = forced};
	search->state = next;
	search->wanting = node->op->open;
	search->left -= !node->op->open;
	node->out = true;
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
		node->out = false;
		set_flip(search, node);
		search->left += !node->op->open;
		search->state = frame->state;
		search->wanting = frame->wanting;
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
	uint64_t bytes = cache->count * (words_of(cache) * 8ull + 33);

	if (steps >= limits->steps || bytes > CACHE_BYTES_MAX)
		return true;
	return limits->late && steps % LATE_EVERY == 0 && limits->late(limits->owner);
}

static bool try_node(struct search *search, struct node *node)
{
	uint64_t next;

	if (node->twin && !node->twin->out)
		return false;
	if (search->wanting && !looks(node->op)) // then the one before it need not happen
		return false;
	if (!op_can(node->op, search->state, &next))
		return false;
	set_flip(search, node);
	if (!cache_add(search, next, node->op->open)) {
		set_flip(search, node);
		return false;
	}
	push(search, node, next, false);
	look(search);
	return true;
}

// When the first of what must still happen ends: what is called later comes behind it.
static uint64_t first_end(const struct search *search)
{
	const struct node *node = search->head.after;

	while (node->call)
		node = node->after;
	return node->op->end;
}

// What could come next instead of `node` (head: at all): first what must happen, then the open
// ones. NULL: nothing.
static struct node *candidate(struct search *search, const struct node *node)
{
	struct node *next = node->after;

	if (node == &search->head || !node->op->open) {
		if (next && next->call)
			return next;
		next = search->opens.after;
	}
	return next && next->op->call <= first_end(search) ? next : NULL;
}

static enum linear_verdict walk(
	struct search *search, const struct linear_limits *limits, uint64_t *steps)
{
	struct node *node = &search->head;

	look(search);
	while (search->left > 0) {
		if (too_late(&search->cache, limits, ++*steps))
			return LINEAR_UNDECIDED;
		node = candidate(search, node);
		if (!node) {
			node = pop(search);
			if (!node)
				return LINEAR_NO;
		} else if (try_node(search, node)) {
			node = &search->head;
		}
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

static bool alike(const struct search_op *a, const struct search_op *b)
{
	if (a->put != b->put)
		return false;
	if (a->op->kind != LINEAR_SWAP && b->op->kind != LINEAR_SWAP)
		return true; // writes, whatever was there
	return a->op->kind == b->op->kind && a->op->expect == b->op->expect;
}

static void append(struct node **last, struct node *node)
{
	(*last)->after = node;
	node->before = *last;
	*last = node;
}

static void opens_make(struct search *search, struct node **order, uint32_t count)
{
	struct node *last = &search->opens;

	qsort(order, count, sizeof(order[0]), node_order);
	for (uint32_t i = 0; i < count; i++) {
		order[i]->bit = i;
		append(&last, order[i]);
		for (uint32_t j = i; j-- > 0 && !order[i]->twin;) {
			if (alike(order[i]->op, order[j]->op))
				order[i]->twin = order[j];
		}
	}
	search->cache.open_words = count / 64 + 1;
}

static void musts_make(struct search *search, struct node **order, uint32_t count)
{
	struct node *last = &search->head;

	qsort(order, count, sizeof(order[0]), node_order);
	for (uint32_t i = 0; i < count; i++) {
		append(&last, order[i]);
		if (order[i]->call)
			order[i]->bit = search->left++;
	}
	search->cache.must_words = search->left / 64 + 1;
}

static void lists_make(struct search *search, const struct search_op *ops, uint32_t count)
{
	struct node **musts = checked(calloc(2 * (size_t)count + 1, sizeof(struct node *)));
	struct node **opens = checked(calloc((size_t)count + 1, sizeof(struct node *)));
	uint32_t must_count = 0, open_count = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct node *call = &search->nodes[i], *end = &search->nodes[count + i];

		*call = (struct node){.op = &ops[i], .call = true};
		if (ops[i].open) {
			opens[open_count++] = call;
			continue;
		}
		*end = (struct node){.op = &ops[i]};
		call->end = end;
		musts[must_count++] = call;
		musts[must_count++] = end;
	}
	musts_make(search, musts, must_count);
	opens_make(search, opens, open_count);
	free(musts);
	free(opens);
}

enum linear_verdict search_run(const struct search_op *ops, uint32_t count, uint64_t state,
	const struct linear_limits *limits, uint64_t *steps)
{
	struct search search = {.state = state};
	uint64_t taken = 0;
	enum linear_verdict verdict;

	search.nodes = checked(calloc(2 * (size_t)count + 1, sizeof(struct node)));
	search.frames = checked(calloc((size_t)count + 1, sizeof(struct frame)));
	lists_make(&search, ops, count);
	search.set = checked(calloc(words_of(&search.cache), sizeof(uint64_t)));
	verdict = walk(&search, limits, &taken);
	*steps += taken;
	free(search.nodes);
	free(search.frames);
	free(search.set);
	free(search.cache.sets);
	free(search.cache.states);
	free(search.cache.hashes);
	free(search.cache.wanting);
	free(search.cache.slots);
	return verdict;
}
