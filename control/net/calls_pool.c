// The pool of control connections: what it wants done is done here, and time passes for it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "control/log.h"
#include "control/net/calls_internal.h"

static void calls_on_timer(void *owner);

// ---- nodes ----

// Nothing is open to it, nobody waits for it, and no operator has said anything of it that would
// be forgotten.
static bool node_is_spare(const struct calls *calls, const struct pool_report *all,
	const struct pool_node_report *node)
{
	if (node->connections || node->waiters)
		return false;
	for (uint32_t i = 0; i < CALLS_MAX; i++)
		if (calls->call[i].state != CALL_FREE && calls->call[i].node == node->node)
			return false;
	if (lanes_use(calls, node->node))
		return false;
	return node->draining <= all->draining && node->paused <= all->paused;
}

// When all are in use, one that is spare makes room.
static uint32_t node_make_room(struct calls *calls, const char *name, enum pool_why *why)
{
	struct pool_node_report report;
	struct pool_report all;
	uint32_t at = 0;

	pool_report(calls->pool, loop_now_ns(calls->loop), &all);
	while (pool_report_node(calls->pool, &at, &report)) {
		if (!node_is_spare(calls, &all, &report) ||
			!pool_node_remove(calls->pool, report.node))
			continue;
		calls_node_error(calls, report.node, NULL);
		calls->nodes[POOL_SLOT(report.node)].seed = false;
		return pool_node_add(calls->pool, loop_now_ns(calls->loop), name, why);
	}
	return POOL_NONE;
}

uint32_t calls_node(struct calls *calls, const char *name, enum pool_why *why)
{
	uint32_t node = pool_node_add(calls->pool, loop_now_ns(calls->loop), name, why);

	return *why == POOL_NODES_FULL ? node_make_room(calls, name, why) : node;
}

void calls_node_error(struct calls *calls, uint32_t node, const char *why)
{
	char **error = &calls->nodes[POOL_SLOT(node)].error;

	free(*error);
	*error = why ? strdup(why) : NULL;
}

// ---- what the pool wants ----

static void calls_check(struct calls *calls, uint32_t connection)
{
	const struct channel *channel = calls_channel(calls, connection);

	pool_on_checked(calls->pool, loop_now_ns(calls->loop), connection,
		channel && channel_is_good(channel));
}

static void calls_act_grant(struct calls *calls, const struct pool_action *action)
{
	if (action->cookie & LANE_COOKIE)
		lane_granted(calls, action->cookie, &action->lease);
	else
		call_granted(calls, call_find(calls, (uint32_t)action->cookie), &action->lease);
}

static void calls_act_fail(struct calls *calls, const struct pool_action *action)
{
	if (action->cookie & LANE_COOKIE)
		lane_refused(calls, action->cookie, action->retry_ns);
	else
		call_refused(calls, call_find(calls, (uint32_t)action->cookie), action->why,
			action->retry_ns);
}

static void calls_act(struct calls *calls, const struct pool_action *action)
{
	switch (action->type) {
	case POOL_ACTION_DIAL:
		calls_dial(calls, action->connection, action->node);
		break;
	case POOL_ACTION_CHECK:
		calls_check(calls, action->connection);
		break;
	case POOL_ACTION_PING:
		calls_ping(calls, action->connection);
		break;
	case POOL_ACTION_CLOSE:
		calls_close(calls, action->connection, action->why);
		break;
	case POOL_ACTION_GRANT:
		calls_act_grant(calls, action);
		break;
	case POOL_ACTION_FAIL:
		calls_act_fail(calls, action);
		break;
	}
}

static void calls_arm(struct calls *calls)
{
	uint64_t now_ns = loop_now_ns(calls->loop), next_ns = pool_next_ns(calls->pool);
	uint64_t call_ns = calls_next_ns(calls), lane_ns = lanes_next_ns(calls);

	next_ns = call_ns < next_ns ? call_ns : next_ns;
	next_ns = lane_ns < next_ns ? lane_ns : next_ns;
	next_ns = calls->look_ns < next_ns ? calls->look_ns : next_ns;
	loop_timer_start(calls->loop, &calls->timer, next_ns > now_ns ? next_ns - now_ns : 0,
		calls_on_timer, calls);
}

// Actions lead to calls of the pool, and those to new actions: this loop finds them.
void calls_carry(struct calls *calls)
{
	struct pool_action action;

	if (calls->carrying)
		return;
	calls->carrying = true;
	while (pool_take(calls->pool, loop_now_ns(calls->loop), &action))
		calls_act(calls, &action);
	calls->carrying = false;
	calls_arm(calls);
}

// ---- time ----

static void calls_tell(struct calls *calls)
{
	struct pool_report report;

	pool_report(calls->pool, loop_now_ns(calls->loop), &report);
	log_debug("Control connections: %u to %u nodes; of the requests that they have room for "
		  "%u run, %u wait; utilisation %u %%; %llu of %llu requests reused one.",
		report.connections, report.nodes, report.slots.leased, report.waiters,
		report.utilisation, (unsigned long long)report.counts.reused,
		(unsigned long long)report.counts.granted);
}

// A connection whose other end could not show its certificate again takes no new request.
static void calls_look(struct calls *calls)
{
	uint64_t now_ns = loop_now_ns(calls->loop);

	for (uint32_t i = 0; i < CALLS_CHANNELS_MAX; i++) {
		const struct channel *channel = &calls->channels[i];

		if (channel->conn.fd >= 0 && channel->ready && conn_expired(&channel->conn))
			pool_on_goaway(calls->pool, now_ns, channel->connection);
	}
	if (now_ns >= calls->tell_ns) {
		calls_tell(calls);
		calls->tell_ns = now_ns + CALLS_MS(CALLS_TELL_MS);
	}
	calls->look_ns = now_ns + CALLS_MS(CALLS_LOOK_MS);
}

