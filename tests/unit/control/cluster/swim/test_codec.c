// Datagrams: what is written reads the same; what is cut, old, foreign or unknown does no harm.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/control/cluster/swim/stage.h"

static uint8_t bytes[SWIM_DATAGRAM_MAX];
static uint64_t cluster;

static struct writer start(void)
{
	struct writer writer = {.bytes = bytes, .room = sizeof(bytes)};

	cluster = codec_cluster("c");
	header_write(&writer, cluster);
	return writer;
}

static struct message only(const struct writer *writer)
{
	struct reader reader = {.at = bytes, .left = writer->size};
	struct message message;

	assert_int_equal(header_read(&reader, cluster), SWIM_OK);
	assert_true(message_next(&reader, &message));
	assert_int_equal(reader.left, 0);
	return message;
}

static void control__reads_as_written(void **state)
{
	(void)state;
	struct control ping = {.kind = SWIM_PING, .number = 0x12345678, .target = "b", .from = "a"};
	struct control whoever = {.kind = SWIM_PING, .number = 1, .from = "a"};
	struct control nack = {.kind = SWIM_NACK, .number = 7}, read;
	const struct control *all[] = {&ping, &whoever, &nack};

	for (int i = 0; i < 3; i++) {
		struct writer writer = start();
		struct message message;

		assert_true(control_write(&writer, all[i]));
		message = only(&writer);
		assert_true(control_read(&message, &read));
		assert_memory_equal(&read, all[i], sizeof(read));
	}
}

static void alive__reads_as_written_in_both_families(void **state)
{
	(void)state;
	struct address addresses[2] = {ADDRESS_IPV4(0x0a000001)};

	assert_true(address_parse(&addresses[1], "fd00::1"));
	for (int i = 0; i < 2; i++) {
		struct identity identity = {.name = "node",
			.address = addresses[i],
			.port = 7000,
			.meta_version = 9,
			.meta_size = 4,
			.meta = "meta"};
		struct writer writer = start();
		struct message message;
		struct record record;

		assert_true(alive_write(&writer, &identity, 77));
		message = only(&writer);
		assert_true(alive_read(&message, &record));
		assert_int_equal(record.incarnation, 77);
		assert_string_equal(record.name, "node");
		assert_true(address_equal(record.identity.address, addresses[i]));
		assert_int_equal(record.identity.port, 7000);
		assert_int_equal(record.identity.meta_version, 9);
		assert_memory_equal(record.identity.meta, "meta", 4);
	}
}

static void rumour__reads_as_written_and_not_when_cut(void **state)
{
	(void)state;
	struct rumour rumour = {.incarnation = 3, .name = "who", .from = "by"}, read;
	struct writer writer = start();
	struct message message;

	assert_true(rumour_write(&writer, SWIM_SAY_SUSPECT, &rumour));
	message = only(&writer);
	assert_true(rumour_read(&message, &read));
	assert_memory_equal(&read, &rumour, sizeof(read));
	while (message.body.left) {
		message.body.left--;
		assert_false(rumour_read(&message, &read));
	}
}

static void write__what_does_not_fit_leaves_nothing(void **state)
{
	(void)state;
	struct rumour rumour = {.incarnation = 3, .name = "who", .from = "by"};
	struct writer writer = start();
	size_t before = writer.size, size;

	assert_true(rumour_write(&writer, SWIM_SAY_DEAD, &rumour));
	size = writer.size - before;
	for (size_t room = 0; room < size; room++) {
		writer.size = before;
		writer.room = before + room;
		assert_false(rumour_write(&writer, SWIM_SAY_DEAD, &rumour));
		assert_int_equal(writer.size, before);
	}
}

static void name__blanks_and_controls_are_refused(void **state)
{
	(void)state;
	const char *bad[] = {"a b", "a\n", "\x7f", "\xc3\xa4"};

	for (int i = 0; i < 4; i++) {
		struct rumour rumour = {.incarnation = 1, .from = "by"}, read;
		struct writer writer = start();
		struct message message;

		snprintf(rumour.name, sizeof(rumour.name), "%s", bad[i]);
		rumour_write(&writer, SWIM_SAY_DEAD, &rumour);
		message = only(&writer);
		assert_false(rumour_read(&message, &read));
	}
}

