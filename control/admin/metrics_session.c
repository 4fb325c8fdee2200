// Metrics of sessions: the figures of session.show under the names and in the units of OpenMetrics.
#include "control/admin/metrics.h"

#include <string.h>

#include "control/admin/figures.h"
#include "control/admin/openmetrics.h"
#include "control/admin/rpc.h"
#include "control/admin/session_text.h"
#include "control/plane/tables.h"
#include "lib/ipc/cipher_names.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/controller_names.h"

#define RAW_PREFIX "blocks_raw_" // of the figures that say why

// One family for each; its help is the figure's sentence.
static const struct session_metric {
	const char *name, *unit;
	enum openmetrics_type type;
	const char *figure;
	double scale; // 0: as it is
} session_metrics[] = {
	{"sluice_session_raw_sent_bytes", "bytes", OPENMETRICS_COUNTER, "raw_sent_bytes", 0},
	{"sluice_session_stored_sent_bytes", "bytes", OPENMETRICS_COUNTER, "stored_sent_bytes", 0},
	{"sluice_session_raw_received_bytes", "bytes", OPENMETRICS_COUNTER, "raw_received_bytes",
		0},
	{"sluice_session_stored_received_bytes", "bytes", OPENMETRICS_COUNTER,
		"stored_received_bytes", 0},
	{"sluice_session_wire_sent_bytes", "bytes", OPENMETRICS_COUNTER, "wire_sent_bytes", 0},
	{"sluice_session_wire_received_bytes", "bytes", OPENMETRICS_COUNTER, "wire_received_bytes",
		0},
	{"sluice_session_records_sent", "", OPENMETRICS_COUNTER, "records_sent", 0},
	{"sluice_session_records_received", "", OPENMETRICS_COUNTER, "records_received", 0},
	{"sluice_session_packets_sent", "", OPENMETRICS_COUNTER, "packets_sent", 0},
	{"sluice_session_packets_received", "", OPENMETRICS_COUNTER, "packets_received", 0},
	{"sluice_session_data_packets_sent", "", OPENMETRICS_COUNTER, "data_packets_sent", 0},
	{"sluice_session_retransmits", "", OPENMETRICS_COUNTER, "retransmits", 0},
	{"sluice_session_spurious", "", OPENMETRICS_COUNTER, "spurious", 0},
	{"sluice_session_duplicates", "", OPENMETRICS_COUNTER, "duplicates", 0},
	{"sluice_session_cuts", "", OPENMETRICS_COUNTER, "cuts", 0},
	{"sluice_session_timeouts", "", OPENMETRICS_COUNTER, "timeouts", 0},
	{"sluice_session_rekeys", "", OPENMETRICS_COUNTER, "rekeys", 0},
	{"sluice_session_path_falls", "", OPENMETRICS_COUNTER, "path_falls", 0},
	{"sluice_session_dictionary_records", "", OPENMETRICS_COUNTER, "blocks_dictionary", 0},
	{"sluice_session_no_dictionary_records", "", OPENMETRICS_COUNTER, "blocks_no_dictionary",
		0},
	{"sluice_session_in_flight_packets", "packets", OPENMETRICS_GAUGE, "in_flight", 0},
	{"sluice_session_cwnd_segments", "segments", OPENMETRICS_GAUGE, "cwnd_segments", 0},
	{"sluice_session_segment_bytes", "bytes", OPENMETRICS_GAUGE, "segment_bytes", 0},
	{"sluice_session_path_segment_bytes", "bytes", OPENMETRICS_GAUGE, "path_segment_bytes", 0},
	{"sluice_session_rate_bytes_per_second", "", OPENMETRICS_GAUGE, "rate_bytes_per_s", 0},
	{"sluice_session_srtt_seconds", "seconds", OPENMETRICS_GAUGE, "srtt_ns", 1e-9},
	{"sluice_session_rttvar_seconds", "seconds", OPENMETRICS_GAUGE, "rttvar_ns", 1e-9},
	{"sluice_session_min_rtt_seconds", "seconds", OPENMETRICS_GAUGE, "min_rtt_ns", 1e-9},
};

