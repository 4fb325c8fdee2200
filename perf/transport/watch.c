// Marks, and counters before and after. See watch.h.
#include "perf/transport/watch.h"

#include <jansson.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port_private.h"
#include "perf/bench.h"
#include "perf/transport/pair.h"

enum { NAME_SIZE_MAX = 64 };
#define LOOK_TURNS 256u

static void mark(uint32_t *most, uint32_t value)
{
	if (value > *most)
		*most = value;
}

// Of the session whose sender is looked at.
static struct conn_stats watched(const struct node *n)
{
	struct conn *c = n->watched ? transport_find(n->w.transport, n->watched) : NULL;
	struct conn_stats stats = {0};

	if (c)
		conn_stats_get(c, &stats);
	return stats;
}

// From beside: between two turns of a node most of its buffers are back.
static void look(void *state)
{
	struct watch *w = state;

	for (unsigned side = 0; side < 2; side++)
		mark(&w->packet_buffers[side],
			rte_mempool_in_use_count(w->pair->node[side].port[0]->pool));
}

void watch_turn(struct node *n)
{
	struct watch_marks *m = &n->marks;

	for (uint32_t a = 0; a < n->w.apps_count; a++) {
		const struct app_channel *app = n->w.apps[a];
		uint32_t used = app->blocks_count - app->free_count;

		mark(&m->send_buffers, app->sends);

		if (used >= m->blocks) {
			m->blocks = used;
			m->blocks_size = app->blocks_count;
		}
	}
	mark(&m->send_buffers, ENDPOINT_BUFFERS - n->endpoint.free_count);
	mark(&m->backlog, n->w.backlog[0].count);
	if (n->w.counters.turns % LOOK_TURNS == 0)
		m->held[watched(n).limited_by] += n->watched != 0;
}

// ---- counters

static uint64_t port_full(const struct node *n)
{
	return port_counters(n->port[0], 0)->tx_refused;
}

static uint64_t port_sent(const struct node *n)
{
	return port_counters(n->port[0], 0)->tx_packets;
}

static uint64_t buffers_out(const struct node *n)
{
	return port_counters(n->port[0], 0)->drops[DROP_NO_MBUF];
}

static uint64_t turns_idle(const struct node *n)
{
	return n->w.counters.turns - n->w.counters.busy_turns;
}

static uint64_t turns_all(const struct node *n)
{
	return n->w.counters.turns;
}

static uint64_t slept(const struct node *n)
{
	return n->w.counters.sleeps;
}

static uint64_t woken(const struct node *n)
{
	uint64_t sum = 0;

	for (uint32_t a = 0; a < n->w.apps_count; a++)
		sum += n->w.apps[a]->wakes;
	return sum;
}

static uint64_t sent_again(const struct node *n)
{
	return watched(n).retransmits;
}

static uint64_t cuts(const struct node *n)
{
	return watched(n).cuts;
}

static uint64_t timeouts(const struct node *n)
{
	return watched(n).timeouts;
}

// Indices of the rings count modulo 2^32, and so does a difference of their sums.
static uint64_t from_application(const struct node *n)
{
	uint32_t sum = 0;

	for (uint32_t a = 0; a < n->w.apps_count; a++)
		sum += n->w.apps[a]->tx.head;
	return sum;
}

static uint64_t to_application(const struct node *n)
{
	uint32_t sum = 0;

	for (uint32_t a = 0; a < n->w.apps_count; a++)
		sum += n->w.apps[a]->rx.tail;
	return sum;
}

static uint64_t blocks_back(const struct node *n)
{
	uint32_t sum = 0;

	for (uint32_t a = 0; a < n->w.apps_count; a++)
		sum += n->w.apps[a]->returns.head;
	return sum;
}

static const struct {
	const char *name;
	uint64_t (*get)(const struct node *node);
	bool ring; // modulo 2^32
} counts[WATCH_COUNTS] = {
	{"waits: port full (packets refused)", port_full, false},
	{"waits: no packet buffer", buffers_out, false},
	{"waits: nothing to do (turns)", turns_idle, false},
	{"waits: slept (nanosleep)", slept, false},
	{"waits: application woken (socket)", woken, false},
	{"waits: window cut", cuts, false},
	{"waits: timeouts", timeouts, false},
	{"packets sent again", sent_again, false},
	{"turns of the loop", turns_all, false},
	{"shares: link's ring (packets)", port_sent, false},
	{"shares: ring from applications (records)", from_application, true},
	{"shares: ring to applications (events)", to_application, true},
	{"shares: ring of returned blocks", blocks_back, true},
};

static const char *side_name(unsigned side)
{
	return side ? "b" : "a";
}

void watch_start(struct watch *w, struct pair *p, uint32_t cid)
{
	memset(w, 0, sizeof(*w));
	w->pair = p;
	duo_look(p->duo, look, w);
	for (unsigned side = 0; side < 2; side++) {
		memset(&p->node[side].marks, 0, sizeof(p->node[side].marks));
		p->node[side].watched = side == 0 ? cid : 0;
		for (size_t i = 0; i < WATCH_COUNTS; i++)
			w->before[side][i] = counts[i].get(&p->node[side]);
	}
}

static void wait_add(json_t *waits, const char *side, const char *name, uint64_t times)
{
	char key[NAME_SIZE_MAX + 4];

	snprintf(key, sizeof(key), "%s %s", side, name);
	if (times > 0)
		json_object_set_new(waits, key, json_integer((json_int_t)times));
}

static void waits_of(const struct watch *w, unsigned side, json_t *waits)
{
	const struct node *n = &w->pair->node[side];
	char name[NAME_SIZE_MAX];

	for (size_t i = 0; i < WATCH_COUNTS; i++) {
		uint64_t times = counts[i].get(n) - w->before[side][i];

		wait_add(waits, side_name(side), counts[i].name,
			counts[i].ring ? (uint32_t)times : times);
	}
	for (unsigned i = 0; i <= LIMITED_APP; i++) {
		snprintf(name, sizeof(name), "waits: sender held by %s (each %uth turn)",
			limited_by_name((enum limited_by)i), LOOK_TURNS);
		wait_add(waits, side_name(side), name, n->marks.held[i]);
	}
}

static void pool_add(
	json_t *pools, unsigned side, const char *name, uint32_t used_max, uint32_t size)
{
	char text[NAME_SIZE_MAX];

	snprintf(text, sizeof(text), "%s, %s", name, side_name(side));
	json_array_append_new(pools, json_pack("{s:s, s:i, s:i}", "name", text, "used_max",
					     (int)used_max, "size", (int)size));
}

static void pools_of(const struct watch *w, unsigned side, json_t *pools)
{
	const struct node *n = &w->pair->node[side];
	const struct watch_marks *m = &n->marks;

	pool_add(pools, side, "packet buffers", w->packet_buffers[side], n->port[0]->pool->size);
	pool_add(pools, side, "receive blocks", m->blocks, m->blocks_size);
	pool_add(pools, side, "send buffers", m->send_buffers, ENDPOINT_BUFFERS);
	pool_add(pools, side, "backlog", m->backlog, TX_BACKLOG_MAX);
}

void watch_stop(const struct watch *w, struct bench_figures *out)
{
	json_t *pools = json_array(), *waits = json_object();

	for (unsigned side = 0; side < 2; side++) {
		pools_of(w, side, pools);
		waits_of(w, side, waits);
	}
	duo_look(w->pair->duo, NULL, NULL);
	json_decref(out->extra);
	out->extra = json_pack(
		"{s:o, s:o, s:I}", "pools", pools, "waits", waits, "waits_ns", (json_int_t)out->ns);
}