static void calls_on_timer(void *owner)
{
	struct calls *calls = owner;
	uint64_t now_ns = loop_now_ns(calls->loop);

	pool_on_tick(calls->pool, now_ns);
	calls_on_time(calls);
	lanes_on_time(calls);
	if (now_ns >= calls->look_ns)
		calls_look(calls);
	calls_carry(calls);
}

// ---- start and stop ----

void calls_pool_preset(struct pool_config *config, enum pool_preset preset)
{
	pool_config_preset(config, preset);
	config->nodes_max = CALLS_NODES_MAX;
	config->connections_max = CALLS_CHANNELS_MAX;
	config->waiters_max = CALLS_MAX + LANES_MAX;
	config->stream_slots = CALLS_SLOTS;
	config->node_max = CALLS_NODE_SLOTS;
	config->total_max = CALLS_CHANNELS_MAX * CALLS_SLOTS;
	config->node_reserved = 0; // there may be more nodes than connections
	config->min_idle = 0;      // every member of a cluster is called now and then
	config->warm_up = 0;
	config->max_lifetime_ns = CALLS_MS(CONN_AGE_MS);
	config->lifetime_jitter = 25;
	config->autosize = false; // nothing is kept ready
	if (preset != POOL_LAN)
		return;
	// A peer that appears is found well within a second; membership tells of most.
	config->backoff_base_ns = CALLS_MS(50);
	config->backoff_cap_ns = CALLS_MS(400);
	config->breaker_base_ns = CALLS_MS(200);
	config->breaker_cap_ns = CALLS_MS(1000);
}

int calls_init(struct calls *calls, const struct config *config, const struct directory *directory,
	const struct tls *tls, struct loop *loop)
{
	char error[POOL_ERROR_SIZE];
	const struct pool_config *pool = &config->pool;
	uint64_t seed = 0;

	memset(calls, 0, sizeof(*calls));
	calls->config = config;
	calls->directory = directory;
	calls->tls = tls;
	calls->loop = loop;
	for (uint32_t i = 0; i < CALLS_CHANNELS_MAX; i++)
		calls->channels[i] = (struct channel){.conn.fd = -1, .connection = POOL_NONE};
	if (pool_config_check(pool, error) < 0)
		abort(); // config_load has refused it
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = loop_now_ns(loop); // only jitter
	calls->memory = aligned_alloc(64, (pool_size(pool) + 63) / 64 * 64);
	if (!calls->memory)
		return -1;
	calls->pool = pool_init(calls->memory, pool, seed, loop_now_ns(loop));
	calls_look(calls);
	return 0;
}

void calls_fini(struct calls *calls)
{
	if (!calls->memory)
		return;
	loop_timer_stop(calls->loop, &calls->timer);
	for (uint32_t i = 0; i < CALLS_CHANNELS_MAX; i++)
		conn_close(&calls->channels[i].conn);
	for (uint32_t i = 0; i < CALLS_MAX; i++)
		free(calls->call[i].data);
	for (uint32_t i = 0; i < CALLS_NODES_MAX; i++)
		free(calls->nodes[i].error);
	lanes_fini(calls);
	free(calls->memory);
	calls->memory = NULL;
}

// ---- what others want ----

void calls_renew(struct calls *calls)
{
	uint64_t now_ns = loop_now_ns(calls->loop);

	calls->epoch++;
	for (uint32_t i = 0; i < CALLS_CHANNELS_MAX; i++)
		if (calls->channels[i].conn.fd >= 0 && calls->channels[i].ready)
			pool_on_goaway(calls->pool, now_ns, calls->channels[i].connection);
	calls_carry(calls);
}

void calls_liveness(struct calls *calls, const char *name, enum pool_liveness liveness)
{
	uint32_t node = pool_node_find(calls->pool, name);

	if (node == POOL_NONE)
		return;
	pool_node_liveness(calls->pool, loop_now_ns(calls->loop), node, liveness);
	calls_carry(calls);
}

uint32_t calls_peer(struct calls *calls, const char *name)
{
	struct directory_peer peer;
	enum pool_why why;
	uint32_t node = pool_node_find(calls->pool, name);

	if (node != POOL_NONE)
		return node;
	if (!directory_find(calls->directory, name, &peer))
		return POOL_NONE;
	return calls_node(calls, name, &why);
}

// Of one node, or of all when `name` is NULL.
static bool calls_command(struct calls *calls, const char *name,
	bool (*command)(struct pool *pool, uint64_t now_ns, uint32_t node))
{
	uint32_t node = name ? calls_peer(calls, name) : POOL_ALL;
	bool done = (!name || node != POOL_NONE) &&
		    command(calls->pool, loop_now_ns(calls->loop), node);

	calls_carry(calls);
	return done;
}

static bool drain_without_deadline(struct pool *pool, uint64_t now_ns, uint32_t node)
{
	return pool_drain(pool, now_ns, node, 0);
}

bool calls_drain(struct calls *calls, const char *name)
{
	return calls_command(calls, name, drain_without_deadline);
}

bool calls_pause(struct calls *calls, const char *name)
{
	return calls_command(calls, name, pool_pause);
}

bool calls_resume(struct calls *calls, const char *name)
{
	return calls_command(calls, name, pool_resume);
}

bool calls_warm(struct calls *calls, const char *name, uint32_t connections)
{
	uint32_t node = calls_peer(calls, name);
	bool done = node != POOL_NONE &&
		    pool_warm(calls->pool, loop_now_ns(calls->loop), node, connections);

	calls_carry(calls);
	return done;
}