// The cid tells the two ends of a session within one node apart: they share an id.
static json_t *session_labels(const struct session_stats *s)
{
	char id[SESSION_ID_TEXT], cid[9];

	return json_pack("{s:s, s:s, s:o, s:o}", "session", session_id_text(id, s->session_id),
		"cid", session_cid_text(cid, s->session), "peer", rpc_text(s->peer), "service",
		rpc_text(s->service));
}

static json_t *session_info_labels(const struct session_stats *s)
{
	json_t *labels = session_labels(s);

	json_object_set_new(labels, "codec", json_string(codec_name(s->codec)));
	json_object_set_new(labels, "cipher", json_string(cipher_name(s->cipher)));
	json_object_set_new(labels, "controller", json_string(controller_name(s->controller)));
	return labels;
}

static json_t *session_value(const struct session_metric *metric, const struct session_stats *s)
{
	json_t *value = figure_json(figure_find(metric->figure), s);
	double scaled = json_number_value(value) * metric->scale;

	if (!(metric->scale > 0))
		return value;
	json_decref(value);
	return json_real(scaled);
}

static void session_raw(json_t *families, const struct session_stats *rows, uint32_t count)
{
	json_t *samples =
		openmetrics_family(families, OPENMETRICS_COUNTER, "sluice_session_raw_records", "",
			"records a codec was asked for and that went raw, by why");

	for (uint32_t r = 0; r < count; r++)
		for (size_t i = 0; i < figures_count; i++) {
			const char *name = figures[i].name;
			json_t *labels;

			if (strncmp(name, RAW_PREFIX, strlen(RAW_PREFIX)) != 0)
				continue;
			labels = session_labels(&rows[r]);
			json_object_set_new(
				labels, "reason", json_string(name + strlen(RAW_PREFIX)));
			openmetrics_sample(samples, labels, figure_json(&figures[i], &rows[r]));
		}
}

static void session_families(json_t *families, const struct session_stats *rows, uint32_t count)
{
	json_t *samples = openmetrics_family(families, OPENMETRICS_INFO, "sluice_session", "",
		"what both ends of a session agreed on");

	for (uint32_t r = 0; r < count; r++)
		openmetrics_sample(samples, session_info_labels(&rows[r]), json_integer(1));
	for (size_t i = 0; i < sizeof(session_metrics) / sizeof(session_metrics[0]); i++) {
		const struct session_metric *metric = &session_metrics[i];

		samples = openmetrics_family(families, metric->type, metric->name, metric->unit,
			figure_find(metric->figure)->sentence);
		for (uint32_t r = 0; r < count; r++)
			openmetrics_sample(
				samples, session_labels(&rows[r]), session_value(metric, &rows[r]));
	}
	session_raw(families, rows, count);
}

void metrics_sessions(json_t *families, const struct tables *tables)
{
	// 120 kB, of a process with one thread: not on its stack.
	static struct session_stats rows[METRICS_SESSIONS_MAX];
	struct session_stats row;
	uint32_t by_state[SESSION_CLOSED + 1] = {0}, cursor = 0, count = 0, all = 0;
	json_t *samples;

	for (; tables_session_next(tables, &cursor, &row); all++) {
		if (row.state <= SESSION_CLOSED)
			by_state[row.state]++;
		if (count < METRICS_SESSIONS_MAX)
			rows[count++] = row;
	}
	samples = openmetrics_family(
		families, OPENMETRICS_GAUGE, "sluice_sessions", "", "sessions by state");
	for (uint8_t state = SESSION_RESERVED; state <= SESSION_CLOSED; state++)
		openmetrics_sample(samples, json_pack("{s:s}", "state", session_state_name(state)),
			json_integer(by_state[state]));
	samples = openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_sessions_left_out", "",
		"sessions that have no series of their own because there are too many");
	openmetrics_sample(samples, json_object(), json_integer(all - count));
	session_families(families, rows, count);
}
