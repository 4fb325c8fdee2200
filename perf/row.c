// Rows.
#include "perf/row.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "perf/count.h"

#define STEAL_UNSTABLE 0.02

// Where a latency curve is drawn through.
static const double curve[] = {1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.8,
	99.9, 99.95, 99.99, 99.999, 100};

void row_domain(const char *id, char *domain, size_t size)
{
	snprintf(domain, size, "%.*s", (int)strcspn(id, "/"), id);
}

json_t *row_interval(const struct interval *i)
{
	return json_pack("[f, f]", i->low, i->high);
}

static json_t *ratio_json(const struct ratio *r, uint32_t pairs)
{
	return json_pack("{s:f, s:o, s:i}", "median", r->median, "ci95", row_interval(&r->ci95),
		"pairs", (int)pairs);
}

static json_t *known(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

static void why_not(json_t *why, const char *name, double value, const char *reason)
{
	if (value < 0)
		json_object_set_new(why, name, json_string(reason));
}

// Per unit, but for the cycles. What is not known is null, and "why" says so.
static json_t *counters_json(const struct measure *m)
{
	const char *allocs = count_allocs_missing(), *syscalls = count_syscalls_missing();
	const char *own = "the benchmark does not count it";
	json_t *why = json_object();
	json_t *counters = json_pack("{s:o, s:o, s:o, s:o, s:O}", "cycles_per_byte",
		known(m->cycles_per_byte), "allocs", known(m->allocs), "bytes_memcpy",
		known(m->bytes_memcpy), "syscalls", known(m->syscalls), "why", why);

	why_not(why, "cycles_per_byte", m->cycles_per_byte, own);
	why_not(why, "allocs", m->allocs, allocs ? allocs : own);
	why_not(why, "bytes_memcpy", m->bytes_memcpy, own);
	why_not(why, "syscalls", m->syscalls, syscalls ? syscalls : own);
	json_decref(why);
	return counters;
}

static json_t *distribution_json(const struct histogram *h)
{
	json_t *points = json_array();

	for (size_t i = 0; i < sizeof(curve) / sizeof(curve[0]); i++)
		json_array_append_new(
			points, json_pack("[f, I]", curve[i],
					(json_int_t)histogram_percentile(h, curve[i])));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "count", (json_int_t)h->count, "p50",
		(json_int_t)histogram_percentile(h, 50), "p99",
		(json_int_t)histogram_percentile(h, 99), "p99.9",
		(json_int_t)histogram_percentile(h, 99.9), "max", (json_int_t)h->max, "curve",
		points);
}

static json_t *latency_json(const struct measure *m)
{
	return json_pack("{s:o, s:o, s:{s:o, s:o, s:o}}", "subject",
		distribution_json(&m->side[0]->all), "limit", distribution_json(&m->side[1]->all),
		"ratio", "p50", ratio_json(&m->latency[SIDE_P50], m->pairs), "p99",
		ratio_json(&m->latency[SIDE_P99], m->pairs), "p99.9",
		ratio_json(&m->latency[SIDE_P999], m->pairs));
}

json_t *row_json(const struct bench *b, const struct measure *m, const struct ratio *noise)
{
	char hash[20], limit_hash[20], domain[32];
	json_t *row;

	row_domain(b->id, domain, sizeof(domain));
	snprintf(hash, sizeof(hash), "%016lx", m->hash);
	snprintf(limit_hash, sizeof(limit_hash), "%016lx", m->limit_hash);
	row = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:f, s:{s:s, s:f, s:s}, s:o, s:o, s:o, s:b, s:s}", "id",
		b->id, "domain", domain, "params", b->id + strlen(domain) + 1, "unit", b->unit,
		"better", b->latency ? "smaller" : "larger", "median", m->subject, "limit", "id",
		b->limit, "median", m->limit, "hash", limit_hash, "ratio",
		ratio_json(&m->ratio, m->pairs), "noise", row_interval(&noise->ci95), "counters",
		counters_json(m), "stable", m->steal < STEAL_UNSTABLE, "hash", hash);
	if (b->latency)
		json_object_set_new(row, "latency", latency_json(m));
	if (b->location)
		json_object_set_new(row, "location", json_string(b->location));
	if (m->side[0]->extra)
		json_object_set(row, "extra", m->side[0]->extra);
	if (m->side[1]->extra)
		json_object_set(json_object_get(row, "limit"), "extra", m->side[1]->extra);
	return row;
}
