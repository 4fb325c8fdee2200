// Feeds the session core with what happens, and carries out what it decides.
#include "control/node_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "control/log.h"
#include "control/net/packet_secrets.h"
#include "control/plane/share.h"

static void node_on_tick(void *owner);

struct session_turn node_turn(const struct node *node)
{
	struct session_turn turn = {
		.now_ns = loop_now_ns(node->loop), .tables = &node->plane.tables};

	if (getrandom(turn.random, sizeof(turn.random), 0) != sizeof(turn.random))
		abort(); // without randomness session ids could be guessed
	return turn;
}

// ---- what the core decides ----

static void node_undelivered(
	struct node *node, const struct plane_command *command, const char *why)
{
	struct session_turn turn = node_turn(node);

	session_on_undelivered(node->core, &turn, command, why, node->out);
}

// Both ends derive them from the connection that they agreed on: nothing of them travels.
static int node_secrets(struct node *node, struct session_action *action)
{
	const char *why = "the connection that the session was agreed on is gone";

	if (action->command.type != PLANE_OPEN || action->command.cipher == CIPHER_NULL ||
		packet_secrets_fill(node_conn(node, action->link), &action->command) == 0)
		return 0;
	log_warning("Connection %08x is not opened: %s.", action->command.cid, why);
	node_undelivered(node, &action->command, why);
	return -1;
}

static void node_act_command(struct node *node, struct session_action *action)
{
	int error;

	if (node_secrets(node, action) < 0)
		return;
	error = proxy_put(&node->plane.proxy, action->channel, &action->command);
	explicit_bzero(action->command.secret_send, sizeof(action->command.secret_send));
	explicit_bzero(action->command.secret_receive, sizeof(action->command.secret_receive));
	if (error == 0)
		return;
	log_warning("A command of type %u to channel %u was not delivered: %s.",
		action->command.type, action->channel, proxy_strerror(error));
	node_undelivered(node, &action->command, proxy_strerror(error));
}

static void node_act_report(struct node *node, const struct session_action *action)
{
	for (int i = 0; i < NODE_WAITERS_MAX; i++) {
		struct node_waiter waiter = node->waiters[i];

		if (waiter.request != action->request)
			continue;
		node->waiters[i].request = 0;
		waiter.on_opened(waiter.owner, action->result, action->cid, action->text);
		return;
	}
}

static void node_act(struct node *node, struct session_action *action)
{
	switch (action->type) {
	case SESSION_COMMAND:
		node_act_command(node, action);
		break;
	case SESSION_OFFER:
		node_offer(node, action);
		break;
	case SESSION_ANSWER: // the opener gave up when this fails; our end dies of its HELLO
			     // timeout
		listener_answer(&node->listener, action->link, &action->message);
		break;
	case SESSION_REPORT:
		node_act_report(node, action);
		break;
	case SESSION_LOG:
		log_info("%s", action->text);
		break;
	}
}

static void node_tick_arm(struct node *node)
{
	uint64_t next_ns = session_next_ns(node->core), now_ns = loop_now_ns(node->loop);

	if (next_ns == UINT64_MAX)
		loop_timer_stop(node->loop, &node->tick);
	else
		loop_timer_start(node->loop, &node->tick, next_ns > now_ns ? next_ns - now_ns : 0,
			node_on_tick, node);
}

// Actions may lead to new ones: those are added behind, and this loop finds them.
void node_carry(struct node *node)
{
	if (node->carrying)
		return;
	node->carrying = true;
	for (uint32_t i = 0; i < node->out->count; i++) {
		struct session_action action = node->out->actions[i];

		node_act(node, &action);
	}
	node->out->count = 0;
	node->carrying = false;
	node_tick_arm(node);
}

// ---- what happens ----

static void node_on_tick(void *owner)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	session_on_tick(node->core, &turn, node->out);
	node_carry(node);
}

static void node_on_event(void *owner, const struct plane_event *event)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	proxy_wipe(&node->plane.proxy);
	log_debug("Event %u of the dataplane: request %u, connection %08x.", event->type,
		event->request, event->cid);
	session_on_event(node->core, &turn, event, node->out);
	node_carry(node);
}

static void node_on_members(void *owner)
{
	struct node *node = owner;
	struct members_view view;

	members_get(node->gossip.members.own, &view);
	share_members(&node->plane, &view);
}

static void node_on_plane_up(void *owner)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	node_on_members(node);
	gossip_plane_set(&node->gossip, node->plane.boot_id);
	session_on_plane_up(node->core, &turn, node->out);
	node_carry(node);
}

static void node_on_plane_down(void *owner)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	gossip_plane_set(&node->gossip, 0);
	session_on_plane_down(node->core, &turn, node->out);
	node_carry(node);
}

static void node_on_plane_gone(void *owner, uint64_t boot_id)
{
	struct node *node = owner;

	log_line(node->plane.state == PLANE_STOPPING ? LOG_INFO : LOG_WARNING,
		"The dataplane with boot %016llx is gone, and its sessions with it.",
		(unsigned long long)boot_id);
	gossip_plane_gone(&node->gossip, boot_id);
}

