// RESERVE, OPEN, CLOSE from control's ring. Control is trusted with what it asks for, not with its
// arithmetic: every index is checked, and what does not fit is refused with a sentence.
#include "dataplane/command/apply.h"

#include <string.h>

#include "dataplane/command/letters.h"
#include "dataplane/command/report.h"
#include "dataplane/observe/trace.h"
#include "dataplane/worker.h"

#define ROUTE_PATIENCE_NS    3000000000ull
#define RESERVED_PATIENCE_NS (PLANE_RESERVED_MS * 1000000ull)
#define RESERVED_LOOK_NS     1000000000ull

static struct app_channel *apply_app(struct worker *w, const struct plane_command *command)
{
	for (uint32_t a = 0; a < w->apps_count; a++)
		if (w->apps[a]->index == command->app &&
			w->apps[a]->generation == command->app_generation)
			return w->apps[a];
	return NULL;
}

// A row for a new connection; nothing is spoken yet.
static struct session *apply_reserve(struct worker *w, const struct plane_command *command)
{
	struct app_channel *app = command->app == SESSION_NO_APP ? NULL : apply_app(w, command);
	struct app_session *row = NULL;
	struct session *s;
	struct conn *c;

	// One that leaves has lost its sessions already: nobody would end another one.
	if (command->app != SESSION_NO_APP && (!app || app->broken || app->leaving)) {
		report_refused(w, command, IPC_REFUSED_SERVICE, "the application is gone");
		return NULL;
	}
	c = transport_reserve(w->transport);
	if (!c) {
		w->counters.sessions_refused++;
		report_refused(w, command, IPC_REFUSED_FULL,
			"this worker holds as many connections as it can");
		return NULL;
	}
	if (app && !(row = app_session_open(app, conn_cid(c)))) {
		transport_free(w->transport, c);
		w->counters.sessions_refused++;
		report_refused(w, command, IPC_REFUSED_FULL,
			"the application has as many sessions as its receive buffers allow");
		return NULL;
	}
	s = &w->sessions[conn_slot(c)];
	*s = (struct session){.conn = c,
		.app_row = row,
		.app_index = command->app,
		.cid = conn_cid(c),
		.request = command->request,
		.opened_ns = w->now_ns,
		.codec = codec_by_id(CODEC_NONE),
		.cipher = &cipher_null,
		.keys = &w->keys[conn_slot(c)]};
	memcpy(s->session_id, command->session_id, sizeof(s->session_id));
	w->sessions_count++;
	session_publish(w, s); // a control process that comes later finds it, and closes it
	report_reserved(w, command, s->cid);
	return s;
}

static bool apply_secrets(const struct plane_command *command)
{
	static const uint8_t zero[sizeof(command->secret_send)];

	return memcmp(command->secret_send, zero, sizeof(zero)) != 0 &&
	       memcmp(command->secret_receive, zero, sizeof(zero)) != 0 &&
	       memcmp(command->secret_send, command->secret_receive, sizeof(zero)) != 0;
}

// What both control processes agreed on, whichever dataplane they asked: only the very same file.
static const struct dictionary *apply_dictionary(
	const struct worker *w, const struct plane_command *command)
{
	return command->dictionary_state == DICTIONARY_AGREED
		       ? dictionaries_find(
				 w->dictionaries, command->dictionary, command->dictionary_sha256)
		       : NULL;
}

// Whether the command can be carried out; else why not.
static const char *apply_open_check(const struct worker *w, const struct plane_command *command)
{
	if (command->port >= w->ports)
		return "no such link";
	if (command->segment_size < wire_segment_size(MTU_MIN) ||
		command->segment_size > wire_segment_size(port_config(w->port[command->port])->mtu))
		return "the segment size does not fit the link's MTU";
	if (command->codec != CODEC_AUTO && !codec_by_id(command->codec))
		return "this build does not have the codec asked for";
	if (command->dictionary_state == DICTIONARY_AGREED &&
		(!apply_dictionary(w, command) || command->codec != CODEC_ZSTD ||
			command->level > DICTIONARY_LEVEL_MAX))
		return "the dictionary that was agreed on is not here, or does not go with the "
		       "codec and its level";
	if (command->controller >= CONTROLLER_COUNT)
		return "this build does not have the congestion controller asked for";
	if (!cipher_by_id(&w->seal, command->cipher))
		return "this build does not have the cipher asked for";
	if (command->cipher != CIPHER_NULL && !apply_secrets(command))
		return "the secrets of an encrypted session are missing, or the same both ways";
	if (command->peer_cid == 0)
		return "the peer's connection id is missing";
	return NULL;
}

static void apply_open_fill(const struct worker *w, struct session *s,
	const struct plane_command *command, uint64_t now_ns)
{
	s->initiator = command->initiator;
	s->request = command->request;
	s->connect_request = command->connect_request;
	s->port = (uint8_t)command->port;
	s->adapts = command->codec == CODEC_AUTO;
	codec_auto_init(&s->auto_state);
	s->codec = codec_by_id(s->adapts ? CODEC_NONE : command->codec);
	s->level = command->level;
	s->controller = command->controller;
	if (s->codec->encode && (s->level < s->codec->level_min || s->level > s->codec->level_max))
		s->level = s->codec->level_default;
	s->dictionary = apply_dictionary(w, command);
	s->dictionary_wanted = command->dictionary;
	s->dictionary_state = command->dictionary_state;
	s->peer_cid = command->peer_cid;
	s->peer_boot_id = command->peer_boot_id;
	s->segment_size = command->segment_size;
	s->peer_address = command->peer_address;
	s->peer_port = command->peer_port;
	s->route_deadline_ns = now_ns + ROUTE_PATIENCE_NS;
	memcpy(s->session_id, command->session_id, sizeof(s->session_id));
	memcpy(s->peer, command->peer, sizeof(s->peer) - 1);
	memcpy(s->service, command->service, sizeof(s->service) - 1);
}

