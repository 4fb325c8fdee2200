// sluice dict train, show: dictionaries of zstd for messages of one class. No node is asked.
#include "control/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "control/cli/clock.h"
#include "control/cli/format.h"
#include "control/cli/progress.h"
#include "control/dict/dict.h"

#define DICT_FILE_DEFAULT "sluice.dict"

const struct schema_method dict_train_method = {
	.name = "dict.train",
	.sentence = "makes a dictionary of zstd out of samples of one kind of message, and says "
		    "what it gains",
	.params =
		{
			{.name = "out",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = DICT_PATH_SIZE - 16,
				.standard = DICT_FILE_DEFAULT,
				.sentence = "the file that is made"},
			{.name = "size",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = DICTIONARY_SIZE_MAX,
				.standard = "0",
				.sentence =
					"bytes of the dictionary at most, from 256 on; 0: 32768, "
					"or a tenth of the samples if that is less"},
			{.name = "level",
				.type = SCHEMA_INTEGER,
				.min = 1,
				.max = DICTIONARY_LEVEL_MAX,
				.standard = "1",
				.sentence = "level of zstd that messages will be sent with"},
			{.name = "id",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = INT32_MAX,
				.standard = "0",
				.sentence = "number inside the file, for tools of zstd; 0: made of "
					    "its content. The configuration gives another one"},
			{.name = "lines",
				.type = SCHEMA_BOOLEAN,
				.sentence = "each line of a file is a sample"},
			{.name = "record_size",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = DICT_SAMPLE_MAX,
				.standard = "0",
				.sentence =
					"each so many bytes of a file are a sample; 0: the file "
					"is one"},
			{.name = "replace",
				.type = SCHEMA_BOOLEAN,
				.sentence = "replace a file that exists"},
		},
};

static const char note_samples[] =
	"Samples are messages as they will be sent, at least 32 of them, better several thousand: "
	"a hundred times the size of the dictionary is good. Every eighth is held out and tells "
	"what the dictionary gains. What is longer than 64 KiB is cut, what goes beyond 64 MiB is "
	"left out.";
static const char note_secret[] =
	"A dictionary holds pieces of its samples in the clear: keep it like them.";

const struct command_text dict_train_text = {
	.operands = "SAMPLES...",
	.operand = {{"SAMPLES", "files, or folders with all that is in them"}},
	.notes = {note_samples, note_secret},
	.exits = {"made", "refused, and no file was made", "wrong usage", "does not happen"},
};

const struct schema_method dict_show_method = {
	.name = "dict.show",
	.sentence = "what dictionaries are in files, and whether a node would take them",
};

const struct command_text dict_show_text = {
	.operands = "FILE...",
	.operand = {{"FILE", "a dictionary of zstd"}},
	.exits = {"shown, and all of them are dictionaries", "one cannot be read, or is none",
		"wrong usage", "does not happen"},
};

static json_t *plain_string(const char *raw)
{
	char plain[DICT_PATH_SIZE * 4];

	return json_string(format_plain(plain, sizeof(plain), raw));
}

static json_t *info_json(const struct dict_info *info, const char *file)
{
	char sha256[2 * DICTIONARY_SHA256_SIZE + 1];

	format_hex(sha256, info->sha256, sizeof(info->sha256));
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:s}", "file", plain_string(file), "kind",
		"zstd", "zstd_id", (json_int_t)info->id, "bytes", (json_int_t)info->size,
		"table_bytes", (json_int_t)info->tables, "content_bytes",
		(json_int_t)(info->size - info->tables), "sha256", sha256);
}

static void info_print(const struct dict_info *info, const char *file)
{
	char sha256[2 * DICTIONARY_SHA256_SIZE + 1], count[FORMAT_SIZE], name[DICT_PATH_SIZE * 4];

	format_hex(sha256, info->sha256, sizeof(info->sha256));
	printf("%s\n", format_plain(name, sizeof(name), file));
	printf("  %-10s dictionary of zstd, its own id %u\n", "kind", info->id);
	printf("  %-10s %s bytes", "size", format_count(count, info->size));
	printf(", of which %s are tables\n", format_count(count, info->tables));
	printf("  %-10s %s\n", "sha256", sha256);
}

static double ratio(uint64_t raw, uint64_t stored)
{
	return stored ? (double)raw / (double)stored : 1.0;
}

// ---- train

struct training {
	struct progress progress;
	struct dict_samples samples;
	struct dict_made made;
};

static void training_step(void *owner, uint64_t done, uint64_t total)
{
	struct training *training = owner;

	training->progress.total = total;
	progress_step(&training->progress, done, clock_now_ns());
}

static int train_json(const struct training *t, const struct dict_info *info, const char *file)
{
	const struct dict_gain *gain = &t->made.gain;
	json_t *made = info_json(info, file);

	json_object_set_new(made, "samples", json_integer((json_int_t)t->samples.count));
	json_object_set_new(made, "sample_bytes", json_integer((json_int_t)t->samples.size));
	json_object_set_new(made, "left_out_bytes", json_integer((json_int_t)t->samples.left_out));
	json_object_set_new(made, "held_out",
		json_pack("{s:I, s:I, s:I, s:I, s:f, s:f}", "samples", (json_int_t)gain->samples,
			"raw_bytes", (json_int_t)gain->raw, "stored_without_bytes",
			(json_int_t)gain->stored_without, "stored_with_bytes",
			(json_int_t)gain->stored_with, "ratio_without",
			ratio(gain->raw, gain->stored_without), "ratio_with",
			ratio(gain->raw, gain->stored_with)));
	return cli_print_json(made);
}

