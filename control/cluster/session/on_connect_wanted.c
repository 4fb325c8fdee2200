// An application, or a person, wants a session with a service of a peer: reserve our end first.
#include <stdio.h>
#include <string.h>

#include "control/cluster/session/core.h"
#include "lib/ipc/codec_names.h"

// Whom it may reach instead. False: nobody of that name is known, or no link leads there.
static bool wanted_peer(const struct session_core *core, const char *node,
	struct directory_peer *peer, char text[REASON_SIZE])
{
	const char *self = core->config->node;
	char names[REASON_SIZE / 2];

	if (strcmp(node, self) == 0)
		snprintf(text, REASON_SIZE, "'%.40s' is this node itself; name a peer", node);
	else if (!directory_find(core->directory, node, peer))
		snprintf(text, REASON_SIZE,
			"node '%.40s' is not known here; the peers of node %.40s are: %s", node,
			self, directory_names(core->directory, names, sizeof(names)));
	else if (peer->link == DIRECTORY_NO_LINK)
		snprintf(text, REASON_SIZE,
			"no link of node %.40s leads to the dataplane of node %.40s", self, node);
	else
		return true;
	return false;
}

// It is ours, so that the offer can say which one is meant. False: `text` says why not.
static bool wanted_dictionary(const struct session_core *core, const struct session_turn *turn,
	struct attempt *attempt, char text[REASON_SIZE])
{
	const char *refused =
		codec_dictionary_refuse(attempt->codec, attempt->level, attempt->dictionary);
	struct plane_dictionary row;

	if (attempt->dictionary == 0)
		return true;
	if (refused) {
		snprintf(text, REASON_SIZE, "%s", refused);
		return false;
	}
	if (!tables_dictionary(turn->tables, attempt->dictionary, &row)) {
		snprintf(text, REASON_SIZE,
			"node %.40s has no dictionary %u; name its file under \"dictionaries\" in "
			"the configuration of both nodes",
			core->config->node, attempt->dictionary);
		return false;
	}
	memcpy(attempt->dictionary_sha256, row.sha256, sizeof(attempt->dictionary_sha256));
	return true;
}

// Common to both askers: the peer, the codec, then RESERVE. The attempt is filled in with who asks.
static void wanted_begin(struct session_core *core, const struct session_turn *turn,
	struct attempt *attempt, const char *node, struct session_output *out)
{
	struct tables_info info;
	char text[REASON_SIZE];

	attempt->step = ATTEMPT_RESERVING;
	if (!wanted_peer(core, node, &attempt->peer, text)) {
		attempt_fail(core, attempt, IPC_REFUSED_NODE, text, out);
		return;
	}
	if (!tables_info(turn->tables, &info)) {
		attempt_fail(core, attempt, IPC_UNREACHABLE,
			"the dataplane of this node is not running", out);
		return;
	}
	if (attempt->codec >= CODEC_COUNT || attempt->controller >= CONTROLLER_COUNT ||
		attempt->worker >= info.workers) {
		attempt_fail(core, attempt, IPC_INVALID,
			"the request names a codec, a congestion controller or a worker that does "
			"not exist",
			out);
		return;
	}
	if (!wanted_dictionary(core, turn, attempt, text)) {
		attempt_fail(core, attempt, IPC_INVALID, text, out);
		return;
	}
	memcpy(attempt->session_id, turn->random, sizeof(attempt->session_id));
	attempt->cipher = (uint8_t)core->config->security.cipher;
	attempt_reserve(attempt, out);
}

// The dataplane asks again when a control process attaches anew.
static bool wanted_already(const struct session_core *core, const struct plane_event *event)
{
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &core->attempts[i];

		if (attempt->step != ATTEMPT_FREE && attempt->step != ATTEMPT_ACCEPTING &&
			!attempt->by_admin && attempt->asked == event->request &&
			attempt->app == event->app &&
			attempt->app_generation == event->app_generation)
			return true;
	}
	return false;
}

static void wanted_full(const struct plane_event *event, struct session_output *out)
{
	struct plane_command *failed = out_command(out, 0, PLANE_CONNECT_FAILED);

	if (!failed)
		return; // the dataplane's own patience ends the request
	failed->request = event->request;
	failed->app = event->app;
	failed->app_generation = event->app_generation;
	failed->result = IPC_REFUSED_FULL;
	snprintf(failed->text, sizeof(failed->text),
		"%d sessions are being set up already; try again", SESSION_ATTEMPTS_MAX);
}

void session_on_connect_wanted(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out)
{
	struct attempt *attempt;

	if (wanted_already(core, event))
		return;
	attempt = attempt_new(core, turn, event->timeout_ms);
	if (!attempt) {
		wanted_full(event, out);
		return;
	}
	attempt->worker = event->worker;
	attempt->app = event->app;
	attempt->app_generation = event->app_generation;
	attempt->asked = event->request;
	attempt->codec = event->codec;
	attempt->level = event->level;
	attempt->controller = event->controller;
	attempt->dictionary = event->dictionary;
	memcpy(attempt->service, event->service, sizeof(attempt->service));
	wanted_begin(core, turn, attempt, event->node, out);
}

uint32_t session_on_admin_open(struct session_core *core, const struct session_turn *turn,
	const struct session_want *want, struct session_output *out)
{
	struct attempt *attempt = attempt_new(core, turn, want->timeout_ms);
	uint32_t request;

	if (!attempt)
		return 0;
	request = attempt->request;
	attempt->by_admin = true;
	attempt->app = SESSION_APP_NONE;
	attempt->worker = core_worker(core, turn);
	attempt->codec = want->codec;
	attempt->level = want->level;
	attempt->controller = want->controller;
	attempt->dictionary = want->dictionary;
	snprintf(attempt->service, sizeof(attempt->service), "%s", SESSION_SERVICE_IDLE);
	wanted_begin(core, turn, attempt, want->node, out);
	return request;
}
