// Bytes of a log entry or of an answer: what is taken is written again as the same bytes, and can
// be applied; the state keeps its promises whatever was applied.
#include "control/cluster/kv/kv.h"
#include "tests/fuzz/fuzz.h"

static struct kv_request request;
static struct kv_result result, again;
static uint8_t encoded[KV_ENCODED_MAX];

static void result_check(const struct kv_result *given)
{
	size_t size = kv_result_encode(given, encoded, sizeof(encoded));

	FUZZ_CHECK(size > 0);
	FUZZ_CHECK(kv_result_parse(&again, encoded, size) == KV_OK);
	FUZZ_CHECK(again.status == given->status && again.ops == given->ops);
	FUZZ_CHECK(again.items == given->items && again.revision == given->revision);
}

// One state for many inputs, so that it is not always empty.
static void apply(const uint8_t *bytes, size_t size)
{
	static struct kv *kv;
	static uint64_t index;
	struct kv_state before, state;
	enum kv_status status;

	if (index % 100 == 0) {
		kv_free(kv);
		kv = kv_new(&(struct kv_config){.history_events = 16, .history_bytes = 4096});
	}
	kv_state(kv, &before);
	status = kv_apply(kv, ++index, bytes, size, &request, &result);
	kv_state(kv, &state);
	FUZZ_CHECK(state.applied == (status == KV_TOO_NEW ? before.applied : index));
	FUZZ_CHECK(status == result.status && result.revision == state.revision);
	kv_check(kv);
	result_check(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);

	if (kv_request_parse(&request, bytes, size) == KV_OK) {
		FUZZ_CHECK(kv_request_encode(&request, encoded, sizeof(encoded)) == size);
		FUZZ_CHECK(memcmp(encoded, bytes, size) == 0);
	}
	apply(bytes, size);
	if (kv_result_parse(&result, bytes, size) == KV_OK) {
		FUZZ_CHECK(result.ops <= KV_OPS_MAX && result.items <= KV_ITEMS_MAX);
		FUZZ_CHECK(kv_result_encode(&result, encoded, sizeof(encoded)) == size);
		FUZZ_CHECK(memcmp(encoded, bytes, size) == 0);
	}
	free(bytes);
	return 0;
}
