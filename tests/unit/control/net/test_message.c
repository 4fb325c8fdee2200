// Messages between control processes: what goes out comes back, and garbage is refused with a
// sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/net/message.h"
#include "lib/base/bytes.h"

static const struct message offer = {.type = MESSAGE_OFFER,
	.request = 77,
	.cid = 0xfffe0102,
	.segment_size = 8896,
	.address = ADDRESS_IPV4(0x0a4d0101),
	.timeout_ms = 10000,
	.udp_port = 7655,
	.codec = CODEC_LZ4,
	.level = 3,
	.controller = CONTROLLER_CUBIC,
	.cipher = CIPHER_AES_256_GCM,
	.dictionary = 9,
	.dictionary_sha256 = {0xd1, [31] = 0x1c},
	.boot_id = 0xfedcba9876543210,
	.session_id = {0, 1, 2, 0xff, [15] = 0xaa},
	.service = "file"};

static const char offer_json[] =
	"{\"type\":\"offer\",\"request\":77,\"cid\":4294836482,\"segment_size\":8896,\"address\":"
	"\"10.77.1.1\","
	"\"timeout_ms\":10000,\"udp_port\":7655,\"codec\":1,\"level\":3,\"controller\":2,"
	"\"cipher\":1,\"dictionary\":9,\"dictionary_sha256\":"
	"\"d10000000000000000000000000000000000000000000000000000000000001c\",\"boot_"
	"id\":"
	"\"fedcba9876543210\","
	"\"session_id\":\"000102ff0000000000000000000000aa\",\"service\":\"file\"}";

static int parse(const char *text, struct message *message, char error[160])
{
	error[0] = 0;
	return message_parse((const uint8_t *)text, strlen(text), message, error, 160);
}

static void frame__offer_is_readable(void **state)
{
	uint8_t frame[4096];
	size_t size = message_frame(&offer, frame, sizeof(frame));

	(void)state;
	assert_int_equal(size, MESSAGE_FRAME_HEAD + strlen(offer_json));
	assert_int_equal(be32_get(frame), strlen(offer_json));
	assert_memory_equal(frame + MESSAGE_FRAME_HEAD, offer_json, strlen(offer_json));
}

static void frame__no_room(void **state)
{
	uint8_t frame[64];

	(void)state;
	assert_int_equal(message_frame(&offer, frame, sizeof(frame)), 0);
	assert_int_equal(message_frame(&offer, frame, 3), 0);
}

static void frame__name_that_is_not_utf8(void **state)
{
	struct message bad = offer;
	uint8_t frame[4096];

	(void)state;
	memcpy(bad.service, "\xff\xfe", 3);
	assert_int_equal(message_frame(&bad, frame, sizeof(frame)), 0);
}

// A reason is told all the same: it may have been cut in the middle of a character.
static void frame__reason_that_is_not_utf8(void **state)
{
	struct message refuse = {.type = MESSAGE_REFUSE, .request = 7}, back;
	uint8_t frame[4096];
	char error[256];
	size_t size;

	(void)state;
	memcpy(refuse.text, "no service '\xc3", 14);
	size = message_frame(&refuse, frame, sizeof(frame));
	assert_int_not_equal(size, 0);
	assert_int_equal(message_parse_frame(frame, size, &back, error, sizeof(error)), 0);
	assert_string_equal(back.text, "no service '?");
}

static void parse__every_type_survives(void **state)
{
	(void)state;
	for (int type = 1; type < MESSAGE_TYPE_COUNT; type++) {
		if (type == MESSAGE_SYNC || type == MESSAGE_RAFT)
			continue; // no JSON
		struct message in = offer, back, again;
		uint8_t frame[4096], second[4096];
		char error[160];
		size_t size;

		in.type = (enum message_type)type;
		in.version = 1;
		snprintf(in.node, sizeof(in.node), "%s", "a");
		snprintf(in.to, sizeof(in.to), "%s", "b");
		snprintf(in.text, sizeof(in.text), "%s", "no application \"x\" on node b");
		in.result = IPC_REFUSED_SERVICE;
		size = message_frame(&in, frame, sizeof(frame));
		assert_int_equal(
			message_parse(frame + 4, size - 4, &back, error, sizeof(error)), 0);
		assert_int_equal(back.type, type);
		assert_int_equal(message_frame(&back, second, sizeof(second)), size);
		assert_memory_equal(frame, second, size);
		assert_int_equal(
			message_parse(second + 4, size - 4, &again, error, sizeof(error)), 0);
		assert_memory_equal(&back, &again, sizeof(back));
	}
}

