// Requests and results come back from their bytes as they were; what cannot be is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/cluster/kv/stage.h"

static struct kv_request request, back;
static struct kv_result result, result_back;
static uint8_t bytes[KV_REQUEST_MAX + 1], more_bytes[KV_ENCODED_MAX];

static void request_make(void)
{
	request = (struct kv_request){
		.origin = 1, .boot = 2, .sequence = 3, .compares = 2, .thens = 3, .elses = 2};
	request.compare[0] = (struct kv_compare){
		.target = KV_VALUE, .relation = KV_LESS, .key = text("a"), .value = text("v")};
	request.compare[1] = (struct kv_compare){
		.target = KV_VERSION, .relation = KV_EQUAL, .key = text("b"), .number = 7};
	request.op[0] = op_get(from_to("a", "c"), 9);
	request.op[0].after = text("b");
	request.op[1] = op_put("k", text("value"));
	request.op[2] = op_delete(prefix_range(""), 4);
	request.op[3] = op_limits(100, KV_QUOTA_MIN);
	request.op[4] = op_get(key_range("x"), 0);
}

static void request__comes_back(void **state)
{
	size_t size;

	(void)state;
	request_make();
	size = kv_request_encode(&request, bytes, sizeof(bytes));
	assert_true(size > 0);
	assert_int_equal(kv_request_parse(&back, bytes, size), KV_OK);
	assert_int_equal(back.origin, 1);
	assert_int_equal(back.boot, 2);
	assert_int_equal(back.sequence, 3);
	assert_int_equal(back.compares, 2);
	assert_int_equal(back.compare[1].number, 7);
	assert_int_equal(back.op[0].limit, 9);
	assert_int_equal(back.op[3].quota, KV_QUOTA_MIN);
	assert_int_equal(kv_request_encode(&back, more_bytes, sizeof(more_bytes)), size);
	assert_memory_equal(more_bytes, bytes, size);
	assert_int_equal(kv_request_encode(&request, more_bytes, size), size);
	assert_int_equal(kv_request_encode(&request, more_bytes, size - 1), 0);
}

static void request_parse__refuses_what_is_cut_or_longer(void **state)
{
	size_t size;

	(void)state;
	request_make();
	size = kv_request_encode(&request, bytes, sizeof(bytes));
	for (size_t i = 0; i < size; i++) {
		uint8_t *exact = malloc(i ? i : 1); // a sanitizer sees what is beyond

		memcpy(exact, bytes, i);
		assert_int_equal(kv_request_parse(&back, exact, i), KV_MALFORMED);
		assert_int_equal(back.thens + back.elses + back.compares, 0);
		free(exact);
	}
	assert_int_equal(kv_request_parse(&back, bytes, size + 1), KV_MALFORMED);
	bytes[0] = 2;
	assert_int_equal(kv_request_parse(&back, bytes, size), KV_TOO_NEW);
	bytes[0] = 0;
	assert_int_equal(kv_request_parse(&back, bytes, size), KV_MALFORMED);
}

