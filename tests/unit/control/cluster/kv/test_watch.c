// Watches: everything from a revision on, in order, or the word that it is gone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/control/cluster/kv/stage.h"

static const struct kv_config small = {.history_events = 8, .history_bytes = 4096};

static void expect_event(struct stage *s, struct kv_watch *watch, enum kv_event_kind kind,
	uint64_t revision, const char *key, bool more)
{
	struct kv_event event;

	assert_int_equal(kv_watch_next(s->kv, watch, &event), KV_WATCH_EVENT);
	assert_int_equal(event.kind, kind);
	assert_int_equal(event.revision, revision);
	assert_int_equal(event.item.key.size, strlen(key));
	assert_memory_equal(event.item.key.data, key, strlen(key));
	assert_int_equal(event.more, more);
}

static void expect_nothing(struct stage *s, struct kv_watch *watch)
{
	struct kv_event event;

	assert_int_equal(kv_watch_next(s->kv, watch, &event), KV_WATCH_UP_TO_DATE);
	assert_int_equal(watch->revision, state_of(s->kv).revision + 1);
}

static void watch__tells_what_happens_to_its_keys(void **state)
{
	struct stage *s = stage_new(NULL);
	const struct kv_range prefix = prefix_range("a"), one = key_range("a");
	struct kv_watch from_now, from_first, of_one;
	struct kv_event event;

	(void)state;
	put(s, "a", "1");
	kv_watch_init(s->kv, &from_now, &prefix, 0);
	kv_watch_init(s->kv, &from_first, &prefix, 1);
	kv_watch_init(s->kv, &of_one, &one, 1);
	put(s, "b", "");
	put(s, "ab", "");
	delete_range(s, key_range("a"));
	expect_event(s, &from_now, KV_EVENT_PUT, 3, "ab", false);
	expect_event(s, &from_now, KV_EVENT_DELETE, 4, "a", false);
	expect_nothing(s, &from_now);
	expect_event(s, &from_first, KV_EVENT_PUT, 1, "a", false);
	expect_event(s, &from_first, KV_EVENT_PUT, 3, "ab", false);
	expect_event(s, &of_one, KV_EVENT_PUT, 1, "a", false);
	assert_int_equal(kv_watch_next(s->kv, &of_one, &event), KV_WATCH_EVENT);
	assert_int_equal(event.kind, KV_EVENT_DELETE);
	assert_memory_equal(event.item.value.data, "1", 1); // what was deleted
	expect_nothing(s, &of_one);
	stage_free(s);
}

static void watch__has_the_events_of_a_revision_together(void **state)
{
	struct stage *s = stage_new(NULL);
	const struct kv_range prefix = prefix_range("a");
	struct kv_watch watch;

	(void)state;
	kv_watch_init(s->kv, &watch, &prefix, 0);
	add_then(s, op_put("a1", text("")));
	add_then(s, op_put("b", text("")));
	add_then(s, op_put("a2", text("")));
	add_then(s, op_delete(key_range("a1"), 0));
	add_then(s, op_put("c", text("")));
	assert_int_equal(stage_apply(s), KV_OK);
	put(s, "a3", "");
	expect_event(s, &watch, KV_EVENT_PUT, 1, "a1", true);
	expect_event(s, &watch, KV_EVENT_PUT, 1, "a2", true);
	expect_event(s, &watch, KV_EVENT_DELETE, 1, "a1", false);
	expect_event(s, &watch, KV_EVENT_PUT, 2, "a3", false);
	expect_nothing(s, &watch);
	stage_free(s);
}

static void watch__waits_for_a_revision_to_come(void **state)
{
	struct stage *s = stage_new(NULL);
	const struct kv_range all = prefix_range("");
	struct kv_watch watch;
	struct kv_event event;

	(void)state;
	kv_watch_init(s->kv, &watch, &all, 3);
	put(s, "a", "");
	put(s, "a", "");
	assert_int_equal(kv_watch_next(s->kv, &watch, &event), KV_WATCH_UP_TO_DATE);
	put(s, "a", "");
	expect_event(s, &watch, KV_EVENT_PUT, 3, "a", false);
	stage_free(s);
}

