// pool.*: the connections to the control processes of other nodes, and who waits for one.
#include <string.h>

#include "control/admin/method.h"
#include "control/net/calls_options.h"

static json_t *ns_or_null(uint64_t ns)
{
	return ns ? json_integer((json_int_t)ns) : json_null();
}

// What is left until then.
static json_t *left_or_null(uint64_t at_ns, uint64_t now_ns)
{
	return at_ns ? json_integer(at_ns > now_ns ? (json_int_t)(at_ns - now_ns) : 0)
		     : json_null();
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void pool_counts(json_t *row, const struct pool_counts *counts)
{
	json_t *numbers = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"requests", (json_int_t)counts->acquires, "granted", (json_int_t)counts->granted,
		"waited", (json_int_t)counts->waited, "refused", (json_int_t)counts->refused,
		"failed", (json_int_t)counts->failed, "dials", (json_int_t)counts->dials,
		"dials_failed", (json_int_t)counts->dials_failed, "created",
		(json_int_t)counts->created, "destroyed", (json_int_t)counts->destroyed,
		"health_checks", (json_int_t)(counts->pings + counts->checks),
		"health_checks_failed", (json_int_t)(counts->pings_failed + counts->checks_failed));

	json_object_update(row, numbers);
	json_decref(numbers);
	json_object_set_new(row, "reuse_ratio", json_real(ratio(counts->reused, counts->granted)));
}

static json_t *pool_node_row(
	const struct calls *calls, const struct pool_node_report *node, uint64_t now_ns)
{
	const char *group = calls_group(calls, node->node);
	const char *error = calls->nodes[POOL_SLOT(node->node)].error;
	json_t *row = json_pack("{s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "name",
		rpc_text(node->name), "membership", pool_liveness_name(node->liveness), "health",
		pool_health_name(node->health), "breaker", pool_breaker_name(node->breaker),
		"connections", (json_int_t)node->connections, "active",
		(json_int_t)node->slots.leased, "idle", (json_int_t)node->slots.idle, "pending",
		(json_int_t)node->slots.dialing, "waiting", (json_int_t)node->waiters, "paused",
		(int)node->paused, "draining", (int)node->draining);

	json_object_set_new(row, "rtt_ns", ns_or_null(node->rtt_ns));
	json_object_set_new(row, "dial_ns", ns_or_null(node->dial_ns));
	json_object_set_new(row, "retry_in_ns", left_or_null(node->retry_ns, now_ns));
	json_object_set_new(row, "failures", json_integer(node->failures));
	json_object_set_new(row, "last_health_check_ns_ago",
		node->health_pass_ns ? json_integer((json_int_t)(now_ns - node->health_pass_ns))
				     : json_null());
	json_object_set_new(row, "key_exchange", group ? json_string(group) : json_null());
	json_object_set_new(row, "reason", error ? rpc_text(error) : json_null());
	pool_counts(row, &node->counts);
	return row;
}

static json_t *pool_leak_rows(const struct pool *pool, uint64_t now_ns)
{
	struct pool_leak leaks[16];
	uint32_t count = pool_leaks(pool, now_ns, leaks, 16);
	json_t *rows = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(
			rows, json_pack("{s:o, s:s, s:I}", "name",
				      rpc_text(pool_node_name(pool, leaks[i].node)), "site",
				      leaks[i].site ? leaks[i].site : "?", "age_ns",
				      (json_int_t)(now_ns - leaks[i].acquired_ns)));
	return rows;
}

static json_t *pool_total(const struct pool *pool, uint64_t now_ns)
{
	struct pool_report report;
	json_t *total;

	pool_report(pool, now_ns, &report);
	total = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:f}", "nodes",
		(json_int_t)report.nodes, "connections", (json_int_t)report.connections, "active",
		(json_int_t)report.slots.leased, "idle", (json_int_t)report.slots.idle, "pending",
		(json_int_t)report.slots.dialing, "waiting", (json_int_t)report.waiters, "leaked",
		(json_int_t)report.leaked, "paused", (int)report.paused, "draining",
		(int)report.draining, "utilisation", (double)report.utilisation / 100);
	pool_counts(total, &report.counts);
	json_object_set_new(
		total, "hint_hit_ratio", json_real(ratio(report.lru_hits, report.lru_lookups)));
	json_object_set_new(
		total, "acquire_p50_ns", json_integer((json_int_t)report.acquire_p50_ns));
	json_object_set_new(
		total, "acquire_p99_ns", json_integer((json_int_t)report.acquire_p99_ns));
	return total;
}

