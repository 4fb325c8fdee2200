// The gossip queue: what was sent least first, a limited number of times, one for each member.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/control/cluster/swim/stage.h"

static struct swim_output out;
static uint8_t bytes[SWIM_DATAGRAM_MAX];

static struct stage *stage_queue(uint32_t members, uint32_t updates_max)
{
	struct stage *stage = stage_new(1, 64);
	char name[NAME_SIZE];

	stage->configs[0].updates_max = updates_max;
	stage_start(stage, 0);
	swim_output_clear(&out);
	for (uint32_t i = 0; i < members; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		stage_say_alive(stage->nodes[0], name, 100 + i, 1, "", &out);
	}
	return stage;
}

// The members that one datagram of `room` bytes says something of, in order.
static uint32_t fill(struct swim *swim, size_t room, uint32_t *members)
{
	struct writer writer = {.bytes = bytes, .room = room};
	struct reader reader;
	struct message message;
	struct record record;
	uint32_t count = 0;

	updates_fill(swim, &writer);
	reader = (struct reader){.at = bytes, .left = writer.size};
	while (message_next(&reader, &message))
		if (alive_read(&message, &record))
			members[count++] = swim_find(swim, record.name);
	return count;
}

static void fill__what_was_sent_least_comes_first(void **state)
{
	(void)state;
	struct stage *stage = stage_queue(6, 64);
	struct swim *swim = stage->nodes[0];
	uint32_t members[64], one;
	struct writer writer = {.bytes = bytes, .room = sizeof(bytes)};

	update_write(swim, 1, &writer);
	one = (uint32_t)writer.size;
	assert_int_equal(fill(swim, 2 * one, members), 2);
	assert_int_equal(members[0], 1);
	assert_int_equal(members[1], 2);
	assert_int_equal(fill(swim, 3 * one, members), 3);
	assert_int_equal(members[0], 3);
	updates_add(swim, 2); // news of 2: from the beginning, behind 6, that was never sent
	assert_int_equal(fill(swim, 3 * one, members), 3);
	assert_int_equal(members[0], 6);
	assert_int_equal(members[1], 2);
	assert_int_equal(members[2], 1);
	stage_free(stage);
}

static void fill__each_is_sent_as_often_as_the_limit_and_once_in_a_datagram(void **state)
{
	(void)state;
	struct stage *stage = stage_queue(12, 64);
	struct swim *swim = stage->nodes[0];
	uint32_t members[64], sent = 0;

	assert_int_equal(updates_limit(swim), 4 * 2); // 13 members
	for (; swim->updates_count; sent++)
		assert_int_equal(fill(swim, sizeof(bytes), members), 12);
	assert_int_equal(sent, 8);
	stage_free(stage);
}

static void add__a_full_queue_drops_what_was_sent_most(void **state)
{
	(void)state;
	struct stage *stage = stage_queue(4, 4);
	struct swim *swim = stage->nodes[0];
	struct swim_report report;
	uint32_t members[64];

	fill(swim, sizeof(bytes), members);
	fill(swim, sizeof(bytes), members);
	updates_add(swim, 1);
	updates_add(swim, 2);
	updates_add(swim, 3);
	stage_say_alive(swim, "new", 99, 1, "", &out);
	assert_int_equal(swim->members[4].update, NO_UPDATE);
	for (uint32_t i = 1; i < 6; i++)
		assert_true((swim->members[i].update != NO_UPDATE) == (i != 4));
	swim_report(swim, &report);
	assert_int_equal(report.updates_dropped, 1);
	assert_int_equal(report.updates, 4);
	stage_free(stage);
}

static void round__goes_to_the_fan_out_and_none_without_news(void **state)
{
	(void)state;
	struct stage *stage = stage_queue(12, 64);
	struct swim *swim = stage->nodes[0];

	swim_output_clear(&out);
	swim->now_ns = swim->gossip_ns;
	gossip_tick(swim, &out);
	assert_int_equal(out.sends, 3);
	assert_false(address_equal(out.send[0].address, out.send[1].address));
	gossip_tick(swim, &out); // not yet
	assert_int_equal(out.sends, 3);
	while (swim->updates_count)
		updates_remove(swim,
			swim->updates[swim->level_first[0] != NO_UPDATE ? swim->level_first[0]
									: swim->level_first[3]]
				.member);
	swim->now_ns += STAGE_MS(1000);
	gossip_tick(swim, &out);
	assert_int_equal(out.sends, 3);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill__what_was_sent_least_comes_first),
		cmocka_unit_test(fill__each_is_sent_as_often_as_the_limit_and_once_in_a_datagram),
		cmocka_unit_test(add__a_full_queue_drops_what_was_sent_most),
		cmocka_unit_test(round__goes_to_the_fan_out_and_none_without_news),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
