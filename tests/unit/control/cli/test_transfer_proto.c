// Messages and blocks: there and back, and everything that must be refused. Inputs lie at the end
// of heap blocks of their exact size, so that the sanitizer build sees one byte too many.
#include "control/cli/transfer_proto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/sim/rng.h"

static const struct transfer_message offer = {
	.type = TRANSFER_OFFER,
	.transfer = 7,
	.name = "a b \xc3\xbc.bin",
	.size = UINT64_C(0x123456789a),
	.mode = 0640,
	.mtime_ns = -5,
	.resume = 1,
};

static const char *parse(struct transfer_message *message, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	const char *wrong;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	wrong = transfer_parse(message, copy, size);
	free(copy);
	return wrong;
}

static void transfer_frame__every_type_comes_back(void **state)
{
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	struct transfer_message back;
	size_t size = transfer_frame(bytes, &offer);

	(void)state;
	assert_null(parse(&back, bytes, size));
	assert_memory_equal(&back, &offer, sizeof(offer));
	for (enum transfer_type type = TRANSFER_ACCEPT; type < TRANSFER_TYPE_COUNT; type++) {
		struct transfer_message m = {.type = type,
			.transfer = 9,
			.reason = TRANSFER_IO,
			.text = "why",
			.stripes = 16,
			.size = 3};

		memset(m.sha256, 0xab, sizeof(m.sha256));
		memset(m.token, 0xcd, sizeof(m.token));
		assert_null(parse(&back, bytes, transfer_frame(bytes, &m)));
		assert_int_equal(back.type, type);
		assert_int_equal(back.transfer, 9);
		if (type == TRANSFER_REFUSE || type == TRANSFER_ERROR) {
			assert_string_equal(back.text, "why");
			assert_int_equal(back.reason, TRANSFER_IO);
		}
		if (type == TRANSFER_ACCEPT || type == TRANSFER_JOIN)
			assert_memory_equal(back.token, m.token, TRANSFER_TOKEN_SIZE);
		if (type == TRANSFER_ACCEPT)
			assert_int_equal(back.stripes, 16);
		if (type == TRANSFER_END || type == TRANSFER_DONE)
			assert_memory_equal(back.sha256, m.sha256, 32);
	}
}

static void transfer_frame__longest_names_and_texts_fit(void **state)
{
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	struct transfer_message m = offer, back;

	(void)state;
	memset(m.name, 'x', TRANSFER_NAME_MAX);
	assert_null(parse(&back, bytes, transfer_frame(bytes, &m)));
	assert_int_equal(strlen(back.name), TRANSFER_NAME_MAX);
	m = (struct transfer_message){.type = TRANSFER_ERROR, .transfer = 1};
	memset(m.text, 'y', TRANSFER_TEXT_MAX);
	assert_null(parse(&back, bytes, transfer_frame(bytes, &m)));
	assert_int_equal(strlen(back.text), TRANSFER_TEXT_MAX);
}

static void transfer_parse__refuses_every_short_size(void **state)
{
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	struct transfer_message back;
	size_t size = transfer_frame(bytes, &offer);

	(void)state;
	for (size_t cut = 0; cut < size; cut++)
		assert_non_null(parse(&back, bytes, cut));
}

static void transfer_parse__refuses_foreign_heads(void **state)
{
	uint8_t good[TRANSFER_MESSAGE_MAX], bytes[TRANSFER_MESSAGE_MAX];
	struct transfer_message back;
	size_t size = transfer_frame(good, &offer);
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {{0, 'X'}, {3, TRANSFER_VERSION + 1}, {5, 0}, {5, TRANSFER_TYPE_COUNT},
		{4, 1}, {11, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(bytes, good, size);
		bytes[changes[i].at] = changes[i].value;
		assert_non_null(parse(&back, bytes, size));
	}
}

// Appends a field to an ACCEPT; returns what the parser says.
static const char *with_field(uint16_t tag, const void *value, uint16_t size)
{
	struct transfer_message m = {.type = TRANSFER_ACCEPT, .transfer = 1, .stripes = 1}, back;
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	size_t used = transfer_frame(bytes, &m);

	be16_put(bytes + used, tag);
	be16_put(bytes + used + 2, size);
	memcpy(bytes + used + 4, value, size);
	return parse(&back, bytes, used + 4 + size);
}

static void transfer_parse__skips_fields_of_the_future_unless_they_must_be_known(void **state)
{
	(void)state;
	assert_null(with_field(0x0123, "new", 3));
	assert_null(with_field(0x0123, "", 0));
	assert_non_null(with_field(0x8123, "new", 3));
}

static void transfer_parse__refuses_fields_twice_or_out_of_place(void **state)
{
	static const uint8_t number[8] = {0};

	(void)state;
	assert_non_null(with_field(5, number, 8));  // a second resume
	assert_non_null(with_field(2, number, 8));  // a size belongs to an offer
	assert_null(with_field(0x0019, number, 8)); // the same with a tag nobody knows
}

static void transfer_parse__refuses_values_out_of_range(void **state)
{
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	struct transfer_message m = offer, back;

	(void)state;
	m.mode = 04755; // set-uid
	assert_non_null(parse(&back, bytes, transfer_frame(bytes, &m)));
	m = offer;
	m.size = UINT64_C(1) << 63;
	assert_non_null(parse(&back, bytes, transfer_frame(bytes, &m)));
	m = (struct transfer_message){.type = TRANSFER_ACCEPT, .transfer = 1};
	for (m.stripes = 0; m.stripes <= TRANSFER_STRIPES_MAX + 1; m.stripes++) {
		bool legal = m.stripes > 0 && m.stripes <= TRANSFER_STRIPES_MAX;

		assert_int_equal(!parse(&back, bytes, transfer_frame(bytes, &m)), legal);
	}

	// A zero inside the name.
	size_t size = transfer_frame(bytes, &offer);
	bytes[12 + 4 + 1] = 0;
	assert_non_null(parse(&back, bytes, size));
}

static void transfer_parse__survives_garbage(void **state)
{
	uint8_t bytes[TRANSFER_MESSAGE_MAX];
	struct transfer_message back;
	struct rng rng = {1};
	unsigned accepted = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t size = transfer_frame(bytes, &offer);

		for (int i = 0; i < 1 + round % 4; i++)
			bytes[rng_below(&rng, size)] = (uint8_t)rng_next(&rng);
		if (parse(&back, bytes, size) != NULL)
			continue;
		accepted++;
		assert_true(back.mode <= 0777 && back.size <= INT64_MAX && back.transfer != 0);
		assert_true(memchr(back.name, 0, sizeof(back.name)) != NULL);
	}
	assert_true(accepted > 0); // the mutations reach past the head
}

