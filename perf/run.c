// A run, benchmark by benchmark.
#include "perf/run.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "perf/count.h"
#include "perf/machine.h"
#include "perf/pick.h"
#include "perf/pin.h"
#include "perf/row.h"

#define SEED 20261121u

struct run {
	const struct run_options *o;
	json_t *root;
	char domain[32];    // whose noise is known
	struct ratio noise; // of that domain
	size_t failed;
};

bool run_effort(struct run_options *o, const char *name)
{
	static const struct {
		const char *name;
		struct measure_plan plan;
	} efforts[] = {
		{"quick", {30, 2000000, SEED}},
		{"full", {101, 20000000, SEED}},
		{"smoke", {3, 0, SEED}},
	};

	for (size_t i = 0; i < sizeof(efforts) / sizeof(efforts[0]); i++)
		if (strcmp(efforts[i].name, name) == 0) {
			o->effort = efforts[i].name;
			o->plan = efforts[i].plan;
			return true;
		}
	return false;
}

// Does a filter that matches begin with the id's first three parts: codec/zstd/19?
static bool names_family(const char *filter, const char *id)
{
	size_t named = strcspn(filter, "*?[@!+(\\"), family = 0;

	for (unsigned parts = 0; id[family] && (id[family] != '/' || ++parts < 3);)
		family++;
	return named >= family;
}

static bool wanted(const struct run_options *o, const struct bench *b)
{
	return b->limit && fnmatch(o->filter, b->id, FNM_EXTMATCH) == 0 &&
	       (!b->rare || strcmp(o->effort, "full") == 0 || names_family(o->filter, b->id));
}

static bool nothing_matches(const struct run_options *o)
{
	const struct bench *b;

	for (size_t i = 0; (b = bench_at(i)) != NULL; i++)
		if (wanted(o, b))
			return false;
	fprintf(stderr, "sluice-perf: nothing matches '%s' (sluice-perf list)\n", o->filter);
	return true;
}

static void note(struct run *r, const char *list, const char *id, const char *reason)
{
	fprintf(stderr, "%-42s %s: %s\n", id, list, reason);
	json_array_append_new(json_object_get(r->root, list),
		json_pack("{s:s, s:s}", "id", id, "reason", reason));
	r->failed += strcmp(list, "failed") == 0;
}

// Nothing of a limit against itself may look like a difference: what does is noise. Once a domain.
static int run_noise(struct run *r, const struct bench *limit)
{
	struct measure m;
	char domain[sizeof(r->domain)];
	json_t *noise;

	row_domain(limit->id, domain, sizeof(domain));
	if (strcmp(domain, r->domain) == 0)
		return 0;
	if (measure_pair(limit, limit, &r->o->plan, &m) < 0) {
		note(r, "failed", limit->id, m.error);
		return -1;
	}
	snprintf(r->domain, sizeof(r->domain), "%s", domain);
	r->noise = m.ratio;
	noise = json_pack("{s:s, s:s, s:o, s:i}", "domain", domain, "id", limit->id, "ci95",
		row_interval(&m.ratio.ci95), "pairs", (int)m.pairs);
	measure_fini(&m);
	fprintf(stderr, "\n%s: noise floor %.3f to %.3f (%s against itself)\n", domain,
		r->noise.ci95.low, r->noise.ci95.high, limit->id);
	fprintf(stderr, "%-42s %7s  %-16s %14s %6s\n", "id", "ratio", "95 %", "median", "cyc/B");
	if (!json_object_get(r->root, "noise"))
		json_object_set(r->root, "noise", noise);
	json_array_append_new(json_object_get(r->root, "noises"), noise);
	return 0;
}

static void print_row(const struct bench *b, const struct measure *m, json_t *row)
{
	char median[32];

	fprintf(stderr, "%-42s %7.3f  %.3f to %.3f   ", b->id, m->ratio.median, m->ratio.ci95.low,
		m->ratio.ci95.high);
	figure_print(median, sizeof(median), m->subject, b->unit);
	fprintf(stderr, "%12s  ", median);
	if (m->cycles_per_byte >= 0)
		fprintf(stderr, " %6.2f", m->cycles_per_byte);
	fputs(json_is_true(json_object_get(row, "stable")) ? "\n" : "  (steal)\n", stderr);
}

static void run_one(struct run *r, const struct bench *b)
{
	const struct bench *limit = bench_find(b->limit);
	const char *reason = b->unavailable ? b->unavailable(b) : NULL;
	struct measure m;
	json_t *row;

	if (!reason && limit && limit->unavailable)
		reason = limit->unavailable(limit);
	if (reason) {
		note(r, "skipped", b->id, reason);
		return;
	}
	if (!limit) {
		note(r, "failed", b->id, "its limit is not in the registry");
		return;
	}
	if (run_noise(r, limit) < 0)
		return;
	if (measure_pair(b, limit, &r->o->plan, &m) < 0) {
		note(r, "failed", b->id, m.error);
		return;
	}
	row = row_json(b, &m, &r->noise);
	print_row(b, &m, row);
	json_array_append_new(json_object_get(r->root, "results"), row);
	measure_fini(&m);
}

json_t *run_all(const struct run_options *o, size_t *failed)
{
	struct run r = {.o = o};
	const struct bench *b;
	char started[32];
	time_t now = time(NULL);
	struct tm utc;

	if (nothing_matches(o))
		return NULL;
	bench_instant = o->plan.sample_ns == 0;
	if (bench_instant)
		count_hold();
	gmtime_r(&now, &utc);
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	r.root = json_pack("{s:s, s:{s:s, s:s, s:s, s:i, s:s, s:s, s:s}, s:o, s:[], s:[], s:[], "
			   "s:[]}",
		"schema", "sluice-perf/1", "run", "version", SLUICE_VERSION, "build", SLUICE_BUILD,
		"effort", o->effort, "seed", (int)o->plan.seed, "started", started, "filter",
		o->filter, "command", o->command, "machine", machine_json(pin()), "noises",
		"results", "skipped", "failed");
	for (size_t i = 0; (b = bench_at(i)) != NULL; i++)
		if (wanted(o, b))
			run_one(&r, b);
	*failed = r.failed;
	return r.root;
}
