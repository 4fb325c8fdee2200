// The channel of one application: what it accepts as a
// region, and that every block and every grant is counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "lib/shm/seqlock.h"
#include "tests/unit/dataplane/app/fake_app.h"

static void refuse_header(const struct app_region_header *header)
{
	struct app_channel *channel;
	const char *reason = NULL;
	struct region region;

	fake_region_make(&region, 4);
	memcpy(region.base, header, sizeof(*header));
	assert_int_equal(app_channel_new(&channel, dup(region.fd), 0, &reason), APP_E_HEADER);
	assert_null(channel);
	assert_non_null(reason);
	region_fini(&region);
}

static void new__refuses_every_wrong_header(void **state)
{
	struct region region;
	struct app_region_header good, bad;

	(void)state;
	fake_region_make(&region, 4);
	memcpy(&good, region.base, sizeof(good));
	region_fini(&region);
	bad = good, bad.magic++, refuse_header(&bad);
	bad = good, bad.version++, refuse_header(&bad);
	bad = good, bad.size = good.size + 1, refuse_header(&bad);
	bad = good, bad.blocks = 0, refuse_header(&bad);
	bad = good, bad.blocks = 5, refuse_header(&bad);
	bad = good, bad.blocks = UINT32_MAX, refuse_header(&bad);
	bad = good, bad.blocks_offset = 0, refuse_header(&bad);
	bad = good, bad.blocks_offset += 64, refuse_header(&bad);
	bad = good, bad.blocks_offset += 4096, refuse_header(&bad);
	bad = good, bad.blocks_offset = 0xfffff000u, refuse_header(&bad);
}

static void new__refuses_region_without_seals_or_too_small(void **state)
{
	struct app_channel *channel;
	const char *reason;
	struct region tiny;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(app_channel_new(&channel, fd, 0, &reason), REGION_E_SEALS);
	assert_non_null(strstr(reason, "seals"));
	assert_int_equal(region_create(&tiny, "tiny", 4096, REGION_PAGES_ORDINARY), 0);
	assert_int_equal(app_channel_new(&channel, dup(tiny.fd), 0, &reason), REGION_E_SIZE);
	assert_null(channel);
	region_fini(&tiny);
}

static void new__bounds_the_arena(void **state)
{
	static const uint32_t wanted[] = {0, 1, 300, 1u << 31}, given[] = {256, 16, 300, 1024};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fake_app app;

		fake_app_init(&app, 4, wanted[i]);
		assert_int_equal(app.channel->blocks_count, given[i]);
		assert_int_equal(app.channel->mine->header.blocks, given[i]);
		assert_null(app_channel_check(app.channel));
		fake_app_fini(&app);
	}
}

static void session__grants_are_fair_and_return(void **state)
{
	struct app_session *sessions[APP_SESSIONS_MAX];
	struct fake_app app;
	uint32_t count = 0, last = UINT32_MAX;

	(void)state;
	fake_app_init(&app, 4, 256);
	for (;; count++) {
		assert_true(count < APP_SESSIONS_MAX);
		sessions[count] = app_session_open(app.channel, 1000 + count);
		if (sessions[count] == NULL)
			break;
		assert_true(sessions[count]->credit_records <= last); // the first gets most
		assert_true(sessions[count]->credit_records >= APP_CREDIT_RECORDS_MIN);
		last = sessions[count]->credit_records;
		assert_null(app_channel_check(app.channel));
	}
	assert_int_equal(count, 20); // 24 18 13 10 7 6 4 2, then 12 of one record each
	assert_int_equal(sessions[6]->credit_records, 4);
	assert_int_equal(last, 1);
	assert_int_equal(
		sessions[0]->credit_records, 24); // a quarter of 192 blocks, two for each record
	for (uint32_t i = 0; i < count; i++)
		app_session_close(sessions[i], 1);
	assert_int_equal(app.channel->granted, 0);
	assert_null(app_channel_check(app.channel));
	assert_int_equal(app_session_open(app.channel, 1)->credit_records, 24);
	fake_app_fini(&app);
}

static void session__row_is_free_when_closed_was_taken(void **state)
{
	struct fake_app app;

	(void)state;
	fake_app_init(&app, 4, 1024);
	// Opens and closes as fast as a peer could, with an application that does not look.
	uint32_t opened = 0;
	for (uint32_t i = 0; i < 10 * APP_SESSIONS_MAX; i++) {
		struct app_session *session = app_session_open(app.channel, i + 1);

		if (session == NULL)
			continue;
		opened++;
		app_deliver_opened(session, 0);
		app_session_close(session, 2);
		app_deliver_flush(app.channel);
	}
	assert_int_equal(opened, APP_SESSIONS_MAX); // and not one more event
	assert_int_equal(app.channel->broken, APP_BROKEN_NOT);
	for (int i = 0; i < 2; i++)
		assert_int_not_equal(fake_app_event(&app).type, 0);
	assert_non_null(app_session_open(app.channel, 5000)); // one CLOSED taken: one row
	assert_null(app_session_open(app.channel, 5001));
	fake_app_fini(&app);
}

