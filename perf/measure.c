// Samples, in pairs.
#include "perf/measure.h"

#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum { HASH_OPERATIONS = 1000, BOOTSTRAP_ROUNDS = 1000, STEAL_FIELD = 8 };

struct side {
	const struct bench *bench;
	void *state;
	uint64_t operations; // of a sample
	double rate[MEASURE_PAIRS_MAX];
	double cycles[MEASURE_PAIRS_MAX]; // a byte
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

// Ticks that the hypervisor gave to others, and all ticks, since boot.
static void steal_read(uint64_t *steal, uint64_t *all)
{
	FILE *f = fopen("/proc/stat", "re");
	uint64_t value;

	*steal = *all = 0;
	if (!f)
		return;
	if (fscanf(f, "cpu") == 0)
		for (int i = 1; i <= STEAL_FIELD && fscanf(f, " %lu", &value) == 1; i++) {
			*all += value;
			*steal = i == STEAL_FIELD ? value : 0;
		}
	fclose(f);
}

// Doubles the operations until a sample takes as long as it should.
static void side_calibrate(struct side *s, uint64_t sample_ns)
{
	s->operations = HASH_OPERATIONS;
	for (uint64_t start = now_ns(), took = 0; took < sample_ns; start = now_ns()) {
		s->operations *= took ? 2 : 1;
		s->bench->body(s->state, s->operations);
		took = now_ns() - start;
		if (took == 0)
			took = 1;
	}
}

static int side_open(struct side *s, const struct bench *bench, uint64_t sample_ns)
{
	s->bench = bench;
	s->state = bench->open(bench);
	if (!s->state)
		return -1;
	side_calibrate(s, sample_ns);
	return 0;
}

static void side_sample(struct side *s, uint32_t pair)
{
	uint64_t start = now_ns(), cycles = __rdtsc();
	uint64_t took;

	s->bench->body(s->state, s->operations);
	cycles = __rdtsc() - cycles;
	took = now_ns() - start;
	s->rate[pair] = (double)s->operations * s->bench->amount * 1e9 / (double)(took ? took : 1);
	s->cycles[pair] = (double)cycles / (double)s->operations / s->bench->bytes;
}

static uint64_t hash_of(const struct bench *bench)
{
	void *state = bench->open(bench);
	uint64_t hash = state ? bench->body(state, HASH_OPERATIONS) : 0;

	if (state)
		bench->close(state);
	return hash;
}

static void measure_samples(struct side *subject, struct side *limit,
	const struct measure_plan *plan, struct measure *measure)
{
	double ratio[MEASURE_PAIRS_MAX];
	uint64_t order = plan->seed;

	for (uint32_t i = 0; i < plan->pairs; i++) {
		order = order * 6364136223846793005ull + 1442695040888963407ull; // Knuth's MMIX
		side_sample(order >> 63 ? subject : limit, i);
		side_sample(order >> 63 ? limit : subject, i);
		ratio[i] = subject->rate[i] / limit->rate[i];
	}
	measure->pairs = plan->pairs;
	measure->ci95 = stats_bootstrap(ratio, plan->pairs, BOOTSTRAP_ROUNDS, plan->seed);
	measure->ratio = stats_median(ratio, plan->pairs);
	measure->subject_rate = stats_median(subject->rate, plan->pairs);
	measure->limit_rate = stats_median(limit->rate, plan->pairs);
	measure->cycles_per_byte = stats_median(subject->cycles, plan->pairs);
}

int measure_pair(const struct bench *subject_bench, const struct bench *limit_bench,
	const struct measure_plan *plan, struct measure *measure)
{
	static struct side subject, limit; // 8 KiB each; one measurement at a time
	uint64_t steal[2], all[2];
	int result = -1;

	if (side_open(&subject, subject_bench, plan->sample_ns) < 0)
		return -1;
	if (side_open(&limit, limit_bench, plan->sample_ns) < 0)
		goto no_limit;
	steal_read(&steal[0], &all[0]);
	measure_samples(&subject, &limit, plan, measure);
	steal_read(&steal[1], &all[1]);
	measure->steal =
		all[1] > all[0] ? (double)(steal[1] - steal[0]) / (double)(all[1] - all[0]) : 0;
	measure->hash = hash_of(subject_bench);
	result = 0;
	limit_bench->close(limit.state);
no_limit:
	subject_bench->close(subject.state);
	return result;
}