static void node_on_plane_resync(void *owner)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	proxy_wipe(&node->plane.proxy); // for the events that did not come
	log_warning("The dataplane found our event ring full; the tables are read instead.");
	session_on_resync(node->core, &turn, node->out);
	node_carry(node);
}

static void node_on_plane_stopped(void *owner)
{
	struct node *node = owner;

	gossip_leave(&node->gossip); // others hear of the dataplane before they hear of that
}

static void node_on_left(void *owner)
{
	struct node *node = owner;

	if (node->stopping) // and not because somebody said `sluice leave`
		loop_quit(node->loop);
}

static void node_on_reloaded(void *owner)
{
	struct node *node = owner;

	node_peers_renew(node);
}

// ---- start and stop ----

int node_init(struct node *node, struct loop *loop)
{
	node->loop = loop;
	node->started_ns = loop_now_ns(loop);
	node->core = malloc(sizeof(*node->core));
	node->out = calloc(1, sizeof(*node->out));
	if (!node->core || !node->out)
		return -1;
	session_core_init(node->core, &node->config, &node->directory);
	plane_init(&node->plane, &node->config, loop);
	node->plane.on_up = node_on_plane_up;
	node->plane.on_down = node_on_plane_down;
	node->plane.on_gone = node_on_plane_gone;
	node->plane.on_event = node_on_event;
	node->plane.on_resync = node_on_plane_resync;
	node->plane.on_stopped = node_on_plane_stopped;
	node->plane.owner = node;
	if (node_peers_init(node) < 0)
		return -1;
	node->gossip.on_left = node_on_left;
	node->gossip.on_published = node_on_members;
	return 0;
}

// Said at every start: nobody finds it out by chance.
static void node_warn_clear(const struct config *config)
{
	if (config->security.cipher == CIPHER_NULL)
		log_warning("Packets go in the clear: whoever is on a link reads and forges them "
			    "(security.cipher is \"null\").");
}

int node_start(struct node *node, char *error, size_t error_size)
{
	node_warn_clear(&node->config);
	if (identity_start(&node->identity, &node->config.security, node->config.node, node->loop,
		    error, error_size) < 0)
		return -1;
	node->identity.on_reloaded = node_on_reloaded;
	node->identity.owner = node;
	if (node_peers_start(node, error, error_size) < 0)
		return -1;
	plane_start(&node->plane);
	return 0;
}

void node_stop(struct node *node)
{
	if (node->plane.state == PLANE_STOPPING)
		return; // asked twice
	if (node->leave_dataplane) {
		consensus_leave(&node->consensus);
		loop_quit(node->loop);
		return;
	}
	node->stopping = true;
	log_info("Stopping the dataplane and leaving the cluster.");
	consensus_leave(&node->consensus);
	plane_stop(&node->plane);
}

void node_fini(struct node *node)
{
	if (node->core && node->out) {
		loop_timer_stop(node->loop, &node->tick);
		plane_fini(&node->plane);
		node_peers_stop(node);
		identity_stop(&node->identity);
	}
	free(node->core);
	free(node->out);
}

// ---- sessions asked for by hand ----

uint32_t node_session_open(
	struct node *node, const struct session_want *want, node_opened_fn on_opened, void *owner)
{
	struct session_turn turn = node_turn(node);
	struct node_waiter *waiter = NULL;
	uint32_t request = 0;

	for (int i = 0; i < NODE_WAITERS_MAX && !waiter; i++)
		waiter = node->waiters[i].request ? NULL : &node->waiters[i];
	if (waiter)
		request = session_on_admin_open(node->core, &turn, want, node->out);
	if (request == 0) {
		on_opened(owner, IPC_REFUSED_FULL, 0,
			"too many sessions are being opened already; try again");
		return 0;
	}
	*waiter = (struct node_waiter){.request = request, .on_opened = on_opened, .owner = owner};
	node_carry(node);
	return waiter->request == request ? request : 0;
}

void node_session_forget(struct node *node, uint32_t request)
{
	for (int i = 0; i < NODE_WAITERS_MAX; i++) {
		if (request && node->waiters[i].request == request)
			node->waiters[i].request = 0;
	}
}

int node_session_close(
	struct node *node, uint32_t cid, bool at_once, char *error, size_t error_size)
{
	struct plane_command close = {.type = PLANE_CLOSE, .cid = cid, .flags = at_once};
	struct session_stats row;
	int result;

	if (!node->plane.tables.shared) {
		snprintf(error, error_size, "%s", proxy_strerror(PROXY_E_DETACHED));
		return IPC_UNREACHABLE;
	}
	if (!tables_session(&node->plane.tables, cid, &row) || row.state == SESSION_CLOSED) {
		snprintf(error, error_size, "there is no session %08x", cid);
		return IPC_INVALID;
	}
	result = proxy_put(&node->plane.proxy, 1 + (cid >> 24), &close);
	if (result == 0)
		return IPC_OK;
	snprintf(error, error_size, "%s", proxy_strerror(result));
	return IPC_UNREACHABLE;
}
