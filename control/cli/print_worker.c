// sluice worker: each poll-mode core, then what was dropped and why.
#include "control/cli/cli.h"

#include <string.h>

#include "control/cli/print.h"

static const struct {
	const char *label, *member;
} figures_shown[] = {
	{"thread", "tid"},
	{"heartbeat", "heartbeat_age_ns"},
	{"busy", "busy_ratio"},
	{"turns", "turns"},
	{"busy turns", "busy_turns"},
	{"sleeps", "sleeps"},
	{"rx packets", "rx_packets"},
	{"tx packets", "tx_packets"},
	{"steered", "steered"},
	{"events lost", "events_lost"},
	{"refused", "sessions_refused"},
	{"copied", "bytes_memcpy"},
	{"  sealing", "bytes_memcpy_sealed"},
	{"  opening", "bytes_memcpy_opened"},
};

// Workers side by side, figures below each other; as many as a table has columns for.
static void print_figures(const struct cli *cli, const json_t *workers)
{
	const char *heads[TABLE_COLUMNS_MAX + 1] = {"worker"};
	char names[TABLE_COLUMNS_MAX][16];
	size_t count = json_array_size(workers);
	struct table t;

	count = count < TABLE_COLUMNS_MAX - 1 ? count : TABLE_COLUMNS_MAX - 1;
	for (size_t w = 0; w < count; w++) {
		snprintf(names[w], sizeof(names[w]), ">%zu", w);
		heads[w + 1] = names[w];
	}
	table_init(&t, heads);
	for (size_t i = 0; i < sizeof(figures_shown) / sizeof(figures_shown[0]); i++) {
		table_row(&t);
		table_cell(&t, "%s", figures_shown[i].label);
		for (size_t w = 0; w < count; w++) {
			const json_t *worker = json_array_get(workers, w);
			const json_t *value = json_object_get(worker, figures_shown[i].member);
			char text[FORMAT_SIZE];

			// Its name has no unit: it ends in what the bytes were copied for.
			if (strncmp(figures_shown[i].member, "bytes_", 6) == 0)
				table_cell(&t, "%s",
					format_bytes(text, (uint64_t)json_integer_value(value)));
			else
				cell_member(&t, worker, figures_shown[i].member);
		}
	}
	table_print(&t, stdout, cli->color);
	table_fini(&t);
}

static json_int_t drops_of(const json_t *workers, const char *name)
{
	json_int_t sum = 0;
	json_t *worker;
	size_t i;

	json_array_foreach(workers, i, worker)
	{
		sum += json_integer_value(json_object_get(json_object_get(worker, "drops"), name));
	}
	return sum;
}

static void print_drops(const struct cli *cli, const json_t *workers, const json_t *sentences)
{
	static const char *const heads[] = {"dropped", ">packets", "because", NULL};
	const char *name;
	json_t *sentence;
	struct table t;

	table_init(&t, heads);
	json_object_foreach((json_t *)sentences, name, sentence)
	{
		char text[FORMAT_SIZE];
		json_int_t packets = drops_of(workers, name);

		if (packets == 0)
			continue;
		table_row(&t);
		table_cell(&t, "%s", name);
		table_cell(&t, "%s", format_count(text, (uint64_t)packets));
		table_cell(&t, "%s", json_string_value(sentence));
	}
	if (t.rows > 1) {
		putchar('\n');
		table_print(&t, stdout, cli->color);
	} else {
		printf("\nno packet was dropped\n");
	}
	table_fini(&t);
}

int print_workers(const struct cli *cli, const json_t *result)
{
	const json_t *workers = json_object_get(result, "workers");

	if (json_array_size(workers) == 0) {
		printf("no workers: no dataplane is attached; sluice status says why\n");
		return CLI_OK;
	}
	print_figures(cli, workers);
	print_drops(cli, workers, json_object_get(result, "drop_sentences"));
	return CLI_OK;
}