static void parse__offer(void **state)
{
	struct message message;
	char error[160];

	(void)state;
	assert_int_equal(parse(offer_json, &message, error), 0);
	assert_memory_equal(&message, &offer, sizeof(offer));
}

// Beyond ASCII there is more than what terminals obey.
static void parse__text_of_other_languages(void **state)
{
	struct message message;
	char error[160];

	(void)state;
	assert_int_equal(parse("{\"type\":\"refuse\",\"request\":1,\"result\":1,"
			       "\"text\":\"\\u00a0d\\u00e9j\\u00e0 \\u4e2d \\u2080\"}",
				 &message, error),
		0);
	assert_string_equal(message.text, "\xc2\xa0"
					  "d\xc3\xa9j\xc3\xa0 \xe4\xb8\xad \xe2\x82\x80");
}

#define ACCEPT(boot_id)                                                                   \
	"{\"type\":\"accept\",\"request\":1,\"cid\":1,\"segment_size\":1,\"udp_port\":1," \
	"\"cipher\":0,"                                                                   \
	"\"dictionary_state\":0,\"boot_id\":" boot_id "}"

static void parse__refused(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{"", "a frame that is not a JSON object"},
		{"[]", "a frame that is not a JSON object"},
		{"{\"type\":\"ping\"", "a frame that is not a JSON object"},
		{"{\"type\":\"ping\",\"type\":\"pong\",\"request\":1}",
			"a frame that is not a JSON object"},
		{"{}", "a message of an unknown type"},
		{"{\"type\":7}", "a message of an unknown type"},
		{"{\"type\":\"shutdown\"}", "a message of an unknown type"},
		{"{\"type\":\"ping\"}",
			"field 'request' of a message 'ping' is missing or out of range"},
		{"{\"type\":\"sync\",\"request\":1}", "a message of an unknown type"},
		{ACCEPT("12"), "field 'boot_id' of a message 'accept' is missing or out of range"},
		{ACCEPT("\"zz00000000000000\""),
			"field 'boot_id' of a message 'accept' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":-1,\"result\":1,\"text\":\"\"}",
			"field 'request' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":4294967296,\"result\":1,\"text\":\"\"}",
			"field 'request' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":1,\"result\":12,\"text\":\"\"}",
			"field 'result' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":1.5,\"result\":1,\"text\":\"\"}",
			"field 'request' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":1,\"result\":1,\"text\":\"a\\u000ab\"}",
			"field 'text' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":1,\"result\":1,\"text\":\"a\\u009b31mb\"}",
			"field 'text' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":1,\"result\":1,\"text\":\"a\xc2\x80\"}",
			"field 'text' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"refuse\",\"request\":1,\"result\":1,\"text\":\"a\x7f\"}",
			"field 'text' of a message 'refuse' is missing or out of range"},
		{"{\"type\":\"hello\",\"version\":1,\"to\":\"b\","
		 "\"node\":"
		 "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
			"field 'node' of a message 'hello' is missing or out of range"},
	};
	struct message message;
	char error[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].text, &message, error), -1);
		assert_string_equal(error, cases[i].sentence);
	}
}

// Every single-byte change of a good message is either refused or parsed into bounded fields.
static void parse__flipped_bytes(void **state)
{
	struct message message;
	char error[160], text[sizeof(offer_json)];

	(void)state;
	for (size_t at = 0; at < sizeof(offer_json) - 1; at++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(text, offer_json, sizeof(text));
			text[at] = (char)(text[at] ^ 1 << bit);
			if (message_parse((uint8_t *)text, sizeof(text) - 1, &message, error,
				    sizeof(error)) < 0) {
				assert_true(error[0] != 0);
				continue;
			}
			assert_true(message.codec < CODEC_COUNT);
			assert_non_null(memchr(message.service, 0, sizeof(message.service)));
		}
	}
}

static void parse__deep_nesting(void **state)
{
	char *deep = malloc(60001);
	struct message message;
	char error[160];

	(void)state;
	memset(deep, '[', 60000);
	deep[60000] = 0;
	assert_int_equal(parse(deep, &message, error), -1);
	free(deep);
}

// ---- SYNC ----

