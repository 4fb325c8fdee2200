// The pool's own time: acquire and release on one thread, against an uncontended LIFO that threads
// could share (pop and push by compare-and-swap); hints; bytes a connection.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/pool/core.h"
#include "perf/clock.h"
#include "perf/count.h"
#include "perf/pool/rows.h"

enum { CHUNK = 1024, CONNECTIONS = 64, NODES = 256, ACTIVE = 16, KINDS = 8, SLOTS = 4096 };

struct state {
	struct pool *pool;
	uint32_t node, nodes[NODES];
	uint64_t now_ns, random;
	uint32_t leases[ACTIVE];
};

static struct pool_config config_of(uint32_t connections)
{
	struct pool_config config;

	pool_config_preset(&config, POOL_DEFAULT);
	config.connections_max = config.total_max = config.node_max = connections;
	config.min_idle = config.warm_up = connections;
	config.dials_max = connections;
	return config;
}

static struct state *state_new(const struct pool_config *config)
{
	struct state *s = calloc(1, sizeof(*s));
	void *memory = aligned_alloc(64, pool_size(config));

	if (!s || !memory) {
		free(memory);
		free(s);
		return NULL;
	}
	s->now_ns = 1000000000;
	s->random = 1;
	s->pool = pool_init(memory, config, 1, s->now_ns);
	return s;
}

// Its warm connections are there.
static uint32_t node_new(struct state *s, const char *name)
{
	enum pool_why why;
	uint32_t node = pool_node_add(s->pool, s->now_ns, name, &why);
	struct pool_action action;

	while (pool_take(s->pool, s->now_ns, &action))
		pool_on_dialed(s->pool, s->now_ns, action.connection, 1);
	return node;
}

void *pool_core_open(const struct bench *bench)
{
	struct pool_config config = config_of(CONNECTIONS);
	struct state *s = state_new(&config);

	(void)bench;
	if (s)
		s->node = node_new(s, "b");
	return s;
}

void *pool_nodes_open(const struct bench *bench)
{
	struct pool_config config;
	struct state *s;
	char name[16];

	(void)bench;
	pool_config_preset(&config, POOL_LAN);
	s = state_new(&config);
	for (uint32_t i = 0; s && i < NODES; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		s->nodes[i] = node_new(s, name);
	}
	return s;
}

void pool_core_close(void *state)
{
	struct state *s = state;

	free(s->pool);
	free(s);
}

// Of a connection with its lease: what a pool for more of them is larger by.
static double bytes_of_connection(void)
{
	struct pool_config few = config_of(1000), many = config_of(2000);

	return (double)(pool_size(&many) - pool_size(&few)) / 1000;
}

// Not what the harness takes for its own.
static void counted(struct count *count, struct bench_figures *out)
{
	count_stop(count);
	out->counters.allocs = (double)count->allocs;
	out->counters.syscalls = (double)count->syscalls;
}

static uint64_t some(struct state *s, uint64_t count)
{
	struct pool_request request = {.node = s->node};
	struct pool_answer answer;
	uint64_t granted = 0;

	for (uint64_t i = 0; i < count; i++) {
		s->now_ns += 50;
		granted += pool_acquire(s->pool, s->now_ns, &request, &answer) == POOL_GRANTED;
		pool_release(s->pool, s->now_ns, answer.lease.lease, POOL_DONE, 0);
	}
	return granted;
}

int pool_core_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	uint64_t start = clock_ns(), granted = 0;
	struct count count;

	count_start(&count);
	do {
		granted += some(state, CHUNK);
		out->units += CHUNK;
		out->ns = clock_ns() - start;
	} while (out->ns < duration_ns);
	counted(&count, out);
	out->hash = granted == out->units;
	out->extra = json_pack("{s:f}", "connection_bytes", bytes_of_connection());
	return 0;
}

// Of all nodes and kinds few are asked often, as callers do: a draw times the square of another.
static uint32_t kind_of(struct state *s)
{
	uint64_t a, b;

	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	a = s->random >> 32 & 0xffff;
	b = s->random >> 48;
	return (uint32_t)((a * b * b >> 32) * NODES * KINDS >> 16);
}

