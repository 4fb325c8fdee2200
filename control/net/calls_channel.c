// The connections of the pool: dialed, greeted, read from, closed.
#include <stdio.h>
#include <string.h>

#include "control/log.h"
#include "control/net/calls_internal.h"

static struct channel *channel_at(struct calls *calls, uint32_t connection)
{
	return &calls->channels[POOL_SLOT(connection)];
}

struct channel *calls_channel(struct calls *calls, uint32_t connection)
{
	struct channel *channel = channel_at(calls, connection);

	return channel->conn.fd >= 0 && channel->connection == connection ? channel : NULL;
}

struct conn *calls_conn(struct calls *calls, uint64_t link)
{
	for (uint32_t i = 0; i < CALLS_CHANNELS_MAX; i++)
		if (calls->channels[i].conn.fd >= 0 && calls->channels[i].link == link)
			return &calls->channels[i].conn;
	return NULL;
}

const char *calls_group(const struct calls *calls, uint32_t node)
{
	const char *group = NULL;

	for (uint32_t i = 0; i < CALLS_CHANNELS_MAX && !group; i++)
		if (calls->channels[i].conn.fd >= 0 && calls->channels[i].node == node)
			group = conn_group(&calls->channels[i].conn);
	return group;
}

// False: the node is no peer any more. What it points to is good until the next call of the pool.
static bool channel_target(const struct calls *calls, uint32_t node, struct channel_target *target)
{
	const struct calls_node *known = &calls->nodes[POOL_SLOT(node)];
	const char *name = pool_node_name(calls->pool, node);
	struct directory_peer peer;

	*target = (struct channel_target){
		.self = calls->config->node, .address = known->address, .port = known->port};
	if (known->seed)
		return true;
	if (!name || !directory_find(calls->directory, name, &peer))
		return false;
	target->node = name;
	target->address = peer.control_address;
	target->port = peer.control_port;
	return true;
}

static void channel_tell(const struct channel *channel, const char *why)
{
	struct calls *calls = channel->calls;
	char address[CONFIG_ADDRESS_TEXT], text[REASON_SIZE];
	struct channel_target target;
	int used;

	channel_target(calls, channel->node, &target);
	used = snprintf(text, sizeof(text),
		"node %.40s does not answer at %s: ", pool_node_name(calls->pool, channel->node),
		config_address_text(address, target.address, target.port));
	snprintf(text + used, sizeof(text) - (size_t)used, "%s", why);
	calls_node_error(calls, channel->node, text);
}

// It never came to be: `why` is what whoever waits for one will hear.
static void channel_failed(struct channel *channel, const char *why)
{
	struct calls *calls = channel->calls;

	conn_close(&channel->conn);
	channel_tell(channel, why);
	pool_on_dial_failed(calls->pool, loop_now_ns(calls->loop), channel->connection);
}

void calls_broke(struct calls *calls, uint32_t connection, const char *why)
{
	struct channel *channel = channel_at(calls, connection);

	log_debug("A control connection to node %s ended: %s.",
		pool_node_name(calls->pool, channel->node), why);
	conn_close(&channel->conn);
	pool_on_closed(calls->pool, loop_now_ns(calls->loop), connection);
	calls_on_lost(calls, connection, why);
}

// ---- what happens to it ----

static void channel_end(struct channel *channel, const char *why)
{
	struct calls *calls = channel->calls;

	if (channel->ready)
		calls_broke(calls, channel->connection, why);
	else
		channel_failed(channel, why);
	calls_carry(calls);
}

static void channel_on_closed(void *owner, const char *why)
{
	channel_end(owner, why);
}

static void channel_on_connected(void *owner)
{
	struct channel *channel = owner;
	struct channel_target target;

	if (!channel_target(channel->calls, channel->node, &target))
		channel_end(channel, "it is no peer any more");
	else if (channel_greet(channel, &target) < 0)
		channel_end(channel, "the greeting could not be sent");
}

