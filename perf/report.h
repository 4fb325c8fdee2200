// The report: one page that needs nothing else, written from a run's JSON.
#pragma once

#include <stdio.h>

struct json_t;

struct report {
	const struct json_t *run;      // schema sluice-perf/1
	const struct json_t *baseline; // an earlier run, or NULL
	const char *trace;             // JSON lines of `sluice session trace --json`, or NULL
	const char *profile; // glob of rows to sample; "": those one asks about; NULL: none
	const char *command; // that makes this page
};

// Writes the page to `path`. -1, with a sentence on the standard error.
int report_write(const struct report *r, const char *path);

// The sections. report_goals.c: PASS or FAIL and which goals fail, as a paragraph; the table.
void report_verdict(FILE *out, const struct json_t *run);
void report_goals(FILE *out, const struct json_t *run);
// report_rows.c
void report_ratios(FILE *out, const struct json_t *run);
void report_table(FILE *out, const struct json_t *run);
void report_baseline(FILE *out, const struct json_t *run, const struct json_t *baseline);
// report_codecs.c: nothing when the run has no codec.
void report_codecs(FILE *out, const struct json_t *run);
// report_plots.c. -1: the file cannot be read, said on the standard error.
void report_latencies(FILE *out, const struct json_t *run);
int report_traces(FILE *out, const struct json_t *run, const char *file);
// report_audit.c
void report_memory(FILE *out, const struct json_t *run);
void report_waits(FILE *out, const struct json_t *run);
// report_ciphers.c
void report_ciphers(FILE *out, const struct json_t *run);
// report_handshakes.c: nothing when the run has none.
void report_handshakes(FILE *out, const struct json_t *run);
// report_pool.c: nothing when the run has no pool.
void report_pool(FILE *out, const struct json_t *run);
// report_hot.c
void report_bottlenecks(FILE *out, const struct json_t *run, const char *profile);
