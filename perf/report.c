// The page, section by section.
#include "perf/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "perf/html.h"
#include "perf/pick.h"

static void warnings(FILE *out, const json_t *run)
{
	const char *effort = pick_text(run, "run/effort", "");
	size_t failed = json_array_size(pick(run, "failed"));

	if (strcmp(effort, "smoke") == 0)
		fputs("<p class=\"bad\">Effort \"smoke\": this shows that everything runs. The "
		      "figures mean nothing.</p>\n",
			out);
	if (strncmp(pick_text(run, "run/build", "release"), "release", 7) != 0)
		fputs("<p class=\"bad\">Not a release build: the figures are about the compiler's "
		      "flags.</p>\n",
			out);
	if (pick_number(run, "machine/load", 0) > pick_number(run, "machine/cpus", 1) / 2)
		fprintf(out,
			"<p class=\"bad\">The machine was busy when the run began: load "
			"%.1f.</p>\n",
			pick_number(run, "machine/load", 0));
	if (failed > 0)
		fprintf(out, "<p class=\"bad\">%zu benchmarks could not be measured.</p>\n",
			failed);
}

static void verdict(FILE *out, const json_t *run)
{
	json_t *noise;
	size_t i;

	fputs("<div class=\"verdict\">\n", out);
	report_verdict(out, run);
	json_array_foreach(pick(run, "noises"), i, noise)
	{
		fputs("<p>Noise floor of ", out);
		html_printf(out, "%s: %.3f to %.3f (%s against itself, %.0f pairs)",
			pick_text(noise, "domain", "?"), pick_number(noise, "ci95/0", NAN),
			pick_number(noise, "ci95/1", NAN), pick_text(noise, "id", "?"),
			pick_number(noise, "pairs", 0));
		fputs("</p>\n", out);
	}
	warnings(out, run);
	fputs("<p class=\"soft\">A figure is a ratio to its limit, both taken in turns in one run: "
	      "1 is the limit, larger is better, also where less is more. No difference inside "
	      "the noise floor means anything.</p>\n</div>\n",
		out);
}

static void machine(FILE *out, const json_t *run)
{
	fputs("<h2>Machine</h2>\n<p>", out);
	html_printf(out, "%s, %.0f CPUs%s, %.1f GiB; Linux %s, %s. Pinned to CPU %.0f. ",
		pick_text(run, "machine/processor", "unknown processor"),
		pick_number(run, "machine/cpus", 0),
		json_is_true(pick(run, "machine/hypervisor")) ? " of a virtual machine" : "",
		pick_number(run, "machine/memory_bytes", 0) / (1 << 30),
		pick_text(run, "machine/kernel", "?"), pick_text(run, "machine/architecture", "?"),
		pick_number(run, "machine/pinned_to", -1));
	html_printf(out, "Sluice %s, build \"%s\", effort \"%s\", started %s, seed %.0f.",
		pick_text(run, "run/version", "?"), pick_text(run, "run/build", "?"),
		pick_text(run, "run/effort", "?"), pick_text(run, "run/started", "?"),
		pick_number(run, "run/seed", 0));
	fputs("</p>\n", out);
}

// A line for the whole run, and one for each domain.
static void commands(FILE *out, const struct report *r)
{
	const char *effort = pick_text(r->run, "run/effort", "quick");
	json_t *noise;
	size_t i;

	fputs("<h2>To reproduce</h2>\n<pre>", out);
	html_printf(out, "%s\n", pick_text(r->run, "run/command", "sluice-perf run"));
	json_array_foreach(pick(r->run, "noises"), i, noise)
	{
		const char *its = pick_text(noise, "command", NULL);

		if (its)
			html_printf(out, "%s\n", its);
		else
			html_printf(out, "scripts/dev perf run --%s --filter '%s/*'\n", effort,
				pick_text(noise, "domain", "?"));
	}
	html_printf(out, "%s\n", r->command);
	fputs("</pre>\n<p class=\"soft\">One row: its id as the filter. The seed is fixed: the "
	      "order of the pairs and the intervals' resamples repeat.</p>\n",
		out);
}

static int report_body(const struct report *r, FILE *out)
{
	int result;

	html_begin(out, "Sluice: performance report");
	fputs("<h1>Sluice: performance report</h1>\n", out);
	verdict(out, r->run);
	machine(out, r->run);
	report_goals(out, r->run);
	report_codecs(out, r->run);
	report_ratios(out, r->run);
	report_latencies(out, r->run);
	result = report_traces(out, r->run, r->trace);
	if (r->baseline)
		report_baseline(out, r->run, r->baseline);
	report_table(out, r->run);
	report_ciphers(out, r->run);
	report_handshakes(out, r->run);
	report_pool(out, r->run);
	report_memory(out, r->run);
	report_waits(out, r->run);
	report_bottlenecks(out, r->run, r->profile);
	fputs("<h2>Audit: against the goals</h2>\n", out);
	report_verdict(out, r->run);
	commands(out, r);
	html_end(out);
	return result;
}

int report_write(const struct report *r, const char *path)
{
	FILE *out = fopen(path, "we");
	int result;

	if (!out) {
		fprintf(stderr, "sluice-perf: cannot write %s: %s\n", path, strerror(errno));
		return -1;
	}
	result = report_body(r, out);
	if (ferror(out) | fclose(out)) {
		fprintf(stderr, "sluice-perf: cannot write %s: %s\n", path, strerror(errno));
		result = -1;
	}
	return result;
}