#define NUMBER(key, ...) json_object_set_new(row, #key, json_integer(pool->key));
#define TIME(key, ...) \
	json_object_set_new(row, #key "_ms", json_integer((json_int_t)(pool->key##_ns / 1000000)));
#define SWITCH(key) json_object_set_new(row, #key, json_boolean(pool->key));

// As the section `pool:` of the configuration calls them.
static json_t *pool_options(const struct pool_config *pool)
{
	json_t *row = json_object();

	CALLS_OPTIONS(NUMBER, TIME, SWITCH)
	return row;
}

json_t *method_pool_show(struct method_call *call, struct rpc_error *error)
{
	const struct calls *calls = &call->node->calls;
	json_t *nodes = json_array();
	struct pool_node_report node;
	uint32_t at = 0;

	(void)error;
	while (pool_report_node(calls->pool, &at, &node))
		json_array_append_new(nodes, pool_node_row(calls, &node, call->now_ns));
	return json_pack("{s:o, s:o, s:o, s:o}", "total", pool_total(calls->pool, call->now_ns),
		"nodes", nodes, "leaks", pool_leak_rows(calls->pool, call->now_ns), "options",
		pool_options(&calls->config->pool));
}

static json_t *pool_unknown(
	const struct method_call *call, const char *name, struct rpc_error *error)
{
	char names[RPC_TEXT_SIZE / 2];

	rpc_error_set(error, RPC_NOT_FOUND,
		"node '%.40s' is not known here; the peers of node %.40s are: %s", name,
		call->node->config.node,
		directory_names(&call->node->directory, names, sizeof(names)));
	return NULL;
}

// NULL: every node.
static const char *pool_which(const struct method_call *call)
{
	const char *name = schema_string(call->method, call->params, "peer");

	return strcmp(name, "all") == 0 ? NULL : name;
}

static json_t *pool_command(struct method_call *call, struct rpc_error *error,
	bool (*command)(struct calls *calls, const char *name))
{
	const char *name = pool_which(call);

	if (!command(&call->node->calls, name))
		return pool_unknown(call, name, error);
	return json_pack("{s:o}", "peer", rpc_text(name ? name : "all"));
}

json_t *method_pool_drain(struct method_call *call, struct rpc_error *error)
{
	return pool_command(call, error, calls_drain);
}

json_t *method_pool_pause(struct method_call *call, struct rpc_error *error)
{
	return pool_command(call, error, calls_pause);
}

json_t *method_pool_resume(struct method_call *call, struct rpc_error *error)
{
	return pool_command(call, error, calls_resume);
}

json_t *method_pool_warm(struct method_call *call, struct rpc_error *error)
{
	const char *name = schema_string(call->method, call->params, "peer");
	int64_t connections = schema_integer(call->method, call->params, "connections");

	if (!calls_warm(&call->node->calls, name, (uint32_t)connections))
		return pool_unknown(call, name, error);
	return json_pack(
		"{s:o, s:I}", "peer", rpc_text(name), "connections", (json_int_t)connections);
}

json_t *method_pool_explain(struct method_call *call, struct rpc_error *error)
{
	static const char *const results[] = {
		[POOL_GRANTED] = "granted", [POOL_WAITING] = "waiting", [POOL_REFUSED] = "refused"};
	const char *name = schema_string(call->method, call->params, "peer");
	struct calls *calls = &call->node->calls;
	struct pool_explanation explanation;
	char text[POOL_TEXT_SIZE];

	if (!pool_explain(calls->pool, call->now_ns, calls_peer(calls, name), 0, &explanation))
		return pool_unknown(call, name, error);
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:I, s:o}", "peer", rpc_text(name), "result",
		results[explanation.result], "why", pool_why_name(explanation.why), "text",
		rpc_text(pool_explanation_text(&explanation, call->now_ns, text)), "retry_in_ns",
		left_or_null(explanation.retry_ns, call->now_ns), "ahead",
		(json_int_t)explanation.ahead, "node",
		pool_node_row(calls, &explanation.node, call->now_ns));
}
