// The ordered index. An inner node knows the first entry of each child: there are no copies of keys
// to keep up, each change passes by on its way back.
#include "control/cluster/kv/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bytes.h"

enum { TREE_FAN = 32, TREE_LOW = TREE_FAN / 4 };

struct tree_node {
	uint32_t count, level; // 0: a leaf
	uint64_t prefix[TREE_FAN];
	struct kv_entry *first[TREE_FAN]; // a leaf's entries, or the first of each child
	struct tree_node *child[];        // TREE_FAN of an inner node
};

struct sought {
	struct kv_bytes key;
	uint64_t prefix;
};

int bytes_compare(struct kv_bytes a, struct kv_bytes b)
{
	uint32_t both = a.size < b.size ? a.size : b.size;
	int order = both ? memcmp(a.data, b.data, both) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

// Zeros behind a short key: equal prefixes say nothing, others do.
static uint64_t prefix_of(struct kv_bytes key)
{
	uint8_t bytes[8] = {0};

	if (key.size)
		memcpy(bytes, key.data, key.size < 8 ? key.size : 8);
	return be64_get(bytes);
}

static int order_at(const struct tree_node *node, uint32_t at, const struct sought *sought)
{
	if (node->prefix[at] != sought->prefix)
		return node->prefix[at] < sought->prefix ? -1 : 1;
	return bytes_compare(entry_key(node->first[at]), sought->key);
}

// How many come before the key; *equal: the next one is it.
static uint32_t rank_of(const struct tree_node *node, const struct sought *sought, bool *equal)
{
	uint32_t low = 0, high = node->count;

	*equal = false;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		int order = order_at(node, middle, sought);

		if (order == 0)
			*equal = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// The child in which the key is, if anywhere.
static uint32_t child_of(const struct tree_node *node, const struct sought *sought)
{
	bool equal;
	uint32_t rank = rank_of(node, sought, &equal);

	return equal || rank == 0 ? rank : rank - 1;
}

static struct sought sought_of(struct kv_bytes key)
{
	return (struct sought){key, prefix_of(key)};
}

struct kv_entry *tree_find(const struct tree *tree, struct kv_bytes key)
{
	struct kv_entry *entry = tree_seek(tree, key, false);

	return entry && bytes_compare(entry_key(entry), key) == 0 ? entry : NULL;
}

struct kv_entry *tree_seek(const struct tree *tree, struct kv_bytes key, bool behind)
{
	const struct sought sought = sought_of(key);
	const struct tree_node *node = tree->root;
	struct kv_entry *next = NULL; // the first of what is right of the way
	bool equal;
	uint32_t at;

	if (!node)
		return NULL;
	for (; node->level > 0; node = node->child[at]) {
		at = child_of(node, &sought);
		if (at + 1 < node->count)
			next = node->first[at + 1];
	}
	at = rank_of(node, &sought, &equal);
	at += equal && behind;
	return at < node->count ? node->first[at] : next;
}

static struct tree_node *node_new(uint32_t level)
{
	struct tree_node *node =
		kv_alloc(sizeof(*node) + (level ? TREE_FAN * sizeof(node->child[0]) : 0));

	node->level = level;
	return node;
}

// Moves `count` slots within a node or to another one of the same level.
static void slots_move(struct tree_node *to, uint32_t to_at, const struct tree_node *from,
	uint32_t from_at, uint32_t count)
{
	memmove(to->prefix + to_at, from->prefix + from_at, count * sizeof(to->prefix[0]));
	memmove(to->first + to_at, from->first + from_at, count * sizeof(to->first[0]));
	if (to->level > 0)
		memmove(to->child + to_at, from->child + from_at, count * sizeof(to->child[0]));
}

static void slot_set(
	struct tree_node *node, uint32_t at, struct kv_entry *first, struct tree_node *child)
{
	node->prefix[at] = prefix_of(entry_key(first));
	node->first[at] = first;
	if (child)
		node->child[at] = child;
}

static void slot_remove(struct tree_node *node, uint32_t at)
{
	slots_move(node, at, node, at + 1, node->count - at - 1);
	node->count--;
}

// Returns the right half, when it had to be split.
static struct tree_node *slot_insert(
	struct tree_node *node, uint32_t at, struct kv_entry *first, struct tree_node *child)
{
	struct tree_node *right = NULL;

	if (node->count == TREE_FAN) {
		right = node_new(node->level);
		right->count = TREE_FAN / 2;
		node->count -= right->count;
		slots_move(right, 0, node, node->count, right->count);
		if (at > node->count) {
			at -= node->count;
			node = right;
		}
	}
	slots_move(node, at + 1, node, at, node->count - at);
	slot_set(node, at, first, child);
	node->count++;
	return right;
}

static struct tree_node *node_put(struct tree_node *node, const struct sought *sought,
	struct kv_entry *entry, struct kv_entry **old)
{
	struct tree_node *split;
	uint32_t at;
	bool equal;

	if (node->level == 0) {
		at = rank_of(node, sought, &equal);
		if (!equal)
			return slot_insert(node, at, entry, NULL);
		*old = node->first[at];
		node->first[at] = entry;
		return NULL;
	}
	at = child_of(node, sought);
	split = node_put(node->child[at], sought, entry, old);
	slot_set(node, at, node->child[at]->first[0], NULL);
	return split ? slot_insert(node, at + 1, split->first[0], split) : NULL;
}

struct kv_entry *tree_put(struct tree *tree, struct kv_entry *entry)
{
	const struct sought sought = sought_of(entry_key(entry));
	struct kv_entry *old = NULL;
	struct tree_node *split, *root;

	if (!tree->root)
		tree->root = node_new(0);
	split = node_put(tree->root, &sought, entry, &old);
	if (split) {
		root = node_new(tree->root->level + 1);
		slot_insert(root, 0, tree->root->first[0], tree->root);
		slot_insert(root, 1, split->first[0], split);
		tree->root = root;
	}
	tree->count += !old;
	return old;
}

// A child with few slots takes from its neighbour, or becomes one with it.
static void node_level_out(struct tree_node *node, uint32_t at)
{
	uint32_t low = at > 0 ? at - 1 : 0;
	struct tree_node *left, *right;
	uint32_t both, half;

	if (node->child[at]->count >= TREE_LOW || node->count == 1)
		return;
	left = node->child[low];
	right = node->child[low + 1];
	both = left->count + right->count;
	if (both <= TREE_FAN) {
		slots_move(left, left->count, right, 0, right->count);
		left->count = both;
		free(right);
		slot_remove(node, low + 1);
	} else {
		half = both / 2;
		if (left->count < half) {
			slots_move(left, left->count, right, 0, half - left->count);
			slots_move(right, 0, right, half - left->count, both - half);
		} else {
			slots_move(right, left->count - half, right, 0, right->count);
			slots_move(right, 0, left, half, left->count - half);
		}
		left->count = half;
		right->count = both - half;
		slot_set(node, low + 1, right->first[0], NULL);
	}
}

static struct kv_entry *node_take(struct tree_node *node, const struct sought *sought)
{
	struct kv_entry *entry = NULL;
	uint32_t at;
	bool equal;

	if (node->level == 0) {
		at = rank_of(node, sought, &equal);
		if (!equal)
			return NULL;
		entry = node->first[at];
		slot_remove(node, at);
		return entry;
	}
	at = child_of(node, sought);
	entry = node_take(node->child[at], sought);
	if (entry) {
		slot_set(node, at, node->child[at]->first[0], NULL);
		node_level_out(node, at);
	}
	return entry;
}

struct kv_entry *tree_take(struct tree *tree, struct kv_bytes key)
{
	const struct sought sought = sought_of(key);
	struct tree_node *root = tree->root;
	struct kv_entry *entry = root ? node_take(root, &sought) : NULL;

	if (!entry)
		return NULL;
	tree->count--;
	if (root->count == 0)
		tree->root = NULL;
	else if (root->level > 0 && root->count == 1)
		tree->root = root->child[0];
	if (tree->root != root)
		free(root);
	return entry;
}

static void node_free(struct tree_node *node, struct kv_entry **limbo)
{
	for (uint32_t i = 0; i < node->count; i++) {
		if (node->level > 0)
			node_free(node->child[i], limbo);
		else
			entry_put(node->first[i], limbo);
	}
	free(node);
}

void tree_clear(struct tree *tree, struct kv_entry **limbo)
{
	if (tree->root)
		node_free(tree->root, limbo);
	*tree = (struct tree){0};
}

// Returns how many entries are below.
static uint64_t node_check(const struct tree_node *node, bool root)
{
	uint64_t count = node->level ? 0 : node->count;

	assert(node->count >= (root ? 1 + (node->level > 0) : TREE_LOW));
	assert(node->count <= TREE_FAN);
	for (uint32_t i = 0; i < node->count; i++) {
		struct kv_bytes key = entry_key(node->first[i]);

		assert(node->prefix[i] == prefix_of(key));
		assert(i == 0 || bytes_compare(entry_key(node->first[i - 1]), key) < 0);
		if (node->level == 0)
			continue;
		assert(node->child[i]->level + 1 == node->level);
		assert(node->child[i]->first[0] == node->first[i]);
		assert(i == 0 ||
			bytes_compare(
				entry_key(node->child[i - 1]->first[node->child[i - 1]->count - 1]),
				key) < 0);
		count += node_check(node->child[i], false);
	}
	return count;
}

void tree_check(const struct tree *tree)
{
	assert(tree->count == (tree->root ? node_check(tree->root, true) : 0));
}
