// A peer offers a session to a service of ours: find who listens, open our end, then answer.
#include <stdio.h>
#include <string.h>

#include "control/cluster/session/core.h"
#include "lib/ipc/cipher_names.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/door.h"

// A reason not to go on, or empty.
struct refusal {
	uint32_t result;
	char text[REASON_SIZE];
};

static void offer_refuse(uint64_t link, const struct message *offer, const struct refusal *refusal,
	struct session_output *out)
{
	struct session_action *answer = out_add(out, SESSION_ANSWER);

	if (!answer)
		return; // the opener's deadline ends it
	answer->link = link;
	answer->message = (struct message){
		.type = MESSAGE_REFUSE, .request = offer->request, .result = refusal->result};
	memcpy(answer->message.text, refusal->text, sizeof(answer->message.text));
}

// Sessions of an application, and those on their way to it.
static uint32_t listener_sessions(
	const struct session_core *core, const struct session_turn *turn, uint32_t app)
{
	struct session_stats row;
	uint32_t cursor = 0, sessions = 0;

	while (tables_session_next(turn->tables, &cursor, &row))
		sessions += row.app == app;
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++)
		sessions +=
			core->attempts[i].step == ATTEMPT_ACCEPTING && core->attempts[i].app == app;
	return sessions;
}

// The smaller the better: an ordinary listener goes before a fallback one; of those that share a
// service the one with the fewest sessions, and then the one of the opener's worker, where the
// packets arrive on links whose queues are in pairs.
static uint32_t listener_rank(const struct session_core *core, const struct session_turn *turn,
	const struct plane_listener *row, const struct plane_app *app, uint32_t opener)
{
	uint32_t rank = row->flags & DOOR_LISTEN_FALLBACK ? 1u << 31 : 0;

	if (row->flags & DOOR_LISTEN_SHARED)
		rank += 2 * listener_sessions(core, turn, row->app) + (app->worker != opener);
	return rank;
}

static bool listener_find(const struct session_core *core, const struct session_turn *turn,
	const struct message *offer, struct plane_listener *found, struct plane_app *found_app)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < PLANE_LISTENERS_MAX; i++) {
		struct plane_listener row;
		struct plane_app app;
		uint32_t rank;

		if (!tables_listener(turn->tables, i, &row) ||
			strcmp(row.service, offer->service) != 0 ||
			!tables_app(turn->tables, row.app, &app) ||
			app.generation != row.app_generation)
			continue;
		rank = listener_rank(core, turn, &row, &app, offer->cid >> 24);
		if (rank >= best)
			continue;
		best = rank;
		*found = row;
		*found_app = app;
	}
	return best != UINT32_MAX;
}

static void refuse_service(
	const struct session_core *core, const char *service, struct refusal *refusal)
{
	const char *hint = strcmp(service, SESSION_SERVICE_FILES) == 0
				   ? "; start one with: sluice serve --dir DIR"
				   : "";

	refusal->result = IPC_REFUSED_SERVICE;
	snprintf(refusal->text, sizeof(refusal->text),
		"no application on node %.40s listens for '%.40s'%s", core->config->node, service,
		hint);
}

static uint32_t peer_attempts(const struct session_core *core, const char *node)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++)
		count += core->attempts[i].step == ATTEMPT_ACCEPTING &&
			 strcmp(core->attempts[i].peer.name, node) == 0;
	return count;
}

// Nobody but a person closes a session without an application, and no application's buffers bound
// how many there are.
static bool idle_full(const struct session_core *core, const struct session_turn *turn,
	const struct attempt *attempt, struct refusal *refusal)
{
	const char *peer = attempt->peer.name;
	struct session_stats row;
	uint32_t cursor = 0, count = 0;

	while (tables_worker_session_next(turn->tables, attempt->worker, &cursor, &row))
		count += row.app == SESSION_APP_NONE && !row.initiator &&
			 strcmp(row.peer, peer) == 0;
	if (count < SESSION_IDLE_PEER_MAX)
		return false;
	refusal->result = IPC_REFUSED_FULL;
	snprintf(refusal->text, sizeof(refusal->text),
		"node %.40s holds %u sessions of '" SESSION_SERVICE_IDLE
		"' with node %.40s; close some first",
		core->config->node, count, peer);
	return true;
}

