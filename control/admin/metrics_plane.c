// Metrics of links and workers.
#include "control/admin/metrics.h"

#include <string.h>

#include "control/admin/openmetrics.h"
#include "control/admin/rpc.h"
#include "control/plane/tables.h"

static json_t *counter_json(uint64_t count)
{
	return json_integer((json_int_t)count);
}

// A family with a sample for each row: the counter is this member of it.
struct counter_metric {
	const char *name, *unit, *help;
	size_t offset;
};

#define LINK(member, name, unit, help)                                \
	{                                                             \
		name, unit, help, offsetof(struct plane_port, member) \
	}
#define WORKER(member, name, unit, help)                                 \
	{                                                                \
		name, unit, help, offsetof(struct tables_worker, member) \
	}

static const struct counter_metric link_counters[] = {
	LINK(rx_packets, "sluice_link_rx_packets", "", "packets received"),
	LINK(tx_packets, "sluice_link_tx_packets", "", "packets sent"),
	LINK(rx_bytes, "sluice_link_rx_bytes", "bytes", "bytes received, whole frames"),
	LINK(tx_bytes, "sluice_link_tx_bytes", "bytes", "bytes sent, whole frames"),
	LINK(rx_missed, "sluice_link_rx_missed_packets", "",
		"packets that the device had no place for"),
	LINK(tx_refused, "sluice_link_tx_refused_packets", "",
		"packets that the device did not take"),
};

static const struct counter_metric worker_counters[] = {
	WORKER(turns, "sluice_worker_turns", "", "turns of the poll loop"),
	WORKER(busy_turns, "sluice_worker_busy_turns", "", "turns that found something to do"),
	WORKER(sleeps, "sluice_worker_sleeps", "", "times that a worker slept for want of work"),
	WORKER(cycles_total, "sluice_worker_cycles", "", "cycles of the time stamp counter"),
	WORKER(cycles_busy, "sluice_worker_busy_cycles", "", "cycles of turns that found work"),
	WORKER(rx_packets, "sluice_worker_rx_packets", "", "packets received"),
	WORKER(tx_packets, "sluice_worker_tx_packets", "", "packets sent"),
	WORKER(steered, "sluice_worker_steered_packets", "",
		"packets handed to the worker that owns their connection"),
	WORKER(events_lost, "sluice_worker_events_lost", "",
		"events that control did not take in time"),
	WORKER(sessions_refused, "sluice_worker_sessions_refused", "",
		"sessions refused because a maximum was reached"),
	WORKER(bytes_memcpy, "sluice_worker_memcpy_bytes", "bytes",
		"bytes that were moved by a bare copy"),
	WORKER(bytes_memcpy_sealed, "sluice_worker_memcpy_sealed_bytes", "bytes",
		"those of them that went out"),
	WORKER(bytes_memcpy_opened, "sluice_worker_memcpy_opened_bytes", "bytes",
		"those of them that came in"),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

// Opens the families of a table; rows come later.
static void counters_open(
	json_t *families, const struct counter_metric *metrics, size_t count, json_t **samples)
{
	for (size_t i = 0; i < count; i++)
		samples[i] = openmetrics_family(families, OPENMETRICS_COUNTER, metrics[i].name,
			metrics[i].unit, metrics[i].help);
}

static void counters_row(const struct counter_metric *metrics, size_t count, json_t **samples,
	const void *row, const json_t *labels)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value;

		memcpy(&value, (const uint8_t *)row + metrics[i].offset, sizeof(value));
		openmetrics_sample(samples[i], json_copy((json_t *)labels), counter_json(value));
	}
}

void metrics_links(json_t *families, const struct tables *tables)
{
	json_t *up = openmetrics_family(
		families, OPENMETRICS_GAUGE, "sluice_link_up", "", "1 while the link is up");
	json_t *mtu = openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_link_mtu_bytes",
		"bytes", "largest IP packet of the link");
	json_t *counters[COUNT(link_counters)];
	struct plane_port port;

	counters_open(families, link_counters, COUNT(link_counters), counters);
	for (uint32_t i = 0; i < PLANE_PORTS_MAX; i++) {
		json_t *labels;

		if (!tables_port(tables, i, &port))
			continue;
		labels = json_pack(
			"{s:o, s:o}", "link", rpc_text(port.name), "driver", rpc_text(port.driver));
		openmetrics_sample(up, json_copy(labels), json_integer(port.up != 0));
		openmetrics_sample(mtu, json_copy(labels), counter_json(port.mtu));
		counters_row(link_counters, COUNT(link_counters), counters, &port, labels);
		json_decref(labels);
	}
}

static json_t *worker_labels(uint32_t index)
{
	return json_pack("{s:o}", "worker", json_sprintf("%u", index));
}

static void worker_drops(json_t *samples, const struct tables *tables, uint32_t index,
	const struct tables_worker *worker)
{
	for (uint32_t i = 1; i < PLANE_DROPS_MAX; i++) {
		json_t *labels;

		if (!tables_drop_name(tables, i)[0])
			continue;
		labels = worker_labels(index);
		json_object_set_new(labels, "reason", rpc_text(tables_drop_name(tables, i)));
		openmetrics_sample(samples, labels, counter_json(worker->drops[i]));
	}
}

void metrics_workers(json_t *families, const struct tables *tables, uint64_t now_ns)
{
	json_t *age = openmetrics_family(families, OPENMETRICS_GAUGE,
		"sluice_worker_heartbeat_age_seconds", "seconds",
		"since a worker published its figures; above a second it hangs");
	json_t *drops =
		openmetrics_family(families, OPENMETRICS_COUNTER, "sluice_worker_dropped_packets",
			"", "packets dropped, by why; sluice worker has the sentences");
	json_t *counters[COUNT(worker_counters)];
	struct tables_worker worker;

	counters_open(families, worker_counters, COUNT(worker_counters), counters);
	for (uint32_t i = 0; i < PLANE_WORKERS_MAX; i++) {
		json_t *labels;

		if (!tables_worker(tables, i, &worker))
			continue;
		labels = worker_labels(i);
		// The clock may have been read before the worker published its last turn.
		openmetrics_sample(age, json_copy(labels),
			json_real(now_ns > worker.heartbeat_ns
					  ? (double)(now_ns - worker.heartbeat_ns) / 1e9
					  : 0.0));
		worker_drops(drops, tables, i, &worker);
		counters_row(worker_counters, COUNT(worker_counters), counters, &worker, labels);
		json_decref(labels);
	}
}
