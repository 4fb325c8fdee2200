// A file on its way in: order of blocks, hash, name, and that nothing is left behind when it fails.
#include "control/cli/incoming.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/file.h>
#include <sys/mount.h>

#include "tests/unit/control/cli/folder.h"

#define BLOCKS 5
#define SIZE   ((BLOCKS - 1) * TRANSFER_BLOCK + 100)

struct fixture {
	struct folder folder;
	struct incoming in;
	struct incoming_error error;
	struct transfer_message offer, end;
	uint8_t *content, *back;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned size = 32;

	*state = f;
	f->in.fd = -1;
	f->content = malloc(SIZE);
	f->back = malloc(SIZE + 1);
	for (int i = 0; i < SIZE; i++)
		f->content[i] = (uint8_t)(i * 7 + i / 251);
	f->offer = (struct transfer_message){
		.type = TRANSFER_OFFER,
		.transfer = 1,
		.name = "file",
		.size = SIZE,
		.mode = 0640,
		.mtime_ns = INT64_C(1600000000123456789),
	};
	f->end = (struct transfer_message){.type = TRANSFER_END, .transfer = 1, .size = SIZE};
	EVP_Digest(f->content, SIZE, f->end.sha256, &size, EVP_sha256(), NULL);
	return folder_open(&f->folder) < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	incoming_abandon(&f->in);
	folder_close(&f->folder);
	free(f->content);
	free(f->back);
	free(f);
	return 0;
}

static int begin(struct fixture *f, bool overwrite)
{
	return incoming_open(&f->in, f->folder.fd, &f->offer, overwrite, &f->error);
}

static int put(struct fixture *f, int number)
{
	struct transfer_block block = {
		.offset = (uint64_t)number * TRANSFER_BLOCK,
		.size = number == BLOCKS - 1 ? 100 : TRANSFER_BLOCK,
		.transfer = 1,
	};

	return incoming_write(&f->in, &block, f->content + block.offset, &f->error);
}

static void put_all(struct fixture *f, const int order[BLOCKS])
{
	for (int i = 0; i < BLOCKS; i++) {
		assert_false(incoming_complete(&f->in));
		assert_int_equal(put(f, order[i]), 0);
	}
	assert_true(incoming_complete(&f->in));
}

static const int in_order[BLOCKS] = {0, 1, 2, 3, 4};

static int finish(struct fixture *f, uint8_t sha256[32])
{
	if (incoming_check(&f->in, &f->end, sha256, &f->error) == 0)
		return incoming_settle(&f->in, &f->error);
	incoming_abandon(&f->in);
	return -1;
}

static void incoming_settle__gives_name_mode_time_and_hash(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];
	struct stat st;

	assert_int_equal(begin(f, false), 0);
	put_all(f, in_order);
	assert_int_equal(folder_get(&f->folder, "file", f->back, 1), -1); // not before the end
	assert_int_equal(finish(f, sha256), 0);
	assert_memory_equal(sha256, f->end.sha256, 32);
	assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE + 1), SIZE);
	assert_memory_equal(f->back, f->content, SIZE);
	assert_int_equal(fstatat(f->folder.fd, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_mtim.tv_sec, 1600000000);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	assert_int_equal(folder_count(&f->folder), 1);
}

static void incoming_settle__every_order_of_blocks(void **state)
{
	static const int orders[][BLOCKS] = {
		{4, 3, 2, 1, 0}, {1, 0, 3, 2, 4}, {2, 4, 0, 1, 3}, {4, 0, 1, 2, 3}};
	struct fixture *f = *state;
	uint8_t sha256[32];

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		assert_int_equal(begin(f, true), 0);
		put_all(f, orders[i]);
		assert_int_equal(finish(f, sha256), 0);
		assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE + 1), SIZE);
		assert_memory_equal(f->back, f->content, SIZE);
	}
}

static void incoming_settle__an_empty_file(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];
	unsigned size = 32;

	f->offer.size = f->end.size = 0;
	EVP_Digest("", 0, f->end.sha256, &size, EVP_sha256(), NULL);
	assert_int_equal(begin(f, false), 0);
	assert_true(incoming_complete(&f->in));
	assert_int_equal(finish(f, sha256), 0);
	assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE), 0);
}