static void transfer_block__there_and_back(void **state)
{
	struct transfer_block block = {.offset = 3 * (uint64_t)TRANSFER_BLOCK,
				      .size = 5,
				      .transfer = 2},
			      back;
	uint8_t bytes[TRANSFER_PREFIX + 5];

	(void)state;
	transfer_block_frame(bytes, &block);
	assert_null(transfer_block_parse(&back, bytes, sizeof(bytes)));
	assert_memory_equal(&back, &block, sizeof(block));
}

static void transfer_block_parse__refuses(void **state)
{
	struct transfer_block good = {.offset = 0, .size = 5, .transfer = 2}, block, back;
	uint8_t bytes[TRANSFER_PREFIX + TRANSFER_BLOCK + 1];

	(void)state;
	transfer_block_frame(bytes, &good);
	assert_non_null(transfer_block_parse(&back, bytes, 0));
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX)); // an empty block
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX + 4));
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX + 6));
	block = good, block.size = TRANSFER_BLOCK + 1;
	transfer_block_frame(bytes, &block);
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX + block.size));
	block = good, block.offset = 1;
	transfer_block_frame(bytes, &block);
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX + 5));
	block = good, block.offset = UINT64_MAX / TRANSFER_BLOCK * TRANSFER_BLOCK;
	transfer_block_frame(bytes, &block);
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX + 5));
	block = good, block.transfer = 0;
	transfer_block_frame(bytes, &block);
	assert_non_null(transfer_block_parse(&back, bytes, TRANSFER_PREFIX + 5));
}

static bool name_ok(const char *name)
{
	return transfer_name_refuse(name, strlen(name)) == NULL;
}

static void transfer_name_refuse__only_plain_names_pass(void **state)
{
	char long_name[257];

	(void)state;
	assert_true(name_ok("a"));
	assert_true(name_ok("with space and \xc3\xbc"));
	assert_true(name_ok("..."));
	assert_true(name_ok(".hidden"));
	assert_true(name_ok("-rf"));
	assert_false(name_ok(""));
	assert_false(name_ok("."));
	assert_false(name_ok(".."));
	assert_false(name_ok("../x"));
	assert_false(name_ok("/etc/passwd"));
	assert_false(name_ok("a/b"));
	assert_false(name_ok("a/"));
	assert_non_null(transfer_name_refuse("a\0b", 3));
	memset(long_name, 'x', 256);
	long_name[256] = '\0';
	assert_false(name_ok(long_name));
	long_name[255] = '\0';
	assert_true(name_ok(long_name));
}

static void transfer_name_refuse__names_of_incomplete_files(void **state)
{
	(void)state;
	assert_false(name_ok(".x.sluice-abc123.part"));
	assert_true(name_ok("x.sluice-abc123.part"));
	assert_true(name_ok(".x.sluice-abc12.part"));
	assert_true(name_ok(".x.sluice-abc123.parts"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transfer_frame__every_type_comes_back),
		cmocka_unit_test(transfer_frame__longest_names_and_texts_fit),
		cmocka_unit_test(transfer_parse__refuses_every_short_size),
		cmocka_unit_test(transfer_parse__refuses_foreign_heads),
		cmocka_unit_test(
			transfer_parse__skips_fields_of_the_future_unless_they_must_be_known),
		cmocka_unit_test(transfer_parse__refuses_fields_twice_or_out_of_place),
		cmocka_unit_test(transfer_parse__refuses_values_out_of_range),
		cmocka_unit_test(transfer_parse__survives_garbage),
		cmocka_unit_test(transfer_block__there_and_back),
		cmocka_unit_test(transfer_block_parse__refuses),
		cmocka_unit_test(transfer_name_refuse__only_plain_names_pass),
		cmocka_unit_test(transfer_name_refuse__names_of_incomplete_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
