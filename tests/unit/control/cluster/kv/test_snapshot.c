// Snapshots: what is written is the state of their beginning, whatever is applied meanwhile; what
// is not whole is not taken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/cluster/kv/stage.h"

static struct stage *filled(uint32_t keys)
{
	struct stage *s = stage_new(NULL);

	for (uint32_t i = 0; i < keys; i++) {
		char key[] = {'k', (char)('a' + i / 26), (char)('a' + i % 26), 0};

		s->request.origin = 1 + i % 3;
		s->request.sequence = i + 1;
		put(s, key, key);
	}
	return s;
}

static void snapshot__comes_back_in_pieces_of_any_size(void **state)
{
	struct stage *s = filled(200);
	size_t size, again;
	uint8_t *bytes = snapshot_take(s->kv, 1 << 20, &size);

	(void)state;
	for (size_t slice = 1; slice < 5000; slice = slice * 3 + 1) {
		uint8_t *same = snapshot_take(s->kv, slice, &again);
		struct kv *kv = kv_new(NULL);

		assert_int_equal(again, size);
		assert_memory_equal(same, bytes, size);
		assert_int_equal(snapshot_put(kv, bytes, size, slice), KV_RESTORE_OK);
		kv_check(kv);
		assert_int_equal(kv_hash(kv), kv_hash(s->kv));
		assert_int_equal(state_of(kv).applied, 200);
		assert_int_equal(state_of(kv).revision, 200);
		assert_int_equal(state_of(kv).oldest, 201); // history is not part of it
		assert_string_equal(value_of(kv, "kaa"), "kaa");
		kv_free(kv);
		free(same);
	}
	free(bytes);
	stage_free(s);
}

static void snapshot__of_nothing(void **state)
{
	struct kv *empty = kv_new(NULL);
	struct stage *s = filled(3);
	size_t size;
	uint8_t *bytes = snapshot_take(empty, 7, &size);

	(void)state;
	assert_int_equal(snapshot_put(s->kv, bytes, size, size), KV_RESTORE_OK);
	assert_int_equal(kv_hash(s->kv), kv_hash(empty));
	assert_int_equal(state_of(s->kv).keys, 0);
	free(bytes);
	kv_free(empty);
	stage_free(s);
}

// What happens while it is written does not show: new keys, others overwritten or deleted before
// and behind the place where it is.
static void snapshot__is_of_its_beginning(void **state)
{
	(void)state;
	for (size_t slice = 1; slice < 20000; slice = slice * 2 + 1) {
		struct stage *s = filled(300);
		uint64_t hash = kv_hash(s->kv);
		uint8_t *bytes = calloc(1, 1 << 20);
		size_t size = 0, got, room = slice;
		uint32_t n = 0;

		kv_snapshot_begin(s->kv);
		while ((got = kv_snapshot_next(s->kv, bytes + size, room)) > 0) {
			size += got;
			for (uint32_t i = 0; i < 3; i++, n++) {
				char key[] = {'k', (char)('a' + n * 5 % 12), (char)('a' + n % 26),
					(char)(n % 3 ? 0 : 'x'), 0};

				if (n % 4)
					put(s, key, "changed");
				else
					delete_range(s, key_range(key));
			}
			if (n > 2000)
				room = 1 << 19; // let it end
		}
		kv_snapshot_end(s->kv);
		assert_int_not_equal(kv_hash(s->kv), hash);
		assert_int_equal(snapshot_put(s->kv, bytes, size, 4096), KV_RESTORE_OK);
		assert_int_equal(kv_hash(s->kv), hash);
		assert_string_equal(value_of(s->kv, "kbc"), "kbc");
		free(bytes);
		stage_free(s);
	}
}

static void snapshot__given_up(void **state)
{
	struct stage *s = filled(100);
	uint8_t bytes[4000];

	(void)state;
	kv_snapshot_begin(s->kv);
	kv_snapshot_next(s->kv, bytes, sizeof(bytes));
	delete_range(s, prefix_range("")); // all are kept for it
	assert_true(state_of(s->kv).snapshot);
	kv_snapshot_end(s->kv);
	assert_false(state_of(s->kv).snapshot);
	kv_snapshot_end(s->kv);
	kv_snapshot_begin(s->kv);
	stage_free(s); // frees one under way, too
}

static void restore__of_what_is_not_whole_changes_nothing(void **state)
{
	struct stage *s = filled(50);
	uint64_t hash;
	size_t size;
	uint8_t *bytes = snapshot_take(s->kv, 4096, &size);

	(void)state;
	bytes = realloc(bytes, size + 1);
	put(s, "more", "");
	hash = kv_hash(s->kv);
	for (size_t i = 0; i < size; i += 1 + i / 64) {
		assert_int_equal(snapshot_put(s->kv, bytes, i, 100), KV_RESTORE_MALFORMED);
		assert_int_equal(kv_hash(s->kv), hash);
	}
	bytes[size] = 0;
	assert_int_equal(snapshot_put(s->kv, bytes, size + 1, 100), KV_RESTORE_MALFORMED);
	bytes[7]++; // the version
	assert_int_equal(snapshot_put(s->kv, bytes, size, 100), KV_RESTORE_TOO_NEW);
	bytes[7] = 0;
	assert_int_equal(snapshot_put(s->kv, bytes, size, 100), KV_RESTORE_MALFORMED);
	bytes[7] = 1;
	assert_int_equal(kv_hash(s->kv), hash);
	assert_int_equal(snapshot_put(s->kv, bytes, size, 100), KV_RESTORE_OK);
	assert_int_not_equal(kv_hash(s->kv), hash);
	free(bytes);
	stage_free(s);
}