static void watch__that_is_too_slow_is_told(void **state)
{
	struct stage *s = stage_new(&small);
	const struct kv_range all = prefix_range(""), other = key_range("b");
	struct kv_watch slow, quick, quiet;
	struct kv_event event;

	(void)state;
	kv_watch_init(s->kv, &slow, &all, 0);
	kv_watch_init(s->kv, &quick, &all, 0);
	kv_watch_init(s->kv, &quiet, &other, 0);
	for (uint32_t i = 1; i <= 20; i++) {
		put(s, "a", "");
		expect_event(s, &quick, KV_EVENT_PUT, i, "a", false);
		if (i % 8 == 0)
			expect_nothing(s, &quiet); // nothing for it was lost
	}
	assert_int_equal(kv_watch_next(s->kv, &quiet, &event), KV_WATCH_UP_TO_DATE);
	assert_int_equal(kv_watch_next(s->kv, &slow, &event), KV_WATCH_COMPACTED);
	assert_int_equal(slow.revision, 13);
	assert_int_equal(state_of(s->kv).oldest, 13);
	for (uint64_t i = 13; i <= 20; i++)
		expect_event(s, &slow, KV_EVENT_PUT, i, "a", false);
	expect_nothing(s, &slow);
	kv_watch_init(s->kv, &slow, &all, 12);
	assert_int_equal(kv_watch_next(s->kv, &slow, &event), KV_WATCH_COMPACTED);
	stage_free(s);
}

// What is gone was told already.
static void watch__that_is_just_in_time_lost_nothing(void **state)
{
	struct stage *s = stage_new(&small);
	const struct kv_range all = prefix_range("");
	struct kv_watch watch;

	(void)state;
	kv_watch_init(s->kv, &watch, &all, 0);
	put(s, "a", "");
	expect_event(s, &watch, KV_EVENT_PUT, 1, "a", false);
	for (uint32_t i = 0; i < small.history_events; i++)
		put(s, "b", "");
	assert_int_equal(state_of(s->kv).oldest, 2);
	expect_event(s, &watch, KV_EVENT_PUT, 2, "b", false);
	stage_free(s);
}

static void watch__of_a_revision_that_is_lost_in_part_loses_all_of_it(void **state)
{
	struct stage *s = stage_new(&small);
	const struct kv_range all = prefix_range("");
	struct kv_watch watch, begun;
	struct kv_event event;
	static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

	(void)state;
	put(s, "a", "");
	kv_watch_init(s->kv, &watch, &all, 2);
	kv_watch_init(s->kv, &begun, &all, 2);
	for (uint32_t i = 0; i < 8; i++)
		add_then(s, op_put(keys[i], text("")));
	stage_apply(s);
	expect_event(s, &begun, KV_EVENT_PUT, 2, "a", true);
	put(s, "b", "");
	assert_int_equal(kv_watch_next(s->kv, &watch, &event), KV_WATCH_COMPACTED);
	assert_int_equal(watch.revision, 3);
	assert_int_equal(kv_watch_next(s->kv, &begun, &event), KV_WATCH_COMPACTED);
	expect_event(s, &begun, KV_EVENT_PUT, 3, "b", false);
	stage_free(s);
}

static void history__is_bounded_in_bytes(void **state)
{
	struct stage *s = stage_new(&small);
	const struct kv_range all = prefix_range("");
	struct kv_watch watch;
	struct kv_event event;

	(void)state;
	put_size(s, "a", 1900);
	put_size(s, "a", 1900);
	put_size(s, "a", 1900);
	assert_int_equal(state_of(s->kv).events, 2);
	put_size(s, "a", 5000); // more than all of history
	assert_int_equal(state_of(s->kv).events, 0);
	assert_int_equal(state_of(s->kv).event_bytes, 0);
	kv_watch_init(s->kv, &watch, &all, 4);
	assert_int_equal(kv_watch_next(s->kv, &watch, &event), KV_WATCH_COMPACTED);
	assert_int_equal(watch.revision, 5);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watch__tells_what_happens_to_its_keys),
		cmocka_unit_test(watch__has_the_events_of_a_revision_together),
		cmocka_unit_test(watch__waits_for_a_revision_to_come),
		cmocka_unit_test(watch__that_is_too_slow_is_told),
		cmocka_unit_test(watch__that_is_just_in_time_lost_nothing),
		cmocka_unit_test(watch__of_a_revision_that_is_lost_in_part_loses_all_of_it),
		cmocka_unit_test(history__is_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
