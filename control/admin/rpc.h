// JSON-RPC 2.0, one object per line: a line to a request, an answer to a line. No I/O.
#pragma once

#include <stddef.h>

#include <jansson.h>

// Bytes of one request, newline included: a value of 128 KiB in base64.
#define RPC_LINE_MAX (192u * 1024)

enum rpc_code {
	RPC_PARSE = -32700,
	RPC_INVALID = -32600,
	RPC_METHOD = -32601,
	RPC_PARAMS = -32602,
	RPC_INTERNAL = -32603,
	// ours
	RPC_REFUSED = -32000,
	RPC_PERMISSION = -32001,
	RPC_NOT_FOUND = -32002,
	RPC_UNREACHABLE = -32003,
	RPC_TIMEOUT = -32004,
	RPC_BUSY = -32005,
};

// Every line of a trace begins so; what follows is its params and one brace.
#define RPC_TRACE_HEAD "{\"jsonrpc\":\"2.0\",\"method\":\"session.trace\",\"params\":"

#define RPC_TEXT_SIZE 512

struct rpc_error {
	int code; // enum rpc_code, 0: none
	char text[RPC_TEXT_SIZE];
};

struct rpc_request {
	json_t *root;       // owns everything below; rpc_request_fini
	json_t *id;         // borrowed; NULL: the request was too broken to have one
	const char *method; // borrowed
	json_t *params;     // borrowed, NULL: none
};

// 0, or -1 with `error` (the id is still there when it could be read). `line` needs no terminator.
int rpc_parse(struct rpc_request *request, const char *line, size_t size, struct rpc_error *error);
void rpc_request_fini(struct rpc_request *request);

void rpc_error_set(struct rpc_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// A string for an answer. Names come from applications and peers: what is not UTF-8 turns into '?'.
json_t *rpc_text(const char *text);

// One line with its newline, for free(); NULL when out of memory. `id` may be NULL. Takes `result`.
char *rpc_frame_result(const json_t *id, json_t *result);
char *rpc_frame_error(const json_t *id, const struct rpc_error *error);
// A notification: nobody answers it. Takes `params`.
char *rpc_frame_note(const char *method, json_t *params);