static void record__addresses_and_metadata_are_checked(void **state)
{
	(void)state;
	struct identity good = {.name = "node", .address = ADDRESS_IPV4(0x0a000001), .port = 1};
	struct identity none = good, multicast = good, no_port = good;
	struct identity *bad[] = {&none, &multicast, &no_port};
	struct record record;
	struct message message;
	struct writer writer = start();

	alive_write(&writer, &good, 1);
	message = only(&writer);
	assert_true(alive_read(&message, &record));
	none.address = address_from_ipv4(0);
	memset(none.address.bytes, 0, 16);
	multicast.address = address_from_ipv4(0xe0000001);
	no_port.port = 0;
	for (int i = 0; i < 3; i++) {
		writer = start();
		alive_write(&writer, bad[i], 1);
		message = only(&writer);
		assert_false(alive_read(&message, &record));
	}
	writer = start(); // metadata longer than allowed, and there
	good.meta_size = SWIM_META_MAX;
	alive_write(&writer, &good, 1);
	message = only(&writer);
	bytes[writer.size - SWIM_META_MAX - 1]++;
	message.body.left++;
	assert_false(alive_read(&message, &record));
}

static struct swim_output out;

static enum swim_result hear(struct stage *stage, size_t size)
{
	swim_output_clear(&out);
	return swim_on_datagram(
		stage->nodes[0], stage->now_ns, stage_address(1), STAGE_PORT, bytes, size, &out);
}

static void datagram__of_others_is_refused_by_name(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct writer writer = {.bytes = bytes, .room = sizeof(bytes)};
	struct swim_report report;

	header_write(&writer, codec_cluster("another"));
	assert_int_equal(hear(stage, writer.size), SWIM_CLUSTER);
	for (size_t size = 0; size < writer.size; size++)
		assert_int_equal(hear(stage, size), SWIM_SHORT);
	writer.size = 0;
	header_write(&writer, codec_cluster("stage"));
	assert_int_equal(hear(stage, writer.size), SWIM_OK);
	bytes[0] = 0;
	assert_int_equal(hear(stage, writer.size), SWIM_VERSION);
	bytes[0] = CODEC_VERSION + 1;
	assert_int_equal(hear(stage, writer.size), SWIM_VERSION);
	swim_report(stage->nodes[0], &report);
	assert_int_equal(report.rejected[SWIM_CLUSTER], 1);
	assert_int_equal(report.rejected[SWIM_VERSION], 2);
	stage_free(stage);
}

static void datagram__unknown_messages_are_skipped(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 16);
	struct identity identity = {
		.name = "later", .address = ADDRESS_IPV4(0x0a000009), .port = 1};
	struct writer writer = {.bytes = bytes, .room = sizeof(bytes)};
	struct swim_report report;

	header_write(&writer, codec_cluster("stage"));
	write_u8(&writer, 200);
	write_u16(&writer, 5);
	writer.size += 5;
	alive_write(&writer, &identity, 1);
	assert_int_equal(hear(stage, writer.size), SWIM_OK);
	assert_int_not_equal(swim_find(stage->nodes[0], "later"), SWIM_NONE);
	swim_report(stage->nodes[0], &report);
	assert_int_equal(report.messages_skipped, 1);
	assert_int_equal(hear(stage, writer.size - 1), SWIM_MALFORMED);
	stage_free(stage);
}

// A hundred questions in one datagram do not make a hundred answers.
static void datagram__few_questions_are_answered(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct control ping = {.kind = SWIM_PING, .number = 1, .from = "x"};
	struct writer writer = {.bytes = bytes, .room = sizeof(bytes)};

	header_write(&writer, codec_cluster("stage"));
	while (control_write(&writer, &ping))
		;
	assert_int_equal(hear(stage, writer.size), SWIM_MALFORMED);
	assert_in_range(out.sends, 1, 4);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control__reads_as_written),
		cmocka_unit_test(alive__reads_as_written_in_both_families),
		cmocka_unit_test(rumour__reads_as_written_and_not_when_cut),
		cmocka_unit_test(write__what_does_not_fit_leaves_nothing),
		cmocka_unit_test(name__blanks_and_controls_are_refused),
		cmocka_unit_test(record__addresses_and_metadata_are_checked),
		cmocka_unit_test(datagram__of_others_is_refused_by_name),
		cmocka_unit_test(datagram__unknown_messages_are_skipped),
		cmocka_unit_test(datagram__few_questions_are_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
