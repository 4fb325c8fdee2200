// To and fro: one message, its answer, and how long that took from when it should have gone.
#include <jansson.h>
#include <string.h>

#include "perf/transport/raw.h"
#include "perf/transport/scene.h"

// Between two pings: more than one takes, or each waits for those before it.
#define GAP_MEMORY_NS 20000ull
#define GAP_KERNEL_NS 500000ull
#define GAP_BEHIND_NS 1000000ull
#define GAP_QUIET_NS  1000000ull  // long enough for a node to rest
#define PROBE_NS      50000000ull // to find out what full load is

enum {
	FRAME_HEADERS = 14 + 28 + 40, // Ethernet, IP and UDP, ours
	LOAD_RECORD = 8192,
	PING_SESSION = 0,
	LOAD_SESSION = 1,
	// Stream 0 is the load's, and a stream is of one kind for good.
	PING_STREAM = 1,
	URGENT_STREAM = 2,
};

static uint64_t gap(const struct scene *s)
{
	return port_is_memory(s->pair->link.port[0]) ? GAP_MEMORY_NS : GAP_KERNEL_NS;
}

struct pinger {
	struct node *node;
	struct endpoint_session *session;
	uint32_t stream, size;
	uint64_t gap_ns, next_ns, sent_ns; // sent_ns: intended; 0: none is out
	struct histogram *latency;
};

static uint32_t ping_due(struct node *node)
{
	struct pinger *ping = node->context;
	uint64_t now_ns = node_now(node);

	if (ping->sent_ns || now_ns < ping->next_ns ||
		!endpoint_send(
			&node->endpoint, ping->session, ping->stream, ping->size, ping->next_ns))
		return 0;
	ping->sent_ns = ping->next_ns;
	ping->next_ns += ping->gap_ns;
	return 1;
}

static void ping_back(void *context, struct endpoint_session *session, const uint8_t *data)
{
	struct pinger *ping = context;
	uint64_t stamp;

	memcpy(&stamp, data, sizeof(stamp));
	if (session != ping->session || stamp != ping->sent_ns)
		return; // the answer to an earlier sample's last one
	histogram_record(ping->latency, node_now(ping->node) - ping->sent_ns);
	ping->sent_ns = 0;
}

struct rtt_plan {
	enum stream_kind kind;         // of the pings' stream
	uint64_t gap_ns;               // between pings
	struct endpoint_session *load; // whose source sends beside; NULL: no load
	uint64_t load_gap_ns;          // between its records; 0: as fast as it goes
};

static int rtt(struct scene *s, const struct rtt_plan *plan)
{
	struct node *a = &s->pair->node[0];
	struct pinger ping = {.node = a,
		.session = s->pair->session[PING_SESSION].end[0],
		.stream = stream_id(
			plan->kind == STREAM_URGENT ? URGENT_STREAM : PING_STREAM, plan->kind),
		.size = s->argument & 0xffffff,
		.gap_ns = plan->gap_ns,
		.latency = s->out->latency};

	scene_sources(s, 0, 0, 1);
	s->pair->session[PING_SESSION].end[1]->echo = 1u << PING_STREAM | 1u << URGENT_STREAM;
	if (plan->load) {
		plan->load->size = LOAD_RECORD;
		plan->load->gap_ns = plan->load_gap_ns;
	}
	// Its time stands still between samples: the first ping goes when it runs again.
	ping.next_ns = a->left_ns - a->paused_ns + plan->gap_ns;
	a->context = &ping;
	a->endpoint.context = &ping;
	a->endpoint.on_data = ping_back;
	a->on_turn = ping_due;
	scene_go(s);
	a->on_turn = NULL;
	pair_settle(s->pair);
	a->endpoint.on_data = NULL;
	s->out->units = s->out->latency->count;
	scene_hash(s);
	return 0;
}

int scene_rtt(struct scene *s)
{
	const struct rtt_plan plan = {.gap_ns = gap(s)};

	return rtt(s, &plan);
}

int scene_rtt_quiet(struct scene *s)
{
	const struct rtt_plan plan = {.gap_ns = GAP_QUIET_NS};
	int result;

	for (unsigned side = 0; side < 2; side++)
		s->pair->node[side].config.idle = IDLE_ADAPTIVE;
	result = rtt(s, &plan);
	for (unsigned side = 0; side < 2; side++)
		s->pair->node[side].config.idle = IDLE_BUSY;
	return result;
}

// Nanoseconds of one load record at full load, found out once.
static double load_full(struct scene *s)
{
	static double record_ns;
	struct scene probe = *s;
	struct bench_figures figures = {0};
	uint64_t before;

	if (record_ns > 0)
		return record_ns;
	probe.out = &figures;
	probe.duration_ns = PROBE_NS;
	scene_sources(&probe, 0, 0, 1);
	s->pair->session[LOAD_SESSION].end[0]->size = LOAD_RECORD;
	before = scene_bytes_received(s->pair);
	scene_go(&probe);
	json_decref(figures.extra);
	before = scene_bytes_received(s->pair) - before;
	pair_settle(s->pair);
	record_ns = before ? (double)figures.ns * LOAD_RECORD / (double)before : 1e6;
	return record_ns;
}

int scene_rtt_loaded(struct scene *s)
{
	struct rtt_plan plan = {.gap_ns = gap(s)};

	if (pair_sessions(s->pair, LOAD_SESSION + 1) < 0)
		return -1;
	plan.load_gap_ns = (uint64_t)(load_full(s) * 100 / (s->argument >> 24));
	plan.load = s->pair->session[LOAD_SESSION].end[0];
	return rtt(s, &plan);
}

// In the session of the load itself, which sends what it can.
static int behind(struct scene *s, enum stream_kind kind)
{
	const struct rtt_plan plan = {.kind = kind,
		.gap_ns = GAP_BEHIND_NS,
		.load = s->pair->session[PING_SESSION].end[0]};

	return rtt(s, &plan);
}

int scene_rtt_behind(struct scene *s)
{
	return behind(s, STREAM_ORDERED);
}

int scene_rtt_urgent(struct scene *s)
{
	return behind(s, STREAM_URGENT);
}

int scene_raw_rtt(struct scene *s)
{
	s->out->units = raw_ping(
		s->pair, s->argument + FRAME_HEADERS, gap(s), s->duration_ns, s->out->latency);
	s->out->ns = s->duration_ns;
	s->out->hash = 1;
	return 0;
}
