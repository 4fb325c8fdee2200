// What a transport and its users do, with the times that a scenario gives them.
#include "perf/pool/clients.h"

#include <stdlib.h>
#include <string.h>

static void granted(struct clients *c, uint64_t client, uint32_t lease)
{
	c->client[client].lease = lease;
	c->client[client].done_ns = c->now_ns + c->hold_ns;
	c->client[client].waiting = false;
	c->holding++;
}

static void dial(struct clients *c, uint32_t connection)
{
	uint32_t at = POOL_SLOT(connection);

	c->links[at].name = connection;
	c->links[at].ready_ns = c->now_ns + c->dial_ns;
	if (++c->open > c->open_max)
		c->open_max = c->open;
}

static void closed(struct clients *c, uint32_t connection)
{
	c->links[POOL_SLOT(connection)].ready_ns = 0;
	c->links[POOL_SLOT(connection)].open = false;
	c->open--;
}

static void take(struct clients *c)
{
	struct pool_action a;

	while (pool_take(c->pool, c->now_ns, &a)) {
		if (a.type == POOL_ACTION_DIAL)
			dial(c, a.connection);
		else if (a.type == POOL_ACTION_CLOSE)
			closed(c, a.connection);
		else if (a.type == POOL_ACTION_CHECK)
			pool_on_checked(c->pool, c->now_ns, a.connection, true);
		else if (a.type == POOL_ACTION_PING)
			pool_on_pong(c->pool, c->now_ns, a.connection, true, 100000);
		else if (a.type == POOL_ACTION_GRANT) {
			c->waiting--;
			granted(c, a.cookie, a.lease.lease);
		}
	}
}

bool clients_open(
	struct clients *c, const struct pool_config *config, uint64_t dial_ns, uint64_t hold_ns)
{
	void *memory = aligned_alloc(64, pool_size(config));
	enum pool_why why;

	memset(c, 0, sizeof(*c));
	if (!memory)
		return false;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		c->client[i].lease = POOL_NONE;
	c->now_ns = 1000000000;
	c->dial_ns = dial_ns;
	c->hold_ns = hold_ns;
	c->pool = pool_init(memory, config, 1, c->now_ns);
	c->node = pool_node_add(c->pool, c->now_ns, "b", &why);
	take(c);
	return true;
}

void clients_close(struct clients *c)
{
	free(c->pool); // it begins where its memory does
}

bool clients_ask(struct clients *c)
{
	struct pool_request request = {.node = c->node};
	struct pool_answer answer;
	uint32_t at = 0;

	while (at < CLIENTS_MAX && (c->client[at].waiting || c->client[at].lease != POOL_NONE))
		at++;
	if (at == CLIENTS_MAX)
		return false;
	request.cookie = at;
	c->client[at].asked_ns = c->now_ns;
	if (pool_acquire(c->pool, c->now_ns, &request, &answer) == POOL_GRANTED) {
		granted(c, at, answer.lease.lease);
	} else if (answer.result == POOL_WAITING) {
		c->client[at].waiting = true;
		c->waiting++;
	}
	take(c);
	return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_ns(const struct clients *c)
{
	uint64_t at_ns = pool_next_ns(c->pool);

	for (uint32_t i = 0; i < CLIENTS_LINKS; i++)
		if (c->links[i].ready_ns)
			at_ns = earlier(at_ns, c->links[i].ready_ns);
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		if (c->client[i].lease != POOL_NONE)
			at_ns = earlier(at_ns, c->client[i].done_ns);
	return at_ns;
}

static void links_step(struct clients *c)
{
	for (uint32_t i = 0; i < CLIENTS_LINKS; i++) {
		if (!c->links[i].ready_ns || c->links[i].ready_ns > c->now_ns)
			continue;
		c->links[i].ready_ns = 0;
		c->links[i].open = true;
		pool_on_dialed(c->pool, c->now_ns, c->links[i].name, 1);
		take(c);
	}
}

static void clients_step(struct clients *c)
{
	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		uint32_t lease = c->client[i].lease;

		if (lease == POOL_NONE || c->client[i].done_ns > c->now_ns)
			continue;
		c->client[i].lease = POOL_NONE;
		c->holding--;
		c->served++;
		c->took_ns += c->now_ns - c->client[i].asked_ns;
		pool_release(c->pool, c->now_ns, lease, POOL_DONE, 100000);
		take(c);
	}
}

void clients_run(struct clients *c, uint64_t until_ns)
{
	for (uint64_t at_ns = next_ns(c); at_ns <= until_ns; at_ns = next_ns(c)) {
		if (at_ns > c->now_ns)
			c->now_ns = at_ns;
		links_step(c);
		clients_step(c);
		pool_on_tick(c->pool, c->now_ns);
		take(c);
	}
	c->now_ns = until_ns;
}