static void channel_on_greeted(struct channel *channel, const struct message *hello)
{
	struct calls *calls = channel->calls;
	uint64_t now_ns = loop_now_ns(calls->loop);
	struct channel_target target;
	char why[REASON_SIZE] = "it is no peer any more";

	if (!channel_target(calls, channel->node, &target) ||
		channel_greeted(channel, &target, hello, why) < 0) {
		channel_end(channel, why);
		return;
	}
	channel->ready = true;
	channel->conn.peer = NULL; // the pool may forget the node
	calls_node_error(calls, channel->node, NULL);
	pool_on_dialed(calls->pool, now_ns, channel->connection, calls->config->pool.stream_slots);
	if (channel->epoch != calls->epoch)
		pool_on_goaway(calls->pool, now_ns, channel->connection);
	calls_carry(calls);
}

static void channel_on_pong(struct channel *channel)
{
	struct calls *calls = channel->calls;
	uint64_t now_ns = loop_now_ns(calls->loop), ping_ns = channel->ping_ns;

	if (ping_ns == 0)
		return;
	channel->ping_ns = 0;
	pool_on_pong(calls->pool, now_ns, channel->connection, true, now_ns - ping_ns);
	calls_carry(calls);
}

static void channel_on_message(void *owner, const struct message *message)
{
	struct channel *channel = owner;

	bool last = message->type == MESSAGE_REFUSE && message->request == 0;

	if (!channel->ready)
		channel_on_greeted(channel, message);
	else if (last)
		channel_end(channel, message->text);
	else if (message->type == MESSAGE_PONG && message->request == 0)
		channel_on_pong(channel);
	else if (message->type == MESSAGE_ACCEPT || message->type == MESSAGE_REFUSE ||
		 message->type == MESSAGE_PONG || message->type == MESSAGE_SYNC)
		calls_on_answer(channel->calls, channel, message);
	else
		channel_end(channel, "it sent a message that has no place here");
}

static const struct conn_events channel_events = {.on_connected = channel_on_connected,
	.on_message = channel_on_message,
	.on_closed = channel_on_closed};

// ---- what the pool wants ----

void calls_dial(struct calls *calls, uint32_t connection, uint32_t node)
{
	struct channel *channel = channel_at(calls, connection);
	uint32_t generation = channel->conn.generation;
	struct channel_target target;
	int error;

	*channel = (struct channel){.calls = calls,
		.connection = connection,
		.node = node,
		.link = calls->next_link += 2,
		.epoch = calls->epoch};
	channel->conn = (struct conn){.fd = -1,
		.generation = generation,
		.tls = calls->tls,
		.events = &channel_events,
		.owner = channel};
	if (!channel_target(calls, node, &target)) {
		channel_failed(channel, "it is no peer any more");
		return;
	}
	channel->conn.peer = target.node;
	error = conn_dial(&channel->conn, calls->loop, target.address, target.port);
	if (error < 0)
		channel_failed(channel, strerror(-error));
}

void calls_close(struct calls *calls, uint32_t connection, enum pool_why why)
{
	struct channel *channel = channel_at(calls, connection);
	const char *name = pool_node_name(calls->pool, channel->node);

	if (channel->connection != connection)
		return;
	log_debug("A control connection to node %s is closed: %s.", name ? name : "?",
		pool_why_text(why));
	if (!channel->ready && why == POOL_DIAL_TIMEOUT)
		channel_tell(channel, channel_late(channel));
	conn_close(&channel->conn);
	calls_on_lost(calls, connection, pool_why_text(why));
}

void calls_ping(struct calls *calls, uint32_t connection)
{
	struct message ping = {.type = MESSAGE_PING};
	struct channel *channel = calls_channel(calls, connection);

	if (!channel) {
		calls_broke(calls, connection, CALLS_UNWRITABLE);
		return;
	}
	channel->ping_ns = loop_now_ns(calls->loop);
	if (conn_send(&channel->conn, &ping) < 0)
		calls_broke(calls, connection, CALLS_UNWRITABLE);
}