// Who gets the session: the worker and the application of the listener, or none for the built-in
// service.
static bool offer_route(struct session_core *core, const struct session_turn *turn,
	const struct message *offer, struct attempt *attempt, struct refusal *refusal)
{
	struct plane_listener listener = {0};
	struct plane_app app;

	if (strcmp(offer->service, SESSION_SERVICE_IDLE) == 0) {
		attempt->app = SESSION_APP_NONE;
		attempt->worker = core_worker(core, turn);
		return !idle_full(core, turn, attempt, refusal);
	}
	if (!listener_find(core, turn, offer, &listener, &app)) {
		refuse_service(core, offer->service, refusal);
		return false;
	}
	attempt->app = listener.app;
	attempt->app_generation = listener.app_generation;
	attempt->worker = app.worker;
	return true;
}

// Where its dataplane is, by what it says itself and what we know.
static bool offer_peer(const struct session_core *core, const char *node,
	const struct message *offer, struct directory_peer *peer, struct refusal *refusal)
{
	char claimed[CONFIG_ADDRESS_TEXT], known[CONFIG_ADDRESS_TEXT];

	refusal->result = IPC_REFUSED_PEER;
	if (directory_find_at(core->directory, node, offer->address, peer))
		return true;
	if (!directory_find(core->directory, node, peer))
		snprintf(refusal->text, sizeof(refusal->text),
			"node %.40s does not know node %.40s any more", core->config->node, node);
	else if (peer->link == DIRECTORY_NO_LINK)
		snprintf(refusal->text, sizeof(refusal->text),
			"no link of node %.40s leads to the dataplane of node %.40s",
			core->config->node, node);
	else
		snprintf(refusal->text, sizeof(refusal->text),
			"node %.40s knows node %.40s at %s, but the offer says %s; check "
			"peers[].address",
			core->config->node, node, config_address_text(known, peer->address, 0),
			config_address_text(claimed, offer->address, 0));
	return false;
}

static bool offer_check(const struct session_core *core, const struct session_turn *turn,
	const char *node, const struct message *offer, struct refusal *refusal)
{
	struct tables_info info;
	const char *wrong;

	refusal->result = IPC_REFUSED_PEER;
	if (!tables_info(turn->tables, &info)) {
		refusal->result = IPC_UNREACHABLE;
		snprintf(refusal->text, sizeof(refusal->text),
			"the dataplane of node %.40s is not running", core->config->node);
		return false;
	}
	if (offer->cid == 0 || offer->udp_port == 0 || offer->segment_size == 0 ||
		offer->service[0] == 0) {
		refusal->result = IPC_INVALID;
		snprintf(refusal->text, sizeof(refusal->text),
			"the offer lacks a connection id, a port, a size or a service");
		return false;
	}
	// What both configurations say, or nothing: nobody talks us into less.
	if (offer->cipher != core->config->security.cipher) {
		snprintf(refusal->text, sizeof(refusal->text),
			"node %.40s has the cipher %s, and node %.40s wants %s; write the same "
			"security.cipher on both",
			core->config->node, cipher_name(core->config->security.cipher), node,
			cipher_name(offer->cipher));
		return false;
	}
	wrong = codec_dictionary_refuse(offer->codec, offer->level, offer->dictionary);
	if (wrong) {
		refusal->result = IPC_INVALID;
		snprintf(refusal->text, sizeof(refusal->text), "%s", wrong);
		return false;
	}
	if (offer->controller >= CONTROLLER_COUNT) {
		refusal->result = IPC_INVALID;
		snprintf(refusal->text, sizeof(refusal->text),
			"node %.40s does not have the congestion controller number %u; ask for "
			"aimd",
			core->config->node, offer->controller);
		return false;
	}
	return true;
}

