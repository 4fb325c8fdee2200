// Requests to peers: each waits for a lease, is sent, and ends once.
#include "control/net/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/net/calls_internal.h"

struct call *call_find(struct calls *calls, uint32_t id)
{
	struct call *call = &calls->call[id % 512 % CALLS_MAX];

	return call->state != CALL_FREE && call->id == id ? call : NULL;
}

static struct call *call_new(struct calls *calls)
{
	for (uint32_t i = 0; i < CALLS_MAX; i++) {
		if (calls->call[i].state != CALL_FREE)
			continue;
		calls->generation = calls->generation % 0x7fffff + 1;
		calls->call[i] = (struct call){.id = calls->generation << 9 | i};
		return &calls->call[i];
	}
	return NULL;
}

static void call_free(struct call *call)
{
	free(call->data);
	memset(call, 0, sizeof(*call));
}

// Its slot is free before it is told: whoever hears of it may call again at once.
static void call_end(struct call *call, struct call_answer *answer)
{
	call_end_fn on_end = call->on_end;
	void *owner = call->owner;

	call_free(call);
	on_end(owner, answer);
}

static void call_stop(struct calls *calls, struct call *call, enum call_end end,
	enum pool_outcome outcome, const char *why)
{
	struct call_answer answer = {.end = end,
		.request = call->message.request,
		.node = pool_node_name(calls->pool, call->node),
		.why = why};

	pool_release(calls->pool, loop_now_ns(calls->loop), call->lease.lease, outcome, 0);
	call_end(call, &answer);
}

static void call_unreachable(struct calls *calls, struct call *call, const char *why)
{
	struct call_answer answer = {.end = CALL_UNREACHABLE,
		.request = call->message.request,
		.node = pool_node_name(calls->pool, call->node),
		.why = why};

	call_end(call, &answer);
}

// ---- a lease ----

static void call_ask(struct calls *calls, struct call *call)
{
	const struct pool_request request = {.node = call->node,
		.deadline_ns = call->until_ns,
		.cookie = call->id,
		.site = call->site};
	struct pool_answer answer;

	switch (pool_acquire(calls->pool, loop_now_ns(calls->loop), &request, &answer)) {
	case POOL_GRANTED:
		call_granted(calls, call, &answer.lease);
		break;
	case POOL_WAITING:
		call->state = CALL_WAITING;
		call->ticket = answer.ticket;
		break;
	case POOL_REFUSED:
		call_refused(calls, call, answer.why, answer.retry_ns);
		break;
	}
}

static void call_tell_refused(struct calls *calls, struct call *call, enum pool_why why)
{
	const char *error = calls->nodes[POOL_SLOT(call->node)].error;
	char text[REASON_SIZE];

	if (error && why != POOL_NODE_GONE && why != POOL_DRAINING && why != POOL_PAUSED)
		snprintf(text, sizeof(text), "%s", error);
	else
		snprintf(text, sizeof(text), "no control connection to node %.40s: %s",
			pool_node_name(calls->pool, call->node), pool_why_text(why));
	call_unreachable(calls, call, text);
}

// The breaker of a node that did not answer lets nobody wait; but we have patience. One that is
// half-open cannot say when its probe will be back.
void call_refused(struct calls *calls, struct call *call, enum pool_why why, uint64_t retry_ns)
{
	if (retry_ns == 0)
		retry_ns = loop_now_ns(calls->loop) + CALLS_MS(CALLS_AGAIN_MS);
	if (why != POOL_BREAKER_OPEN || retry_ns >= call->until_ns) {
		call_tell_refused(calls, call, why);
		return;
	}
	call->state = CALL_RETRYING;
	call->retry_ns = retry_ns;
}

// ---- sending, and answers ----

static int call_send(struct calls *calls, struct call *call)
{
	struct channel *channel = calls_channel(calls, call->lease.connection);
	struct message message = call->message;

	message.request = call->id;
	return channel ? conn_send(&channel->conn, &message) : -1;
}

void call_granted(struct calls *calls, struct call *call, const struct pool_lease *lease)
{
	call->state = CALL_SENT;
	call->lease = *lease;
	call->sent_ns = loop_now_ns(calls->loop);
	if (call_send(calls, call) == 0)
		return;
	if (calls_channel(calls, lease->connection))
		call_stop(calls, call, CALL_UNREACHABLE, POOL_UNUSED,
			"the request has a name that is no text (UTF-8)");
	else
		calls_broke(calls, lease->connection, CALLS_UNWRITABLE);
}

static bool call_is_answer(const struct call *call, enum message_type type)
{
	enum message_type asked = call->message.type;

	if (asked == MESSAGE_PING)
		return type == MESSAGE_PONG;
	if (asked == MESSAGE_SYNC)
		return type == MESSAGE_SYNC || type == MESSAGE_REFUSE;
	return type == MESSAGE_ACCEPT || type == MESSAGE_REFUSE;
}

