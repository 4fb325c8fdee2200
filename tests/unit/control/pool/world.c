// The world around a pool: links that are dialed, checked, pinged; clients that hold them.
#include "tests/unit/control/pool/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct world *w, const char *format, ...)
{
	va_list arguments;

	if (!w->trace)
		return;
	fprintf(w->trace, "%12.6f ms  ", (double)w->now_ns / 1e6);
	va_start(arguments, format);
	vfprintf(w->trace, format, arguments);
	va_end(arguments);
	fputc('\n', w->trace);
}

void world_fail(struct world *w, const char *format, ...)
{
	va_list arguments;

	if (w->failure[0])
		return;
	va_start(arguments, format);
	vsnprintf(w->failure, sizeof(w->failure), format, arguments);
	va_end(arguments);
}

uint32_t world_random(struct world *w, uint32_t limit)
{
	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((w->random >> 33) % limit);
}

void world_init(struct world *w, const struct pool_config *config, uint32_t nodes, uint64_t seed,
	FILE *trace)
{
	size_t size = pool_size(config);
	enum pool_why why;
	char name[16];

	memset(w, 0, sizeof(*w));
	w->config = *config;
	w->memory = aligned_alloc(64, size);
	w->now_ns = SEC;
	w->random = seed * 2 + 1;
	w->trace = trace;
	w->nodes_count = nodes;
	w->pool = pool_init(w->memory, config, seed, w->now_ns);
	for (uint32_t i = 0; i < nodes; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		w->nodes[i] =
			(struct world_node){.dial_ns = 10 * MS, .slots = config->stream_slots};
		w->nodes[i].name = pool_node_add(w->pool, w->now_ns, name, &why);
	}
	world_take(w);
}

void world_fini(struct world *w)
{
	free(w->memory);
}

static uint32_t node_index(const struct world *w, uint32_t name)
{
	for (uint32_t i = 0; i < w->nodes_count; i++)
		if (w->nodes[i].name == name)
			return i;
	return WORLD_NODES;
}

static struct link *link_of(struct world *w, uint32_t connection)
{
	return &w->links[POOL_SLOT(connection)];
}

uint32_t world_links(const struct world *w, uint32_t node)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < w->config.connections_max; i++)
		count += w->links[i].state != LINK_NONE && w->links[i].node == node;
	return count;
}

uint32_t world_waiting(const struct world *w)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < w->clients_count; i++)
		count += w->clients[i].state == CLIENT_WAITING;
	return count;
}

static void on_dial(struct world *w, const struct pool_action *a)
{
	uint32_t node = node_index(w, a->node), all = 0;
	struct link *link = link_of(w, a->connection);

	if (link->state != LINK_NONE || node == WORLD_NODES) {
		world_fail(w, "a DIAL of what is open, or to nobody");
		return;
	}
	*link = (struct link){.state = LINK_DIALING, .connection = a->connection, .node = node};
	link->dialed_ns = w->nodes[node].silent ? UINT64_MAX : w->now_ns + w->nodes[node].dial_ns;
	for (uint32_t i = 0; i < w->nodes_count; i++)
		all += world_links(w, i);
	if (all > w->links_max)
		w->links_max = all;
	if (all > w->config.total_max || world_links(w, node) > w->config.node_max)
		world_fail(w, "%u links in all, %u to n%u: beyond the limits", all,
			world_links(w, node), node);
}

static void on_link(struct world *w, const struct pool_action *a)
{
	struct link *link = link_of(w, a->connection);
	uint64_t at_ns =
		w->nodes[link->node].silent ? UINT64_MAX : w->now_ns + world_random(w, 3) * MS;

	if (link->state == LINK_NONE || link->connection != a->connection) {
		world_fail(w, "an action for a link that is not there");
		return;
	}
	if (a->type == POOL_ACTION_CHECK)
		link->checked_ns = at_ns;
	if (a->type == POOL_ACTION_PING)
		link->pong_ns = at_ns;
	if (a->type == POOL_ACTION_CLOSE) {
		link->state = LINK_NONE;
		w->closed[a->why]++;
	}
}

