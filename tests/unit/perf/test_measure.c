// Pairs of benchmarks whose figures are known: what becomes of rates, latencies, counters, failure.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "perf/row.h"

static const struct measure_plan plan = {.pairs = 5, .sample_ns = 1000, .seed = 1};
static const struct ratio noise = {1, {0.99, 1.01}};
static int open_now;

static void *one_open(const struct bench *bench)
{
	open_now++;
	return (void *)bench;
}

static void one_close(void *state)
{
	(void)state;
	open_now--;
}

static unsigned sampled; // so often

// `param` units in a microsecond; each unit takes 100 ns * param, one in a hundred ten times that.
static int one_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	const struct bench *bench = state;

	assert_true(duration_ns >= plan.sample_ns);
	out->units = bench->param;
	out->ns = 1000;
	out->hash = 7;
	out->counters.cycles = 30.0 * bench->param;
	out->counters.bytes_memcpy = 2.0 * bench->param;
	out->counters.syscalls = 0;
	out->extra = json_pack("{s:i, s:[{s:s, s:I, s:i}], s:{s:i}, s:i}", "cuts", 3, "pools",
		"name", "blocks", "used_max", (json_int_t)(sampled++ == 1 ? 9 : 4), "size", 10,
		"waits", "port full", 2, "waits_ns", 1000);
	for (int i = 0; i < 100; i++)
		histogram_record(out->latency, i < 98 ? 10 * bench->param : 100 * bench->param);
	return 0;
}

static int failing_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	(void)state, (void)duration_ns;
	out->extra = json_object();
	snprintf(out->error, sizeof(out->error), "the link is down");
	return -1;
}

static int idle_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	(void)state;
	out->ns = duration_ns;
	return 0;
}

static const struct bench slow = {.id = "x/slow/1",
	.unit = "1/s",
	.limit = "x/fast",
	.bytes = 10,
	.param = 2,
	.open = one_open,
	.sample = one_sample,
	.close = one_close};
static const struct bench fast = {.id = "x/fast",
	.unit = "1/s",
	.bytes = 10,
	.param = 4,
	.open = one_open,
	.sample = one_sample,
	.close = one_close};

static int quiet_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	(void)state;
	out->units = 1;
	out->ns = duration_ns;
	return 0;
}

static const struct bench quiet = {.id = "x/quiet",
	.unit = "1/s",
	.open = one_open,
	.sample = quiet_sample,
	.close = one_close};

static void measure_pair__rates_and_counters(void **state)
{
	struct measure m;
	json_t *row;

	(void)state;
	assert_int_equal(measure_pair(&slow, &fast, &plan, &m), 0);
	assert_true(m.ratio.median == 0.5 && m.ratio.ci95.low == 0.5 && m.ratio.ci95.high == 0.5);
	assert_true(m.subject == 2e6 && m.limit == 4e6);
	assert_true(m.cycles_per_byte == 3 && m.bytes_memcpy == 2 && m.syscalls == 0);
	assert_int_equal(m.hash, 7);
	row = row_json(&slow, &m, &noise);
	assert_string_equal(json_string_value(json_object_get(row, "params")), "slow/1");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(row, "extra"), "cuts")), 3);
	assert_null(json_object_get(row, "latency"));
	json_decref(row);
	measure_fini(&m);
	assert_int_equal(open_now, 0);
}

// The most of a pool that any sample used, and how often all of them waited; the warm-up is none.
static void measure_pair__extra_of_all_samples(void **state)
{
	struct bench one = fast;
	struct measure m;
	json_t *extra, *pool;

	(void)state;
	one.pairs_max = 3;
	sampled = 0;
	assert_int_equal(measure_pair(&one, &quiet, &plan, &m), 0);
	extra = m.side[0]->extra;
	pool = json_array_get(json_object_get(extra, "pools"), 0);
	assert_int_equal(json_integer_value(json_object_get(pool, "used_max")), 9);
	assert_int_equal(json_integer_value(json_object_get(extra, "waits_ns")), 3000);
	extra = json_object_get(extra, "waits");
	assert_int_equal(json_integer_value(json_object_get(extra, "port full")), 6);
	measure_fini(&m);
}

// The smaller latency is the better one: the ratio is the limit's by the subject's.
static void measure_pair__latencies(void **state)
{
	struct bench subject = fast, limit = slow;
	struct measure m;
	json_t *row;
	double p99;

	(void)state;
	subject.latency = limit.latency = true;
	subject.limit = "x/slow/1";
	assert_int_equal(measure_pair(&subject, &limit, &plan, &m), 0);
	assert_true(m.subject == 40 && m.limit == 20 && m.ratio.median == 0.5);
	assert_true(m.latency[SIDE_P99].median > 0.49 && m.latency[SIDE_P99].median < 0.51);
	row = row_json(&subject, &m, &noise);
	assert_int_equal(json_unpack(row, "{s:{s:{s:F}}}", "latency", "subject", "p99", &p99), 0);
	assert_true(p99 >= 400 && p99 <= 404);
	json_decref(row);
	measure_fini(&m);
	assert_int_equal(open_now, 0);
}

static void measure_pair__failure_says_whose(void **state)
{
	struct bench failing = fast, idle = fast;
	struct measure m;

	(void)state;
	failing.sample = failing_sample;
	idle.sample = idle_sample;
	assert_int_equal(measure_pair(&slow, &failing, &plan, &m), -1);
	assert_string_equal(m.error, "x/fast: the link is down");
	assert_int_equal(measure_pair(&idle, &slow, &plan, &m), -1);
	assert_string_equal(m.error, "x/fast: the sample did nothing");
	assert_int_equal(open_now, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(measure_pair__rates_and_counters),
		cmocka_unit_test(measure_pair__extra_of_all_samples),
		cmocka_unit_test(measure_pair__latencies),
		cmocka_unit_test(measure_pair__failure_says_whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
