// Lanes to the other members of the consensus.
#include "control/net/lanes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/net/calls_internal.h"

static struct lane *lane_at(struct calls *calls, uint64_t cookie)
{
	return &calls->lanes[cookie & ~LANE_COOKIE];
}

static void lane_forget(struct lane *lane)
{
	free(lane->queue);
	lane->queue = NULL;
	lane->queued = lane->queue_size = 0;
}

// What waits is lost.
static void lane_down(struct lane *lane, uint64_t due_ns)
{
	lane_forget(lane);
	lane->state = LANE_DOWN;
	lane->due_ns = due_ns;
}

// ---- which ----

// The one of that node, or a free one, or the one that was unused longest and has no lease.
static struct lane *lane_of(struct calls *calls, const char *node)
{
	struct lane *room = NULL;

	for (int i = 0; i < LANES_MAX; i++) {
		struct lane *lane = &calls->lanes[i];

		if (strcmp(lane->node, node) == 0)
			return lane;
		if (lane->state == LANE_DOWN && (!room || lane->used_ns < room->used_ns))
			room = lane;
	}
	if (room) {
		*room = (struct lane){.state = LANE_DOWN};
		snprintf(room->node, sizeof(room->node), "%s", node);
	}
	return room;
}

// ---- what waits ----

static bool lane_queue(struct lane *lane, const uint8_t *bytes, uint32_t size)
{
	uint32_t need = lane->queued + (uint32_t)sizeof(size) + size;
	uint8_t *larger;

	if (need > LANE_QUEUE_MAX)
		return false;
	if (need > lane->queue_size) {
		larger = realloc(lane->queue, need);
		if (!larger)
			return false;
		lane->queue = larger;
		lane->queue_size = need;
	}
	memcpy(lane->queue + lane->queued, &size, sizeof(size));
	memcpy(lane->queue + lane->queued + sizeof(size), bytes, size);
	lane->queued = need;
	return true;
}

// False: the connection broke; the lane is down.
static bool lane_write(struct calls *calls, struct lane *lane, const uint8_t *bytes, uint32_t size,
	enum lane_sent *sent)
{
	uint32_t connection = lane->lease.connection;
	struct channel *channel = calls_channel(calls, connection);
	int error = channel ? conn_send_raft(&channel->conn, bytes, size) : -1;

	*sent = error == 0 ? LANE_SENT : LANE_LOST;
	if (error == 0 || error == -EAGAIN)
		return true;
	calls_broke(calls, connection, CALLS_UNWRITABLE);
	return false;
}

static void lane_flush(struct calls *calls, struct lane *lane)
{
	uint8_t *queue = lane->queue;
	uint32_t queued = lane->queued, size;
	enum lane_sent sent;

	lane->queue = NULL;
	lane_forget(lane);
	for (uint32_t at = 0; at < queued; at += (uint32_t)sizeof(size) + size) {
		memcpy(&size, queue + at, sizeof(size));
		if (!lane_write(calls, lane, queue + at + sizeof(size), size, &sent))
			break;
	}
	free(queue);
}

// ---- leases ----

void lane_granted(struct calls *calls, uint64_t cookie, const struct pool_lease *lease)
{
	struct lane *lane = lane_at(calls, cookie);

	lane->state = LANE_UP;
	lane->lease = *lease;
	lane->due_ns = loop_now_ns(calls->loop) + CALLS_MS(LANE_RENEW_MS);
	lane_flush(calls, lane);
}

void lane_refused(struct calls *calls, uint64_t cookie, uint64_t retry_ns)
{
	uint64_t again_ns = loop_now_ns(calls->loop) + CALLS_MS(LANE_AGAIN_MS);

	lane_down(lane_at(calls, cookie), retry_ns > again_ns ? retry_ns : again_ns);
}

static void lane_ask(struct calls *calls, struct lane *lane)
{
	uint64_t now_ns = loop_now_ns(calls->loop);
	uint64_t cookie = LANE_COOKIE | (uint64_t)(lane - calls->lanes);
	struct pool_request request = {.deadline_ns = now_ns + CALLS_MS(LANE_WAIT_MS),
		.cookie = cookie,
		.affinity = LANE_AFFINITY,
		.site = "consensus"};
	struct pool_answer answer;
	enum pool_why why;

	request.node = lane->pool_node = calls_node(calls, lane->node, &why);
	if (request.node == POOL_NONE) {
		lane_refused(calls, cookie, 0);
		return;
	}
	lane->state = LANE_WAITING;
	switch (pool_acquire(calls->pool, now_ns, &request, &answer)) {
	case POOL_GRANTED:
		lane_granted(calls, cookie, &answer.lease);
		break;
	case POOL_WAITING:
		break;
	case POOL_REFUSED:
		lane_refused(calls, cookie, answer.retry_ns);
		break;
	}
}

void lanes_on_lost(struct calls *calls, uint32_t connection)
{
	uint64_t now_ns = loop_now_ns(calls->loop);

	for (int i = 0; i < LANES_MAX; i++) {
		struct lane *lane = &calls->lanes[i];

		if (lane->state != LANE_UP || lane->lease.connection != connection)
			continue;
		pool_release(calls->pool, now_ns, lane->lease.lease, POOL_BREAKS, 0);
		lane_down(lane, now_ns);
	}
}

// ---- sending ----

enum lane_sent lanes_send(
	struct calls *calls, const char *node, const uint8_t *bytes, uint32_t size)
{
	uint64_t now_ns = loop_now_ns(calls->loop);
	struct lane *lane = lane_of(calls, node);
	enum lane_sent sent = LANE_LOST;

	if (!lane || size == 0 || size > MESSAGE_RAFT_MAX)
		return LANE_LOST;
	lane->used_ns = now_ns;
	if (lane->state == LANE_DOWN && now_ns >= lane->due_ns)
		lane_ask(calls, lane);
	if (lane->state == LANE_UP)
		lane_write(calls, lane, bytes, size, &sent);
	else if (lane->state == LANE_WAITING && lane_queue(lane, bytes, size))
		sent = LANE_QUEUED;
	calls_carry(calls);
	return sent;
}

// ---- time ----

void lanes_on_time(struct calls *calls)
{
	uint64_t now_ns = loop_now_ns(calls->loop);

	for (int i = 0; i < LANES_MAX; i++) {
		struct lane *lane = &calls->lanes[i];

		if (lane->state != LANE_UP || now_ns < lane->due_ns)
			continue;
		pool_release(calls->pool, now_ns, lane->lease.lease, POOL_DONE, 0);
		lane_down(lane, now_ns);
	}
}

uint64_t lanes_next_ns(const struct calls *calls)
{
	uint64_t next_ns = UINT64_MAX;

	for (int i = 0; i < LANES_MAX; i++) {
		const struct lane *lane = &calls->lanes[i];

		if (lane->state == LANE_UP && lane->due_ns < next_ns)
			next_ns = lane->due_ns;
	}
	return next_ns;
}

bool lanes_use(const struct calls *calls, uint32_t pool_node)
{
	for (int i = 0; i < LANES_MAX; i++)
		if (calls->lanes[i].state != LANE_DOWN && calls->lanes[i].pool_node == pool_node)
			return true;
	return false;
}

void lanes_fini(struct calls *calls)
{
	for (int i = 0; i < LANES_MAX; i++)
		lane_forget(&calls->lanes[i]);
}