static struct client *client_of(struct world *w, const struct pool_action *a)
{
	struct client *client = &w->clients[a->cookie % WORLD_CLIENTS];

	w->answers++;
	if (client->state == CLIENT_WAITING && client->ticket == a->ticket)
		return client;
	world_fail(w, "an answer to ticket %x that nobody waits with", a->ticket);
	return NULL;
}

static void hold(struct world *w, struct client *client, const struct pool_lease *lease)
{
	client->state = CLIENT_HOLDING;
	client->lease = lease->lease;
	client->connection = lease->connection;
	client->done_ns = w->now_ns + client->hold_ns;
	w->granted++;
}

// Nobody who asked the same node earlier waits still.
static void on_grant(struct world *w, const struct pool_action *a)
{
	struct client *client = client_of(w, a);

	if (!client)
		return;
	hold(w, client, &a->lease);
	for (uint32_t i = 0; i < w->clients_count; i++) {
		const struct client *other = &w->clients[i];

		if (other->state == CLIENT_WAITING && other->node == client->node &&
			other->turn < client->turn)
			world_fail(w, "n%u: turn %llu before turn %llu", client->node,
				(unsigned long long)client->turn, (unsigned long long)other->turn);
	}
}

static void on_fail(struct world *w, const struct pool_action *a)
{
	struct client *client = client_of(w, a);

	if (!client)
		return;
	client->state = CLIENT_IDLE;
	w->failed++;
	w->last_why = a->why;
	if (a->why == POOL_DEADLINE && client->deadline_ns > w->now_ns)
		world_fail(w, "a deadline that has not come");
}

void world_take(struct world *w)
{
	static const char *const names[] = {"DIAL", "CHECK", "PING", "CLOSE", "GRANT", "FAIL"};
	struct pool_action a;

	while (!w->failure[0] && pool_take(w->pool, w->now_ns, &a)) {
		say(w, "%s n%u connection %x ticket %x why %u", names[a.type],
			node_index(w, a.node), a.connection, a.ticket, a.why);
		if (a.type == POOL_ACTION_DIAL)
			on_dial(w, &a);
		else if (a.type == POOL_ACTION_GRANT)
			on_grant(w, &a);
		else if (a.type == POOL_ACTION_FAIL)
			on_fail(w, &a);
		else
			on_link(w, &a);
	}
}

static uint32_t free_client(const struct world *w)
{
	for (uint32_t i = 0; i < w->clients_count; i++)
		if (w->clients[i].state == CLIENT_IDLE)
			return i;
	return w->clients_count;
}

uint32_t world_ask(struct world *w, uint32_t node, uint64_t hold_ns, uint64_t deadline_ns)
{
	uint32_t at = free_client(w), waiting = 0, affinity = at % 4;
	struct client *client = &w->clients[at];
	struct pool_explanation explained;
	struct pool_answer answer;

	if (at == WORLD_CLIENTS)
		return at;
	if (at == w->clients_count)
		w->clients_count++;
	for (uint32_t i = 0; i < w->clients_count; i++)
		waiting += w->clients[i].state == CLIENT_WAITING && w->clients[i].node == node;
	*client = (struct client){.node = node, .hold_ns = hold_ns, .turn = ++w->turn};
	client->asked_ns = w->now_ns;
	client->deadline_ns = deadline_ns ? deadline_ns : w->now_ns + w->config.acquire_timeout_ns;
	pool_explain(w->pool, w->now_ns, w->nodes[node].name, affinity, &explained);
	pool_acquire(w->pool, w->now_ns,
		&(struct pool_request){.node = w->nodes[node].name,
			.cookie = at,
			.affinity = affinity,
			.deadline_ns = deadline_ns},
		&answer);
	say(w, "ask n%u: %u why %u ticket %x", node, answer.result, answer.why, answer.ticket);
	if (answer.result != explained.result && answer.why != POOL_DEADLINE)
		world_fail(w, "explained %u (why %u), but it became %u (why %u)", explained.result,
			explained.why, answer.result, answer.why);
	if (answer.result == POOL_GRANTED && answer.lease.connection != explained.connection)
		world_fail(w, "explained connection %x, but it became %x", explained.connection,
			answer.lease.connection);
	if (answer.result == POOL_GRANTED && waiting > 0)
		world_fail(w, "n%u: granted at once, past %u who wait", node, waiting);
	if (answer.result == POOL_GRANTED)
		hold(w, client, &answer.lease);
	if (answer.result == POOL_WAITING) {
		client->state = CLIENT_WAITING;
		client->ticket = answer.ticket;
		w->expected_answers++;
	}
	w->last_why = answer.why;
	world_take(w);
	return at;
}