static int train_print(
	const struct training *t, const struct dict_info *info, const char *file, uint32_t level)
{
	const struct dict_gain *gain = &t->made.gain;
	char count[FORMAT_SIZE], bytes[FORMAT_SIZE], *path = realpath(file, NULL);

	info_print(info, file);
	printf("  %-10s %s samples, %s", "made of", format_count(count, t->samples.count),
		format_bytes(bytes, t->samples.size));
	if (t->samples.left_out)
		printf("; %s more were left out", format_bytes(bytes, t->samples.left_out));
	printf("\n  %-10s ratio %.2f with it, %.2f without (zstd %u, %s samples that it has not "
	       "seen)\n",
		"gain", ratio(gain->raw, gain->stored_with), ratio(gain->raw, gain->stored_without),
		level, format_count(count, gain->samples));
	printf("\nCopy the file to both nodes and name it in their configuration, the same id on "
	       "both:\n\ndictionaries:\n  - id: 1\n    file: %s\n",
		path ? path : file);
	free(path);
	return CLI_OK;
}

static int train_run(const struct cli *cli, struct training *t, const struct dict_want *want,
	const char *file, bool replace)
{
	char error[DICT_ERROR_SIZE];
	struct dict_info info;
	int failed;

	if (dict_may_write(file, replace, error) != 0)
		return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
	progress_start(&t->progress, cli->json ? NULL : stderr, "training", t->samples.size,
		clock_now_ns());
	failed = dict_train(&t->made, &t->samples, want, error);
	progress_clear(&t->progress);
	if (failed || dict_info(&info, t->made.bytes, t->made.size, error) != 0 ||
		dict_write(file, t->made.bytes, t->made.size, replace, error) != 0)
		return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
	return cli->json ? train_json(t, &info, file) : train_print(t, &info, file, want->level);
}

static int train_samples(
	const struct cli *cli, struct training *t, char **paths, const struct dict_cut *cut)
{
	char error[DICT_ERROR_SIZE];

	if (dict_samples_init(&t->samples) != 0)
		return cli_fail(cli, CLI_REFUSED, "refused", "out of memory");
	for (; *paths; paths++)
		if (dict_samples_add(&t->samples, *paths, cut, error) != 0)
			return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
	return CLI_OK;
}

int dict_train_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	const struct schema_method *m = command->method;
	static struct training training;
	struct dict_want want = {.size = (uint32_t)schema_integer(m, params, "size"),
		.id = (uint32_t)schema_integer(m, params, "id"),
		.level = (uint32_t)schema_integer(m, params, "level"),
		.on_step = training_step,
		.owner = &training};
	struct dict_cut cut = {.lines = schema_boolean(params, "lines"),
		.record = (uint32_t)schema_integer(m, params, "record_size")};
	int code;

	if (!*operands)
		return cli_fail(cli, CLI_USAGE, "usage",
			"dict train needs SAMPLES: files, or folders with files");
	if (cut.lines && cut.record)
		return cli_fail(
			cli, CLI_USAGE, "usage", "--lines and --record-size exclude each other");
	if (want.size && want.size < DICTIONARY_SIZE_MIN)
		return cli_fail(cli, CLI_USAGE, "usage", "size must be 0, or %d to %d",
			DICTIONARY_SIZE_MIN, DICTIONARY_SIZE_MAX);
	code = train_samples(cli, &training, operands, &cut);
	if (code == CLI_OK)
		code = train_run(cli, &training, &want, schema_string(m, params, "out"),
			schema_boolean(params, "replace"));
	dict_samples_free(&training.samples);
	return code;
}

// ---- show

// With `list` it goes there instead of to people. An exit code.
static int show_file(const struct cli *cli, const char *file, json_t *list)
{
	char error[DICT_ERROR_SIZE];
	struct dict_info info;

	if (dict_read(&info, file, error) != 0) {
		if (!list)
			return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
		json_array_append_new(list, json_pack("{s:o, s:n, s:o}", "file", plain_string(file),
						    "kind", "error", plain_string(error)));
		return CLI_REFUSED;
	}
	if (list)
		json_array_append_new(list, info_json(&info, file));
	else
		info_print(&info, file);
	return CLI_OK;
}

int dict_show_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	json_t *list;
	int code = CLI_OK, printed;

	(void)command;
	(void)params;
	if (!*operands)
		return cli_fail(
			cli, CLI_USAGE, "usage", "dict show needs the FILE of a dictionary");
	list = cli->json ? json_array() : NULL;
	for (; *operands; operands++)
		if (show_file(cli, *operands, list) != CLI_OK)
			code = CLI_REFUSED;
	if (!list)
		return code;
	printed = cli_print_json(json_pack("{s:o}", "dictionaries", list));
	return printed == CLI_OK ? code : printed;
}
