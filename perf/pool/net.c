// Control connections as nodes use them, over loopback: a request that finds a connection, against
// one that has to open it; many, one after the other and at the same time. Both ends run in one
// loop on one CPU.
#include <jansson.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/net/calls.h"
#include "control/net/listener.h"
#include "control/pool/core.h"
#include "perf/clock.h"
#include "perf/count.h"
#include "perf/handshake/stage.h"
#include "perf/pool/rows.h"

enum { PATIENCE_S = 10, FILL = 64 };

struct pair {
	struct config config[2]; // who asks, who answers
	struct directory directory;
	struct stage *nodes; // with certificates; NULL: plain
	struct tls plain;
	struct loop *loop;
	struct listener listener;
	struct calls calls;
	uint32_t ended, failed;
	bool fresh;
};

static void on_message(void *owner, const char *node, uint64_t link, const struct message *message)
{
	(void)owner, (void)node, (void)link, (void)message;
}

static void on_link_down(void *owner, uint64_t link)
{
	(void)owner, (void)link;
}

static void on_greeted(void *owner, const char *node)
{
	(void)owner, (void)node;
}

static void on_end(void *owner, const struct call_answer *answer)
{
	struct pair *pair = owner;

	pair->ended++;
	pair->failed += answer->end != CALL_ANSWERED;
}

void pool_net_close(void *state)
{
	struct pair *pair = state;

	calls_fini(&pair->calls);
	if (pair->listener.loop)
		listener_stop(&pair->listener);
	loop_free(pair->loop);
	stage_free(pair->nodes);
	free(pair);
}

static bool pair_listen(struct pair *pair)
{
	const struct tls *answers = pair->nodes ? &pair->nodes->tls[1] : &pair->plain;
	char error[CONFIG_ERROR_SIZE];

	snprintf(pair->config[1].node, NAME_SIZE, "b");
	pair->config[1].listen_address = address_from_ipv4(INADDR_LOOPBACK);
	listener_init(&pair->listener, &pair->config[1], answers, pair->loop);
	pair->listener.on_message = on_message;
	pair->listener.on_link_down = on_link_down;
	pair->listener.on_greeted = on_greeted;
	pair->listener.owner = pair;
	if (listener_start(&pair->listener, error, sizeof(error)) == 0)
		return true;
	fprintf(stderr, "sluice-perf: %s\n", error);
	return false;
}

static bool pair_call(struct pair *pair)
{
	const struct tls *asks = pair->nodes ? &pair->nodes->tls[0] : &pair->plain;
	struct config_peer *peer = &pair->config[0].peers[0];

	snprintf(pair->config[0].node, NAME_SIZE, "a");
	pair->config[0].peers_count = 1;
	snprintf(peer->name, sizeof(peer->name), "b");
	peer->control_address = pair->config[1].listen_address;
	peer->control_port = pair->listener.port;
	pair->directory.config = &pair->config[0];
	calls_pool_preset(&pair->config[0].pool, POOL_LAN);
	return calls_init(&pair->calls, &pair->config[0], &pair->directory, asks, pair->loop) == 0;
}

void *pool_net_open(const struct bench *bench)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return NULL;
	pair->fresh = bench->param & POOL_NET_FRESH;
	pair->loop = loop_new();
	if (bench->param & POOL_NET_TLS)
		pair->nodes = stage_new(PKI_ED25519, CONFIG_PQ_OFF);
	if (pair->loop && (pair->nodes || !(bench->param & POOL_NET_TLS)) && pair_listen(pair) &&
		pair_call(pair))
		return pair;
	pool_net_close(pair);
	return NULL;
}

// ---- requests ----------------------------------------------------------------------------------

static void ask(struct pair *pair)
{
	static const struct message ping = {.type = MESSAGE_PING, .request = 1};
	uint64_t now_ns = loop_now_ns(pair->loop), patience_ns = PATIENCE_S * 1000000000ull;
	const struct call_order order = {.node = "b",
		.message = &ping,
		.until_ns = now_ns + patience_ns,
		.deadline_ns = now_ns + patience_ns,
		.site = "perf",
		.on_end = on_end,
		.owner = pair};

	calls_start(&pair->calls, &order);
}