void world_cancel(struct world *w, uint32_t at)
{
	struct client *client = &w->clients[at];

	say(w, "cancel ticket %x", client->ticket);
	if (!pool_cancel(w->pool, w->now_ns, client->ticket))
		world_fail(w, "a ticket that waits cannot be cancelled");
	client->state = CLIENT_IDLE;
	w->expected_answers--;
	world_take(w);
}

void world_restart(struct world *w, uint32_t node, bool told)
{
	for (uint32_t i = 0; i < w->config.connections_max; i++) {
		struct link *link = &w->links[i];

		if (link->state != LINK_OPEN || link->node != node)
			continue;
		link->broken = true;
		if (!told)
			continue;
		link->state = LINK_NONE;
		pool_on_closed(w->pool, w->now_ns, link->connection);
		world_take(w);
	}
}

static void finish(struct world *w, struct client *client)
{
	const struct link *link = link_of(w, client->connection);
	struct world_node *node = &w->nodes[client->node];
	bool lost =
		link->state != LINK_OPEN || link->connection != client->connection || link->broken;
	uint32_t draw = world_random(w, 100);
	enum pool_outcome outcome = POOL_DONE;

	client->state = CLIENT_IDLE;
	if (lost || node->down)
		outcome = POOL_BREAKS;
	else if (draw < w->retryable)
		outcome = POOL_RETRYABLE;
	else if (draw < w->retryable + w->slow)
		outcome = POOL_SLOW;
	node->failures += outcome == POOL_BREAKS;
	w->served += outcome == POOL_DONE || outcome == POOL_SLOW;
	say(w, "release %x of connection %x: %u", client->lease, client->connection, outcome);
	if (!pool_release(w->pool, w->now_ns, client->lease, outcome,
		    outcome == POOL_SLOW ? 300 * MS : MS))
		world_fail(w, "a lease that is held cannot be released");
	if (pool_release(w->pool, w->now_ns, client->lease, POOL_DONE, 0))
		world_fail(w, "a lease was released twice");
}

static void dialed(struct world *w, struct link *link)
{
	const struct world_node *node = &w->nodes[link->node];

	say(w, "n%u: dial of %x %s", link->node, link->connection, node->down ? "fails" : "done");
	link->state = node->down ? LINK_NONE : LINK_OPEN;
	if (node->down)
		pool_on_dial_failed(w->pool, w->now_ns, link->connection);
	else
		pool_on_dialed(w->pool, w->now_ns, link->connection, node->slots);
}

// Of what is due now, one thing. false: nothing.
static bool link_event(struct world *w, struct link *link)
{
	bool ok = !link->broken && !w->nodes[link->node].down;

	if (link->state == LINK_DIALING && link->dialed_ns <= w->now_ns) {
		dialed(w, link);
	} else if (link->state == LINK_OPEN && link->checked_ns && link->checked_ns <= w->now_ns) {
		link->checked_ns = 0;
		pool_on_checked(w->pool, w->now_ns, link->connection, ok);
	} else if (link->state == LINK_OPEN && link->pong_ns && link->pong_ns <= w->now_ns) {
		link->pong_ns = 0;
		pool_on_pong(w->pool, w->now_ns, link->connection, ok, MS);
	} else {
		return false;
	}
	world_take(w);
	return true;
}

