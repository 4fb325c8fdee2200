// Figures and texts for people.
#include "control/cli/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char text[256];

static void format_bytes__scales(void **state)
{
	(void)state;
	assert_string_equal(format_bytes(text, 0), "0 B");
	assert_string_equal(format_bytes(text, 999), "999 B");
	assert_string_equal(format_bytes(text, 1023), "1,023 B");
	assert_string_equal(format_bytes(text, 1408), "1,408 B");
	assert_string_equal(format_bytes(text, 65536), "64 KiB");
	assert_string_equal(format_bytes(text, 9999), "9,999 B");
	assert_string_equal(format_bytes(text, 10000), "9.77 KiB");
	assert_string_equal(format_bytes(text, 1048575), "1 MiB"); // not "1024 KiB"
	assert_string_equal(format_bytes(text, UINT64_C(1) << 30), "1 GiB");
	assert_string_equal(
		format_bytes(text, 100 * 1024), "100 KiB"); // zeros before the point stay
	assert_string_equal(format_bytes(text, UINT64_MAX), "16 EiB");
}

static void format_bits_rate__scales(void **state)
{
	(void)state;
	assert_string_equal(format_bits_rate(text, 0), "0 b/s");
	assert_string_equal(format_bits_rate(text, 12.34e9), "12.3 Gb/s");
	assert_string_equal(format_bits_rate(text, 999.7e6), "1 Gb/s");
	assert_string_equal(format_bits_rate(text, 850e3), "850 kb/s");
	assert_string_equal(format_bits_rate(text, 9.996e6), "10 Mb/s");
}

static void format_duration__scales(void **state)
{
	(void)state;
	assert_string_equal(format_duration(text, 0), "0 s");
	assert_string_equal(format_duration(text, 850), "850 ns");
	assert_string_equal(format_duration(text, 1200000), "1.2 ms");
	assert_string_equal(format_duration(text, 999700), "1 ms");
	assert_string_equal(format_duration(text, UINT64_C(59900000000)), "59.9 s");
	assert_string_equal(format_duration(text, UINT64_C(59960000000)), "1 min 00 s");
	assert_string_equal(format_duration(text, UINT64_C(125000000000)), "2 min 05 s");
	assert_string_equal(format_duration(text, UINT64_C(3599600000000)), "1 h 00 min");
	assert_string_equal(format_duration(text, UINT64_C(90000000000000)), "1 d 01 h");
}

static void format_count__groups(void **state)
{
	(void)state;
	assert_string_equal(format_count(text, 0), "0");
	assert_string_equal(format_count(text, 999), "999");
	assert_string_equal(format_count(text, 1000), "1,000");
	assert_string_equal(format_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void format_plain__nothing_steers_the_terminal(void **state)
{
	(void)state;
	assert_string_equal(format_plain(text, sizeof(text), "a b \xc3\xbc \xe2\x82\xac"),
		"a b \xc3\xbc \xe2\x82\xac");
	assert_string_equal(format_plain(text, sizeof(text), "\x1b[31m\n"), "\\x1b[31m\\x0a");
	assert_string_equal(format_plain(text, sizeof(text), "\xc2\x9b"), "\\xc2\\x9b"); // C1: CSI
	assert_string_equal(format_plain(text, sizeof(text), "\xff\xc3"), "\\xff\\xc3"); // no UTF-8
	assert_string_equal(format_plain(text, sizeof(text), "\xc0\xaf"), "\\xc0\\xaf"); // overlong
	assert_string_equal(format_plain(text, sizeof(text), "\xe2\x80\xae"),
		"\\xe2\\x80\\xae"); // right to left
	assert_string_equal(
		format_plain(text, sizeof(text), "\xed\xa0\x80"), "\\xed\\xa0\\x80"); // surrogate
}

static void format_plain__cuts_whole_characters(void **state)
{
	(void)state;
	assert_string_equal(format_plain(text, 4, "ab\xc3\xbc"), "ab");
	assert_string_equal(format_plain(text, 5, "ab\xc3\xbc"), "ab\xc3\xbc");
	assert_string_equal(format_plain(text, 5, "ab\x01"), "ab");
	assert_string_equal(format_plain(text, 1, "ab"), "");
}

static const char *figure(const char *name, json_t *value)
{
	format_figure(text, sizeof(text), name, value);
	json_decref(value);
	return text;
}

static void format_figure__by_the_unit_in_the_name(void **state)
{
	(void)state;
	assert_string_equal(figure("srtt_ns", json_integer(1200000)), "1.2 ms");
	assert_string_equal(figure("min_rtt_ns", json_integer(0)), "-"); // not measured yet
	assert_string_equal(figure("heartbeat_age_ns", json_integer(0)), "0 s");
	assert_string_equal(figure("segment_bytes", json_integer(1408)), "1,408 B");
	assert_string_equal(figure("srtt_us", json_real(1200)), "1.2 ms");
	assert_string_equal(figure("uptime_s", json_real(3.5)), "3.5 s");
	assert_string_equal(figure("raw_sent_bytes", json_integer(65536)), "64 KiB");
	assert_string_equal(figure("rate_bytes_per_s", json_integer(1000000)), "8 Mb/s");
	assert_string_equal(figure("busy_ratio", json_real(0.125)), "12.5 %");
	assert_string_equal(figure("packets", json_integer(12345)), "12,345");
	assert_string_equal(figure("tid", json_integer(12345)), "12345"); // a name, not a count
	assert_string_equal(figure("cwnd_segments", json_real(10.25)), "10.2");
	assert_string_equal(figure("reachable", json_true()), "yes");
	assert_string_equal(figure("reason", json_null()), "-");
	assert_string_equal(figure("name", json_string("x\x07")), "x\\x07");
	assert_string_equal(format_figure(text, sizeof(text), "absent", NULL), "-");
}

static void format_label__without_unit(void **state)
{
	(void)state;
	assert_string_equal(format_label(text, "min_rtt_ns"), "min rtt");
	assert_string_equal(format_label(text, "rate_bytes_per_s"), "rate");
	assert_string_equal(format_label(text, "in_flight"), "in flight");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_bytes__scales),
		cmocka_unit_test(format_bits_rate__scales),
		cmocka_unit_test(format_duration__scales),
		cmocka_unit_test(format_count__groups),
		cmocka_unit_test(format_plain__nothing_steers_the_terminal),
		cmocka_unit_test(format_plain__cuts_whole_characters),
		cmocka_unit_test(format_figure__by_the_unit_in_the_name),
		cmocka_unit_test(format_label__without_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
