// Metrics of a node: processes, certificates. Other nodes: metrics_swim.c, metrics_pool.c.
// Dataplane: metrics_plane.c, metrics_session.c.
#include "control/admin/metrics.h"

#include "control/admin/openmetrics.h"
#include "control/admin/rpc.h"
#include "control/node.h"
#include "lib/ipc/cipher_names.h"

// A family whose one sample has no label.
static void metric_alone(json_t *families, enum openmetrics_type type, const char *name,
	const char *unit, const char *help, json_t *value)
{
	openmetrics_sample(
		openmetrics_family(families, type, name, unit, help), json_object(), value);
}

// ---- processes ---------------------------------------------------------------------------------

// A point of CLOCK_MONOTONIC as Unix time.
static json_t *metric_time(uint64_t then_ns, uint64_t now_ns, double unix_s)
{
	return json_real(unix_s - ((double)now_ns - (double)then_ns) / 1e9);
}

static void metrics_processes(
	json_t *families, const struct node *node, uint64_t now_ns, double unix_s)
{
	const struct plane *plane = &node->plane;
	struct tables_info info;
	bool attached = tables_info(&plane->tables, &info);
	json_t *samples = openmetrics_family(
		families, OPENMETRICS_INFO, "sluice_node", "", "this node and its programs");

	openmetrics_sample(samples,
		json_pack("{s:s, s:s, s:o, s:s, s:o}", "node", node->config.node, "version",
			SLUICE_VERSION, "dataplane_version", rpc_text(attached ? info.version : ""),
			"cipher", cipher_name(node->config.security.cipher), "cipher_backend",
			rpc_text(attached ? info.cipher_backend : "")),
		json_integer(1));
	samples =
		openmetrics_family(families, OPENMETRICS_GAUGE, "sluice_process_start_time_seconds",
			"seconds", "when a process started, in seconds since 1970");
	openmetrics_sample(samples, json_pack("{s:s}", "process", "control"),
		metric_time(node->started_ns, now_ns, unix_s));
	if (attached)
		openmetrics_sample(samples, json_pack("{s:s}", "process", "dataplane"),
			metric_time(info.started_ns, now_ns, unix_s));
	metric_alone(families, OPENMETRICS_GAUGE, "sluice_dataplane_up", "",
		"1 while the dataplane runs and control is attached to it", json_integer(attached));
	metric_alone(families, OPENMETRICS_COUNTER, "sluice_dataplane_restarts", "",
		"times that the dataplane died and was started again",
		json_integer(plane->restarts));
}

// ---- certificates ------------------------------------------------------------------------------

struct certificate_row {
	const struct pki_certificate *certificate;
	const char *role;
};

static json_t *certificate_labels(const struct certificate_row *row)
{
	return json_pack("{s:s, s:o, s:o, s:s}", "role", row->role, "subject",
		rpc_text(row->certificate->subject), "issuer", rpc_text(row->certificate->issuer),
		"serial", row->certificate->serial);
}

static void certificate_states(
	json_t *families, const struct certificate_row *rows, uint32_t count, int64_t now)
{
	json_t *samples = openmetrics_family(families, OPENMETRICS_STATESET,
		"sluice_certificate_state", "",
		"where in its life a certificate is; expiring in its last 30 days, or the last "
		"quarter of a shorter life");

	for (uint32_t i = 0; i < count; i++)
		for (int age = PKI_GOOD; age <= PKI_NOT_YET; age++) {
			json_t *labels = certificate_labels(&rows[i]);

			json_object_set_new(labels, "sluice_certificate_state",
				json_string(pki_age_names[age]));
			openmetrics_sample(samples, labels,
				json_integer((int)pki_age(rows[i].certificate, now) == age));
		}
}

static void metrics_certificates(json_t *families, const struct tls *tls, int64_t now)
{
	struct certificate_row rows[1 + TLS_AUTHORITIES_MAX] = {{&tls->certificate, "node"}};
	uint32_t count = 1;
	json_t *begins, *ends;

	if (!tls->context)
		return;
	for (uint32_t i = 0; i < tls->authorities; i++)
		rows[count++] = (struct certificate_row){&tls->authority[i], "authority"};
	begins = openmetrics_family(families, OPENMETRICS_GAUGE,
		"sluice_certificate_not_before_timestamp_seconds", "seconds",
		"from when a certificate is valid, in seconds since 1970");
	ends = openmetrics_family(families, OPENMETRICS_GAUGE,
		"sluice_certificate_not_after_timestamp_seconds", "seconds",
		"until when a certificate is valid, in seconds since 1970: from then on no peer "
		"takes it");
	for (uint32_t i = 0; i < count; i++) {
		openmetrics_sample(begins, certificate_labels(&rows[i]),
			json_integer(rows[i].certificate->not_before));
		openmetrics_sample(ends, certificate_labels(&rows[i]),
			json_integer(rows[i].certificate->not_after));
	}
	certificate_states(families, rows, count, now);
}

json_t *metrics_gather(const struct node *node, uint64_t now_ns, double unix_s, bool each_member)
{
	const struct tables *tables = &node->plane.tables;
	json_t *families = json_array();

	metrics_processes(families, node, now_ns, unix_s);
	metrics_certificates(families, &node->identity.tls, (int64_t)unix_s);
	metrics_pool(families, &node->calls);
	metrics_swim(families, &node->gossip, each_member);
	metrics_links(families, tables);
	metrics_workers(families, tables, now_ns);
	metrics_sessions(families, tables);
	return families;
}
