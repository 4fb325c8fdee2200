// Other nodes: who they are comes from membership, what we ask them goes over the pool, what they
// ask comes from the listener.
#include <stdio.h>
#include <string.h>

#include "control/log.h"
#include "control/node_internal.h"

// ---- offers of sessions ----

// One that is late has a deadline of its own in the core.
static void node_on_offer_end(void *owner, const struct call_answer *answer)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	if (answer->end == CALL_UNREACHABLE)
		session_on_unreachable(node->core, &turn, answer->request, answer->why, node->out);
	else if (answer->end == CALL_LOST)
		session_on_lost(node->core, &turn, answer->request, answer->why, node->out);
	else if (answer->end == CALL_ANSWERED && answer->message->type == MESSAGE_ACCEPT)
		session_on_accept(
			node->core, &turn, answer->node, answer->link, answer->message, node->out);
	else if (answer->end == CALL_ANSWERED)
		session_on_refuse(node->core, &turn, answer->node, answer->message, node->out);
	node_carry(node);
}

void node_offer(struct node *node, const struct session_action *action)
{
	const struct call_order order = {.node = action->peer.name,
		.message = &action->message,
		.until_ns = action->until_ns,
		.deadline_ns = action->deadline_ns,
		.site = "offer of a session",
		.on_end = node_on_offer_end,
		.owner = node};

	calls_start(&node->calls, &order);
}

struct conn *node_conn(struct node *node, uint64_t link)
{
	struct conn *conn = calls_conn(&node->calls, link);

	return conn ? conn : listener_conn(&node->listener, link);
}

// ---- membership over connections ----

// Its request is the member's index. One without an answer is like one that was lost; and it may
// end inside on_stream_ping, where membership may not be told.
static void node_on_ping_end(void *owner, const struct call_answer *answer)
{
	struct node *node = owner;

	if (answer->end == CALL_ANSWERED && answer->message->type == MESSAGE_SYNC &&
		gossip_is_stream_pong(&node->gossip, answer->request, answer->message->data,
			answer->message->data_size))
		gossip_on_stream_pong(&node->gossip, answer->request, true);
}

static void node_on_stream_ping(
	void *owner, const struct gossip_peer *to, const uint8_t *frame, size_t size)
{
	struct node *node = owner;
	uint64_t now_ns = loop_now_ns(node->loop);
	const struct message ping = {.type = MESSAGE_SYNC,
		.request = to->member,
		.data = frame,
		.data_size = (uint32_t)size};
	const struct call_order order = {.node = to->name,
		.message = &ping,
		.until_ns = now_ns + NODE_PING_MS * 1000000ull,
		.deadline_ns = now_ns + NODE_PING_MS * 1000000ull,
		.site = "ping of membership",
		.on_end = node_on_ping_end,
		.owner = node};

	calls_start(&node->calls, &order);
}

// Question and answer in turn, until nobody has anything to say.
static void node_on_sync_end(void *owner, const struct call_answer *answer)
{
	struct node *node = owner;
	struct message next = {.type = MESSAGE_SYNC, .data = node->frame};
	const char *why;
	bool last = false;

	if (answer->end == CALL_ANSWERED && answer->message->type == MESSAGE_REFUSE)
		log_warning("Node %s does not compare members with this one: %s.", answer->node,
			answer->message->text);
	if (answer->end != CALL_ANSWERED || answer->message->type != MESSAGE_SYNC)
		return; // another exchange makes up for it
	next.data_size = (uint32_t)gossip_on_sync(&node->gossip, answer->message->data,
		answer->message->data_size, node->frame, &last, &why);
	if (next.data_size)
		calls_go_on(&node->calls, answer->call, &next, last);
}

static void node_on_sync(
	void *owner, const struct gossip_peer *to, const uint8_t *frame, size_t size)
{
	struct node *node = owner;
	uint64_t now_ns = loop_now_ns(node->loop);
	const struct message sync = {
		.type = MESSAGE_SYNC, .data = frame, .data_size = (uint32_t)size};
	const struct call_order order = {.node = to->name[0] ? to->name : NULL,
		.address = to->address,
		.port = to->port,
		.message = &sync,
		.until_ns = now_ns + NODE_SYNC_MS * 1000000ull,
		.deadline_ns = now_ns + 2 * NODE_SYNC_MS * 1000000ull,
		.site = "anti-entropy of membership",
		.on_end = node_on_sync_end,
		.owner = node};

	calls_start(&node->calls, &order);
}

