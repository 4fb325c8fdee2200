// Golden traces: two small runs told packet by packet, compared exactly. They are documentation
// first: read start_up.txt, then one_loss.txt. usage: golden start_up|one_loss FILE [--update]
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

struct golden {
	const char *name;
	const char *prose;
	uint32_t records, size;
	uint32_t lose; // which data packet, counted from 1; 0: none
};

static const struct golden goldens[] = {
	{"start_up",
		"# Two nodes, 1 ms apart. a connects, sends one record of 10,000 bytes,\n"
		"# and closes.\n",
		1, 10000, 0},
	{"one_loss",
		"# Two nodes, 1 ms apart. a sends two records of 20,000 bytes. The link loses\n"
		"# the 7th data packet: b reports the gap, a halves its window once and sends\n"
		"# the bytes again under a new packet number.\n",
		2, 20000, 7},
};

static bool lose_one(struct sim *sim, const struct frame *frame)
{
	uint32_t *left = sim->filter_context;
	struct wire_header header;
	if (*left == 0 || !wire_header_parse(&header, frame->bytes + FRAME_OVERHEAD, frame->size) ||
		header.type != WIRE_DATA)
		return false;
	return --*left == 0;
}

static void plan_golden(struct plan *plan, const struct golden *golden)
{
	*plan = (struct plan){.seed = 1, .nodes = 2, .workers = 1, .pairs = 1, .loop_ns = 1 * US};
	for (uint32_t n = 0; n < 2; n++) {
		plan->clock_ns[n] = 1 * S;
		plan->links[n][!n] = (struct link_plan){.delay_ns = 1 * MS, .queue = 1024};
		plan->pair[0].ends[n] = (struct end_plan){.node = n, .credit_records = 16};
	}
	plan->pair[0].segment_size = wire_segment_size(1500);
	struct end_plan *sender = &plan->pair[0].ends[0];
	sender->closes = true;
	sender->nstreams = 1;
	sender->streams[0] = (struct stream_plan){.stream = 0 << 2 | STREAM_ORDERED,
		.count = golden->records,
		.records = calloc(golden->records, sizeof(struct record_plan))};
	if (!sender->streams[0].records)
		abort();
	for (uint32_t i = 0; i < golden->records; i++)
		sender->streams[0].records[i] = (struct record_plan){.raw_size = golden->size,
			.stored_size = golden->size,
			.message_end = i + 1 == golden->records};
}

static bool tell(const struct golden *golden, FILE *out)
{
	static struct plan plan;
	static struct sim sim;
	uint32_t lose = golden->lose;
	plan_golden(&plan, golden);
	fputs(golden->prose, out);
	sim_init(&sim, &plan, out);
	sim.filter = lose_one;
	sim.filter_context = &lose;
	bool ok = sim_run(&sim);
	if (!ok)
		fprintf(stderr, "%s: %s\n", golden->name, sim.failure);
	sim_fini(&sim);
	plan_fini(&plan);
	return ok;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	if (!file || getdelim(&text, &size, '\0', file) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	return text;
}

static bool write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	bool ok = file && fputs(text, file) >= 0;
	ok = file && fclose(file) == 0 && ok;
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return ok;
}

// The first line that differs, for people.
static bool same(const char *path, const char *want, const char *got)
{
	for (int line = 1; *want || *got; line++) {
		size_t w = strcspn(want, "\n"), g = strcspn(got, "\n");
		if (w != g || memcmp(want, got, w) != 0) {
			fprintf(stderr, "%s:%d\n  expected: %.*s\n  now:      %.*s\n", path, line,
				(int)w, want, (int)g, got);
			return false;
		}
		want += w + (want[w] == '\n');
		got += g + (got[g] == '\n');
	}
	return true;
}

static bool run(const struct golden *golden, const char *path, bool update)
{
	char *got = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&got, &size);
	if (!out)
		return false;
	bool ok = tell(golden, out);
	fclose(out);
	if (ok && update) {
		ok = write_file(path, got);
	} else if (ok) {
		char *want = read_file(path);
		ok = want && same(path, want, got);
		if (!ok)
			fprintf(stderr, "If the change is meant: golden %s %s --update\n",
				golden->name, path);
		free(want);
	}
	free(got);
	return ok;
}

int main(int argc, char **argv)
{
	bool update = argc == 4 && strcmp(argv[3], "--update") == 0;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++)
		if ((argc == 3 || update) && strcmp(argv[1], goldens[i].name) == 0)
			return !run(&goldens[i], argv[2], update);
	fprintf(stderr, "usage: %s start_up|one_loss FILE [--update]\n", argv[0]);
	return 2;
}
