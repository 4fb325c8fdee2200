// Block headers: bounds hold for whatever is accepted, and it frames to the same bytes.
#include "dataplane/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static void block_view(struct fuzz_input input)
{
	struct block_header view = {0}, again = {0};
	uint8_t bytes[BLOCK_HEADER_SIZE];
	view.flags = (uint8_t)(fuzz_number(&input, 1) % (BLOCK_PACKED + 1));
	view.codec = (uint8_t)(fuzz_number(&input, 1) % 6);
	view.level = (uint8_t)fuzz_number(&input, 1);
	view.dictionary = (uint8_t)fuzz_number(&input, 1);
	view.raw_size = (uint32_t)fuzz_number(&input, 4) % (RECORD_RAW_MAX + 1);
	view.stored_size = (uint32_t)fuzz_number(&input, 4) % (RECORD_RAW_MAX + 1);
	view.crc32c = (uint32_t)fuzz_number(&input, 4);
	if (view.codec == 0)
		view.stored_size = view.raw_size;
	block_header_frame(bytes, &view);
	FUZZ_CHECK(block_header_parse(&again, bytes, sizeof(bytes)));
	FUZZ_CHECK(memcmp(&again, &view, sizeof(view)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block_header view;
	uint8_t again[BLOCK_HEADER_SIZE];
	uint8_t *bytes = fuzz_copy(data, size);
	if (block_header_parse(&view, bytes, (uint32_t)size)) {
		FUZZ_CHECK(view.raw_size <= RECORD_RAW_MAX && view.stored_size <= RECORD_RAW_MAX);
		FUZZ_CHECK(view.codec != 0 || view.raw_size == view.stored_size);
		FUZZ_CHECK(block_header_frame(again, &view) == BLOCK_HEADER_SIZE);
		FUZZ_CHECK(memcmp(again, bytes, BLOCK_HEADER_SIZE) == 0);
	}
	block_view((struct fuzz_input){bytes, size});
	free(bytes);
	return 0;
}
