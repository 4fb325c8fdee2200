// Header, ACK block and HELLO: parse(frame(x)) == x,
// and what parse accepts frames to the same bytes.
#include "dataplane/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static void header_bytes(const uint8_t *bytes, uint32_t size)
{
	struct wire_header view;
	uint8_t again[WIRE_HEADER_SIZE];
	if (!wire_header_parse(&view, bytes, size))
		return;
	FUZZ_CHECK(wire_header_frame(again, &view) == WIRE_HEADER_SIZE);
	FUZZ_CHECK(memcmp(again, bytes, WIRE_HEADER_SIZE) == 0);
}

static void ack_bytes(const uint8_t *bytes, uint32_t size)
{
	struct wire_ack view;
	uint8_t again[WIRE_ACK_MAX];
	uint32_t used = wire_ack_parse(&view, bytes, size);
	if (!used)
		return;
	FUZZ_CHECK(used <= size && used <= WIRE_ACK_MAX);
	FUZZ_CHECK(view.nwords <= ACK_WORDS_MAX && view.nlimits <= ACK_LIMITS_MAX);
	FUZZ_CHECK(wire_ack_frame(again, &view) == used);
	FUZZ_CHECK(memcmp(again, bytes, used) == 0);
	for (uint32_t i = 0; i < 64u * view.nwords; i++)
		FUZZ_CHECK(!(view.words[i / 64] >> i % 64 & 1) || view.largest >= i);
}

static void hello_bytes(const uint8_t *bytes, uint32_t size)
{
	struct wire_hello view;
	uint8_t again[WIRE_HELLO_SIZE];
	if (!wire_hello_parse(&view, bytes, size))
		return;
	FUZZ_CHECK(wire_hello_frame(again, &view) == WIRE_HELLO_SIZE);
	FUZZ_CHECK(memcmp(again, bytes, WIRE_HELLO_SIZE) == 0);
}

static void header_view(struct fuzz_input input)
{
	struct wire_header view = {0}, again = {0};
	uint8_t bytes[WIRE_HEADER_SIZE];
	view.type = (uint8_t)(fuzz_number(&input, 1) % WIRE_TYPE_COUNT);
	view.flags = (uint8_t)fuzz_number(&input, 1);
	view.cid = (uint32_t)fuzz_number(&input, 4);
	view.pn = fuzz_number(&input, 6);
	view.stream = (uint32_t)fuzz_number(&input, 4);
	view.offset = fuzz_number(&input, 6);
	wire_header_frame(bytes, &view);
	FUZZ_CHECK(wire_header_parse(&again, bytes, sizeof(bytes)));
	FUZZ_CHECK(again.type == view.type && again.flags == view.flags && again.cid == view.cid);
	FUZZ_CHECK(again.pn == view.pn && again.stream == view.stream);
	FUZZ_CHECK(again.offset == view.offset);
}

static void ack_view(struct fuzz_input input)
{
	struct wire_ack view = {0}, again = {0};
	uint8_t bytes[WIRE_ACK_MAX];
	// Above every bit of the bitmap: what lies below 0 is refused, and not what is tested here.
	view.largest = fuzz_number(&input, 6) | 1024;
	view.delay_us = (uint16_t)fuzz_number(&input, 2);
	view.nwords = (uint8_t)(fuzz_number(&input, 1) % (ACK_WORDS_MAX + 1));
	view.nlimits = (uint8_t)(fuzz_number(&input, 1) % (ACK_LIMITS_MAX + 1));
	view.ce = (uint16_t)fuzz_number(&input, 2);
	view.credit = fuzz_number(&input, 8);
	fuzz_bytes(&input, view.words, 8u * view.nwords);
	fuzz_bytes(&input, view.limits, sizeof(view.limits[0]) * view.nlimits);
	uint32_t size = wire_ack_frame(bytes, &view);
	FUZZ_CHECK(wire_ack_parse(&again, bytes, size) == size);
	FUZZ_CHECK(again.largest == view.largest && again.delay_us == view.delay_us);
	FUZZ_CHECK(again.nwords == view.nwords && again.nlimits == view.nlimits);
	FUZZ_CHECK(again.ce == view.ce && again.credit == view.credit);
	FUZZ_CHECK(memcmp(again.words, view.words, sizeof(view.words[0]) * view.nwords) == 0);
	FUZZ_CHECK(memcmp(again.limits, view.limits, sizeof(view.limits[0]) * view.nlimits) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	header_bytes(bytes, (uint32_t)size);
	ack_bytes(bytes, (uint32_t)size);
	if (size > WIRE_HEADER_SIZE) // as it lies in a packet
		ack_bytes(bytes + WIRE_HEADER_SIZE, (uint32_t)size - WIRE_HEADER_SIZE);
	hello_bytes(bytes, (uint32_t)size);
	header_view((struct fuzz_input){bytes, size});
	ack_view((struct fuzz_input){bytes, size});
	free(bytes);
	return 0;
}