// Encode and parse ask the same question of a request.
static void request__that_cannot_be(void **state)
{
	static uint8_t long_key[KV_KEY_MAX + 1], long_value[KV_VALUE_MAX + 1];
	const struct kv_bytes too_long = {long_key, sizeof(long_key)};

	(void)state;
	for (uint32_t i = 0; i < 19; i++) {
		request_make();
		switch (i) {
		case 0:
			request.compare[0].key.size = 0;
			break;
		case 1:
			request.compare[0].key = too_long;
			break;
		case 2:
			request.compare[0].target = 0;
			break;
		case 3:
			request.compare[0].target = 5;
			break;
		case 4:
			request.compare[0].relation = 0;
			break;
		case 5:
			request.compare[0].relation = 5;
			break;
		case 6:
			request.compare[0].value =
				(struct kv_bytes){long_value, sizeof(long_value)};
			break;
		case 7:
			request.op[0].range.key = too_long;
			break;
		case 8:
			request.op[0].range.end = too_long;
			break;
		case 9:
			request.op[0].after = too_long;
			break;
		case 10:
			request.op[0].range.reach = 4;
			break;
		case 11:
			request.op[1].range.key.size = 0;
			break;
		case 12:
			request.op[1].range.reach = KV_PREFIX;
			break;
		case 13:
			request.op[1].value = (struct kv_bytes){long_value, sizeof(long_value)};
			break;
		case 14:
			request.op[2].kind = 5;
			break;
		case 15:
			request.op[3].value_max = KV_VALUE_MAX + 1;
			break;
		case 16:
			request.op[3].quota = KV_QUOTA_MIN - 1;
			break;
		case 17:
			request.thens = request.elses = 0;
			break;
		default:
			request.elses = KV_OPS_MAX;
		}
		assert_int_equal(kv_request_encode(&request, bytes, sizeof(bytes)), 0);
	}
	request = (struct kv_request){.thens = 3};
	for (uint32_t i = 0; i < 3; i++)
		request.op[i] = op_put("a", (struct kv_bytes){long_value, KV_VALUE_MAX});
	assert_int_equal(kv_request_encode(&request, bytes, sizeof(bytes)), 0); // over 1 MiB
	request.thens = 1;
	assert_true(kv_request_encode(&request, bytes, sizeof(bytes)) > KV_VALUE_MAX);
}

static void request_parse__checks_each_field(void **state)
{
	// version, origin, boot, sequence, then counts 0/1/0 and one put of key "k", value "v"
	uint8_t put_bytes[] = {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		0, 1, 0, 1, 0, KV_PUT, 0, 1, 'k', 0, 0, 0, 1, 'v'};
	static const struct {
		uint8_t at, value;
	} wrong[] = {{25, 1}, {25, 65}, {26, 0}, {26, 2}, {26, 129}, {27, 1}, {27, 128}, {28, 0},
		{28, 1}, {28, 5}, {29, 1}, {30, 0}, {30, 2}, {32, 1}, {35, 0}, {35, 2}};

	(void)state;
	assert_int_equal(kv_request_parse(&back, put_bytes, sizeof(put_bytes)), KV_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t good = put_bytes[wrong[i].at];

		put_bytes[wrong[i].at] = wrong[i].value;
		assert_int_equal(
			kv_request_parse(&back, put_bytes, sizeof(put_bytes)), KV_MALFORMED);
		put_bytes[wrong[i].at] = good;
	}
}

static void result_make(void)
{
	result = (struct kv_result){
		.status = KV_OK, .held = true, .revision = 9, .ops = 4, .items = 2};
	result.op[0] = (struct kv_op_result){.kind = KV_GET, .more = true, .items = 2};
	result.op[1] = (struct kv_op_result){.kind = KV_PUT, .version = 4};
	result.op[2] = (struct kv_op_result){.kind = KV_DELETE, .deleted = 5, .more = true};
	result.op[3] = (struct kv_op_result){.kind = KV_LIMITS};
	for (uint64_t i = 0; i < 2; i++)
		result.item[i] = (struct kv_item){.key = text(i ? "b" : "a"),
			.value = text(i ? "" : "value"),
			.create_revision = 1 + i,
			.mod_revision = 3 + i,
			.version = 5 + i};
}