static void sync__survives(void **state)
{
	static uint8_t data[MESSAGE_DATA_MAX], frame[MESSAGE_FRAME_MAX];
	struct message sync = {.type = MESSAGE_SYNC, .request = 0xfffefdfc, .data = data}, back;
	char error[160];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (uint32_t size = 0; size <= MESSAGE_DATA_MAX; size += MESSAGE_DATA_MAX / 2) {
		size_t framed;

		sync.data_size = size;
		framed = message_frame(&sync, frame, sizeof(frame));
		assert_int_equal(framed, MESSAGE_FRAME_HEAD + 4 + size);
		assert_int_equal(message_frame_size(frame), framed);
		assert_int_equal(
			message_parse_frame(frame, framed, &back, error, sizeof(error)), 0);
		assert_int_equal(back.type, MESSAGE_SYNC);
		assert_int_equal(back.request, sync.request);
		assert_int_equal(back.data_size, size);
		assert_memory_equal(back.data, data, size);
	}
	sync.data_size = MESSAGE_DATA_MAX + 1;
	assert_int_equal(message_frame(&sync, frame, sizeof(frame)), 0);
	sync.data_size = 8;
	assert_int_equal(message_frame(&sync, frame, MESSAGE_FRAME_HEAD + 4 + 7), 0);
}

static void raft__is_bytes_and_framed_by_its_connection(void **state)
{
	struct message raft = {.type = MESSAGE_RAFT, .data = (const uint8_t *)"text"}, back;
	uint8_t frame[MESSAGE_FRAME_HEAD + 4] = {0};
	char error[160];

	(void)state;
	raft.data_size = 4;
	assert_int_equal(message_frame(&raft, frame, sizeof(frame)), 0);
	message_raft_head(frame, 4);
	memcpy(frame + MESSAGE_FRAME_HEAD, "text", 4);
	assert_int_equal(message_frame_size(frame), sizeof(frame));
	assert_int_equal(message_parse_frame(frame, sizeof(frame), &back, error, sizeof(error)), 0);
	assert_int_equal(back.type, MESSAGE_RAFT);
	assert_int_equal(back.data_size, 4);
	assert_ptr_equal(back.data, frame + MESSAGE_FRAME_HEAD);
}

static void frame_size__bounds(void **state)
{
	static const struct {
		uint32_t head;
		size_t size;
	} cases[] = {
		{0, 0},
		{1, 5},
		{MESSAGE_SIZE_MAX, MESSAGE_FRAME_HEAD + MESSAGE_SIZE_MAX},
		{MESSAGE_SIZE_MAX + 1, 0},
		{MESSAGE_FRAME_SYNC, 0},
		{MESSAGE_FRAME_SYNC | 3, 0}, // not even a request
		{MESSAGE_FRAME_SYNC | 4, 8},
		{MESSAGE_FRAME_SYNC | (4 + MESSAGE_DATA_MAX), MESSAGE_FRAME_MAX},
		{MESSAGE_FRAME_SYNC | (5 + MESSAGE_DATA_MAX), 0},
		{MESSAGE_FRAME_RAFT, 0},
		{MESSAGE_FRAME_RAFT | 1, 5},
		{MESSAGE_FRAME_RAFT | MESSAGE_RAFT_MAX, MESSAGE_FRAME_HEAD + MESSAGE_RAFT_MAX},
		{MESSAGE_FRAME_RAFT | (MESSAGE_RAFT_MAX + 1), 0},
		{MESSAGE_FRAME_SYNC | MESSAGE_FRAME_RAFT | 8, 0}, // of both kinds
		{UINT32_MAX, 0},
	};
	uint8_t head[4];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		be32_put(head, cases[i].head);
		assert_int_equal(message_frame_size(head), cases[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame__offer_is_readable),
		cmocka_unit_test(frame__no_room),
		cmocka_unit_test(frame__name_that_is_not_utf8),
		cmocka_unit_test(frame__reason_that_is_not_utf8),
		cmocka_unit_test(parse__every_type_survives),
		cmocka_unit_test(parse__offer),
		cmocka_unit_test(parse__refused),
		cmocka_unit_test(parse__text_of_other_languages),
		cmocka_unit_test(parse__flipped_bytes),
		cmocka_unit_test(parse__deep_nesting),
		cmocka_unit_test(sync__survives),
		cmocka_unit_test(raft__is_bytes_and_framed_by_its_connection),
		cmocka_unit_test(frame_size__bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
