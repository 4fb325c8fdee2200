// Dictionaries: samples cut as they are sent, what is refused with what to do, what a file is.
#include <dirent.h>
#include <ftw.h>
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

#include "control/dict/dict.h"

static char folder[] = "/tmp/sluice-test-dict-XXXXXX";
static struct dict_samples samples;
static struct dict_made made;
static char error[DICT_ERROR_SIZE];

static const char *in(const char *name)
{
	static char path[2][256];
	static int turn;

	snprintf(path[turn ^= 1], sizeof(path[0]), "%s/%s", folder, name);
	return path[turn];
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *out = fopen(in(name), "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	fclose(out);
}

// Lines that have something in common; another seed, other lines.
static size_t lines_fill(char *text, size_t size, uint32_t lines, uint32_t seed)
{
	static const char *const states[] = {"open", "paid", "shipped", "returned"};
	size_t used = 0;

	for (uint32_t i = 0; i < lines; i++) {
		seed = seed * 1664525u + 1013904223u;
		used += (size_t)snprintf(text + used, size - used,
			"{\"order\":%u,\"state\":\"%s\",\"note\":\"thank you for your order\"}\n",
			seed >> 12, states[seed >> 8 & 3]);
	}
	return used;
}

static void begin(void)
{
	dict_samples_free(&samples);
	assert_int_equal(dict_samples_init(&samples), 0);
}

static void add(const char *name, struct dict_cut cut)
{
	if (dict_samples_add(&samples, in(name), &cut, error) != 0)
		fail_msg("%s", error);
}

static void train_on_lines(uint32_t lines)
{
	static char text[400000];

	begin();
	write_file("lines", text, lines_fill(text, sizeof(text), lines, 1));
	add("lines", (struct dict_cut){.lines = true});
	assert_int_equal(samples.count, lines);
}

static void samples__are_cut_as_they_are_sent(void **state)
{
	static uint8_t bytes[2 * DICT_SAMPLE_MAX + 5];

	(void)state;
	begin();
	write_file("one", "a\nbb\n\nccc", 9);
	add("one", (struct dict_cut){0});
	assert_int_equal(samples.count, 1);
	assert_int_equal(samples.sizes[0], 9);
	add("one", (struct dict_cut){.lines = true});
	assert_int_equal(samples.count, 5);
	assert_int_equal(samples.sizes[1], 2);
	assert_int_equal(samples.sizes[3], 1);
	assert_int_equal(samples.sizes[4], 3); // without an end
	add("one", (struct dict_cut){.record = 4});
	assert_int_equal(samples.count, 8);
	assert_int_equal(samples.sizes[7], 1);
	assert_int_equal(samples.size, 27);
	assert_memory_equal(samples.bytes, "a\nbb\n\nccca\nbb\n\nccca\nbb\n\nccc", 27);
	write_file("large", bytes, sizeof(bytes));
	add("large", (struct dict_cut){.lines = true});
	assert_int_equal(samples.count, 11);
	assert_int_equal(samples.sizes[9], DICT_SAMPLE_MAX);
	assert_int_equal(samples.sizes[10], 5);
	write_file("empty", "", 0);
	add("empty", (struct dict_cut){0});
	assert_int_equal(samples.count, 11);
}

static void samples__of_a_folder_come_by_name(void **state)
{
	(void)state;
	begin();
	mkdir(in("all"), 0700);
	mkdir(in("all/b"), 0700);
	write_file("all/c", "3", 1);
	write_file("all/a", "1", 1);
	write_file("all/b/x", "2", 1);
	assert_int_equal(symlink("/dev/zero", in("all/z")), 0); // not followed
	add("all", (struct dict_cut){0});
	assert_int_equal(samples.count, 3);
	assert_memory_equal(samples.bytes, "123", 3);
	assert_int_equal(dict_samples_add(&samples, in("not"), &(struct dict_cut){0}, error), -1);
	assert_non_null(strstr(error, "/not: cannot be read: No such file or directory"));
	assert_int_equal(dict_samples_add(&samples, "/dev/zero", &(struct dict_cut){0}, error), -1);
	assert_non_null(strstr(error, "/dev/zero: cannot be read: not a regular file"));
}

static void samples__what_finds_no_room_is_counted(void **state)
{
	(void)state;
	begin();
	samples.size = DICT_BYTES_MAX - 4;
	write_file("one", "0123456789", 10);
	add("one", (struct dict_cut){0});
	assert_int_equal(samples.size, DICT_BYTES_MAX);
	assert_int_equal(samples.left_out, 6);
	begin();
	samples.count = DICT_SAMPLES_MAX - 1;
	write_file("one", "a\nbb\nccc\n", 9);
	add("one", (struct dict_cut){.lines = true});
	assert_int_equal(samples.count, DICT_SAMPLES_MAX);
	assert_int_equal(samples.left_out, 7);
}

static void refused(struct dict_want want, const char *part)
{
	assert_int_equal(dict_train(&made, &samples, &want, error), -1);
	if (!strstr(error, part))
		fail_msg("\"%s\" does not say \"%s\"", error, part);
}

static void train__refuses_and_says_what_to_do(void **state)
{
	static uint8_t bytes[40000];
	uint32_t seed = 1;

	(void)state;
	train_on_lines(31);
	refused((struct dict_want){.level = 1}, "31 samples are too few to learn from: give at "
						"least 32");
	train_on_lines(100);
	refused((struct dict_want){.level = 1}, "bytes of samples are too few to learn from");
	train_on_lines(1000);
	refused((struct dict_want){.level = 1, .size = 100000}, "or ask for --size ");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
	begin();
	write_file("noise", bytes, sizeof(bytes));
	add("noise", (struct dict_cut){.record = 100});
	refused((struct dict_want){.level = 1}, "gains nothing");
}

static uint64_t steps, last_done, last_total;

static void on_step(void *owner, uint64_t done, uint64_t total)
{
	assert_ptr_equal(owner, &steps);
	assert_true(done >= last_done && done <= total);
	last_done = done;
	last_total = total;
	steps++;
}

static void train__gains_on_what_it_has_not_seen(void **state)
{
	struct dict_want want = {
		.level = 1, .id = 77, .size = 4096, .on_step = on_step, .owner = &steps};
	struct dict_info info;

	(void)state;
	train_on_lines(3000);
	if (dict_train(&made, &samples, &want, error) != 0)
		fail_msg("%s", error);
	assert_true(made.size > DICTIONARY_SIZE_MIN && made.size <= 4096);
	assert_int_equal(made.gain.samples, 3000 / DICT_HELD_OUT);
	assert_true(made.gain.stored_with * 2 < made.gain.stored_without);
	assert_true(made.gain.stored_without <= made.gain.raw);
	assert_true(steps >= 3 && last_done == last_total);
	assert_int_equal(dict_info(&info, made.bytes, made.size, error), 0);
	assert_int_equal(info.id, 77);
	assert_int_equal(info.size, made.size);
	assert_true(info.tables > 8 && info.tables < info.size);
}

static void train__takes_no_more_than_a_tenth_by_itself(void **state)
{
	struct dict_want want = {.level = 3};

	(void)state;
	train_on_lines(400);
	assert_int_equal(dict_train(&made, &samples, &want, error), 0);
	assert_true(made.size <= samples.size / DICT_SHARE);
}

static bool no_partial(void)
{
	DIR *open = opendir(folder);
	const struct dirent *entry;
	bool none = true;

	while ((entry = readdir(open)))
		none &= strncmp(entry->d_name, ".dict-", 6) != 0;
	closedir(open);
	return none;
}

static void file__whole_or_not_at_all(void **state)
{
	struct dict_want want = {.level = 1};
	struct dict_info info;
	struct stat status;

	(void)state;
	train_on_lines(1000);
	assert_int_equal(dict_train(&made, &samples, &want, error), 0);
	assert_int_equal(dict_may_write(in("d"), false, error), 0);
	assert_int_equal(dict_write(in("d"), made.bytes, made.size, false, error), 0);
	assert_int_equal(stat(in("d"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(dict_read(&info, in("d"), error), 0);
	assert_int_equal(info.size, made.size);
	assert_int_equal(dict_may_write(in("d"), false, error), -1);
	assert_int_equal(dict_write(in("d"), "other", 5, false, error), -1);
	assert_non_null(strstr(error, "exists; --replace makes it anew"));
	assert_int_equal(dict_read(&info, in("d"), error), 0);
	assert_int_equal(dict_write(in("d"), "other", 5, true, error), 0);
	assert_int_equal(dict_write("/nonexistent/d", "other", 5, true, error), -1);
	assert_non_null(strstr(error, "/nonexistent/d cannot be written: No such file"));
	assert_true(no_partial());
}

static void file__what_is_no_dictionary(void **state)
{
	static uint8_t bytes[DICTIONARY_SIZE_MAX + 1];
	struct dict_info info;

	(void)state;
	assert_int_equal(dict_info(&info, bytes, DICTIONARY_SIZE_MIN - 1, error), -1);
	assert_int_equal(dict_info(&info, bytes, DICTIONARY_SIZE_MAX, error), -1);
	assert_non_null(strstr(error, "is no dictionary of zstd"));
	write_file("long", bytes, sizeof(bytes));
	assert_int_equal(dict_read(&info, in("long"), error), -1);
	assert_non_null(strstr(error, "long must have 256 to 114688 bytes"));
	assert_int_equal(dict_read(&info, folder, error), -1);
	assert_non_null(strstr(error, "cannot be read: Is a directory"));
	assert_int_equal(dict_info(&info, made.bytes, made.size, error), 0);
	memset(made.bytes + 8, 0xff, 40);
	assert_int_equal(dict_info(&info, made.bytes, made.size, error), -1);
}

static int clean(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples__are_cut_as_they_are_sent),
		cmocka_unit_test(samples__of_a_folder_come_by_name),
		cmocka_unit_test(samples__what_finds_no_room_is_counted),
		cmocka_unit_test(train__refuses_and_says_what_to_do),
		cmocka_unit_test(train__gains_on_what_it_has_not_seen),
		cmocka_unit_test(train__takes_no_more_than_a_tenth_by_itself),
		cmocka_unit_test(file__whole_or_not_at_all),
		cmocka_unit_test(file__what_is_no_dictionary),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	dict_samples_free(&samples);
	return nftw(folder, clean, 8, FTW_DEPTH | FTW_PHYS) == 0 ? failed : 1;
}
