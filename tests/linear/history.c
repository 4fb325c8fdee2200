// A history from a file.
#include "tests/linear/history.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 4 << 20, OPS_MAX = 10 * 1000 * 1000 };

static void *grown(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		abort();
	return memory;
}

static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

static uint32_t *slot_of(struct history *history, const char *name)
{
	uint32_t at = hash_of(name) & (history->slot_count - 1);

	while (history->slots[at] && strcmp(history->names[history->slots[at] - 1], name) != 0)
		at = (at + 1) & (history->slot_count - 1);
	return &history->slots[at];
}

static void slots_grow(struct history *history)
{
	history->name_room = history->name_room ? 2 * history->name_room : 256;
	history->names = grown(history->names, history->name_room * sizeof(history->names[0]));
	history->slot_count = 4 * history->name_room;
	free(history->slots);
	history->slots = calloc(history->slot_count, sizeof(history->slots[0]));
	if (!history->slots)
		abort();
	for (uint32_t i = 0; i < history->name_count; i++)
		*slot_of(history, history->names[i]) = i + 1;
}

// The number of a name, from 1 on.
static uint64_t number_of(struct history *history, const char *name)
{
	uint32_t *slot;

	if (history->name_count == history->name_room)
		slots_grow(history);
	slot = slot_of(history, name);
	if (*slot == 0) {
		history->names[history->name_count] = strdup(name);
		if (!history->names[history->name_count])
			abort();
		*slot = ++history->name_count;
	}
	return *slot;
}

const char *history_name(const void *owner, uint64_t number)
{
	const struct history *history = owner;

	return number >= 1 && number <= history->name_count ? history->names[number - 1] : "?";
}

static bool refuse(struct history *history, const char *why)
{
	snprintf(history->error, sizeof(history->error), "line %u: %s", history->count + 1, why);
	return false;
}

// One of `count` words, as 1 + its place; 0: none of them.
static uint32_t word(const json_t *line, const char *key, const char *const *words, uint32_t count)
{
	const char *value = json_string_value(json_object_get(line, key));

	for (uint32_t i = 0; value && i < count; i++) {
		if (strcmp(value, words[i]) == 0)
			return i + 1;
	}
	return 0;
}

static bool time_read(const json_t *line, const char *key, uint64_t *ns)
{
	const json_t *value = json_object_get(line, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ns = (uint64_t)json_integer_value(value);
	return true;
}

// A text, or null: nothing was there.
static bool value_read(
	struct history *history, const json_t *line, const char *key, uint64_t *value)
{
	const json_t *text = json_object_get(line, key);

	if (!json_is_string(text) && !json_is_null(text))
		return false;
	*value = json_is_null(text) ? LINEAR_ABSENT : number_of(history, json_string_value(text));
	return true;
}

static bool kind_read(struct history *history, const json_t *line, struct linear_op *op)
{
	static const char *const kinds[] = {"get", "put", "delete", "swap"};
	const json_t *held = json_object_get(line, "held");
	uint32_t kind = word(line, "op", kinds, 4);
	bool seen = op->outcome == LINEAR_OK;

	if (!kind)
		return refuse(history, "\"op\" is get, put, delete or swap");
	op->kind = (enum linear_kind)kind;
	if (json_is_boolean(held))
		op->held = json_is_true(held) ? LINEAR_HELD : LINEAR_NOT_HELD;
	if (op->kind == LINEAR_GET && seen && !value_read(history, line, "value", &op->value))
		return refuse(history, "\"value\" is what was seen: a text, or null");
	if ((op->kind == LINEAR_PUT || op->kind == LINEAR_SWAP) &&
		(!value_read(history, line, "value", &op->value) || op->value == LINEAR_ABSENT))
		return refuse(history, "\"value\" is what was put: a text");
	if (op->kind == LINEAR_SWAP && !value_read(history, line, "expect", &op->expect))
		return refuse(history, "\"expect\" is what must be there: a text, or null");
	if (op->kind == LINEAR_SWAP && seen && op->held == LINEAR_UNTOLD)
		return refuse(history, "\"held\" says whether it was there: true or false");
	return true;
}

static bool op_read(struct history *history, const json_t *line, struct linear_op *op)
{
	static const char *const outcomes[] = {"ok", "failed", "unknown"};
	const json_t *client = json_object_get(line, "client");
	const char *key = json_string_value(json_object_get(line, "key"));
	uint32_t outcome = word(line, "outcome", outcomes, 3);

	if (!json_is_integer(client) || json_integer_value(client) < 0 ||
		json_integer_value(client) > UINT32_MAX)
		return refuse(history, "\"client\" is a number");
	op->client = (uint32_t)json_integer_value(client);
	if (!key)
		return refuse(history, "\"key\" is a text");
	op->key = number_of(history, key);
	if (!outcome)
		return refuse(history, "\"outcome\" is ok, failed or unknown");
	op->outcome = (enum linear_outcome)(outcome - 1);
	if (!time_read(line, "call_ns", &op->call_ns))
		return refuse(history, "\"call_ns\" is a number, 0 or more");
	if (op->outcome != LINEAR_UNKNOWN &&
		(!time_read(line, "return_ns", &op->return_ns) || op->return_ns < op->call_ns))
		return refuse(history, "\"return_ns\" is a number, not before call_ns");
	return kind_read(history, line, op);
}

static bool line_read(struct history *history, const char *text)
{
	struct linear_op op = {0};
	json_error_t error;
	json_t *line;
	bool read;

	if (history->count == OPS_MAX)
		return refuse(history, "more than 10 million operations: check a part of it");
	line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	read = json_is_object(line) ? op_read(history, line, &op)
				    : refuse(history, "one JSON object a line");
	json_decref(line);
	if (!read)
		return false;
	if (history->count == history->room) {
		history->room = history->room ? 2 * history->room : 1024;
		history->ops = grown(history->ops, history->room * sizeof(history->ops[0]));
	}
	history->ops[history->count++] = op;
	return true;
}

bool history_read(struct history *history, FILE *in)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t size;
	bool read = true;

	*history = (struct history){0};
	while (read && (size = getline(&text, &room, in)) > 0) {
		if (size > LINE_BYTES_MAX || strlen(text) != (size_t)size)
			read = refuse(history, "longer than 4 MiB, or with a zero inside");
		else
			read = line_read(history, text);
	}
	free(text);
	if (read && ferror(in))
		return refuse(history, "cannot be read");
	return read;
}

void history_fini(struct history *history)
{
	for (uint32_t i = 0; i < history->name_count; i++)
		free(history->names[i]);
	free(history->names);
	free(history->slots);
	free(history->ops);
}
