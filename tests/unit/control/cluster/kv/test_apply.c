// What requests do to the state: revisions, versions, ranges, transactions, limits and quota.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <string.h>

#include "tests/unit/control/cluster/kv/stage.h"

static const uint8_t zeros[KV_VALUE_MAX];

static int setup(void **state)
{
	*state = stage_new(NULL);
	return 0;
}

static int teardown(void **state)
{
	stage_free(*state);
	return 0;
}

static void put__counts_revisions_and_versions(void **state)
{
	struct stage *s = *state;
	struct kv_item item;

	assert_int_equal(put(s, "a", "1"), KV_OK);
	assert_int_equal(put(s, "b", "2"), KV_OK);
	assert_int_equal(put(s, "a", "3"), KV_OK);
	assert_int_equal(s->result.revision, 3);
	assert_int_equal(s->result.op[0].version, 2);
	assert_true(kv_get(s->kv, text("a"), &item));
	assert_int_equal(item.create_revision, 1);
	assert_int_equal(item.mod_revision, 3);
	assert_int_equal(item.version, 2);
	assert_string_equal(value_of(s->kv, "a"), "3");
	assert_int_equal(delete_range(s, key_range("a")), KV_OK);
	assert_int_equal(put(s, "a", ""), KV_OK);
	assert_true(kv_get(s->kv, text("a"), &item));
	assert_int_equal(item.version, 1); // begins anew
	assert_int_equal(item.create_revision, 5);
	assert_int_equal(item.value.size, 0);
}

static void delete__of_nothing_changes_nothing(void **state)
{
	struct stage *s = *state;
	uint64_t hash;

	put(s, "a", "1");
	hash = kv_hash(s->kv);
	assert_int_equal(delete_range(s, key_range("b")), KV_OK);
	assert_int_equal(s->result.op[0].deleted, 0);
	assert_int_equal(s->result.revision, 1);
	assert_int_equal(kv_hash(s->kv), hash);
	assert_int_equal(state_of(s->kv).applied, 2);
}

static void delete__takes_keys_prefixes_and_ranges(void **state)
{
	static const char *const keys[] = {"a", "aa", "ab", "b", "ba", "c"};
	struct stage *s = *state;

	for (uint32_t i = 0; i < 6; i++)
		put(s, keys[i], keys[i]);
	delete_range(s, prefix_range("a"));
	assert_int_equal(s->result.op[0].deleted, 3);
	assert_int_equal(s->result.revision, 7); // one request, one revision
	delete_range(s, from_to("b", "ba"));
	assert_int_equal(s->result.op[0].deleted, 1);
	assert_string_equal(value_of(s->kv, "ba"), "ba");
	add_then(s, op_delete(prefix_range(""), 1));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.op[0].deleted, 1);
	assert_true(s->result.op[0].more);
	delete_range(s, from_to("", ""));
	assert_int_equal(s->result.op[0].deleted, 1);
	assert_false(s->result.op[0].more);
	assert_int_equal(state_of(s->kv).keys, 0);
	assert_int_equal(state_of(s->kv).used, 0);
}

static void delete__of_very_many_goes_on(void **state)
{
	struct stage *s = *state;
	uint8_t key[3];

	for (uint32_t i = 0; i < KV_DELETES_MAX + 100; i++) {
		const struct kv_range range = {.reach = KV_KEY, .key = {key, sizeof(key)}};

		key[0] = (uint8_t)(i >> 16);
		key[1] = (uint8_t)(i >> 8);
		key[2] = (uint8_t)i;
		add_then(s, (struct kv_op){.kind = KV_PUT, .range = range});
		assert_int_equal(stage_apply(s), KV_OK);
	}
	add_then(s, op_delete(prefix_range(""), 50));
	add_then(s, op_delete(prefix_range(""), 0));
	add_then(s, op_delete(prefix_range(""), 1));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.op[0].deleted, 50);
	assert_int_equal(s->result.op[1].deleted, KV_DELETES_MAX - 50);
	assert_true(s->result.op[1].more);
	assert_int_equal(s->result.op[2].deleted, 0);
	assert_true(s->result.op[2].more);
	assert_int_equal(delete_range(s, prefix_range("")), KV_OK);
	assert_int_equal(s->result.op[0].deleted, 100);
	assert_false(s->result.op[0].more);
}