static void session__find_only_while_open(void **state)
{
	struct fake_app app;

	(void)state;
	fake_app_init(&app, 4, 0);
	struct app_session *session = app_session_open(app.channel, 77);
	assert_ptr_equal(app_session_find(app.channel, 77), session);
	assert_null(app_session_find(app.channel, 78));
	app_session_close(session, 1);
	assert_null(app_session_find(app.channel, 77));
	fake_app_fini(&app);
}

static void session__publish_fills_the_row(void **state)
{
	struct session_stats stats = {.session = 9, .raw_bytes_sent = 1234}, seen;
	struct fake_app app;

	(void)state;
	fake_app_init(&app, 4, 0);
	struct app_session *session = app_session_open(app.channel, 9);
	app_session_publish(session, &stats);
	const struct app_session_info *info = &app.channel->mine->info[session->row];
	assert_true(seqlock_read(&info->seq, &info->stats, &seen, sizeof(seen), 10));
	assert_memory_equal(&stats, &seen, sizeof(seen));
	fake_app_fini(&app);
}

static void block__never_beyond_the_grant(void **state)
{
	struct fake_app app;
	uint8_t *blocks[APP_BLOCKS_MAX];
	uint32_t count = 0;

	(void)state;
	fake_app_init(&app, 4, 64);
	struct app_session *session = app_session_open(app.channel, 1);
	while ((blocks[count] = app_block_get(session)) != NULL)
		count++;
	assert_int_equal(count, 2 * session->credit_records);
	assert_null(app_channel_check(app.channel));
	assert_false(app_channel_quiet(app.channel));
	uint8_t *last = blocks[count - 1];
	while (count > 0)
		app_block_put(session, blocks[--count]);
	assert_int_equal(app.channel->free_count, 64);
	assert_ptr_not_equal(app_block_get(session),
		last); // last in, first out: the first one taken came back last
	fake_app_fini(&app);
}

static void slab__has_a_share_of_its_own(void **state)
{
	struct fake_app app;
	uint8_t *slabs[64];
	uint32_t count = 0;

	(void)state;
	fake_app_init(&app, 4, 64);
	while ((slabs[count] = app_slab_get(app.channel)) != NULL)
		count++;
	assert_int_equal(count, 16);
	// Slabs are out, and a session still gets all that it was promised.
	struct app_session *session = app_session_open(app.channel, 1);
	for (uint32_t i = 0; i < 2 * session->credit_records; i++)
		assert_non_null(app_block_get(session));
	assert_null(app_channel_check(app.channel));
	assert_true(app_block_is(app.channel, slabs[0]));
	assert_false(app_block_is(app.channel, (uint8_t *)&app));
	assert_false(app_block_is(app.channel, app.channel->blocks - 1));
	assert_false(app_block_is(app.channel, app.channel->blocks + 64 * (size_t)APP_BLOCK_SIZE));
	while (count > 0)
		app_slab_put(app.channel, slabs[--count]);
	assert_null(app_channel_check(app.channel));
	fake_app_fini(&app);
}

static void quiet__waits_for_what_is_in_use(void **state)
{
	struct fake_app app;

	(void)state;
	fake_app_init(&app, 4, 64);
	assert_true(app_channel_quiet(app.channel));
	struct app_session *session = app_session_open(app.channel, 1);
	assert_false(app_channel_quiet(app.channel));
	uint8_t *slab = app_slab_get(app.channel);
	app_deliver_data(session, 0, app_block_get(session), 10, APP_RX_MESSAGE_END);
	app_session_close(session, 1);
	assert_false(app_channel_quiet(app.channel)); // the slab
	app_slab_put(app.channel, slab);
	assert_true(app_channel_quiet(app.channel)); // what the application holds does not count
	assert_int_equal(app.channel->orphans, 1);
	assert_null(app_channel_check(app.channel));
	fake_app_fini(&app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new__refuses_every_wrong_header),
		cmocka_unit_test(new__refuses_region_without_seals_or_too_small),
		cmocka_unit_test(new__bounds_the_arena),
		cmocka_unit_test(session__grants_are_fair_and_return),
		cmocka_unit_test(session__row_is_free_when_closed_was_taken),
		cmocka_unit_test(session__find_only_while_open),
		cmocka_unit_test(session__publish_fills_the_row),
		cmocka_unit_test(block__never_beyond_the_grant),
		cmocka_unit_test(slab__has_a_share_of_its_own),
		cmocka_unit_test(quiet__waits_for_what_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
