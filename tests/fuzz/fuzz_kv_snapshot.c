// Bytes of a snapshot, in pieces: what is not whole leaves the state as it was; what is, is the
// state, and written again it comes back as the same.
#include "control/cluster/kv/kv.h"
#include "tests/fuzz/fuzz.h"

static struct kv *kv_with_a_key(void)
{
	static const struct kv_request request = {.thens = 1,
		.op = {{.kind = KV_PUT,
			.range = {.reach = KV_KEY, .key = {(const uint8_t *)"key", 3}},
			.value = {(const uint8_t *)"value", 5}}}};
	struct kv *kv = kv_new(&(struct kv_config){.history_events = 4, .history_bytes = 4096});
	uint8_t bytes[100];
	size_t size = kv_request_encode(&request, bytes, sizeof(bytes));

	FUZZ_CHECK(kv_apply(kv, 1, bytes, size, NULL, NULL) == KV_OK);
	return kv;
}

static enum kv_restore_result restore(
	struct kv *kv, const uint8_t *bytes, size_t size, size_t slice)
{
	kv_restore_begin(kv);
	for (size_t at = 0; at < size; at += slice)
		kv_restore_add(kv, bytes + at, size - at < slice ? size - at : slice);
	return kv_restore_end(kv);
}

static void comes_back(struct kv *kv, size_t slice)
{
	static uint8_t bytes[1 << 20];
	struct kv *other = kv_with_a_key();
	size_t size = 0, got;

	kv_snapshot_begin(kv);
	while ((got = kv_snapshot_next(kv, bytes + size, slice)) > 0)
		size += got;
	kv_snapshot_end(kv);
	FUZZ_CHECK(restore(other, bytes, size, slice) == KV_RESTORE_OK);
	FUZZ_CHECK(kv_hash(other) == kv_hash(kv));
	kv_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	size_t slice = 1 + fuzz_number(&input, 1);
	uint8_t *bytes = fuzz_copy(input.at, input.left);
	struct kv *kv = kv_with_a_key();
	uint64_t hash = kv_hash(kv);

	if (restore(kv, bytes, input.left, slice) != KV_RESTORE_OK)
		FUZZ_CHECK(kv_hash(kv) == hash);
	kv_check(kv);
	comes_back(kv, slice);
	kv_free(kv);
	free(bytes);
	return 0;
}