static void incoming_open__a_folder_that_was_removed(void **state)
{
	struct fixture *f = *state;
	struct transfer_message offer = {.type = TRANSFER_OFFER, .size = 1, .name = "x"};
	char path[128];

	snprintf(path, sizeof(path), "%s/gone", f->folder.path);
	assert_int_equal(mkdir(path, 0700), 0);
	int dir = incoming_dir_open(path);

	assert_false(incoming_dir_gone(dir));
	assert_int_equal(rmdir(path), 0);
	assert_true(incoming_dir_gone(dir));
	assert_int_equal(incoming_open(&f->in, dir, &offer, false, &f->error), -1);
	assert_string_equal(f->error.text, "the folder of the receiver was removed");
	close(dir);
}

static void incoming_check__a_wrong_hash_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];

	assert_int_equal(begin(f, false), 0);
	f->content[SIZE / 2] ^= 1;
	put_all(f, in_order);
	assert_int_equal(finish(f, sha256), -1);
	assert_int_equal(f->error.reason, TRANSFER_MISMATCH);
	assert_int_equal(folder_count(&f->folder), 0);
}

static void incoming_check__a_missing_block_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];

	assert_int_equal(begin(f, false), 0);
	for (int i = 1; i < BLOCKS; i++)
		assert_int_equal(put(f, i), 0);
	assert_int_equal(finish(f, sha256), -1);
	assert_int_equal(folder_count(&f->folder), 0);
}

static void incoming_settle__a_file_that_appeared_meanwhile_stays(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];

	assert_int_equal(begin(f, false), 0);
	put_all(f, in_order);
	assert_int_equal(folder_put(&f->folder, "file", "old", 3), 0);
	assert_int_equal(finish(f, sha256), -1);
	assert_int_equal(f->error.reason, TRANSFER_EXISTS);
	assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE), 3);
	assert_int_equal(folder_count(&f->folder), 1);
}

static void incoming_open__an_existing_file_only_with_overwrite(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];

	assert_int_equal(folder_put(&f->folder, "file", "old", 3), 0);
	assert_int_equal(begin(f, false), -1);
	assert_int_equal(f->error.reason, TRANSFER_EXISTS);
	assert_int_equal(folder_count(&f->folder), 1);
	assert_int_equal(begin(f, true), 0);
	put_all(f, in_order);
	assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE),
		3); // the old one until the new one is whole
	assert_int_equal(finish(f, sha256), 0);
	assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE + 1), SIZE);
}

static void incoming_open__a_link_is_replaced_never_followed(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32];

	assert_int_equal(folder_put(&f->folder, "target", "old", 3), 0);
	assert_int_equal(symlinkat("target", f->folder.fd, "file"), 0);
	assert_int_equal(begin(f, false), -1);
	assert_int_equal(begin(f, true), 0);
	put_all(f, in_order);
	assert_int_equal(finish(f, sha256), 0);
	assert_int_equal(folder_get(&f->folder, "target", f->back, SIZE), 3);
	assert_int_equal(folder_get(&f->folder, "file", f->back, SIZE + 1),
		SIZE); // O_NOFOLLOW: a file of its own
}

static void incoming_open__refuses_folders_and_climbing_names(void **state)
{
	static const char *const names[] = {
		"", ".", "..", "../file", "/tmp/file", "a/b", ".x.sluice-abc123.part"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(f->offer.name, sizeof(f->offer.name), "%s", names[i]);
		assert_int_equal(begin(f, true), -1);
		assert_int_equal(f->error.reason, TRANSFER_BAD_NAME);
	}
	assert_int_equal(mkdirat(f->folder.fd, "folder", 0700), 0);
	snprintf(f->offer.name, sizeof(f->offer.name), "folder");
	assert_int_equal(begin(f, true), -1);
	assert_int_equal(f->error.reason, TRANSFER_EXISTS);
	assert_int_equal(folder_count(&f->folder), 1);
}

static void incoming_open__the_longest_name(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 254; i += 2)
		memcpy(f->offer.name + i, "\xc3\xbc", 3);
	assert_int_equal(begin(f, false), 0);
	assert_true(strlen(f->in.temp) <= 255);
	assert_true(transfer_name_is_temp(f->in.temp, strlen(f->in.temp)));
}

static void incoming_open__a_size_nobody_has_room_for(void **state)
{
	struct fixture *f = *state;

	f->offer.size = INT64_MAX;
	assert_int_equal(begin(f, false), -1);
	assert_int_equal(f->error.reason, TRANSFER_NO_SPACE);
	assert_int_equal(folder_count(&f->folder), 0);
}