// A connection that was reserved but is not wanted: it never spoke.
static void apply_release(struct worker *w, struct session *s, enum close_reason reason)
{
	s->close_reason = (uint8_t)reason;
	if (!s->routed && s->peer_cid)
		w->unrouted--;
	session_free(w, s);
}

static bool apply_keys(
	struct worker *w, struct session *s, const struct plane_command *command, uint64_t now_ns)
{
	const struct keys_limits limits = {.packets = w->config->rekey_packets};

	s->cipher = cipher_by_id(&w->seal, command->cipher);
	return keys_init(s->keys, &w->seal, s->cipher, &limits, command->secret_send,
		command->secret_receive, now_ns);
}

static void apply_open(struct worker *w, const struct plane_command *command, uint64_t now_ns)
{
	const char *wrong = apply_open_check(w, command);
	struct session *s = NULL;

	if (command->cid != 0) {
		struct conn *c = transport_find(w->transport, command->cid);

		s = c && w->sessions[conn_slot(c)].conn == c ? &w->sessions[conn_slot(c)] : NULL;
		if (!s || s->peer_cid != 0)
			wrong = "no such reserved connection";
	}
	if (wrong) {
		report_refused(w, command, IPC_INVALID, wrong);
		if (s && s->peer_cid == 0)
			apply_release(w, s, CLOSE_LOCAL);
		return;
	}
	if (!s)
		s = apply_reserve(w, command);
	if (!s)
		return;
	apply_open_fill(w, s, command, now_ns);
	w->unrouted++;
	if (!apply_keys(w, s, command, now_ns)) {
		report_refused(w, command, IPC_INVALID, "the cipher's library refuses the key");
		apply_release(w, s, CLOSE_LOCAL);
		return;
	}
	if (port_route_init(w->port[s->port], w->index, &s->route, command->peer_address,
		    command->peer_port)) {
		session_publish(w, s);
		if (command->cid != 0 && !command->initiator)
			report_reserved(w, command, s->cid); // ready, so that control may answer
		return;
	}
	report_refused(
		w, command, IPC_INVALID, "the peer's address is not reachable through this link");
	apply_release(w, s, CLOSE_LOCAL);
}

static enum close_reason apply_close_reason(uint32_t result)
{
	return result > CLOSE_NONE && result < CLOSE_REASON_COUNT ? (enum close_reason)result
								  : CLOSE_LOCAL;
}

static void apply_close(struct worker *w, const struct plane_command *command, uint64_t now_ns)
{
	struct conn *c = transport_find(w->transport, command->cid);
	struct session *s = c ? &w->sessions[conn_slot(c)] : NULL;

	if (!s || s->conn != c)
		return; // ended meanwhile: CLOSED was reported
	if (!s->routed)
		apply_release(w, s, CLOSE_LOCAL);
	else if (command->flags & 1)
		transport_abort(w->transport, c, apply_close_reason(command->result), now_ns);
	else
		transport_close(w->transport, c, now_ns);
}

static void apply_command(struct worker *w, const struct plane_command *command, uint64_t now_ns)
{
	switch (command->type) {
	case PLANE_RESERVE:
		apply_reserve(w, command);
		break;
	case PLANE_OPEN:
		apply_open(w, command, now_ns);
		break;
	case PLANE_CLOSE:
		apply_close(w, command, now_ns);
		break;
	case PLANE_TRACE:
		trace_apply(w, command);
		break;
	default:
		report_refused(w, command, IPC_INVALID, "unknown command");
	}
}

uint32_t apply_turn(struct worker *w, uint64_t now_ns)
{
	struct plane_command command;
	uint32_t n = letters_take(w, now_ns);

	for (uint32_t i = 0; w->plane.attached && i < COMMANDS_TURN; i++, n++) {
		uint32_t got = ring_take(&w->plane.commands, &command, 1);

		if (got == RING_CORRUPT)
			w->plane.attached =
				false; // control broke its ring: deaf until it attaches anew
		if (got != 1)
			break;
		apply_command(w, &command, now_ns);
		explicit_bzero(&command, sizeof(command)); // it carried secrets
	}
	return n;
}

void apply_on_time(struct worker *w, uint64_t now_ns)
{
	if (now_ns - w->reserved_looked_ns < RESERVED_LOOK_NS)
		return;
	w->reserved_looked_ns = now_ns;
	for (uint32_t slot = 0, left = w->sessions_count; left > 0 && slot < CONNS_MAX; slot++) {
		struct session *s = &w->sessions[slot];

		if (!s->conn)
			continue;
		left--;
		if (!s->routed && s->peer_cid == 0 && now_ns - s->opened_ns > RESERVED_PATIENCE_NS)
			apply_release(w, s, CLOSE_LOCAL);
	}
}
