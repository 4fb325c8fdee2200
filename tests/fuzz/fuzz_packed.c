// Records of messages: whatever a peer wrote, every message lies within its record, and what a walk
// finds packs to a record that the same walk reads.
#include "lib/base/packed.h"
#include "tests/fuzz/fuzz.h"

static void packed_again(const uint8_t *record, uint32_t size, uint32_t messages)
{
	uint8_t *again = malloc(PACKED_RECORD_MAX);
	uint32_t at = 0, used = 0, check = 0;
	struct packed_message m, n;
	for (uint32_t i = 0; i < messages; i++) {
		FUZZ_CHECK(packed_next(record, size, &at, &m) == PACKED_MESSAGE);
		used = packed_add(again, used, PACKED_RECORD_MAX, m.data, m.size);
		FUZZ_CHECK(used == at);
		FUZZ_CHECK(packed_next(again, used, &check, &n) == PACKED_MESSAGE);
		FUZZ_CHECK(n.size == m.size && memcmp(n.data, m.data, m.size) == 0);
	}
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t bytes = size < PACKED_RECORD_MAX ? (uint32_t)size : PACKED_RECORD_MAX;
	uint8_t *record = fuzz_copy(data, bytes);
	uint32_t at = 0, messages = 0;
	struct packed_message m;
	while (packed_next(record, bytes, &at, &m) == PACKED_MESSAGE) {
		FUZZ_CHECK(at <= bytes && at % 4 == 0);
		FUZZ_CHECK(m.data >= record && m.data + m.size <= record + at);
		messages++;
	}
	FUZZ_CHECK(messages <= bytes / PACKED_PREFIX);
	packed_again(record, bytes, messages);
	free(record);
	return 0;
}