static void incoming_write__refuses_what_does_not_fit(void **state)
{
	struct fixture *f = *state;
	struct transfer_block wrong[] = {
		{.offset = BLOCKS * (uint64_t)TRANSFER_BLOCK,
			.size = 1,
			.transfer = 1},                  // past the end
		{.offset = 0, .size = 5, .transfer = 1}, // too short
		{.offset = (BLOCKS - 1) * (uint64_t)TRANSFER_BLOCK,
			.size = 101,
			.transfer = 1}, // too long
	};

	assert_int_equal(begin(f, false), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(incoming_write(&f->in, &wrong[i], f->content, &f->error), -1);
		assert_int_equal(f->error.reason, TRANSFER_PROTOCOL);
	}
	assert_int_equal(put(f, 0), 0);
	assert_int_equal(put(f, 0), -1); // hashed already
	assert_int_equal(put(f, 2), 0);
	assert_int_equal(put(f, 2), -1); // waits for block 1
}

static void incoming_write__refuses_a_block_too_far_ahead(void **state)
{
	struct fixture *f = *state;
	struct transfer_block block = {
		.offset = (uint64_t)INCOMING_WINDOW * TRANSFER_BLOCK,
		.size = TRANSFER_BLOCK,
		.transfer = 1,
	};

	f->offer.size = (INCOMING_WINDOW + 8) * (uint64_t)TRANSFER_BLOCK;
	if (begin(f, false) != 0)
		skip(); // less than 260 MB free
	assert_int_equal(incoming_write(&f->in, &block, f->content, &f->error), -1);
	block.offset -= TRANSFER_BLOCK;
	assert_int_equal(incoming_write(&f->in, &block, f->content, &f->error), 0);
}

static void incoming_abandon__leaves_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(begin(f, false), 0);
	assert_int_equal(put(f, 3), 0);
	assert_int_equal(folder_count(&f->folder), 1);
	incoming_abandon(&f->in);
	assert_int_equal(folder_count(&f->folder), 0);
	incoming_abandon(&f->in); // legal twice
}

static void incoming_sweep__only_what_the_dead_left(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(folder_put(&f->folder, ".old.sluice-abc123.part", "x", 1), 0);
	assert_int_equal(folder_put(&f->folder, "mine.part", "x", 1), 0);
	assert_int_equal(symlinkat("mine.part", f->folder.fd, ".link.sluice-abc123.part"), 0);
	assert_int_equal(begin(f, false), 0); // lives: it holds its lock
	assert_int_equal(incoming_sweep(f->folder.fd), 1);
	assert_int_equal(folder_count(&f->folder), 3);
	assert_int_equal(put(f, 0), 0);
	assert_int_equal(fstatat(f->folder.fd, f->in.temp, &(struct stat){0}, 0), 0);
}

static void incoming_open__a_full_disk_is_said_before_the_first_byte(void **state)
{
	struct fixture *f = *state;
	char path[96];

	snprintf(path, sizeof(path), "%.80s/disk", f->folder.path);
	assert_int_equal(mkdir(path, 0700), 0);
	if (mount("sluice-test", path, "tmpfs", 0, "size=128k") != 0)
		skip(); // not root
	int dir = incoming_dir_open(path);
	int result = incoming_open(&f->in, dir, &f->offer, false, &f->error);
	struct folder disk = {.fd = dir};

	snprintf(disk.path, sizeof(disk.path), "%s", path);
	int left = folder_count(&disk);

	close(dir);
	umount2(path, MNT_DETACH);
	assert_int_equal(result, -1);
	assert_int_equal(f->error.reason, TRANSFER_NO_SPACE);
	assert_non_null(strstr(f->error.text, "No space left"));
	assert_int_equal(left, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(incoming_settle__gives_name_mode_time_and_hash),
		CASE(incoming_settle__every_order_of_blocks),
		CASE(incoming_settle__an_empty_file),
		CASE(incoming_open__a_folder_that_was_removed),
		CASE(incoming_check__a_wrong_hash_leaves_nothing),
		CASE(incoming_check__a_missing_block_leaves_nothing),
		CASE(incoming_settle__a_file_that_appeared_meanwhile_stays),
		CASE(incoming_open__an_existing_file_only_with_overwrite),
		CASE(incoming_open__a_link_is_replaced_never_followed),
		CASE(incoming_open__refuses_folders_and_climbing_names),
		CASE(incoming_open__the_longest_name),
		CASE(incoming_open__a_size_nobody_has_room_for),
		CASE(incoming_open__a_full_disk_is_said_before_the_first_byte),
		CASE(incoming_write__refuses_what_does_not_fit),
		CASE(incoming_write__refuses_a_block_too_far_ahead),
		CASE(incoming_abandon__leaves_nothing),
		CASE(incoming_sweep__only_what_the_dead_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
