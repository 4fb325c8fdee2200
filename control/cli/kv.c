// sluice kv ...: keys and values that the cluster agrees on.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/admin/bytes_json.h"
#include "control/cli/cli.h"
#include "control/cli/print.h"

#define KV_FILE_MAX (128 * 1024) // bytes of a value, as the schema has it

// ---- get ---------------------------------------------------------------------------------------

static const char note_get[] =
	"Prints the value and nothing else, byte for byte; on a terminal a newline behind it. Any "
	"member answers, and knows every write that was answered before; --stale asks nobody else.";

const struct command_text kv_get_text = {
	.operands = "",
	.notes = {note_get},
	.exits = {[CLI_REFUSED] = "there is no such key, or the cluster has no majority"},
};

int print_kv_value(const struct cli *cli, const json_t *result)
{
	const json_t *text = json_object_get(result, "value");
	const char *base64 = json_string_value(json_object_get(result, "value_base64"));
	uint32_t size = text ? (uint32_t)json_string_length(text) : 0;
	uint8_t *bytes = base64 ? bytes_json_decode(base64, &size) : NULL;
	const char *value = bytes ? (const char *)bytes : json_string_value(text);
	bool ok = !size || (value && fwrite(value, 1, size, stdout) == size);

	(void)cli;
	if (ok && isatty(STDOUT_FILENO) && (!size || value[size - 1] != '\n'))
		putchar('\n');
	ok = fflush(stdout) == 0 && ok;
	free(bytes);
	return ok ? CLI_OK : CLI_REFUSED;
}

// ---- list --------------------------------------------------------------------------------------

int print_kv_items(const struct cli *cli, const json_t *result)
{
	static const struct column columns[] = {
		{"key", "key"},
		{"value", "value"},
		{">version", "version"},
		{">revision", "mod_revision"},
		{NULL, NULL},
	};
	const json_t *items = json_object_get(result, "items");

	if (json_array_size(items) == 0)
		printf("no keys\n");
	else
		table_print_rows(cli, items, columns);
	if (json_is_true(json_object_get(result, "more")))
		printf("there are more: --limit, or --after with the last key\n");
	return CLI_OK;
}

// ---- put ---------------------------------------------------------------------------------------

const struct schema_method kv_put_method = {
	.name = "kv.put",
	.sentence = "sets the value of a key; returns when a majority of the members has it on "
		    "disk",
	.params =
		{
			{.name = "file",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = 4096,
				.sentence = "the value is what this file has; -: standard input"},
			{.name = "if_revision",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = INT64_MAX,
				.sentence = "only if the key was changed last in this revision; 0: "
					    "only if there is none"},
			{.name = "timeout_ms",
				.type = SCHEMA_INTEGER,
				.min = 100,
				.max = 60000,
				.sentence =
					"how long it may take; a write that is late may be done "
					"all the same"},
		},
};

const struct command_text kv_put_text = {
	.operands = "KEY [VALUE]",
	.operand = {{"KEY", "text, to 512 bytes"}, {"VALUE", "text; any bytes: --file"}},
	.exits = {[CLI_REFUSED] = "not done; the sentence says so, or that nobody knows"},
};

// Bytes of a file, for free(); NULL with errno.
static char *file_read(const char *name, size_t *size)
{
	FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
	char *bytes = file ? malloc(KV_FILE_MAX + 1) : NULL;

	*size = bytes ? fread(bytes, 1, KV_FILE_MAX + 1, file) : 0;
	if (bytes && (ferror(file) || *size > KV_FILE_MAX)) {
		errno = ferror(file) ? EIO : EFBIG;
		free(bytes);
		bytes = NULL;
	}
	if (file && file != stdin)
		fclose(file);
	return bytes;
}

// What goes to the node; NULL with *code after the error was said.
static json_t *put_ask(const struct cli *cli, const json_t *params, char **operands, int *code)
{
	const char *file = json_string_value(json_object_get(params, "file"));
	json_t *ask = json_copy((json_t *)params);
	char *bytes = operands[1];
	size_t size = bytes ? strlen(bytes) : 0;

	*code = CLI_USAGE;
	json_object_del(ask, "file");
	if (!operands[0] || !file == !operands[1] || (operands[1] && operands[2]))
		*code = cli_fail(cli, CLI_USAGE, "usage",
			"kv put takes a key and its value, or a key and --file");
	else if (json_object_set_new(ask, "key", json_string(operands[0])) < 0)
		*code = cli_fail(cli, CLI_USAGE, "usage", "the key is not UTF-8");
	else if (file && !(bytes = file_read(file, &size)))
		*code = cli_fail(cli, CLI_REFUSED, "refused",
			errno == EFBIG ? "%s: more than 128 KiB, which is all that a value may have"
				       : "%s cannot be read",
			file);
	else {
		bytes_json_set(ask, "value", (const uint8_t *)bytes, (uint32_t)size);
		*code = CLI_OK;
	}
	if (file && *code == CLI_OK)
		free(bytes);
	if (*code == CLI_OK)
		return ask;
	json_decref(ask);
	return NULL;
}

int kv_put_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	int code;
	json_t *ask = put_ask(cli, params, operands, &code), *result = NULL;

	(void)command;
	if (ask)
		result = connect_call(cli, "kv.put", ask, &code);
	if (result && cli->json)
		code = cli_print_json(json_incref(result));
	else if (result)
		printf("revision %" JSON_INTEGER_FORMAT "\n",
			json_integer_value(json_object_get(result, "revision")));
	json_decref(result);
	json_decref(ask);
	return code;
}

// ---- delete ------------------------------------------------------------------------------------

int print_kv_deleted(const struct cli *cli, const json_t *result)
{
	json_int_t deleted = json_integer_value(json_object_get(result, "deleted"));

	(void)cli;
	printf("%" JSON_INTEGER_FORMAT " %s deleted\n", deleted, deleted == 1 ? "key" : "keys");
	return CLI_OK;
}
