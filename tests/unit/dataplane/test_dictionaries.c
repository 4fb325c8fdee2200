// Dictionaries of a node: files that are refused, and sessions of two workers that agreed on one,
// or did not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/dictionaries.h"
#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/transform/codec_bed.h"
#include "tests/unit/dataplane/worker_pair.h"

#define ID     7
#define RECORD 60

static char file[] = "/tmp/sluice-test-dictionary-XXXXXX";
static struct dictionaries ours;  // that both ends have
static struct dictionaries other; // another file, the same id

static void write_file(const void *bytes, size_t size)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	fclose(out);
}

static void refused(const char *path, const char *reason)
{
	struct setup_dictionary one = {.id = ID};
	struct dictionaries none = {0};
	char why[DICTIONARIES_WHY_SIZE], wanted[DICTIONARIES_WHY_SIZE];

	snprintf(one.file, sizeof(one.file), "%s", path);
	assert_int_equal(dictionaries_load(&none, &one, 1, why), -1);
	snprintf(wanted, sizeof(wanted), "dictionary %d: %s %s", ID, path, reason);
	assert_string_equal(why, wanted);
	assert_int_equal(none.count, 0);
}

static void dictionaries_load__refuses_with_the_name_of_the_file(void **state)
{
	static const char bounds[] = "must be a regular file of 256 to 114688 bytes";
	static const char none[] = "is no dictionary of zstd; sluice dict train makes one";
	static uint8_t bytes[DICTIONARY_SIZE_MAX + 1];
	uint32_t size;

	(void)state;
	refused("/nonexistent/d", "cannot be read: No such file or directory");
	refused("/tmp", bounds);
	refused("/dev/zero", bounds);
	write_file(bytes, 0);
	refused(file, bounds);
	write_file(bytes, DICTIONARY_SIZE_MAX + 1);
	refused(file, bounds);
	write_file(bytes, DICTIONARY_SIZE_MAX);
	refused(file, none);
	corpus_fill(CORPUS_TEXT, 1, bytes, 4000);
	write_file(bytes, 4000);
	refused(file, none);
	size = bed_dictionary_train(CORPUS_JSON, bytes, 16384);
	bytes[9] ^= 0xff; // of its tables
	write_file(bytes, size);
	refused(file, none);
}

static void load(struct dictionaries *dictionaries, enum corpus corpus)
{
	static uint8_t bytes[16384];
	uint32_t size = bed_dictionary_train(corpus, bytes, sizeof(bytes));
	struct setup_dictionary one = {.id = ID};
	char why[DICTIONARIES_WHY_SIZE];

	write_file(bytes, size);
	snprintf(one.file, sizeof(one.file), "%s", file);
	assert_int_equal(dictionaries_load(dictionaries, &one, 1, why), 0);
	assert_int_equal(dictionaries->count, 1);
}

static void dictionaries_find__wants_the_very_file(void **state)
{
	uint8_t sha256[DICTIONARY_SHA256_SIZE];

	(void)state;
	memcpy(sha256, ours.at[0]->sha256, sizeof(sha256));
	assert_ptr_equal(dictionaries_find(&ours, ID, sha256), ours.at[0]);
	assert_null(dictionaries_find(&ours, ID + 1, sha256));
	assert_null(dictionaries_find(&other, ID, sha256));
	assert_null(dictionaries_find(NULL, ID, sha256));
	sha256[DICTIONARY_SHA256_SIZE - 1] ^= 1;
	assert_null(dictionaries_find(&ours, ID, sha256));
}

// ---- sessions

static struct worker_pair *start(void)
{
	struct worker_pair *pair = pair_new();

	pair->a.w.dictionaries = pair->b.w.dictionaries = &ours;
	return pair;
}

static struct plane_command with(struct plane_command open, enum dictionary_state state)
{
	open.codec = CODEC_ZSTD;
	open.dictionary = ID;
	open.dictionary_state = (uint8_t)state;
	memcpy(open.dictionary_sha256, ours.at[0]->sha256, sizeof(open.dictionary_sha256));
	return open;
}

// As pair_open; each end hears its own.
static struct pair_session open_with(
	struct worker_pair *pair, enum dictionary_state a, enum dictionary_state b)
{
	struct pair_session s;

	pair_command(&pair->a, (struct plane_command){.type = PLANE_RESERVE, .request = 1});
	pair_turns(pair, 2);
	s.a = pair_expect(&pair->a, PLANE_RESERVED).cid;
	pair_command(&pair->b, with(pair_open_command(pair, &pair->b, 0, s.a), b));
	pair_turns(pair, 2);
	s.b = pair_expect(&pair->b, PLANE_RESERVED).cid;
	pair_command(&pair->a, with(pair_open_command(pair, &pair->a, s.a, s.b), a));
	pair_turns(pair, 100);
	pair_expect(&pair->a, PLANE_OPENED);
	pair_expect(&pair->b, PLANE_OPENED);
	return s;
}

static uint8_t *buffer_of(struct pair_end *e)
{
	return e->app.region.base + e->app.mine->header.blocks_offset;
}

static struct session_stats stats_of(const struct pair_end *e, uint32_t cid)
{
	return e->tables->session[0][wire_cid_slot(cid)].stats;
}

