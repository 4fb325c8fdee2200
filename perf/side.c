// Samples of one benchmark.
#include "perf/side.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <x86intrin.h>

#include "perf/clock.h"
#include "perf/count.h"
#include "perf/extra.h"

#define INSTANT_NS 20000000ull // of a sample that only has to show that it runs
#define MS_NS      1000000ull

enum { OPERATIONS_SMALL = 1000 };

const double side_percentiles[SIDE_PERCENTILES] = {50, 99, 99.9};

static const struct bench_counters not_known = {-1, -1, -1, -1};

static int side_error(struct side *s, const char *what)
{
	snprintf(s->error, sizeof(s->error), "%s", what);
	return -1;
}

// Doubles the operations until a sample takes as long as it should.
static void calibrate(struct side *s, uint64_t sample_ns)
{
	s->operations = OPERATIONS_SMALL;
	for (uint64_t start = clock_ns(), took = 0; took < sample_ns; start = clock_ns()) {
		s->operations *= took ? 2 : 1;
		s->bench->body(s->state, s->operations);
		took = clock_ns() - start;
		if (took == 0)
			took = 1;
	}
}

static int sample_once(struct side *s, struct histogram *h, struct bench_figures *out)
{
	struct count count;

	*out = (struct bench_figures){.latency = h, .counters = not_known};
	histogram_clear(h);
	count_start(&count);
	if (s->bench->sample(s->state, s->sample_ns, out) < 0) {
		count_stop(&count);
		json_decref(out->extra);
		return side_error(s, out->error[0] ? out->error : "the sample failed");
	}
	count_stop(&count);
	if (out->counters.allocs < 0)
		out->counters.allocs = (double)count.allocs;
	if (out->counters.syscalls < 0)
		out->counters.syscalls = (double)count.syscalls;
	if (out->units > 0 && out->ns > 0 && (!s->bench->latency || h->count > 0))
		return 0;
	json_decref(out->extra);
	return side_error(s, "the sample did nothing");
}

int side_open(struct side *s, const struct bench *bench, uint64_t sample_ns)
{
	static struct histogram h; // 57 KiB
	uint64_t least = bench->sample_ms * MS_NS;
	struct bench_figures warm_up;

	memset(s, 0, sizeof(*s));
	s->bench = bench;
	s->state = bench->open(bench);
	if (!s->state)
		return side_error(s, "it cannot be set up (no memory, or see above)");
	if (!bench->sample) {
		calibrate(s, sample_ns);
		return 0;
	}
	s->sample_ns = sample_ns == 0 ? INSTANT_NS : sample_ns > least ? sample_ns : least;
	if (sample_once(s, &h, &warm_up) == 0) {
		json_decref(warm_up.extra);
		return 0;
	}
	side_close(s);
	return -1;
}

static void add(double *total, double value)
{
	*total = *total < 0 || value < 0 ? -1 : *total + value;
}

static int sample_sample(struct side *s, uint32_t index)
{
	static struct histogram h; // 57 KiB
	struct bench_figures f;

	if (sample_once(s, &h, &f) < 0)
		return -1;
	s->rate[index] = (double)f.units * 1e9 / (double)f.ns;
	s->cycles[index] = f.counters.cycles < 0 || !s->bench->bytes
				   ? -1
				   : f.counters.cycles / (double)f.units / s->bench->bytes;
	for (int i = 0; i < SIDE_PERCENTILES; i++)
		s->latency[i][index] = (double)histogram_percentile(&h, side_percentiles[i]);
	histogram_add(&s->all, &h);
	add(&s->total.allocs, f.counters.allocs);
	add(&s->total.bytes_memcpy, f.counters.bytes_memcpy);
	add(&s->total.syscalls, f.counters.syscalls);
	s->units += (double)f.units;
	s->hash = f.hash;
	s->extra = extra_join(s->extra, f.extra);
	return 0;
}

int side_sample(struct side *s, uint32_t index)
{
	uint64_t start = clock_ns(), cycles = __rdtsc(), took;

	if (s->bench->sample)
		return sample_sample(s, index);
	s->bench->body(s->state, s->operations);
	cycles = __rdtsc() - cycles;
	took = clock_ns() - start;
	s->rate[index] = (double)s->operations * s->bench->amount * 1e9 / (double)(took ? took : 1);
	s->cycles[index] =
		s->bench->bytes ? (double)cycles / (double)s->operations / s->bench->bytes : -1;
	return 0;
}

void side_close(struct side *s)
{
	s->bench->close(s->state);
	json_decref(s->extra);
	s->state = NULL;
	s->extra = NULL;
}

// What the body itself knows, since `before`.
static void count_own(struct side *s, void *state, struct bench_counters *before)
{
	struct bench_counters now = not_known;

	if (!s->bench->counters)
		return;
	s->bench->counters(state, &now);
	if (now.bytes_memcpy >= 0)
		s->total.bytes_memcpy = now.bytes_memcpy - before->bytes_memcpy;
}

int side_count(struct side *s)
{
	struct bench_counters before = not_known;
	struct count count;
	void *state;

	if (s->bench->sample)
		return 0;
	state = s->bench->open(s->bench);
	if (!state)
		return side_error(s, "it cannot be set up a second time");
	s->hash = s->bench->body(state, OPERATIONS_SMALL);
	if (s->bench->counters)
		s->bench->counters(state, &before);
	count_start(&count);
	s->bench->body(state, OPERATIONS_SMALL);
	count_stop(&count);
	s->total = not_known;
	s->total.allocs = (double)count.allocs;
	s->total.syscalls = (double)count.syscalls;
	count_own(s, state, &before);
	s->units = (double)OPERATIONS_SMALL * s->bench->amount;
	s->bench->close(state);
	return 0;
}