// ACTIVE leases are out at any time.
static uint64_t some_nodes(struct state *s, uint64_t count)
{
	struct pool_answer answer;
	struct pool_action action;
	uint64_t granted = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t *lease = &s->leases[i % ACTIVE], kind = kind_of(s);
		struct pool_request request = {
			.node = s->nodes[kind % NODES], .affinity = kind / NODES};

		s->now_ns += 50;
		if (*lease)
			pool_release(s->pool, s->now_ns, *lease, POOL_DONE, 0);
		granted += pool_acquire(s->pool, s->now_ns, &request, &answer) == POOL_GRANTED;
		*lease = answer.result == POOL_GRANTED ? answer.lease.lease : 0;
		while (answer.result == POOL_WAITING && pool_take(s->pool, s->now_ns, &action))
			if (action.type == POOL_ACTION_DIAL)
				pool_on_dialed(s->pool, s->now_ns, action.connection, 1);
			else if (action.type == POOL_ACTION_GRANT)
				*lease = action.lease.lease, granted++;
	}
	return granted;
}

int pool_nodes_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct state *s = state;
	struct pool_report report;
	uint64_t start = clock_ns(), granted = 0;
	struct count count;

	count_start(&count);
	do {
		granted += some_nodes(s, CHUNK);
		out->units += CHUNK;
		out->ns = clock_ns() - start;
	} while (out->ns < duration_ns);
	counted(&count, out);
	pool_report(s->pool, s->now_ns, &report);
	out->hash = granted == out->units;
	out->extra = json_pack("{s:f}", "lru_hits_percent",
		100 * (double)report.lru_hits / (double)report.lru_lookups);
	return 0;
}

// ---- hints alone: a thousand that are all there, in an order that nothing predicts

uint64_t pool_lookup_body(void *state, uint64_t operations)
{
	struct state *s = state;
	struct lru *lru = &s->pool->lru;
	uint64_t found = 0;

	for (uint32_t i = lru->used; i < lru->entries; i++)
		lru_put(lru, 0, i, i % CONNECTIONS);
	for (uint64_t i = 0; i < operations; i++)
		found += lru_find(lru, 0, (uint32_t)(i * 0x9e3779b1u % lru->entries)) != NULL;
	return found == operations;
}

// ---- the limits

struct slot {
	uint32_t next;
	uint8_t rest[60];
};

struct lifo {
	_Alignas(64) uint64_t head; // a count against reuse, above the first one
	struct slot slots[SLOTS];
};

void *pool_lifo_open(const struct bench *bench)
{
	struct lifo *l = aligned_alloc(64, sizeof(*l));

	(void)bench;
	if (!l)
		return NULL;
	l->head = 0;
	for (uint32_t i = 0; i < SLOTS; i++)
		l->slots[i].next = i + 1;
	return l;
}

static __attribute__((noinline)) uint32_t pop(struct lifo *l)
{
	uint64_t head = __atomic_load_n(&l->head, __ATOMIC_ACQUIRE), next;

	do {
		next = ((head >> 32) + 1) << 32 | l->slots[(uint32_t)head].next;
	} while (!__atomic_compare_exchange_n(
		&l->head, &head, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return (uint32_t)head;
}

static __attribute__((noinline)) void push(struct lifo *l, uint32_t at)
{
	uint64_t head = __atomic_load_n(&l->head, __ATOMIC_ACQUIRE), next;

	do {
		l->slots[at].next = (uint32_t)head;
		next = ((head >> 32) + 1) << 32 | at;
	} while (!__atomic_compare_exchange_n(
		&l->head, &head, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

int pool_lifo_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	uint64_t start = clock_ns(), popped = 0;

	do {
		for (uint32_t i = 0; i < CHUNK; i++) {
			uint32_t at = pop(state);

			popped += at == 0;
			push(state, at);
		}
		out->units += CHUNK;
		out->ns = clock_ns() - start;
	} while (out->ns < duration_ns);
	out->hash = popped == out->units;
	return 0;
}

uint64_t pool_array_body(void *state, uint64_t operations)
{
	const struct lifo *l = state;
	uint64_t found = 0;

	for (uint64_t i = 0; i < operations; i++)
		found += l->slots[i * 0x9e3779b1u % 1000].next != 0;
	return found == operations;
}
