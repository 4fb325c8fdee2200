// Anti-entropy: nothing but a digest when both are equal, pages until both are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/cluster/swim/frame.h"
#include "tests/unit/control/cluster/swim/stage.h"

static struct swim_output out;

#define NEWS 2000u

// Both ends until one has nothing to answer. Returns the frames; the largest is in `most`.
static uint32_t exchange(struct stage *stage, uint32_t a, uint32_t b, uint32_t *most)
{
	static struct swim_output ends[2];
	static struct swim_frame frame;
	uint32_t frames = 0;

	*most = 0;
	swim_output_clear(&ends[0]);
	sync_soon(stage->nodes[a], stage_address(b), STAGE_PORT);
	sync_tick(stage->nodes[a], &ends[0]);
	frame = ends[0].sync;
	while (frame.size) {
		struct swim_output *end = &ends[++frames & 1];

		assert_true(frames < 1000);
		if (frame.size > *most)
			*most = frame.size;
		swim_output_clear(end);
		assert_int_equal(swim_on_sync(stage->nodes[frames & 1 ? b : a], stage->now_ns,
					 frame.bytes, frame.size, end),
			SWIM_OK);
		frame = end->answer;
	}
	return frames;
}

static void know(struct stage *stage, uint32_t node, uint32_t first, uint32_t count)
{
	char name[NAME_SIZE];

	for (uint32_t i = first; i < first + count; i++) {
		swim_output_clear(&out);
		snprintf(name, sizeof(name), "a-member-with-a-longer-name-%u", i);
		stage_say_alive(stage->nodes[node], name, 100 + i, 1, "some metadata", &out);
	}
}

static void pages__until_both_know_the_same(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 4096);
	uint32_t frames, most;

	know(stage, 0, 0, NEWS);
	know(stage, 1, NEWS / 2, NEWS);
	frames = exchange(stage, 0, 1, &most);
	assert_in_range(frames, 5, 20);
	assert_true(most <= SWIM_FRAME_MAX);
	assert_int_equal(swim_count(stage->nodes[0]), 2 + NEWS / 2 * 3);
	assert_int_equal(swim_count(stage->nodes[1]), 2 + NEWS / 2 * 3);
	// and then a digest and its answer are all
	frames = exchange(stage, 1, 0, &most);
	assert_int_equal(frames, 2);
	assert_true(most < 8192 + 64);
	stage_free(stage);
}

// One difference among a thousand costs a bucket, not the whole state.
static void digest__only_what_differs_is_sent(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 4096);
	uint64_t before;
	uint32_t most;

	know(stage, 0, 0, NEWS);
	exchange(stage, 0, 1, &most);
	know(stage, 1, NEWS, 1);
	before = stage->nodes[0]->report.frame_bytes_out + stage->nodes[1]->report.frame_bytes_out;
	exchange(stage, 0, 1, &most);
	assert_int_equal(swim_count(stage->nodes[0]), NEWS + 3);
	assert_true(stage->nodes[0]->report.frame_bytes_out +
			    stage->nodes[1]->report.frame_bytes_out - before <
		    256 * 8 + 4 * 2000);
	stage_free(stage);
}

static void dead__are_suspects_first_to_who_thinks_they_live(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 64);
	struct swim *other = stage->nodes[1];
	uint32_t most, member;

	know(stage, 0, 0, 2);
	know(stage, 1, 0, 2);
	on_dead(stage->nodes[0], 1, 1, false, &out);
	on_dead(stage->nodes[0], 2, 1, true, &out);
	exchange(stage, 0, 1, &most);
	member = swim_find(other, "a-member-with-a-longer-name-0");
	assert_int_equal(other->members[member].state, SWIM_SUSPECT);
	// hearsay: it has all the time that there is, and the others do not count it
	assert_int_equal(other->members[member].accusers[0], NO_MEMBER);
	struct writer writer = {.bytes = out.send[0].bytes, .room = SWIM_DATAGRAM_MAX};
	struct reader reader = {.at = writer.bytes};
	struct message message;
	struct rumour rumour;

	update_write(other, member, &writer);
	reader.left = writer.size;
	assert_true(message_next(&reader, &message) && rumour_read(&message, &rumour));
	assert_string_equal(rumour.from, rumour.name);
	member = swim_find(other, "a-member-with-a-longer-name-1");
	assert_int_equal(other->members[member].state, SWIM_LEFT);
	// who does not know them at all does not want to
	know(stage, 0, 2, 1);
	on_dead(stage->nodes[0], swim_find(stage->nodes[0], "a-member-with-a-longer-name-2"), 1,
		false, &out);
	exchange(stage, 0, 1, &most);
	assert_int_equal(swim_find(other, "a-member-with-a-longer-name-2"), SWIM_NONE);
	stage_free(stage);
}

