// session.list, show, open, close. A session is named by its 128-bit id or the first digits of it.
#include "control/admin/method.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "control/admin/figures.h"
#include "control/admin/session_text.h"
#include "control/cluster/session/session.h"
#include "lib/ipc/cipher_names.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/controller_names.h"

static json_t *session_row(const struct session_stats *s)
{
	char id[SESSION_ID_TEXT], cid[9];

	return json_pack("{s:s, s:s, s:i, s:o, s:o, s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:I}", //
		"id", session_id_text(id, s->session_id), "cid", session_cid_text(cid, s->session),
		"worker", (int)(s->session >> 24),                                     //
		"peer", rpc_text(s->peer), "service", rpc_text(s->service),            //
		"state", session_state_name(s->state),                                 //
		"initiator", s->initiator, "codec", codec_name(s->codec),              //
		"raw_sent_bytes", (json_int_t)s->raw_bytes_sent, "raw_received_bytes", //
		(json_int_t)s->raw_bytes_received, "srtt_ns", (json_int_t)s->srtt_ns,  //
		"rate_bytes_per_s", (json_int_t)s->rate_Bps, "retransmits",
		(json_int_t)s->retransmits);
}

json_t *method_session_list(struct method_call *call, struct rpc_error *error)
{
	json_t *sessions = json_array();
	struct session_stats row;
	uint32_t cursor = 0;

	(void)error;
	while (tables_session_next(&call->node->plane.tables, &cursor, &row))
		json_array_append_new(sessions, session_row(&row));
	return json_pack("{s:o}", "sessions", sessions);
}

// The one session whose id begins with `digits`. The two ends of a session within one node share an
// id; the end that opened it stands for both.
static int session_find(const struct tables *tables, const char *digits,
	struct session_stats *found, struct rpc_error *error)
{
	struct session_stats row;
	char id[SESSION_ID_TEXT];
	uint32_t cursor = 0;
	int count = 0;

	while (tables_session_next(tables, &cursor, &row)) {
		if (strncasecmp(session_id_text(id, row.session_id), digits, strlen(digits)) != 0)
			continue;
		if (count &&
			memcmp(found->session_id, row.session_id, sizeof(row.session_id)) == 0) {
			*found = row.initiator ? row : *found;
			continue;
		}
		*found = row;
		count++;
	}
	if (count == 1)
		return 0;
	if (count)
		rpc_error_set(error, RPC_NOT_FOUND, "%d sessions begin with %s: give more digits",
			count, digits);
	else
		rpc_error_set(error, RPC_NOT_FOUND, "no session begins with %s", digits);
	return -1;
}

static json_t *session_raw_reason(const struct session_stats *s)
{
	uint32_t most = raw_reason_most(s->blocks_raw_by);

	if (most < RAW_REASONS)
		return json_sprintf("%s%s",
			s->blocks_raw_by[most] < s->blocks_raw ? "of most: " : "",
			raw_reason_sentence(most));
	if (s->codec == CODEC_NONE)
		return json_string("no codec was asked for");
	return json_null();
}

