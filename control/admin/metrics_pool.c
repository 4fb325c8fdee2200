// Metrics of the pool of connections to other nodes' control processes.
#include "control/admin/metrics.h"
#include "control/admin/openmetrics.h"
#include "control/admin/rpc.h"
#include "control/node.h"

typedef double (*pool_value_fn)(const struct pool_node_report *node);

static double value_connections(const struct pool_node_report *node)
{
	return node->connections;
}

static double value_active(const struct pool_node_report *node)
{
	return node->slots.leased;
}

static double value_waiting(const struct pool_node_report *node)
{
	return node->waiters;
}

static double value_rtt(const struct pool_node_report *node)
{
	return (double)node->rtt_ns / 1e9;
}

static double value_requests(const struct pool_node_report *node)
{
	return (double)node->counts.acquires;
}

static double value_reused(const struct pool_node_report *node)
{
	return (double)node->counts.reused;
}

static double value_refused(const struct pool_node_report *node)
{
	return (double)(node->counts.refused + node->counts.failed);
}

static double value_dials(const struct pool_node_report *node)
{
	return (double)node->counts.dials;
}

static double value_dials_failed(const struct pool_node_report *node)
{
	return (double)node->counts.dials_failed;
}

static const struct {
	enum openmetrics_type type;
	const char *name, *unit, *help;
	pool_value_fn value;
} families_of_nodes[] = {
	{OPENMETRICS_GAUGE, "sluice_pool_connections", "",
		"control connections to a node that are open or being opened", value_connections},
	{OPENMETRICS_GAUGE, "sluice_pool_active", "", "requests to a node that run now",
		value_active},
	{OPENMETRICS_GAUGE, "sluice_pool_waiting", "", "requests that wait for a connection",
		value_waiting},
	{OPENMETRICS_GAUGE, "sluice_pool_rtt_seconds", "seconds",
		"smoothed round trip of requests to a node, 0 when none was measured", value_rtt},
	{OPENMETRICS_COUNTER, "sluice_pool_requests", "", "requests to a node", value_requests},
	{OPENMETRICS_COUNTER, "sluice_pool_reused", "",
		"requests that found a connection which had served before", value_reused},
	{OPENMETRICS_COUNTER, "sluice_pool_unserved", "",
		"requests that were refused a connection, or waited for none in time",
		value_refused},
	{OPENMETRICS_COUNTER, "sluice_pool_dials", "", "connections that were dialed", value_dials},
	{OPENMETRICS_COUNTER, "sluice_pool_dials_failed", "", "of them those that failed",
		value_dials_failed},
};

static void metrics_breakers(json_t *families, const struct pool *pool)
{
	json_t *samples = openmetrics_family(families, OPENMETRICS_STATESET, "sluice_pool_breaker",
		"",
		"circuit breaker of a node: open means that nothing is asked of it for a while");
	struct pool_node_report node;

	for (uint32_t at = 0; pool_report_node(pool, &at, &node);)
		for (int state = POOL_BREAKER_CLOSED; state <= POOL_BREAKER_HALF_OPEN; state++)
			openmetrics_sample(samples,
				json_pack("{s:o, s:s}", "peer", rpc_text(node.name),
					"sluice_pool_breaker",
					pool_breaker_name((enum pool_breaker)state)),
				json_integer((int)node.breaker == state));
}

static void metrics_groups(json_t *families, const struct calls *calls)
{
	json_t *samples = openmetrics_family(families, OPENMETRICS_INFO, "sluice_pool_key_exchange",
		"", "the group that the key exchange with a node took");
	struct pool_node_report node;

	for (uint32_t at = 0; pool_report_node(calls->pool, &at, &node);) {
		const char *group = calls_group(calls, node.node);

		if (group)
			openmetrics_sample(samples,
				json_pack(
					"{s:o, s:s}", "peer", rpc_text(node.name), "group", group),
				json_integer(1));
	}
}

void metrics_pool(json_t *families, const struct calls *calls)
{
	struct pool_node_report node;

	for (size_t i = 0; i < sizeof(families_of_nodes) / sizeof(families_of_nodes[0]); i++) {
		json_t *samples = openmetrics_family(families, families_of_nodes[i].type,
			families_of_nodes[i].name, families_of_nodes[i].unit,
			families_of_nodes[i].help);

		for (uint32_t at = 0; pool_report_node(calls->pool, &at, &node);)
			openmetrics_sample(samples, json_pack("{s:o}", "peer", rpc_text(node.name)),
				json_real(families_of_nodes[i].value(&node)));
	}
	metrics_breakers(families, calls->pool);
	metrics_groups(families, calls);
}