// Who joins learns of thousands at once: it does not tell them to everybody for minutes.
static void strangers__of_a_page_are_said_a_few_times_only(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 4096);
	struct swim *swim = stage->nodes[1];
	uint32_t most, sent;

	know(stage, 0, 0, 100);
	exchange(stage, 1, 0, &most);
	assert_int_equal(swim_count(swim), 102);
	for (sent = 0; swim->updates_count; sent++) {
		struct writer writer = {.bytes = out.sync.bytes, .room = SWIM_FRAME_MAX};

		updates_fill(swim, &writer);
	}
	assert_int_equal(sent, 1); // with room for 4096; 12 times each otherwise
	stage_free(stage);
}

static void interval__grows_with_the_members(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 4096);
	struct swim *swim = stage->nodes[0];

	swim_output_clear(&out);
	know(stage, 0, 0, 20);
	swim->now_ns = swim->sync_ns;
	sync_tick(swim, &out);
	assert_true(out.sync.size > 0);
	assert_int_equal(swim->sync_ns - swim->now_ns, STAGE_MS(30000));
	know(stage, 0, 20, 1003);
	swim->now_ns = swim->sync_ns;
	swim_output_clear(&out);
	sync_tick(swim, &out);
	assert_int_equal(swim->sync_ns - swim->now_ns, STAGE_MS(30000) * 6); // 1024 = 32 * 2^5
	stage_free(stage);
}

static void hostile__cursors_and_buckets_are_bounded(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 64);
	struct swim_frame frame = {0};
	struct writer writer = {.bytes = frame.bytes, .room = SWIM_FRAME_MAX};
	struct swim *swim = stage->nodes[0];

	know(stage, 0, 0, 20);
	frame_start(&writer, codec_cluster("stage"), FRAME_RECORDS);
	struct page page = {.buckets = 16, .round = 1, .yours = UINT32_MAX - 1, .mine = 5};

	memset(page.differ, 0xff, sizeof(page.differ));
	page_write(&writer, &page);
	swim_output_clear(&out);
	assert_int_equal(
		swim_on_sync(swim, stage->now_ns, frame.bytes, writer.size, &out), SWIM_OK);
	assert_true(out.answer.size > 0 && out.answer.size < 100); // nothing is behind that cursor
	for (uint32_t buckets = 0; buckets < 4096; buckets = buckets * 2 + 1) {
		writer.size = CODEC_HEADER;
		write_u8(&writer, FRAME_DIGEST);
		write_u16(&writer, (uint16_t)buckets);
		swim_output_clear(&out);
		assert_int_equal(
			swim_on_sync(swim, stage->now_ns, frame.bytes, SWIM_FRAME_MAX, &out),
			SWIM_MALFORMED);
		assert_int_equal(out.answer.size, 0);
	}
	page.round = FRAME_ROUNDS_MAX;
	writer.size = CODEC_HEADER + 1;
	frame.bytes[CODEC_HEADER] = FRAME_RECORDS;
	page_write(&writer, &page);
	swim_on_sync(swim, stage->now_ns, frame.bytes, writer.size, &out);
	assert_int_equal(out.answer.size, 0);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages__until_both_know_the_same),
		cmocka_unit_test(digest__only_what_differs_is_sent),
		cmocka_unit_test(dead__are_suspects_first_to_who_thinks_they_live),
		cmocka_unit_test(strangers__of_a_page_are_said_a_few_times_only),
		cmocka_unit_test(interval__grows_with_the_members),
		cmocka_unit_test(hostile__cursors_and_buckets_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
