// Lines to requests and answers to lines.
#include "control/admin/rpc.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/admin/json_line.h"

#define RPC_ID_MAX 128 // bytes of a string id: it is echoed

void rpc_error_set(struct rpc_error *error, int code, const char *format, ...)
{
	va_list args;

	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
}

static bool rpc_id_valid(const json_t *id)
{
	return json_is_integer(id) || (json_is_string(id) && json_string_length(id) <= RPC_ID_MAX);
}

// Every member is named here: a misspelt "param" must not silently mean "none".
static int rpc_check_members(const struct rpc_request *request, struct rpc_error *error)
{
	const char *name;
	json_t *value;

	json_object_foreach(request->root, name, value)
	{
		if (strcmp(name, "jsonrpc") == 0 || strcmp(name, "id") == 0 ||
			strcmp(name, "method") == 0 || strcmp(name, "params") == 0)
			continue;
		rpc_error_set(error, RPC_INVALID,
			"a request has no member \"%.64s\"; allowed: jsonrpc, id, method, params",
			name);
		return -1;
	}
	return 0;
}

static int rpc_check(struct rpc_request *request, struct rpc_error *error)
{
	const json_t *version = json_object_get(request->root, "jsonrpc");
	json_t *id = json_object_get(request->root, "id");
	const json_t *method = json_object_get(request->root, "method");

	if (rpc_id_valid(id))
		request->id = id;
	if (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0) {
		rpc_error_set(error, RPC_INVALID, "a request needs \"jsonrpc\": \"2.0\"");
		return -1;
	}
	// Notifications would be changes without an answer.
	if (!request->id) {
		rpc_error_set(error, RPC_INVALID,
			"a request needs an \"id\": an integer, or a string of at most %d bytes",
			RPC_ID_MAX);
		return -1;
	}
	if (!json_is_string(method)) {
		rpc_error_set(error, RPC_INVALID,
			"a request needs a \"method\"; the method \"help\" lists them");
		return -1;
	}
	request->method = json_string_value(method);
	request->params = json_object_get(request->root, "params");
	return rpc_check_members(request, error);
}

int rpc_parse(struct rpc_request *request, const char *line, size_t size, struct rpc_error *error)
{
	json_error_t json_error;

	memset(request, 0, sizeof(*request));
	request->root = json_loadb(line, size, JSON_REJECT_DUPLICATES, &json_error);
	if (!request->root) {
		rpc_error_set(error, RPC_PARSE, "not a JSON object on one line: %s (column %d)",
			json_error.text, json_error.column);
		return -1;
	}
	if (json_is_array(request->root)) {
		rpc_error_set(error, RPC_INVALID,
			"batches are not supported: send one request object per line");
		return -1;
	}
	if (!json_is_object(request->root)) {
		rpc_error_set(error, RPC_INVALID, "a request is a JSON object");
		return -1;
	}
	return rpc_check(request, error);
}

void rpc_request_fini(struct rpc_request *request)
{
	json_decref(request->root);
	memset(request, 0, sizeof(*request));
}

json_t *rpc_text(const char *text)
{
	json_t *value = json_string(text);

	if (value)
		return value;
	char plain[RPC_TEXT_SIZE];

	snprintf(plain, sizeof(plain), "%s", text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(plain);
}

// Takes `answer`.
static char *rpc_dump_line(json_t *answer)
{
	char *text = answer ? json_line(answer) : NULL;
	size_t size = text ? strlen(text) : 0;
	char *line = text ? realloc(text, size + 2) : NULL;

	json_decref(answer);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + size, "\n", 2);
	return line;
}

char *rpc_frame_result(const json_t *id, json_t *result)
{
	return rpc_dump_line(
		json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

char *rpc_frame_error(const json_t *id, const struct rpc_error *error)
{
	json_t *body =
		json_pack("{s:i, s:o}", "code", error->code, "message", rpc_text(error->text));

	return rpc_dump_line(
		json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "error", body));
}

char *rpc_frame_note(const char *method, json_t *params)
{
	return rpc_dump_line(
		json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}
