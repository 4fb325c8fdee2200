// kv.*: keys and values that the cluster agrees on.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/admin/bytes_json.h"
#include "control/admin/method.h"

// What an answer has to say of its request; freed with it.
struct kv_call {
	struct method_later later;
	json_t *(*result)(const struct kv_call *call, const struct kv_result *result,
		struct rpc_error *error);
	char *key;
	bool compares; // put: only at a revision
	bool keys;     // list: without values
};

static struct kv_bytes kv_text(const char *text)
{
	return (struct kv_bytes){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static int outcome_code(const struct replica_answer *answer)
{
	if (answer->outcome == REPLICA_UNKNOWN)
		return RPC_TIMEOUT;
	switch (answer->why) {
	case RAFT_NO_LEADER:
		return RPC_UNREACHABLE;
	case RAFT_FULL:
	case RAFT_TRANSFERRING:
	case RAFT_STALLED:
	case RAFT_CHANGING:
	case RAFT_LOST:
		return RPC_BUSY;
	case RAFT_NO_MEMBER:
		return RPC_NOT_FOUND;
	case RAFT_OK:
	case RAFT_TOO_LARGE:
	case RAFT_LAST_VOTER:
	case RAFT_TOO_MANY:
	case RAFT_VERSION:
	case RAFT_STALE:
	case RAFT_MALFORMED:
	case RAFT_RESULT_COUNT:
		break;
	}
	return RPC_REFUSED;
}

void method_consensus_error(
	struct rpc_error *error, const struct replica_answer *answer, const char *why)
{
	rpc_error_set(error, outcome_code(answer), "%s", why);
}

// ---- requests ----------------------------------------------------------------------------------

static void on_answer(void *owner, const struct replica_answer *answer, const char *why)
{
	struct kv_call *call = owner;
	struct rpc_error error = {.code = RPC_INTERNAL, .text = "out of memory"};
	json_t *result = NULL;

	if (answer->outcome != REPLICA_DONE)
		method_consensus_error(&error, answer, why);
	else if (answer->result->status != KV_OK)
		rpc_error_set(&error, RPC_REFUSED, "%s", kv_status_text(answer->result->status));
	else
		result = call->result(call, answer->result, &error);
	method_answer(&call->later, result, &error);
	free(call->key);
	free(call);
}

static struct kv_call *call_new(struct method_call *call, const char *key)
{
	struct kv_call *of = calloc(1, sizeof(*of));

	if (of)
		*of = (struct kv_call){.later = call->answer, .key = strdup(key)};
	if (of && of->key)
		return of;
	free(of);
	return NULL;
}

static json_t *out_of_memory(struct rpc_error *error)
{
	rpc_error_set(error, RPC_INTERNAL, "out of memory");
	return NULL;
}

// Before it is asked for: the answer may come at once.
static void wait_for(struct method_call *call, struct kv_call *of)
{
	call->later = true;
	call->pending = &of->later;
}

// What is written here as an old state is so by name only.
static json_t *read_stale(struct method_call *call, struct kv_call *of,
	const struct kv_request *request, struct rpc_error *error)
{
	struct consensus *consensus = &call->node->consensus;
	struct kv_result *result = malloc(sizeof(*result));
	json_t *answer = NULL;

	if (!consensus->replica)
		rpc_error_set(error, RPC_UNREACHABLE,
			"this node is no member of the consensus: sluice raft show says why");
	else if (!result)
		out_of_memory(error);
	else if (replica_read_stale(consensus->replica, request, result) != KV_OK)
		rpc_error_set(error, RPC_REFUSED, "%s", kv_status_text(result->status));
	else
		answer = of->result(of, result, error);
	free(result);
	free(of->key);
	free(of);
	return answer;
}

static json_t *read_begin(struct method_call *call, struct kv_call *of,
	const struct kv_request *request, struct rpc_error *error)
{
	if (schema_boolean(call->params, "stale"))
		return read_stale(call, of, request, error);
	wait_for(call, of);
	consensus_read(&call->node->consensus, request, on_answer, of);
	return NULL;
}

// ---- get, list ---------------------------------------------------------------------------------

static json_t *item_row(const struct kv_item *item, bool value)
{
	json_t *row = json_object();

	bytes_json_set(row, "key", item->key.data, item->key.size);
	if (value)
		bytes_json_set(row, "value", item->value.data, item->value.size);
	json_object_set_new(
		row, "create_revision", json_integer((json_int_t)item->create_revision));
	json_object_set_new(row, "mod_revision", json_integer((json_int_t)item->mod_revision));
	json_object_set_new(row, "version", json_integer((json_int_t)item->version));
	return row;
}

static json_t *get_result(
	const struct kv_call *call, const struct kv_result *result, struct rpc_error *error)
{
	json_t *row;

	if (result->items == 0) {
		rpc_error_set(error, RPC_NOT_FOUND, "there is no key '%.200s'", call->key);
		return NULL;
	}
	row = item_row(&result->item[0], true);
	json_object_set_new(row, "revision", json_integer((json_int_t)result->revision));
	return row;
}

json_t *method_kv_get(struct method_call *call, struct rpc_error *error)
{
	struct kv_call *of = call_new(call, schema_string(call->method, call->params, "key"));
	struct kv_request request = {.thens = 1};

	if (!of)
		return out_of_memory(error);
	of->result = get_result;
	request.op[0] =
		(struct kv_op){.kind = KV_GET, .range = {.reach = KV_KEY, .key = kv_text(of->key)}};
	return read_begin(call, of, &request, error);
}

static json_t *list_result(
	const struct kv_call *call, const struct kv_result *result, struct rpc_error *error)
{
	json_t *items = json_array();

	(void)error;
	for (uint32_t i = 0; i < result->items; i++)
		json_array_append_new(items, item_row(&result->item[i], !call->keys));
	return json_pack("{s:o, s:b, s:I}", "items", items, "more",
		result->ops > 0 && result->op[0].more, "revision", (json_int_t)result->revision);
}

json_t *method_kv_list(struct method_call *call, struct rpc_error *error)
{
	const char *after = schema_string(call->method, call->params, "after");
	struct kv_call *of = call_new(call, schema_string(call->method, call->params, "prefix"));
	struct kv_request request = {.thens = 1};

	if (!of)
		return out_of_memory(error);
	of->result = list_result;
	of->keys = schema_boolean(call->params, "keys");
	request.op[0] = (struct kv_op){.kind = KV_GET,
		.range = {.reach = KV_PREFIX, .key = kv_text(of->key)},
		.after = kv_text(after),
		.limit = (uint32_t)schema_integer(call->method, call->params, "limit")};
	return read_begin(call, of, &request, error);
}

// ---- put, delete -------------------------------------------------------------------------------

static json_t *put_result(
	const struct kv_call *call, const struct kv_result *result, struct rpc_error *error)
{
	if (result->held)
		return json_pack("{s:I, s:I}", "revision", (json_int_t)result->revision, "version",
			(json_int_t)result->op[0].version);
	if (result->items)
		rpc_error_set(error, RPC_REFUSED,
			"key '%.200s' was changed in revision %llu: nothing was done", call->key,
			(unsigned long long)result->item[0].mod_revision);
	else
		rpc_error_set(error, RPC_REFUSED, "there is no key '%.200s': nothing was done",
			call->key);
	return NULL;
}

// A put that is done only where the key was changed last in that revision; 0: where there is none.
static void put_at(struct kv_request *request, uint64_t revision)
{
	request->compares = 1;
	request->compare[0] = (struct kv_compare){.target = KV_MOD_REVISION,
		.relation = KV_EQUAL,
		.key = request->op[0].range.key,
		.number = revision};
	request->elses = 1;
	request->op[1] = (struct kv_op){.kind = KV_GET, .range = request->op[0].range};
}

static bool put_value(const struct method_call *call, struct kv_bytes *value, uint8_t **decoded,
	struct rpc_error *error)
{
	const char *text = schema_string(call->method, call->params, "value");
	const char *base64 = schema_string(call->method, call->params, "value_base64");

	if (!text == !base64) {
		rpc_error_set(error, RPC_PARAMS, "give value or value_base64, and not both");
		return false;
	}
	if (text) {
		*value = kv_text(text);
		return true;
	}
	*decoded = bytes_json_decode(base64, &value->size);
	value->data = *decoded;
	if (!*decoded)
		rpc_error_set(error, RPC_PARAMS, "value_base64 is no base64 (RFC 4648, section 4)");
	return *decoded;
}

json_t *method_kv_put(struct method_call *call, struct rpc_error *error)
{
	int64_t at = schema_integer(call->method, call->params, "if_revision");
	struct kv_request request = {.thens = 1};
	struct kv_bytes value = {0};
	uint8_t *decoded = NULL;
	struct kv_call *of;

	if (!put_value(call, &value, &decoded, error))
		return NULL;
	of = call_new(call, schema_string(call->method, call->params, "key"));
	if (!of) {
		free(decoded);
		return out_of_memory(error);
	}
	of->result = put_result;
	request.op[0] = (struct kv_op){.kind = KV_PUT,
		.range = {.reach = KV_KEY, .key = kv_text(of->key)},
		.value = value};
	if (at >= 0)
		put_at(&request, (uint64_t)at);
	wait_for(call, of);
	consensus_write(&call->node->consensus, &request, on_answer, of);
	free(decoded);
	return NULL;
}

static json_t *delete_result(
	const struct kv_call *call, const struct kv_result *result, struct rpc_error *error)
{
	(void)call;
	(void)error;
	return json_pack("{s:I, s:I}", "deleted", (json_int_t)result->op[0].deleted, "revision",
		(json_int_t)result->revision);
}

json_t *method_kv_delete(struct method_call *call, struct rpc_error *error)
{
	struct kv_call *of = call_new(call, schema_string(call->method, call->params, "key"));
	struct kv_request request = {.thens = 1};

	if (!of)
		return out_of_memory(error);
	of->result = delete_result;
	request.op[0] = (struct kv_op){.kind = KV_DELETE,
		.range = {.reach = schema_boolean(call->params, "prefix") ? KV_PREFIX : KV_KEY,
			.key = kv_text(of->key)}};
	wait_for(call, of);
	consensus_write(&call->node->consensus, &request, on_answer, of);
	return NULL;
}