static bool one_event(struct world *w)
{
	for (uint32_t i = 0; i < w->config.connections_max; i++)
		if (link_event(w, &w->links[i]))
			return true;
	for (uint32_t i = 0; i < w->clients_count; i++) {
		struct client *client = &w->clients[i];

		if (client->state != CLIENT_HOLDING || client->done_ns > w->now_ns)
			continue;
		finish(w, client);
		world_take(w);
		return true;
	}
	return false;
}

static uint64_t next_ns(const struct world *w)
{
	uint64_t at_ns = pool_next_ns(w->pool);

	for (uint32_t i = 0; i < w->config.connections_max; i++) {
		const struct link *link = &w->links[i];

		if (link->state == LINK_DIALING)
			at_ns = min_u64(at_ns, link->dialed_ns);
		if (link->state == LINK_OPEN && link->checked_ns)
			at_ns = min_u64(at_ns, link->checked_ns);
		if (link->state == LINK_OPEN && link->pong_ns)
			at_ns = min_u64(at_ns, link->pong_ns);
	}
	for (uint32_t i = 0; i < w->clients_count; i++)
		if (w->clients[i].state == CLIENT_HOLDING)
			at_ns = min_u64(at_ns, w->clients[i].done_ns);
	return at_ns;
}

bool world_run(struct world *w, uint64_t until_ns)
{
	uint64_t turns = 0;

	while (!w->failure[0]) {
		uint64_t at_ns = next_ns(w);

		if (at_ns > until_ns)
			break;
		turns = at_ns > w->now_ns ? 0 : turns + 1;
		if (at_ns > w->now_ns)
			w->now_ns = at_ns;
		if (turns > 10000)
			world_fail(w, "time stands still: next is %llu",
				(unsigned long long)pool_next_ns(w->pool));
		while (!w->failure[0] && one_event(w))
			;
		pool_on_tick(w->pool, w->now_ns);
		world_take(w);
	}
	if (until_ns > w->now_ns)
		w->now_ns = until_ns;
	return world_check(w);
}

static void check_node(struct world *w, const struct pool_node_report *report)
{
	uint32_t node = node_index(w, report->node), waiting = 0, links = 0;
	uint32_t holding = node < WORLD_NODES ? w->nodes[node].held : 0; // the test's own node
	uint32_t all = report->slots.leased + report->slots.idle + report->slots.dialing;

	for (uint32_t i = 0; i < w->clients_count; i++) {
		holding += w->clients[i].node == node && w->clients[i].state == CLIENT_HOLDING;
		waiting += w->clients[i].node == node && w->clients[i].state == CLIENT_WAITING;
	}
	links = world_links(w, node);
	if (all > w->config.node_max)
		world_fail(w, "n%u: %u slots are more than node_max", node, all);
	if (report->slots.leased != holding)
		world_fail(w, "n%u: %u leases, %u are held", node, report->slots.leased, holding);
	if (report->waiters != waiting)
		world_fail(w, "n%u: %u waiters, %u wait", node, report->waiters, waiting);
	if (report->connections != links)
		world_fail(w, "n%u: %u connections, %u links", node, report->connections, links);
}

bool world_check(struct world *w)
{
	struct pool_node_report node;
	uint32_t at = 0, all = 0;

	while (pool_report_node(w->pool, &at, &node)) {
		check_node(w, &node);
		all += node.slots.leased + node.slots.idle + node.slots.dialing;
	}
	if (all > w->config.total_max || all != w->pool->slots)
		world_fail(w, "%u slots of %u, the pool counts %u", all, w->config.total_max,
			w->pool->slots);
	if (w->pool->slots + w->pool->reserve_open > w->config.total_max)
		world_fail(w, "%u slots and %u reserved", w->pool->slots, w->pool->reserve_open);
	if (w->answers + world_waiting(w) != w->expected_answers)
		world_fail(w, "%llu answers and %u who wait, of %llu tickets",
			(unsigned long long)w->answers, world_waiting(w),
			(unsigned long long)w->expected_answers);
	return w->failure[0] == 0;
}
