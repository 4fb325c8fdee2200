// The worker's connections: connection id -> slot, generations, and the life of a slot.
#include <assert.h>
#include <string.h>

#include "dataplane/transport/conn.h"

// xorshift64*: generations and jitter need spread, not secrecy.
static uint64_t table_random(struct transport *t)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return t->random * 0x2545f4914f6cdd1dull;
}

static size_t table_header_size(void)
{
	return (sizeof(struct transport) + 63) & ~(size_t)63;
}

size_t transport_size(const struct transport_config *config)
{
	return table_header_size() + config->conns * sizeof(struct conn);
}

static void table_conn_init(struct transport *t, uint16_t slot)
{
	struct conn *c = conn_of(t, slot);
	c->slot = slot;
	c->generation = (uint8_t)(table_random(t) >> 56);
	list_init(&c->on_control);
	list_init(&c->on_data);
	list_init(&c->on_ready);
	list_init(&c->on_sent);
	list_init(&c->on_event);
	list_init(&c->on_placed);
	wheel_node_init(&c->timer);
}

struct transport *transport_init(
	void *memory, const struct transport_config *config, uint64_t now_ns)
{
	struct transport *t = memory;
	assert(config->conns > 0 && config->conns <= CONNS_MAX);
	assert(config->env.block_get && config->env.block_put);
	t->config = *config;
	if (t->config.keepalive_ns == 0)
		t->config.keepalive_ns = 1000000000ull;
	if (t->config.idle_timeout_ns == 0)
		t->config.idle_timeout_ns = 10000000000ull;
	t->random = config->seed ^ 0x9e3779b97f4a7c15ull;
	if (t->random == 0)
		t->random = 1;
	t->last_turn_ns = now_ns;
	t->conns = (struct conn *)(void *)((uint8_t *)memory + table_header_size());
	wheel_init(&t->wheel, now_ns);
	list_init(&t->control);
	list_init(&t->data);
	list_init(&t->ready);
	list_init(&t->sent);
	list_init(&t->events);
	list_init(&t->placed);
	for (uint16_t i = 0; i < config->conns; i++) {
		table_conn_init(t, i);
		t->free[i] = (uint16_t)(config->conns - 1 - i); // slot 0 goes first
	}
	t->nfree = config->conns;
	return t;
}

struct conn *transport_reserve(struct transport *t)
{
	if (t->nfree == 0)
		return NULL;
	struct conn *c = conn_of(t, t->free[--t->nfree]);
	c->generation++;
	if (c->generation == 0)
		c->generation = 1; // cid 0 names no connection: a RESET with it is a hint
	c->cid = wire_cid(t->config.worker, c->slot, c->generation);
	c->state = CONN_RESERVED;
	c->owner = NULL;
	c->reason = CLOSE_NONE;
	c->events = 0;
	c->events_writable = 0;
	c->control = 0;
	c->send_mask = 0;
	c->reported = false;
	c->traced = false;
	return c;
}

void transport_free(struct transport *t, struct conn *c)
{
	assert(c->state == CONN_RESERVED || (c->state == CONN_CLOSED && c->reported));
	wheel_remove(&t->wheel, &c->timer);
	list_del(&c->on_control);
	list_del(&c->on_event);
	c->state = CONN_FREE;
	t->peer_cids[c->slot] = 0;
	t->free[t->nfree++] = c->slot;
}

struct conn *transport_find(struct transport *t, uint32_t cid)
{
	uint16_t slot = wire_cid_slot(cid);
	if (wire_cid_worker(cid) != t->config.worker || slot >= t->config.conns)
		return NULL;
	struct conn *c = conn_of(t, slot);
	return c->cid == cid && c->state != CONN_FREE ? c : NULL;
}

uint32_t conn_cid(const struct conn *c)
{
	return c->cid;
}

uint16_t conn_slot(const struct conn *c)
{
	return c->slot;
}

void *conn_owner(const struct conn *c)
{
	return c->owner;
}

uint32_t conn_peer_cid(const struct conn *c)
{
	return c->peer_cid;
}

uint64_t conn_largest_acked(const struct conn *c)
{
	return c->largest_acked;
}

bool conn_over_memory(const struct conn *c)
{
	return c->memory && c->peer_memory;
}
