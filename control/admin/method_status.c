// status and version: the whole node in one look.
#include "control/admin/method.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/ipc/cipher_names.h"

static double seconds_since(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / 1e9 : 0.0;
}

static json_t *status_control(const struct method_call *call)
{
	return json_pack("{s:i, s:f}", "pid", (int)getpid(), "uptime_s",
		seconds_since(call->now_ns, call->node->started_ns));
}

// The process is known before its tables are:
// pid and state come from the plane, the rest is null until it is attached.
static json_t *status_dataplane(const struct method_call *call)
{
	const struct plane *plane = &call->node->plane;
	struct tables_info info;
	char boot_id[17];
	json_t *row = json_pack("{s:o, s:s, s:I, s:o}", //
		"pid", plane->pid > 0 ? json_integer(plane->pid) : json_null(), "state",
		plane_state_name(plane->state), "restarts", (json_int_t)plane->restarts, "error",
		plane->error[0] ? rpc_text(plane->error) : json_null());

	bool attached = tables_info(&plane->tables, &info);

	// The same fields whatever the state: null until the tables are there.
	snprintf(boot_id, sizeof(boot_id), "%016" PRIx64, attached ? info.boot_id : 0);
	if (attached && plane->pid <= 0)
		json_object_set_new(row, "pid", json_integer(info.pid));
	json_object_set_new(row, "boot_id", attached ? json_string(boot_id) : json_null());
	json_object_set_new(row, "uptime_s",
		attached ? json_real(seconds_since(call->now_ns, info.started_ns)) : json_null());
	json_object_set_new(
		row, "hugepages", attached ? json_boolean(info.hugepages) : json_null());
	json_object_set_new(
		row, "cipher_backend", attached ? rpc_text(info.cipher_backend) : json_null());
	json_object_set_new(row, "workers", attached ? json_integer(info.workers) : json_null());
	json_object_set_new(
		row, "program_version", attached ? rpc_text(info.version) : json_null());
	return row;
}

static json_t *status_apps(const struct tables *tables)
{
	json_t *apps = json_array();
	struct plane_app app;

	for (uint32_t i = 0; i < PLANE_APPS_MAX; i++)
		if (tables_app(tables, i, &app))
			json_array_append_new(
				apps, json_pack("{s:o, s:I, s:I, s:i, s:I}", "name",
					      rpc_text(app.name), "pid", (json_int_t)app.pid, "uid",
					      (json_int_t)app.uid, "worker", (int)app.worker,
					      "sessions", (json_int_t)app.sessions));
	return apps;
}

static json_t *status_listeners(const struct tables *tables)
{
	json_t *listeners = json_array();
	struct plane_listener listener;
	struct plane_app app;

	for (uint32_t i = 0; i < PLANE_LISTENERS_MAX; i++) {
		if (!tables_listener(tables, i, &listener))
			continue;
		bool known = tables_app(tables, listener.app, &app);

		json_array_append_new(listeners,
			json_pack("{s:o, s:o, s:b}", "service", rpc_text(listener.service), "pid",
				known ? json_integer(app.pid) : json_null(), "fallback",
				(listener.flags & 1u) != 0));
	}
	return listeners;
}

static json_t *status_dictionaries(const struct tables *tables)
{
	json_t *dictionaries = json_array();
	struct plane_dictionary row;
	char sha256[2 * DICTIONARY_SHA256_SIZE + 1];

	for (uint32_t id = 1; id <= DICTIONARY_ID_MAX; id++) {
		if (!tables_dictionary(tables, id, &row))
			continue;
		for (int i = 0; i < DICTIONARY_SHA256_SIZE; i++)
			snprintf(sha256 + 2 * i, 3, "%02x", row.sha256[i]);
		json_array_append_new(
			dictionaries, json_pack("{s:I, s:I, s:I, s:s}", "id", (json_int_t)row.id,
					      "zstd_id", (json_int_t)row.zstd_id, "bytes",
					      (json_int_t)row.size, "sha256", sha256));
	}
	return dictionaries;
}

static json_int_t status_sessions(const struct tables *tables)
{
	struct session_stats row;
	uint32_t cursor = 0;
	json_int_t count = 0;

	while (tables_session_next(tables, &cursor, &row))
		count++;
	return count;
}

// Whom we believe: when they end, so do all that they signed.
static json_t *status_authorities(const struct tls *tls, int64_t now)
{
	json_t *rows = json_array();
	char until[PKI_TIME_SIZE];

	for (uint32_t i = 0; i < tls->authorities; i++) {
		const struct pki_certificate *one = &tls->authority[i];

		json_array_append_new(
			rows, json_pack("{s:o, s:s, s:s, s:I, s:s}", "subject",
				      rpc_text(one->subject), "serial", one->serial, "not_after",
				      pki_time_text(until, one->not_after), "expires_in_s",
				      (json_int_t)(one->not_after - now), "state",
				      pki_age_names[pki_age(one, now)]));
	}
	return rows;
}

// Null without certificates: control traffic is plain then.
static json_t *status_certificate(const struct node *node)
{
	const struct pki_certificate *own = &node->identity.tls.certificate;
	int64_t now = time(NULL);
	char until[PKI_TIME_SIZE];

	if (!node->identity.tls.context)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:o, s:o}", //
		"node", own->node, "issuer", own->issuer, "algorithm", own->algorithm, "serial",
		own->serial, "not_after", pki_time_text(until, own->not_after), "expires_in_s",
		(json_int_t)(own->not_after - now), "state", pki_age_names[pki_age(own, now)],
		"hybrid_key_exchange", node->identity.tls.hybrid, "authorities",
		status_authorities(&node->identity.tls, now), "reload_error",
		node->identity.error[0] ? rpc_text(node->identity.error) : json_null());
}

json_t *method_status(struct method_call *call, struct rpc_error *error)
{
	struct node *node = call->node;
	const struct tables *tables = &node->plane.tables;

	(void)error;
	return json_pack(
		"{s:s, s:s, s:f, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", //
		"node", node->config.node, "version", SLUICE_VERSION, "uptime_s",
		seconds_since(call->now_ns, node->started_ns), "cipher",
		cipher_name(node->config.security.cipher), "certificate", status_certificate(node),
		"control", status_control(call), "dataplane", status_dataplane(call), "links",
		method_links(node), "membership", method_membership(node), "consensus",
		method_consensus(&node->consensus), "sessions", status_sessions(tables), "apps",
		status_apps(tables), "listeners", status_listeners(tables), "dictionaries",
		status_dictionaries(tables));
}

json_t *method_version(struct method_call *call, struct rpc_error *error)
{
	struct tables_info info;
	bool attached = tables_info(&call->node->plane.tables, &info);

	(void)error;
	return json_pack("{s:s, s:o, s:I}", "control", SLUICE_VERSION, "dataplane",
		attached ? rpc_text(info.version) : json_null(), "plane_abi",
		(json_int_t)PLANE_VERSION);
}
