// Pairs of samples, and what they say.
#include "perf/measure.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { BOOTSTRAP_ROUNDS = 1000, STEAL_FIELD = 8 };

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

static struct ratio ratio_of(
	const double *above, const double *below, const struct measure_plan *plan, uint32_t pairs)
{
	double ratio[SIDE_SAMPLES_MAX];
	struct ratio result;

	for (uint32_t i = 0; i < pairs; i++)
		ratio[i] = below[i] > 0 ? above[i] / below[i] : 0;
	result.ci95 = stats_bootstrap(ratio, pairs, BOOTSTRAP_ROUNDS, plan->seed);
	result.median = stats_median(ratio, pairs);
	return result;
}

static double per_unit(double total, double units)
{
	return total < 0 || units <= 0 ? -1 : total / units;
}

// Sorts the samples: the ratios of pairs come first.
static void measure_rates(struct side *subject, struct side *limit, const struct measure_plan *plan,
	struct measure *m)
{
	m->ratio = ratio_of(subject->rate, limit->rate, plan, m->pairs);
	m->subject = stats_median(subject->rate, m->pairs);
	m->limit = stats_median(limit->rate, m->pairs);
}

static void measure_latencies(struct side *subject, struct side *limit,
	const struct measure_plan *plan, struct measure *m)
{
	for (int i = 0; i < SIDE_PERCENTILES; i++)
		m->latency[i] = ratio_of(limit->latency[i], subject->latency[i], plan, m->pairs);
	m->ratio = m->latency[SIDE_P50];
	m->subject = stats_median(subject->latency[SIDE_P50], m->pairs);
	m->limit = stats_median(limit->latency[SIDE_P50], m->pairs);
}

static int measure_samples(struct side *subject, struct side *limit,
	const struct measure_plan *plan, struct measure *m)
{
	uint64_t order = plan->seed;

	for (uint32_t i = 0; i < m->pairs; i++) {
		order = order * 6364136223846793005ull + 1442695040888963407ull; // Knuth's MMIX
		if (side_sample(order >> 63 ? subject : limit, i) < 0 ||
			side_sample(order >> 63 ? limit : subject, i) < 0)
			return -1;
	}
	if (subject->bench->latency)
		measure_latencies(subject, limit, plan, m);
	else
		measure_rates(subject, limit, plan, m);
	return side_count(subject) < 0 || side_count(limit) < 0 ? -1 : 0;
}

static void measure_counters(struct side *subject, const struct side *limit, struct measure *m)
{
	m->cycles_per_byte = stats_median(subject->cycles, m->pairs);
	m->allocs = per_unit(subject->total.allocs, subject->units);
	m->bytes_memcpy = per_unit(subject->total.bytes_memcpy, subject->units);
	m->syscalls = per_unit(subject->total.syscalls, subject->units);
	m->hash = subject->hash;
	m->limit_hash = limit->hash;
}

static uint32_t pairs_of(const struct bench *bench, const struct measure_plan *plan)
{
	return bench->pairs_max && bench->pairs_max < plan->pairs ? bench->pairs_max : plan->pairs;
}

static int measure_failed(struct measure *m, const struct bench *bench, const char *error)
{
	snprintf(m->error, sizeof(m->error), "%.60s: %.130s", bench->id, error);
	return -1;
}

int measure_pair(const struct bench *subject_bench, const struct bench *limit_bench,
	const struct measure_plan *plan, struct measure *m)
{
	static struct side subject, limit; // 70 KiB each; one measurement at a time
	uint64_t steal[2], all[2];

	memset(m, 0, sizeof(*m));
	m->pairs = pairs_of(subject_bench, plan);
	if (side_open(&subject, subject_bench, plan->sample_ns) < 0)
		return measure_failed(m, subject_bench, subject.error);
	if (side_open(&limit, limit_bench, plan->sample_ns) < 0) {
		side_close(&subject);
		return measure_failed(m, limit_bench, limit.error);
	}
	m->side[0] = &subject;
	m->side[1] = &limit;
	steal_read(&steal[0], &all[0]);
	if (measure_samples(&subject, &limit, plan, m) < 0) {
		measure_failed(m, subject.error[0] ? subject_bench : limit_bench,
			subject.error[0] ? subject.error : limit.error);
		measure_fini(m);
		return -1;
	}
	steal_read(&steal[1], &all[1]);
	m->steal = all[1] > all[0] ? (double)(steal[1] - steal[0]) / (double)(all[1] - all[0]) : 0;
	measure_counters(&subject, &limit, m);
	return 0;
}

void measure_fini(struct measure *m)
{
	for (int i = 0; i < 2; i++)
		side_close(m->side[i]);
	m->side[0] = m->side[1] = NULL;
}
