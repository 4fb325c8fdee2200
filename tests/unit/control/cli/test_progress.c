// Progress in virtual time.
#include "control/cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static struct progress p;
static char line[PROGRESS_LINE_SIZE];
static char *shown;
static size_t shown_size;

static FILE *start(uint64_t total)
{
	FILE *out = open_memstream(&shown, &shown_size);

	progress_start(&p, out, "file", total, 1000 * MS);
	return out;
}

static int lines(FILE *out)
{
	int count = 0;

	fflush(out);
	for (size_t i = 0; i < shown_size; i++)
		count += shown[i] == '\n';
	return count;
}

static void end(FILE *out)
{
	fclose(out);
	free(shown);
}

static void progress_line__figures(void **state)
{
	FILE *out = start(100 << 20);

	(void)state;
	progress_step(&p, 25 << 20, 2000 * MS); // 25 MiB in the first second
	assert_string_equal(
		progress_line(&p, line), "file  25 MiB of 100 MiB   25 %  210 Mb/s  ETA 3 s");
	progress_step(&p, 99 << 20, 3000 * MS);
	assert_non_null(strstr(progress_line(&p, line), "ETA < 1 s"));
	end(out);
	out = start(100 << 20);
	progress_step(&p, 25 << 20, 2000 * MS);
	p.terminal = true;
	p.columns = 100;
	assert_string_equal(progress_line(&p, line),
		"file  [#####...............]  25 MiB of 100 MiB   25 %  210 Mb/s  ETA 3 s");
	p.columns = 60;
	assert_null(strchr(progress_line(&p, line), '#'));
	p.columns = 45;
	assert_null(strstr(progress_line(&p, line), "file"));
	end(out);
}

static void progress_line__before_anything_and_of_an_empty_file(void **state)
{
	FILE *out = start(10);

	(void)state;
	assert_string_equal(progress_line(&p, line), "file  0 B of 10 B    0 %  0 b/s  ETA -");
	end(out);
	out = start(0);
	progress_step(&p, 0, 9000 * MS);
	assert_string_equal(progress_line(&p, line), "file  0 B of 0 B  100 %  0 b/s  ETA -");
	end(out);
}

static void progress_line__an_eta_is_never_nothing(void **state)
{
	FILE *out = start(UINT64_MAX);

	(void)state;
	progress_step(&p, 2, 3000 * MS); // one byte a second: no estimate
	assert_string_equal(strstr(progress_line(&p, line), "ETA"), "ETA -");
	p.rate = 1e11;
	assert_string_equal(strstr(progress_line(&p, line), "ETA"), "ETA 2135 d 00 h");
	p.done = p.total;
	assert_string_equal(strstr(progress_line(&p, line), "ETA"), "ETA < 1 s");
	end(out);
}

static void progress_step__plain_lines_are_rare(void **state)
{
	FILE *out = start(1000);

	(void)state;
	for (uint64_t ms = 0; ms < 900; ms += 10)
		progress_step(&p, ms, (1000 + ms) * MS);
	assert_int_equal(lines(out), 0); // a second has not passed
	progress_step(&p, 910, 2100 * MS);
	assert_int_equal(lines(out), 1);
	progress_step(&p, 911, 3200 * MS); // not a tenth further, not five seconds later
	assert_int_equal(lines(out), 1);
	progress_step(&p, 912, 7200 * MS);
	assert_int_equal(lines(out), 2);
	end(out);
}

static void progress_step__never_past_the_total(void **state)
{
	FILE *out = start(10);

	(void)state;
	progress_step(&p, 50, 7000 * MS);
	assert_int_equal(p.done, 10);
	end(out);
	progress_start(&p, NULL, "file", 10, 0); // silent
	progress_step(&p, 5, 7000 * MS);
	progress_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_line__figures),
		cmocka_unit_test(progress_line__before_anything_and_of_an_empty_file),
		cmocka_unit_test(progress_line__an_eta_is_never_nothing),
		cmocka_unit_test(progress_step__plain_lines_are_rare),
		cmocka_unit_test(progress_step__never_past_the_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
