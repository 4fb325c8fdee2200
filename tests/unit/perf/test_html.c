// What is not ours cannot become markup.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "perf/html.h"
#include "perf/svg.h"

static char *text;
static size_t size;
static FILE *out;

static int setup(void **state)
{
	(void)state;
	out = open_memstream(&text, &size);
	return out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void html_text__escapes(void **state)
{
	(void)state;
	html_text(out, "<script>\"a\"&'b'\x01\x7f</script>");
	fclose(out);
	assert_string_equal(
		text, "&lt;script&gt;&quot;a&quot;&amp;&#39;b&#39; \x7f&lt;/script&gt;");
}

static void html_cell__escapes_the_whole(void **state)
{
	(void)state;
	html_cell(out, "n", "%s < %d", "<b>", 3);
	fclose(out);
	assert_string_equal(text, "<td class=\"n\">&lt;b&gt; &lt; 3</td>");
}

// A label from a file, ratios that no plot has room for: nothing breaks out, nothing is infinite.
static void svg_bars__hostile(void **state)
{
	const struct svg_bar bars[] = {
		{"</svg><b>", 1e300, {-1e300, 1e300}, 0.9, false}, {"zero", 0, {0, 0}, 0, true}};
	const struct interval noise = {-5, 1e300};

	(void)state;
	svg_bars(out, bars, 2, &noise);
	fclose(out);
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "inf"));
	assert_null(strstr(text, "nan"));
}

// One point has no range, and one step of 1e17 is lost in it: the axes still end.
static void svg_lines__degenerate(void **state)
{
	struct svg_point one[] = {{5, 7}}, far[] = {{1e17, 1}, {1e17 + 16, 1e-300}};
	struct svg_series series = {"one", "a", one, 1, true};
	struct svg_plot plot = {
		.title = "t", .x_label = "x", .y_unit = "ns", .series = &series, .series_count = 1};

	(void)state;
	svg_lines(out, &plot);
	series.points = far, series.count = 2;
	svg_lines(out, &plot);
	plot.log_y = true;
	svg_lines(out, &plot);
	fclose(out);
	assert_null(strstr(text, "inf"));
	assert_null(strstr(text, "nan"));
	assert_non_null(strstr(text, "<path class=\"line a\" d=\"M"));
}

static void svg_lines__nothing_to_draw(void **state)
{
	struct svg_series series = {"none", "a", NULL, 0, false};
	struct svg_plot plot = {
		.title = "t", .x_label = "x", .y_unit = "", .series = &series, .series_count = 1};

	(void)state;
	svg_lines(out, &plot);
	fclose(out);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(html_text__escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(html_cell__escapes_the_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(svg_bars__hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(svg_lines__degenerate, setup, teardown),
		cmocka_unit_test_setup_teardown(svg_lines__nothing_to_draw, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