// The lease is given back when the caller has heard: it may want the secrets of the connection, or
// go on.
void calls_on_answer(struct calls *calls, struct channel *channel, const struct message *message)
{
	struct call *call = call_find(calls, message->request);
	uint64_t now_ns = loop_now_ns(calls->loop);
	struct message said = *message;
	struct call_answer answer;
	uint32_t lease;

	// Too late, or never asked: nobody waits for it.
	if (!call || call->state != CALL_SENT || call->lease.connection != channel->connection ||
		!call_is_answer(call, message->type))
		return;
	said.request = call->message.request;
	answer = (struct call_answer){.end = CALL_ANSWERED,
		.node = pool_node_name(calls->pool, call->node),
		.request = call->message.request,
		.link = channel->link,
		.message = &said,
		.rtt_ns = now_ns - call->sent_ns,
		.call = call->id};
	lease = call->lease.lease;
	call->state = CALL_HEARD;
	call->on_end(call->owner, &answer);
	call = call_find(calls, answer.call); // if it goes on, it may be lost already
	if (!call || call->state == CALL_SENT)
		return;
	call_free(call);
	pool_release(calls->pool, now_ns, lease, channel->conn.fd >= 0 ? POOL_DONE : POOL_BREAKS,
		answer.rtt_ns);
	calls_carry(calls);
}

bool calls_go_on(struct calls *calls, uint32_t id, const struct message *message, bool ends)
{
	struct call *call = call_find(calls, id);
	bool heard = call && call->state == CALL_HEARD;
	struct channel *channel = heard ? calls_channel(calls, call->lease.connection) : NULL;
	struct message next = *message;

	next.request = id;
	if (!channel || conn_send(&channel->conn, &next) < 0)
		return false;
	if (!ends)
		call->state = CALL_SENT;
	call->sent_ns = loop_now_ns(calls->loop);
	return true;
}

// ---- no answer ----

void calls_on_lost(struct calls *calls, uint32_t connection, const char *why)
{
	for (uint32_t i = 0; i < CALLS_MAX; i++) {
		struct call *call = &calls->call[i];

		if (call->state == CALL_SENT && call->lease.connection == connection)
			call_stop(calls, call, CALL_LOST, POOL_BREAKS, why);
	}
	lanes_on_lost(calls, connection);
}

static void call_late(struct calls *calls, struct call *call)
{
	char why[REASON_SIZE];

	snprintf(why, sizeof(why), "the control process of node %.40s did not answer in time",
		pool_node_name(calls->pool, call->node));
	call_stop(calls, call, CALL_LATE, POOL_RETRYABLE, why);
}

static uint64_t call_next_ns(const struct call *call)
{
	switch (call->state) {
	case CALL_RETRYING:
		return call->retry_ns;
	case CALL_SENT:
		return call->deadline_ns;
	case CALL_FREE:
	case CALL_HEARD:
	case CALL_WAITING: // the pool knows its deadline
		break;
	}
	return UINT64_MAX;
}

void calls_on_time(struct calls *calls)
{
	uint64_t now_ns = loop_now_ns(calls->loop);

	for (uint32_t i = 0; i < CALLS_MAX; i++) {
		struct call *call = &calls->call[i];

		if (call_next_ns(call) > now_ns)
			continue;
		if (call->state == CALL_RETRYING)
			call_ask(calls, call);
		else
			call_late(calls, call);
	}
}

uint64_t calls_next_ns(const struct calls *calls)
{
	uint64_t next_ns = UINT64_MAX;

	for (uint32_t i = 0; i < CALLS_MAX; i++) {
		uint64_t at_ns = call_next_ns(&calls->call[i]);

		next_ns = at_ns < next_ns ? at_ns : next_ns;
	}
	return next_ns;
}

// ---- start ----

// What a SYNC borrows is copied: it may wait.
static bool call_fill(const struct calls *calls, struct call *call, const struct call_order *order)
{
	uint64_t until_ns = loop_now_ns(calls->loop) + calls->config->pool.acquire_timeout_ns;

	call->message = *order->message;
	call->until_ns = order->until_ns < until_ns ? order->until_ns : until_ns;
	call->deadline_ns = order->deadline_ns;
	call->site = order->site;
	call->on_end = order->on_end;
	call->owner = order->owner;
	if (order->message->data_size == 0)
		return true;
	call->data = malloc(order->message->data_size);
	if (!call->data)
		return false;
	memcpy(call->data, order->message->data, order->message->data_size);
	call->message.data = call->data;
	return true;
}

static uint32_t order_node(
	struct calls *calls, const struct call_order *order, const char *name, enum pool_why *why)
{
	uint32_t node = calls_node(calls, name, why);
	struct calls_node *known;

	if (node != POOL_NONE && !order->node) {
		known = &calls->nodes[POOL_SLOT(node)];
		known->seed = true;
		known->address = order->address;
		known->port = order->port;
	}
	return node;
}

void calls_start(struct calls *calls, const struct call_order *order)
{
	char address[CONFIG_ADDRESS_TEXT];
	const char *name = order->node ? order->node
				       : config_address_text(address, order->address, order->port);
	struct call_answer full = {.end = CALL_UNREACHABLE,
		.request = order->message->request,
		.node = name,
		.why = "too many requests to other nodes are under way; try again"};
	struct call *call = call_new(calls);
	enum pool_why why = POOL_OK;
	uint32_t node = call ? order_node(calls, order, name, &why) : POOL_NONE;

	if (why != POOL_OK)
		full.why = pool_why_text(why);
	if (node == POOL_NONE || !call_fill(calls, call, order)) {
		if (call)
			call_free(call);
		order->on_end(order->owner, &full);
		return;
	}
	call->node = node;
	call_ask(calls, call);
	calls_carry(calls);
}
