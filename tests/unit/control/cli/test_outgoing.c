// A file on its way out: what may be sent, and changes under way.
#include "control/cli/outgoing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/control/cli/folder.h"

struct fixture {
	struct folder folder;
	struct outgoing out;
	char path[128];
	uint8_t data[TRANSFER_BLOCK];
	struct transfer_block block;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint8_t content[3000];

	*state = f;
	f->out.fd = -1;
	memset(content, 'x', sizeof(content));
	if (folder_open(&f->folder) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/file", f->folder.path);
	return folder_put(&f->folder, "file", content, sizeof(content));
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	outgoing_close(&f->out);
	folder_close(&f->folder);
	free(f);
	return 0;
}

static void outgoing_read__blocks_and_hash(void **state)
{
	struct fixture *f = *state;
	uint8_t sha256[32], expected[32], whole[3000];
	struct transfer_message offer = {0};
	unsigned size = 32;

	assert_int_equal(outgoing_open(&f->out, f->path), 0);
	outgoing_offer(&f->out, &offer);
	assert_string_equal(offer.name, "file");
	assert_int_equal(offer.size, 3000);
	assert_int_equal(outgoing_read(&f->out, f->data, &f->block), 1);
	assert_int_equal(f->block.size, 3000);
	assert_int_equal(outgoing_read(&f->out, f->data, &f->block), 0);
	assert_int_equal(outgoing_finish(&f->out, sha256), 0);
	memset(whole, 'x', sizeof(whole));
	EVP_Digest(whole, sizeof(whole), expected, &size, EVP_sha256(), NULL);
	assert_memory_equal(sha256, expected, 32);
}

static void outgoing_read__more_than_one_block(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(truncate(f->path, 2 * (off_t)TRANSFER_BLOCK + 1), 0);
	assert_int_equal(outgoing_open(&f->out, f->path), 0);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(outgoing_read(&f->out, f->data, &f->block), 1);
		assert_int_equal(f->block.offset, i * TRANSFER_BLOCK);
		assert_int_equal(f->block.size, i < 2 ? TRANSFER_BLOCK : 1);
	}
	assert_int_equal(outgoing_read(&f->out, f->data, &f->block), 0);
}

static void outgoing_read__a_file_that_shrinks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(outgoing_open(&f->out, f->path), 0);
	assert_int_equal(truncate(f->path, 2999), 0);
	assert_int_equal(outgoing_read(&f->out, f->data, &f->block), -1);
	assert_non_null(strstr(f->out.text, "shrank"));
}

static void outgoing_finish__a_file_that_grows_or_is_written_to(void **state)
{
	struct fixture *f = *state;
	struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
	uint8_t sha256[32];

	assert_int_equal(outgoing_open(&f->out, f->path), 0);
	assert_int_equal(outgoing_read(&f->out, f->data, &f->block), 1);
	assert_int_equal(truncate(f->path, 3001), 0);
	assert_int_equal(outgoing_finish(&f->out, sha256), -1);
	assert_non_null(strstr(f->out.text, "grew"));
	assert_int_equal(truncate(f->path, 3000), 0);
	assert_int_equal(utimensat(AT_FDCWD, f->path, times, 0), 0);
	assert_int_equal(outgoing_finish(&f->out, sha256), -1);
	assert_non_null(strstr(f->out.text, "written to"));
}

static void outgoing_open__refuses(void **state)
{
	struct fixture *f = *state;
	char path[160];

	assert_int_equal(outgoing_open(&f->out, "/nonexistent/file"), -1);
	assert_non_null(strstr(f->out.text, "No such file"));
	assert_int_equal(outgoing_open(&f->out, f->folder.path), -1);
	assert_non_null(strstr(f->out.text, "tar"));
	assert_int_equal(outgoing_open(&f->out, "/dev/null"), -1);
	assert_non_null(strstr(f->out.text, "regular"));
	snprintf(path, sizeof(path), "%s/fifo", f->folder.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(outgoing_open(&f->out, path), -1); // and does not hang
	assert_int_equal(f->out.fd, -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(outgoing_read__blocks_and_hash),
		CASE(outgoing_read__more_than_one_block),
		CASE(outgoing_read__a_file_that_shrinks),
		CASE(outgoing_finish__a_file_that_grows_or_is_written_to),
		CASE(outgoing_open__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