static void get__goes_on_where_it_ended(void **state)
{
	struct stage *s = *state;
	const struct kv_result *r = &s->result;
	char key[8] = "k00";

	for (uint32_t i = 0; i < 25; i++) {
		key[1] = (char)('0' + i / 10);
		key[2] = (char)('0' + i % 10);
		put(s, key, key + 1);
	}
	put(s, "l", "not asked for");
	add_then(s, op_get(prefix_range("k"), 10));
	assert_int_equal(stage_apply(s), KV_OK);
	for (uint32_t i = 0, pages = 1;; pages++) {
		struct kv_op next = op_get(prefix_range("k"), 10);

		for (uint32_t at = 0; at < r->op[0].items; at++, i++)
			assert_int_equal(r->item[at].mod_revision, i + 1);
		if (!r->op[0].more) {
			assert_int_equal(i, 25);
			assert_int_equal(pages, 3);
			break;
		}
		memcpy(key, r->item[9].key.data, 3);
		next.after = text(key);
		s->request = (struct kv_request){.thens = 1, .op = {next}};
		assert_int_equal(kv_read(s->kv, &s->request, &s->result), KV_OK);
		s->request.thens = 0;
	}
	assert_int_equal(r->revision, 26);
}

static void get__of_too_much_says_that_there_is_more(void **state)
{
	struct stage *s = *state;

	put_size(s, "a", KV_VALUE_DEFAULT);
	for (char key[] = "b"; key[0] <= 'z'; key[0]++)
		put_size(s, key, KV_VALUE_DEFAULT);
	add_then(s, op_get(prefix_range(""), 0));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.items, 15); // 16 of 64 KiB and their keys are more than 1 MiB
	assert_true(s->result.op[0].more);
	delete_range(s, prefix_range(""));
	for (uint32_t i = 0; i <= KV_ITEMS_MAX; i++) {
		char key[] = {(char)(1 + i / 100), (char)(1 + i % 100), 0};

		put(s, key, "");
	}
	add_then(s, op_get(prefix_range(""), 0));
	add_then(s, op_get(prefix_range(""), 0));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.op[0].items, KV_ITEMS_MAX);
	assert_true(s->result.op[0].more);
	assert_int_equal(s->result.op[1].items, 0);
	assert_true(s->result.op[1].more);
}

static void txn__each_operation_sees_those_before_it(void **state)
{
	struct stage *s = *state;
	const struct kv_result *r = &s->result;

	put(s, "a", "old");
	add_then(s, op_get(key_range("a"), 0));
	add_then(s, op_put("a", text("new")));
	add_then(s, op_get(key_range("a"), 0));
	add_then(s, op_delete(key_range("a"), 0));
	add_then(s, op_get(key_range("a"), 0));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_true(r->held);
	assert_int_equal(r->ops, 5);
	assert_int_equal(r->revision, 2);
	assert_memory_equal(r->item[r->op[0].first].value.data, "old", 3); // though it is gone
	assert_memory_equal(r->item[r->op[2].first].value.data, "new", 3);
	assert_int_equal(r->item[r->op[2].first].mod_revision, 2);
	assert_int_equal(r->op[3].deleted, 1);
	assert_int_equal(r->op[4].items, 0);
}

// Whether a comparison holds is told by what a transaction does.
static bool holds(struct stage *s, struct kv_compare compare)
{
	add_compare(s, compare);
	add_then(s, op_put("held", text("yes")));
	add_else(s, op_put("held", text("no")));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.ops, 1);
	assert_string_equal(value_of(s->kv, "held"), s->result.held ? "yes" : "no");
	return s->result.held;
}