static void send_one(struct worker_pair *pair, struct pair_session s)
{
	struct app_rx rx;

	corpus_fill(CORPUS_JSON, 77, buffer_of(&pair->a), RECORD);
	pair_send(&pair->a, s.a, 0, RECORD);
	rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 4000);
	assert_int_equal(rx.size, RECORD);
	assert_memory_equal(pair->b.app.channel->blocks + rx.offset, buffer_of(&pair->a), RECORD);
	fake_app_return(&pair->b.app, rx.offset, rx.session);
	pair_turns(pair, 4000); // ACKs, and 10 ms so that every row is published
}

static void session__small_records_shrink_with_the_dictionary_of_both(void **state)
{
	struct worker_pair *pair = start();
	struct pair_session s = open_with(pair, DICTIONARY_AGREED, DICTIONARY_AGREED);
	struct session_stats row;

	(void)state;
	send_one(pair, s);
	row = stats_of(&pair->a, s.a);
	assert_int_equal(row.dictionary, ID);
	assert_int_equal(row.dictionary_state, DICTIONARY_AGREED);
	assert_int_equal(row.blocks_dictionary, 1);
	assert_int_equal(row.blocks_no_dictionary, 0);
	assert_true(row.stored_bytes_sent < RECORD / 2);
	pair_free(pair);
}

static void session__goes_on_without_and_counts(void **state)
{
	struct worker_pair *pair = start();
	struct pair_session s = open_with(pair, DICTIONARY_MISSING, DICTIONARY_MISSING);
	struct session_stats row;
	struct app_rx rx;

	(void)state;
	send_one(pair, s); // too small to shrink by itself
	memset(buffer_of(&pair->a), 'a', 4000);
	pair_send(&pair->a, s.a, 0, 4000);
	rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 4000);
	fake_app_return(&pair->b.app, rx.offset, rx.session);
	pair_turns(pair, 4000);
	row = stats_of(&pair->a, s.a);
	assert_int_equal(row.dictionary, ID);
	assert_int_equal(row.dictionary_state, DICTIONARY_MISSING);
	assert_int_equal(row.blocks_dictionary, 0);
	assert_int_equal(row.blocks_no_dictionary, 1);
	assert_int_equal(row.blocks_raw_by[RAW_LITTLE], 1);
	pair_free(pair);
}

// A peer that packs with what was not agreed on: its session ends, and control hears which id.
static void session__ends_with_a_record_of_a_dictionary_not_agreed_on(void **state)
{
	struct worker_pair *pair = start();
	struct pair_session bad = open_with(pair, DICTIONARY_AGREED, DICTIONARY_MISSING);
	struct pair_session good = open_with(pair, DICTIONARY_AGREED, DICTIONARY_AGREED);
	struct plane_event event;
	struct app_rx rx;

	(void)state;
	corpus_fill(CORPUS_JSON, 77, buffer_of(&pair->a), RECORD);
	pair_send(&pair->a, bad.a, 0, RECORD);
	rx = pair_app_expect(pair, &pair->b, APP_RX_CLOSED, 4000);
	assert_int_equal(rx.session, bad.b);
	assert_int_equal(pair->b.w.counters.drops[DROP_BLOCK_DICTIONARY], 1);
	event = pair_expect(&pair->b, PLANE_CLOSED);
	assert_int_equal(event.cid, bad.b);
	assert_true(event.flags & PLANE_CLOSED_TELL);
	assert_non_null(strstr(event.text, "dictionary 7, which this session has not agreed on"));
	send_one(pair, good);
	pair_free(pair);
}

// What control says must be what the dataplane has, or the session does not open.
static void open__is_refused_without_that_very_file(void **state)
{
	struct worker_pair *pair = start();
	struct plane_command open;

	(void)state;
	pair->b.w.dictionaries = &other;
	for (int i = 0; i < 3; i++) {
		open = with(pair_open_command(pair, &pair->b, 0, 0x501), DICTIONARY_AGREED);
		if (i > 0)
			pair->b.w.dictionaries = &ours;
		if (i == 1)
			open.codec = CODEC_LZ4;
		if (i == 2)
			open.level = DICTIONARY_LEVEL_MAX + 1;
		pair_command(&pair->b, open);
		pair_turns(pair, 2);
		assert_non_null(strstr(pair_expect(&pair->b, PLANE_REFUSED).text,
			"the dictionary that was agreed on is not here"));
	}
	pair_free(pair);
}

static int setup(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	close(fd);
	load(&other, CORPUS_TEXT);
	load(&ours, CORPUS_JSON);
	return fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	dictionaries_free(&ours);
	dictionaries_free(&other);
	return unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dictionaries_load__refuses_with_the_name_of_the_file),
		cmocka_unit_test(dictionaries_find__wants_the_very_file),
		cmocka_unit_test(session__small_records_shrink_with_the_dictionary_of_both),
		cmocka_unit_test(session__goes_on_without_and_counts),
		cmocka_unit_test(session__ends_with_a_record_of_a_dictionary_not_agreed_on),
		cmocka_unit_test(open__is_refused_without_that_very_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