json_t *method_session_show(struct method_call *call, struct rpc_error *error)
{
	const struct tables *tables = &call->node->plane.tables;
	struct session_stats s;
	char peer_cid[9], address[CONFIG_ADDRESS_TEXT];

	if (session_find(tables, schema_string(call->method, call->params, "id"), &s, error) != 0)
		return NULL;

	json_t *row = session_row(&s);
	uint64_t age = call->now_ns > s.opened_ns ? call->now_ns - s.opened_ns : 0;

	json_object_set_new(row, "peer_cid", json_string(session_cid_text(peer_cid, s.peer_cid)));
	json_object_set_new(row, "worker", json_integer(s.session >> 24));
	json_object_set_new(row, "app", s.app == 0xffff ? json_null() : json_integer(s.app));
	json_object_set_new(
		row, "peer_address", json_string(config_address_text(address, s.peer_address, 0)));
	json_object_set_new(
		row, "age_ns", s.opened_ns ? json_integer((json_int_t)age) : json_null());
	json_object_set_new(row, "codec_now", json_string(codec_name(s.codec_now)));
	json_object_set_new(row, "controller", json_string(controller_name(s.controller)));
	json_object_set_new(row, "cipher", json_string(cipher_name(s.cipher)));
	json_object_set_new(row, "limited_by", rpc_text(tables_limited_name(tables, s.limited_by)));
	json_object_set_new(row, "close_reason",
		s.close_reason ? rpc_text(tables_close_sentence(tables, s.close_reason))
			       : json_null());
	json_object_set_new(row, "raw_reason", session_raw_reason(&s));
	json_object_set_new(row, "dictionary_state",
		s.dictionary ? json_sprintf("dictionary %u %s", s.dictionary,
				       dictionary_state_sentence(s.dictionary_state))
			     : json_null());
	for (size_t i = 0; i < figures_count; i++)
		json_object_set_new(row, figures[i].name, figure_json(&figures[i], &s));
	return row;
}

json_t *method_session_opened(const struct node *node, uint32_t cid)
{
	struct session_stats s;
	char id[SESSION_ID_TEXT], text[9];
	bool there = tables_session(&node->plane.tables, cid, &s);

	return json_pack("{s:o, s:s}", "id",
		there ? json_string(session_id_text(id, s.session_id)) : json_null(), "cid",
		session_cid_text(text, cid));
}

json_t *method_session_open(struct method_call *call, struct rpc_error *error)
{
	const struct schema_method *m = call->method;
	struct session_want want = {
		.node = schema_string(m, call->params, "node"),
		// The schema allows only names of codecs, and of controllers.
		.codec = (uint8_t)codec_find(schema_string(m, call->params, "codec")),
		.level = (uint8_t)schema_integer(m, call->params, "level"),
		.controller =
			(uint8_t)controller_find(schema_string(m, call->params, "controller")),
		.dictionary = (uint8_t)schema_integer(m, call->params, "dictionary"),
		.timeout_ms = (uint32_t)schema_integer(m, call->params, "timeout_ms"),
	};
	const char *refused = codec_level_refuse(want.codec, want.level);

	if (!refused)
		refused = codec_dictionary_refuse(want.codec, want.level, want.dictionary);
	if (refused) {
		rpc_error_set(error, RPC_PARAMS, "%s", refused);
		return NULL;
	}
	// An unknown peer is answered as it is to an application, by on_opened.
	call->later = true;
	call->request = node_session_open(call->node, &want, call->on_opened, call->owner);
	return NULL;
}

json_t *method_session_trace(struct method_call *call, struct rpc_error *error)
{
	const struct schema_method *m = call->method;
	struct session_stats s;
	int result;

	if (session_find(&call->node->plane.tables, schema_string(m, call->params, "id"), &s,
		    error) != 0)
		return NULL;
	result = trace_stream_start(call->stream, call->node, s.session,
		(uint64_t)schema_integer(m, call->params, "seconds"),
		(uint64_t)schema_integer(m, call->params, "count"), call->now_ns);
	if (result != 0) {
		rpc_error_set(error, result == TRACES_E_FULL ? RPC_BUSY : RPC_UNREACHABLE, "%s",
			traces_strerror(result));
		return NULL;
	}
	call->later = true;
	return NULL;
}

json_t *method_session_close(struct method_call *call, struct rpc_error *error)
{
	struct session_stats s;
	char text[REASON_SIZE] = "";
	int result;

	if (session_find(&call->node->plane.tables, schema_string(call->method, call->params, "id"),
		    &s, error) != 0)
		return NULL;
	result = node_session_close(
		call->node, s.session, schema_boolean(call->params, "now"), text, sizeof(text));
	if (result != IPC_OK) {
		rpc_error_set(error, method_code_of((uint32_t)result), "%s", text);
		return NULL;
	}
	return method_session_opened(call->node, s.session);
}