static void txn__compares(void **state)
{
	static const uint8_t as_wanted[3][5] = {// of less, equal, greater: by enum kv_relation
		{0, 0, 1, 1, 0}, {0, 1, 0, 0, 0}, {0, 0, 1, 0, 1}};
	struct stage *s = *state;
	struct kv_compare compare = {.key = text("a")};

	put(s, "x", "");
	put(s, "a", "m");
	put(s, "a", "m");
	for (uint32_t relation = KV_EQUAL; relation <= KV_GREATER; relation++) {
		compare.relation = relation;
		for (uint32_t order = 0; order < 3; order++) {
			compare.target = KV_VALUE;
			compare.value = text(order == 0 ? "ma" : order == 1 ? "m" : "");
			assert_int_equal(holds(s, compare), as_wanted[order][relation]);
			compare.target = KV_VERSION;
			compare.number = 3 - order; // of 2
			assert_int_equal(holds(s, compare), as_wanted[order][relation]);
			compare.target = KV_CREATE_REVISION;
			assert_int_equal(holds(s, compare), as_wanted[order][relation]);
			compare.target = KV_MOD_REVISION;
			compare.number = 4 - order; // of 3
			assert_int_equal(holds(s, compare), as_wanted[order][relation]);
		}
	}
}

static void txn__compares_what_is_not_there(void **state)
{
	struct stage *s = *state;
	struct kv_compare compare = {.key = text("none"), .relation = KV_EQUAL};

	for (compare.target = KV_VERSION; compare.target <= KV_MOD_REVISION; compare.target++)
		assert_true(holds(s, compare));
	compare.target = KV_VALUE;
	assert_false(holds(s, compare));
	compare.relation = KV_NOT_EQUAL; // nothing is known of a value that is not there
	assert_false(holds(s, compare));
}

static void txn__all_comparisons_must_hold(void **state)
{
	struct stage *s = *state;

	put(s, "a", "1");
	for (uint32_t i = 0; i < 2; i++)
		add_compare(s, (struct kv_compare){.target = KV_VERSION,
				       .relation = KV_EQUAL,
				       .key = text("a"),
				       .number = 1 + i});
	add_then(s, op_put("b", text("")));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_false(s->result.held);
	assert_int_equal(s->result.ops, 0); // nothing else to do
	assert_int_equal(s->result.revision, 1);
}

static void limits__hold_for_what_comes(void **state)
{
	struct stage *s = *state;

	assert_int_equal(put_size(s, "a", KV_VALUE_DEFAULT + 1), KV_TOO_LARGE);
	assert_int_equal(put_size(s, "a", KV_VALUE_DEFAULT), KV_OK);
	add_then(s, op_limits(KV_VALUE_MAX, KV_QUOTA_DEFAULT));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.revision, 2);
	assert_int_equal(put_size(s, "a", KV_VALUE_MAX), KV_OK);
	add_then(s, op_limits(10, KV_QUOTA_MIN));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(put_size(s, "b", 11), KV_TOO_LARGE);
	assert_int_equal(put_size(s, "b", 10), KV_FULL);
	assert_int_equal(put_size(s, "a", 10), KV_OK); // makes it smaller
	assert_int_equal(put_size(s, "b", 10), KV_OK);
	add_then(s, op_limits(10, KV_QUOTA_MIN));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.revision, 6); // nothing new
	add_then(s, op_put("b", text("")));
	add_then(s, op_limits(10, KV_QUOTA_MIN));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.revision, 7);
}

static void quota__is_all_or_nothing(void **state)
{
	struct stage *s = *state;
	uint32_t half = KV_QUOTA_MIN / 2 - KV_ENTRY_COST - 1;
	uint64_t hash;

	add_then(s, op_limits(KV_VALUE_DEFAULT, KV_QUOTA_MIN));
	stage_apply(s);
	assert_int_equal(put_size(s, "a", half), KV_OK);
	hash = kv_hash(s->kv);
	add_then(s, op_delete(key_range("a"), 0)); // makes no room for the same request
	add_then(s, op_put("b", text("")));
	add_then(s, op_put("c", (struct kv_bytes){zeros, half}));
	assert_int_equal(stage_apply(s), KV_FULL);
	assert_int_equal(kv_hash(s->kv), hash);
	assert_int_equal(s->result.revision, 2);
	assert_int_equal(put_size(s, "b", half), KV_OK);
	assert_int_equal(state_of(s->kv).used, KV_QUOTA_MIN); // to the last byte
	assert_int_equal(put_size(s, "b", half + 1), KV_FULL);
	assert_int_equal(put_size(s, "c", 0), KV_FULL);
	assert_int_equal(put_size(s, "a", half), KV_OK); // no larger than before
	assert_int_equal(delete_range(s, key_range("a")), KV_OK);
	assert_int_equal(put_size(s, "c", 0), KV_OK);
}