// Only the very same file packs and unpacks; without it the session goes on with zstd alone.
static enum dictionary_state offer_dictionary(
	const struct session_turn *turn, const struct message *offer)
{
	struct plane_dictionary row;

	if (offer->dictionary == 0)
		return DICTIONARY_NONE;
	if (!tables_dictionary(turn->tables, offer->dictionary, &row))
		return DICTIONARY_MISSING;
	return memcmp(row.sha256, offer->dictionary_sha256, sizeof(row.sha256)) == 0
		       ? DICTIONARY_AGREED
		       : DICTIONARY_DIFFERS;
}

static void offer_fill(struct attempt *attempt, const struct directory_peer *peer, uint64_t link,
	const struct message *offer)
{
	attempt->step = ATTEMPT_ACCEPTING;
	attempt->app = SESSION_APP_NONE; // until somebody is found to take it
	attempt->peer = *peer;
	attempt->link = link;
	attempt->asked = offer->request;
	attempt->codec = offer->codec;
	attempt->level = offer->level;
	attempt->controller = offer->controller;
	attempt->cipher = offer->cipher;
	attempt->dictionary = offer->dictionary;
	memcpy(attempt->dictionary_sha256, offer->dictionary_sha256,
		sizeof(attempt->dictionary_sha256));
	attempt->peer_cid = offer->cid;
	attempt->peer_boot_id = offer->boot_id;
	attempt->peer_address = offer->address;
	attempt->peer_port = offer->udp_port;
	memcpy(attempt->session_id, offer->session_id, sizeof(attempt->session_id));
	memcpy(attempt->service, offer->service, sizeof(attempt->service));
}

// A place for the set-up; NULL: every place is taken, or this peer has its share.
static struct attempt *offer_attempt(struct session_core *core, const struct session_turn *turn,
	const char *node, const struct message *offer, struct refusal *refusal)
{
	// Less than the opener's own patience, so that it hears our reason and not only silence.
	uint32_t timeout_ms =
		offer->timeout_ms < SESSION_TIMEOUT_MS ? offer->timeout_ms : SESSION_TIMEOUT_MS;
	bool share = peer_attempts(core, node) >= SESSION_ATTEMPTS_PEER_MAX;
	struct attempt *attempt =
		share ? NULL : attempt_new(core, turn, timeout_ms - timeout_ms / 4);

	if (attempt)
		return attempt;
	refusal->result = IPC_REFUSED_FULL;
	snprintf(refusal->text, sizeof(refusal->text),
		"node %.40s sets up %d sessions%s already; try again", core->config->node,
		share ? SESSION_ATTEMPTS_PEER_MAX : SESSION_ATTEMPTS_MAX,
		share ? " with this peer" : "");
	return NULL;
}

void session_on_offer(struct session_core *core, const struct session_turn *turn, const char *node,
	uint64_t link, const struct message *offer, struct session_output *out)
{
	struct refusal refusal = {0};
	struct directory_peer peer;
	struct attempt *attempt;
	struct plane_port port;

	if (!offer_check(core, turn, node, offer, &refusal) ||
		!offer_peer(core, node, offer, &peer, &refusal)) {
		offer_refuse(link, offer, &refusal, out);
		return;
	}
	attempt = offer_attempt(core, turn, node, offer, &refusal);
	if (!attempt) {
		offer_refuse(link, offer, &refusal, out);
		return;
	}
	offer_fill(attempt, &peer, link, offer);
	attempt->dictionary_state = (uint8_t)offer_dictionary(turn, offer);
	if (!offer_route(core, turn, offer, attempt, &refusal)) {
		attempt_fail(core, attempt, refusal.result, refusal.text, out);
		return;
	}
	if (!core_port(core, turn, peer.link, &attempt->port, &port)) {
		attempt_fail(core, attempt, IPC_UNREACHABLE,
			"the dataplane does not have the link to this peer", out);
		return;
	}
	attempt->segment_size =
		offer->segment_size < port.segment_size ? offer->segment_size : port.segment_size;
	if (attempt->cipher == CIPHER_NULL)
		attempt_open(attempt, false, out);
	else
		attempt_reserve(attempt, out);
}