// `count` at the same time.
static bool ask_all(struct pair *pair, uint32_t count)
{
	uint32_t wanted = pair->ended + count;

	for (uint32_t i = 0; i < count; i++)
		ask(pair);
	while (pair->ended != wanted)
		if (loop_turn(pair->loop, 1000) < 0)
			return false;
	return pair->failed == 0;
}

// Nothing is open any more, at either end.
static void close_all(struct pair *pair)
{
	calls_drain(&pair->calls, NULL);
	calls_resume(&pair->calls, NULL);
	for (int i = 0; i < LISTENER_MAX; i++)
		while (pair->listener.incoming[i].link && loop_turn(pair->loop, 1000) == 0)
			;
}

static int fail(struct bench_figures *out)
{
	snprintf(out->error, sizeof(out->error), "a request was not answered");
	return -1;
}

// One request at a time; the time of each.
int pool_net_latency(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct pair *pair = state;

	if (!ask_all(pair, 1))
		return fail(out);
	do {
		uint64_t before_ns, took_ns;

		if (pair->fresh)
			close_all(pair);
		before_ns = clock_ns();
		if (!ask_all(pair, 1))
			return fail(out);
		took_ns = clock_ns() - before_ns;
		histogram_record(out->latency, took_ns);
		out->ns += took_ns;
		out->units++;
	} while (!bench_instant && out->ns < duration_ns);
	out->hash = 1;
	return 0;
}

static struct pool_counts counts(const struct pair *pair)
{
	struct pool_report report;

	pool_report(pair->calls.pool, loop_now_ns(pair->loop), &report);
	return report.counts;
}

// What both ends' heap grows by for each connection that is open and idle, OpenSSL's with it.
static double heap_of_connection(struct pair *pair)
{
	struct pool_report report;
	size_t before;

	close_all(pair);
	before = mallinfo2().uordblks;
	if (!ask_all(pair, FILL))
		return 0;
	pool_report(pair->calls.pool, loop_now_ns(pair->loop), &report);
	return ((double)mallinfo2().uordblks - (double)before) / report.connections;
}

// Of ours: its places in the tables of transport and pool, and what it allocates. Over TLS that
// cannot be told from OpenSSL's; the session's own record has a fixed size.
static json_t *extra(struct pair *pair, const struct pool_counts *before)
{
	struct pool_counts after = counts(pair);
	double granted = (double)(after.granted - before->granted);
	double heap = heap_of_connection(pair);
	double tables = sizeof(struct channel) + sizeof(struct connection);

	return json_pack("{s:f, s:f, s:f, s:f}", "reuse_percent",
		100.0 * (double)(after.reused - before->reused) / granted, "dials_percent",
		100.0 * (double)(after.dials - before->dials) / granted, "connection_bytes",
		tables + (pair->nodes ? TLS_SESSION_SIZE : heap), "connection_heap_bytes", heap);
}

// Rounds of so many requests, each round from nothing open; `together`: how many at the same time.
static int rounds(struct pair *pair, uint32_t together, uint32_t round, uint64_t duration_ns,
	struct bench_figures *out)
{
	struct pool_counts before = counts(pair);
	struct count count;

	count_start(&count);
	do {
		uint64_t before_ns;

		close_all(pair);
		before_ns = clock_ns();
		for (uint32_t done = 0; done < round; done += together) {
			if (pair->fresh)
				close_all(pair);
			if (!ask_all(pair, together))
				return fail(out);
		}
		out->ns += clock_ns() - before_ns;
		out->units += round;
	} while (!bench_instant && out->ns < duration_ns);
	count_stop(&count);
	out->counters.allocs = (double)count.allocs;
	out->counters.syscalls = (double)count.syscalls;
	out->hash = 1;
	out->extra = extra(pair, &before);
	return 0;
}

int pool_net_sequential(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return rounds(state, 1, 10, duration_ns, out);
}

int pool_net_100(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return rounds(state, 100, 100, duration_ns, out);
}

int pool_net_200(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	return rounds(state, 200, 200, duration_ns, out);
}