static void admit__says_what_apply_would(void **state)
{
	struct stage *s = *state;
	struct kv_request request = {.thens = 1};

	assert_int_equal(kv_admit(s->kv, &request), KV_MALFORMED);
	request.op[0] = op_put("a", (struct kv_bytes){zeros, KV_VALUE_DEFAULT + 1});
	assert_int_equal(kv_admit(s->kv, &request), KV_TOO_LARGE);
	add_then(s, op_limits(KV_VALUE_MAX, KV_QUOTA_MIN));
	stage_apply(s);
	assert_int_equal(kv_admit(s->kv, &request), KV_FULL);
	request.op[0].value.size = 1000;
	assert_int_equal(kv_admit(s->kv, &request), KV_OK);
}

static void read__does_not_write(void **state)
{
	struct stage *s = *state;
	struct kv_request request = {
		.thens = 2, .op = {op_get(key_range("a"), 0), op_put("a", text(""))}};

	assert_int_equal(kv_read(s->kv, &request, &s->result), KV_MALFORMED);
	assert_int_equal(s->result.ops, 0);
	request.thens = 1;
	assert_int_equal(kv_read(s->kv, &request, &s->result), KV_OK);
	assert_int_equal(s->result.ops, 1);
	assert_int_equal(s->result.items, 0);
}

static void apply__passes_what_is_malformed_or_not_ours(void **state)
{
	struct stage *s = *state;
	uint64_t hash = kv_hash(s->kv);
	uint8_t bytes[] = {1, 2, 3};

	assert_int_equal(
		kv_apply(s->kv, 1, bytes, sizeof(bytes), &s->applied, &s->result), KV_MALFORMED);
	assert_int_equal(s->applied.origin, 0);
	assert_int_equal(s->result.ops, 0);
	assert_int_equal(kv_apply(s->kv, 2, NULL, 0, NULL, NULL), KV_MALFORMED);
	kv_pass(s->kv, 5);
	assert_int_equal(state_of(s->kv).applied, 5);
	bytes[0] = 2; // of a version to come: this node must stop before it
	assert_int_equal(kv_apply(s->kv, 6, bytes, sizeof(bytes), NULL, &s->result), KV_TOO_NEW);
	assert_int_equal(state_of(s->kv).applied, 5);
	assert_int_equal(kv_hash(s->kv), hash);
}

// Nothing to see under a sanitizer, which has the heap for itself and finds leaks at the end.
static void apply__frees_what_was_replaced(void **state)
{
	const struct kv_config config = {.history_events = 16, .history_bytes = 64 << 10};
	struct stage *s = stage_new(&config);
	size_t before;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		put_size(s, "a", 10000);
	before = mallinfo2().uordblks;
	for (uint32_t i = 0; i < 1000; i++) {
		put_size(s, "a", 10000);
		put_size(s, "b", 1000);
		delete_range(s, key_range("b"));
	}
	assert_true(mallinfo2().uordblks <= before + 100000);
	stage_free(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(put__counts_revisions_and_versions),
		CASE(delete__of_nothing_changes_nothing),
		CASE(delete__takes_keys_prefixes_and_ranges),
		CASE(delete__of_very_many_goes_on),
		CASE(get__goes_on_where_it_ended),
		CASE(get__of_too_much_says_that_there_is_more),
		CASE(txn__each_operation_sees_those_before_it),
		CASE(txn__compares),
		CASE(txn__compares_what_is_not_there),
		CASE(txn__all_comparisons_must_hold),
		CASE(limits__hold_for_what_comes),
		CASE(quota__is_all_or_nothing),
		CASE(admit__says_what_apply_would),
		CASE(read__does_not_write),
		CASE(apply__frees_what_was_replaced),
		CASE(apply__passes_what_is_malformed_or_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