// ---- what peers ask ----

static void node_on_synced(struct node *node, uint64_t link, const struct message *sync)
{
	struct message answer = {
		.type = MESSAGE_SYNC, .request = sync->request, .data = node->frame};
	const char *why;
	bool last;

	answer.data_size = (uint32_t)gossip_on_sync(
		&node->gossip, sync->data, sync->data_size, node->frame, &last, &why);
	if (why) {
		answer = (struct message){.type = MESSAGE_REFUSE,
			.request = sync->request,
			.result = IPC_REFUSED_PEER};
		snprintf(answer.text, sizeof(answer.text), "%s", why);
	}
	if (answer.data_size || why)
		listener_answer(&node->listener, link, &answer);
}

static void node_on_message(
	void *owner, const char *name, uint64_t link, const struct message *message)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	if (message->type == MESSAGE_SYNC) {
		node_on_synced(node, link, message);
		return;
	}
	if (message->type == MESSAGE_RAFT) {
		consensus_on_message(&node->consensus, name, message->data, message->data_size);
		return;
	}
	session_on_offer(node->core, &turn, name, link, message, node->out);
	node_carry(node);
}

static void node_on_link_down(void *owner, uint64_t link)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	session_on_link_down(node->core, &turn, link, node->out);
	node_carry(node);
}

// Whoever dials us is there: no reason to wait for the end of a back-off.
static void node_on_greeted(void *owner, const char *name)
{
	struct node *node = owner;

	calls_liveness(&node->calls, name, POOL_ALIVE);
}

// ---- who is there ----

static enum pool_liveness liveness_of(enum member_state state)
{
	switch (state) {
	case MEMBER_SUSPECT:
		return POOL_SUSPECT;
	case MEMBER_DEAD:
	case MEMBER_LEFT:
		return POOL_GONE;
	case MEMBER_NONE: // forgotten: it may be in the configuration
	case MEMBER_ALIVE:
	case MEMBER_STATE_COUNT:
		break;
	}
	return POOL_ALIVE;
}

static void node_on_members_told(void *owner)
{
	struct node *node = owner;
	struct session_turn turn = node_turn(node);

	session_on_members(node->core, &turn, node->out);
	node_carry(node);
}

// Sessions are looked at once for all changes of this turn.
static void node_on_delta(void *owner, const struct members_delta *delta)
{
	struct node *node = owner;

	if (delta->member->self)
		return;
	if (delta->from != delta->to)
		calls_liveness(&node->calls, delta->member->name, liveness_of(delta->to));
	if ((delta->meta_changed || delta->from == MEMBER_NONE) && !node->members_told.place)
		loop_timer_start(node->loop, &node->members_told, 0, node_on_members_told, node);
}

// ---- start and stop ----

int node_peers_init(struct node *node)
{
	gossip_init(&node->gossip, &node->config, node->loop);
	node->gossip.tables = &node->plane.tables;
	node->gossip.on_stream_ping = node_on_stream_ping;
	node->gossip.on_sync = node_on_sync;
	node->gossip.owner = node;
	node->directory = (struct directory){.config = &node->config};
	node->watcher = (struct members_watcher){.on_delta = node_on_delta, .owner = node};
	listener_init(&node->listener, &node->config, &node->identity.tls, node->loop);
	node->listener.on_message = node_on_message;
	node->listener.on_link_down = node_on_link_down;
	node->listener.on_greeted = node_on_greeted;
	node->listener.owner = node;
	consensus_init(&node->consensus, &node->config, node->loop, &node->calls, &node->gossip);
	return calls_init(
		&node->calls, &node->config, &node->directory, &node->identity.tls, node->loop);
}

int node_peers_start(struct node *node, char *error, size_t error_size)
{
	if (listener_start(&node->listener, error, error_size) < 0 ||
		gossip_start(&node->gossip, node->listener.port, error, error_size) < 0)
		return -1;
	node->directory.members = node->gossip.members.own;
	members_watch(&node->gossip.members, &node->watcher);
	consensus_start(&node->consensus);
	return 0;
}

void node_peers_stop(struct node *node)
{
	loop_timer_stop(node->loop, &node->members_told);
	node->directory.members = NULL;
	consensus_stop(&node->consensus);
	gossip_stop(&node->gossip);
	calls_fini(&node->calls);
	listener_stop(&node->listener);
}

void node_peers_renew(struct node *node)
{
	calls_renew(&node->calls);
	listener_renew(&node->listener, "the certificates of the other end were read again");
}