// The index of its last entry is the store's business, too; everything else is in the hash.
static void restore__sees_every_bit_that_is_wrong(void **state)
{
	struct stage *s = filled(8);
	size_t size;
	uint8_t *bytes = snapshot_take(s->kv, 4096, &size);
	uint32_t taken = 0;

	(void)state;
	for (size_t bit = 0; bit < size * 8; bit++) {
		struct kv *kv = kv_new(NULL);

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (snapshot_put(kv, bytes, size, size) == KV_RESTORE_OK) {
			assert_in_range(bit / 8, 16, 23); // applied
			taken++;
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		kv_free(kv);
	}
	assert_in_range(taken, 1, 63);
	free(bytes);
	stage_free(s);
}

// The bytes of version 1, its hash included: what older nodes wrote is read for ever.
static void snapshot__of_version_1(void **state)
{
	static const uint8_t golden[284] = {'S', 'L', 'K', 'V', [7] = 1,
		// revision, applied, keys, quota, largest value, origins
		[15] = 4, [23] = 4, [31] = 2, [37] = 0x10, [43] = 100, [47] = 1,
		// an origin, its boot, sequence, index; bit 70
		[48] = 1, 2, 3, 4, 5, 6, 7, 8, [63] = 9, [71] = 70, [79] = 1, [95] = 0x40,
		// sizes, create and mod revision, version, key, value
		[209] = 1, [213] = 5, [221] = 1, [229] = 3, [237] = 2, 'a', 'a', 'g', 'a', 'i',
		'n', [245] = 2, [257] = 2, [265] = 2, [273] = 1, 'a', 'b',
		// hash
		0xb2, 0x9f, 0xd3, 0xd0, 0x6c, 0xd3, 0xc0, 0x86};
	struct stage *s = stage_new(NULL);
	size_t size;
	uint8_t *bytes;

	(void)state;
	s->request.origin = 0x0102030405060708;
	s->request.boot = 9;
	s->request.sequence = 70;
	put(s, "a", "value");
	put(s, "ab", "");
	put(s, "a", "again");
	add_then(s, op_limits(100, 1 << 20));
	stage_apply(s);
	bytes = snapshot_take(s->kv, 4096, &size);
	assert_int_equal(size, sizeof(golden));
	assert_memory_equal(bytes, golden, size);
	free(bytes);
	stage_free(s);
}

static void restore__of_a_key_that_comes_twice_is_refused(void **state)
{
	enum { HEAD = 48, ENTRY = 30 + 1 + 5, TAIL = 8 };
	struct stage *s = stage_new(NULL);
	uint8_t twice[HEAD + 2 * ENTRY + TAIL], *bytes;
	size_t size;

	(void)state;
	put(s, "a", "value");
	bytes = snapshot_take(s->kv, 4096, &size);
	assert_int_equal(size, HEAD + ENTRY + TAIL);
	assert_int_equal(snapshot_put(s->kv, bytes, size, size), KV_RESTORE_OK);
	memcpy(twice, bytes, HEAD + ENTRY);
	memcpy(twice + HEAD + ENTRY, bytes + HEAD, ENTRY + TAIL); // the hash would be right
	twice[31] = 2;                                            // keys
	assert_int_equal(
		snapshot_put(s->kv, twice, sizeof(twice), sizeof(twice)), KV_RESTORE_MALFORMED);
	free(bytes);
	stage_free(s);
}

static void restore__ends_a_snapshot_and_begins_history_anew(void **state)
{
	struct stage *s = filled(20);
	const struct kv_range all = prefix_range("");
	struct kv_watch watch;
	struct kv_event event;
	size_t size;
	uint8_t *bytes = snapshot_take(s->kv, 4096, &size);
	struct stage *behind = filled(5);

	(void)state;
	kv_watch_init(behind->kv, &watch, &all, 0);
	kv_snapshot_begin(behind->kv);
	assert_int_equal(snapshot_put(behind->kv, bytes, size, 4096), KV_RESTORE_OK);
	assert_false(state_of(behind->kv).snapshot);
	assert_int_equal(kv_watch_next(behind->kv, &watch, &event), KV_WATCH_COMPACTED);
	assert_int_equal(watch.revision, 21);
	behind->index = 20;
	put(behind, "next", "");
	assert_int_equal(kv_watch_next(behind->kv, &watch, &event), KV_WATCH_EVENT);
	assert_int_equal(event.revision, 21);
	free(bytes);
	stage_free(behind);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot__comes_back_in_pieces_of_any_size),
		cmocka_unit_test(snapshot__of_nothing),
		cmocka_unit_test(snapshot__is_of_its_beginning),
		cmocka_unit_test(snapshot__given_up),
		cmocka_unit_test(restore__of_what_is_not_whole_changes_nothing),
		cmocka_unit_test(restore__sees_every_bit_that_is_wrong),
		cmocka_unit_test(snapshot__of_version_1),
		cmocka_unit_test(restore__of_a_key_that_comes_twice_is_refused),
		cmocka_unit_test(restore__ends_a_snapshot_and_begins_history_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