static void result__comes_back(void **state)
{
	size_t size;

	(void)state;
	result_make();
	size = kv_result_encode(&result, bytes, sizeof(bytes));
	assert_true(size > 0);
	assert_int_equal(kv_result_parse(&result_back, bytes, size), KV_OK);
	assert_int_equal(result_back.revision, 9);
	assert_true(result_back.held);
	assert_true(result_back.op[0].more && result_back.op[2].more);
	assert_int_equal(result_back.op[1].version, 4);
	assert_int_equal(result_back.op[2].deleted, 5);
	assert_int_equal(result_back.items, 2);
	assert_int_equal(result_back.item[1].version, 6);
	assert_int_equal(result_back.item[1].mod_revision, 4);
	assert_memory_equal(result_back.item[0].value.data, "value", 5);
	assert_int_equal(kv_result_encode(&result_back, more_bytes, size), size);
	assert_memory_equal(more_bytes, bytes, size);
	assert_int_equal(kv_result_encode(&result, more_bytes, size - 1), 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(kv_result_parse(&result_back, bytes, i), KV_MALFORMED);
	assert_int_equal(result_back.items, 0);
	assert_int_equal(kv_result_parse(&result_back, bytes, size + 1), KV_MALFORMED);
	bytes[1] = KV_STATUS_COUNT;
	assert_int_equal(kv_result_parse(&result_back, bytes, size), KV_MALFORMED);
	bytes[0] = 2;
	assert_int_equal(kv_result_parse(&result_back, bytes, size), KV_TOO_NEW);
}

// The largest that a state machine gives fits what its header promises.
static void result__of_the_largest_fits(void **state)
{
	struct stage *s = stage_new(NULL);
	uint32_t each = (KV_RESULT_MAX - KV_ITEMS_MAX * 2) / KV_ITEMS_MAX;
	size_t size;

	(void)state;
	for (uint32_t i = 0; i < KV_ITEMS_MAX; i++) {
		char key[] = {(char)(1 + i / 100), (char)(1 + i % 100), 0};

		put_size(s, key, each);
	}
	for (uint32_t i = 0; i < KV_OPS_MAX; i++)
		add_then(s, op_get(prefix_range(""), 0));
	assert_int_equal(stage_apply(s), KV_OK);
	assert_int_equal(s->result.items, KV_ITEMS_MAX);
	size = kv_result_encode(&s->result, more_bytes, sizeof(more_bytes));
	assert_in_range(size, KV_RESULT_MAX, KV_ENCODED_MAX);
	assert_int_equal(kv_result_parse(&result_back, more_bytes, size), KV_OK);
	assert_int_equal(result_back.ops, KV_OPS_MAX);
	stage_free(s);
}

// Each get has few enough items, all of them together have not.
static void result_parse__bounds_all_items(void **state)
{
	enum { HEAD = 12, ITEMS = 600 };
	size_t size, op_size;

	(void)state;
	result = (struct kv_result){.ops = 1, .items = ITEMS};
	result.op[0] = (struct kv_op_result){.kind = KV_GET, .items = ITEMS};
	for (uint32_t i = 0; i < ITEMS; i++)
		result.item[i] = (struct kv_item){.key = text("a")};
	size = kv_result_encode(&result, bytes, sizeof(bytes));
	op_size = size - HEAD;
	memcpy(bytes + size, bytes + HEAD, op_size);
	assert_int_equal(kv_result_parse(&result_back, bytes, size), KV_OK);
	bytes[HEAD - 1] = 2; // operations
	assert_int_equal(kv_result_parse(&result_back, bytes, size + op_size), KV_MALFORMED);
	assert_int_equal(result_back.items, 0);
}

static void status_text__is_a_sentence(void **state)
{
	(void)state;
	for (enum kv_status status = KV_OK; status < KV_STATUS_COUNT; status++)
		assert_true(strlen(kv_status_text(status)) > 10);
	assert_string_equal(kv_status_text(KV_STATUS_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request__comes_back),
		cmocka_unit_test(request_parse__refuses_what_is_cut_or_longer),
		cmocka_unit_test(request__that_cannot_be),
		cmocka_unit_test(request_parse__checks_each_field),
		cmocka_unit_test(result__comes_back),
		cmocka_unit_test(result__of_the_largest_fits),
		cmocka_unit_test(result_parse__bounds_all_items),
		cmocka_unit_test(status_text__is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
