// The ordered index against a sorted array, with random keys, grown and shrunk.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/cluster/kv/tree.h"
#include "lib/base/bytes.h"
#include "tests/sim/rng.h"

enum { SORTED_MAX = 4096 };

struct sorted {
	struct kv_entry *entry[SORTED_MAX];
	uint32_t count;
};

static int order(const struct kv_entry *entry, struct kv_bytes key)
{
	uint32_t both = entry->key_size < key.size ? entry->key_size : key.size;
	int order = memcmp(entry->bytes, key.data, both);

	return order ? order : (int)entry->key_size - (int)key.size;
}

// The first that is not before the key.
static uint32_t sorted_rank(const struct sorted *sorted, struct kv_bytes key)
{
	uint32_t at = 0;

	while (at < sorted->count && order(sorted->entry[at], key) < 0)
		at++;
	return at;
}

static struct kv_entry *sorted_find(const struct sorted *sorted, struct kv_bytes key)
{
	uint32_t at = sorted_rank(sorted, key);

	return at < sorted->count && order(sorted->entry[at], key) == 0 ? sorted->entry[at] : NULL;
}

static void sorted_put(struct sorted *sorted, struct kv_entry *entry)
{
	uint32_t at = sorted_rank(sorted, entry_key(entry));

	if (!sorted_find(sorted, entry_key(entry))) {
		memmove(sorted->entry + at + 1, sorted->entry + at,
			(sorted->count - at) * sizeof(sorted->entry[0]));
		sorted->count++;
	}
	sorted->entry[at] = entry;
}

static void sorted_take(struct sorted *sorted, struct kv_bytes key)
{
	uint32_t at = sorted_rank(sorted, key);

	memmove(sorted->entry + at, sorted->entry + at + 1,
		(sorted->count - at - 1) * sizeof(sorted->entry[0]));
	sorted->count--;
}

// Many share their first 8 bytes, some are prefixes of others, zeros and 0xff are frequent.
static struct kv_bytes random_key(struct rng *r, uint8_t bytes[16])
{
	static const uint8_t letters[] = {0, 'a', 'b', 0xff};
	uint32_t size = (uint32_t)rng_between(r, 1, 12);

	for (uint32_t i = 0; i < size; i++)
		bytes[i] = i < 7 && size > 8 ? 'x' : letters[rng_below(r, 4)];
	return (struct kv_bytes){bytes, size};
}

static struct kv_entry *entry_of(struct kv_bytes key)
{
	struct kv_entry *entry = entry_new(key.size, 0);

	memcpy(entry->bytes, key.data, key.size);
	return entry;
}

static void one_step(struct rng *r, struct tree *tree, struct sorted *sorted, bool grow)
{
	uint8_t bytes[16];
	struct kv_bytes key = random_key(r, bytes);
	struct kv_entry *there = sorted_find(sorted, key), *limbo = NULL, *out;
	uint32_t rank = sorted_rank(sorted, key);

	assert_ptr_equal(tree_find(tree, key), there);
	assert_ptr_equal(
		tree_seek(tree, key, false), rank < sorted->count ? sorted->entry[rank] : NULL);
	rank += there != NULL;
	assert_ptr_equal(
		tree_seek(tree, key, true), rank < sorted->count ? sorted->entry[rank] : NULL);
	if (rng_percent(r, grow ? 80 : 20) && sorted->count < SORTED_MAX) {
		struct kv_entry *entry = entry_of(key);

		out = tree_put(tree, entry);
		sorted_put(sorted, entry);
	} else {
		if (!there && sorted->count > 0) { // one that is there
			there = sorted->entry[rng_below(r, sorted->count)];
			key = entry_key(there);
		}
		out = tree_take(tree, key);
		if (there)
			sorted_take(sorted, key);
	}
	assert_ptr_equal(out, there);
	assert_int_equal(tree->count, sorted->count);
	if (out)
		entry_put(out, &limbo);
	limbo_free(&limbo);
}

static void tree__is_a_sorted_array(void **state)
{
	static struct sorted sorted;
	struct tree tree = {0};
	struct kv_entry *limbo = NULL;
	struct rng r = {rng_mix(7)};
	uint32_t most = 0, emptied = 0;

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		one_step(&r, &tree, &sorted, i / 10000 % 2 == 0);
		if (i % 97 == 0)
			tree_check(&tree);
		most = sorted.count > most ? sorted.count : most;
		emptied += sorted.count == 0;
	}
	assert_true(most > 2000); // three levels
	assert_true(emptied > 0);
	tree_clear(&tree, &limbo);
	assert_null(tree.root);
	limbo_free(&limbo);
}

static void tree__in_order_and_out_again(void **state)
{
	struct tree tree = {0};
	struct kv_entry *limbo = NULL;
	uint8_t bytes[4];

	(void)state;
	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < 5000; i++) {
			be32_put(bytes, i);
			assert_null(tree_put(&tree, entry_of((struct kv_bytes){bytes, 4})));
		}
		tree_check(&tree);
		for (uint32_t i = 0; i < 5000; i++) { // from the front, then from the back
			be32_put(bytes, pass ? 4999 - i : i);
			entry_put(tree_take(&tree, (struct kv_bytes){bytes, 4}), &limbo);
			if (i % 250 == 0)
				tree_check(&tree);
		}
		assert_null(tree.root);
	}
	limbo_free(&limbo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree__is_a_sorted_array),
		cmocka_unit_test(tree__in_order_and_out_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
