// Goodput under random loss, in virtual time: two production transports and a path of 1 ms round
// trip that loses packets, against an ideal sender that does nothing but follow the law on it.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/transport/transport.h"
#include "perf/bench.h"
#include "perf/count.h"

#define DELAY_NS   500000ull // one way
#define SCALE      200u      // virtual time of a sample: so many times the real time it is given
#define TRACE_NS   1000000ull
#define WARM_UP_NS 2000000000ull // until the window is where it stays

enum {
	SEGMENT = 1408, // of a packet at MTU 1500
	QUEUE = 16384,  // packets on their way
	CREDIT_RECORDS = 96,
	BLOCKS = 2 * CREDIT_RECORDS + RECORD_WINDOW,
	TURN_PACKETS = 32,
	TRACE_MAX = 1000,
};

struct packet {
	uint64_t at_ns;
	struct wire_header header;
	bool has_ack;
	struct wire_ack ack;
	uint32_t size;
	uint8_t payload[SEGMENT];
};

struct loss_side {
	struct transport *transport;
	void *memory;
	struct conn *conn;
	struct packet *queue; // towards this side
	uint32_t head, tail;
};

struct loss {
	struct loss_side side[2]; // 0 sends
	uint64_t now_ns, random;
	double probability;
	uint8_t *blocks, *free[BLOCKS];
	uint32_t free_count;
	uint8_t *source;
	struct send_record record;
	uint64_t received;
	double window; // of the ideal sender
	struct trace_record trace[TRACE_MAX];
	uint32_t trace_count;
	uint64_t trace_due_ns; // when the next ACK is kept
};

static uint8_t *block_get(void *context, void *owner)
{
	struct loss *l = context;

	(void)owner;
	return l->free_count > 0 ? l->free[--l->free_count] : NULL;
}

static void block_put(void *context, void *owner, uint8_t *block)
{
	struct loss *l = context;

	(void)owner;
	l->free[l->free_count++] = block;
}

static double random_unit(struct loss *l)
{
	l->random = l->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(l->random >> 11) / (double)(1ull << 53);
}

// ---- the path

static void path_send(struct loss *l, unsigned from, const struct send_packet *out)
{
	struct loss_side *to = &l->side[!from];
	struct packet *p = &to->queue[to->tail % QUEUE];

	if (random_unit(l) < l->probability || to->tail - to->head == QUEUE)
		return;
	p->at_ns = l->now_ns + DELAY_NS;
	p->header = out->header;
	p->has_ack = out->has_ack;
	p->ack = out->ack;
	p->size = 0;
	for (uint32_t i = 0; i < out->iov_count; i++) {
		memcpy(p->payload + p->size, out->iov[i].base, out->iov[i].size);
		p->size += out->iov[i].size;
	}
	to->tail++;
}

static void path_deliver(struct loss *l, struct loss_side *to, const struct packet *p)
{
	struct conn *c = transport_find(to->transport, p->header.cid);
	struct conn_place place;
	uint32_t at = 0;

	if (!c || conn_check_pn(c, p->header.pn) != VERDICT_ACCEPT ||
		conn_place(to->transport, c, &p->header, p->size, &place) != VERDICT_ACCEPT)
		return;
	for (uint32_t i = 0; i < place.iov_count; at += place.iov[i++].size)
		memcpy(place.iov[i].base, p->payload + at, place.iov[i].size);
	conn_on_packet(to->transport, c, &p->header,
		p->header.type == WIRE_DATA ? NULL : p->payload, p->size,
		p->has_ack ? &p->ack : NULL, l->now_ns);
}

// ---- the two ends

static void end_take(struct loss *l, struct loss_side *s)
{
	struct recv_record record;
	struct sent_record sent;
	struct transport_event event;

	while (transport_take_record(s->transport, &record)) {
		l->received += record.header.stored_size;
		block_put(l, NULL, record.block);
		conn_credit(s->transport, record.conn, 1, l->now_ns);
	}
	while (transport_take_sent(s->transport, &sent))
		;
	while (transport_take_event(s->transport, &event))
		;
}

static void end_turn(struct loss *l, unsigned side)
{
	struct loss_side *s = &l->side[side];
	struct send_packet out[TURN_PACKETS];
	uint32_t n;

	for (; s->head != s->tail && s->queue[s->head % QUEUE].at_ns <= l->now_ns; s->head++)
		path_deliver(l, s, &s->queue[s->head % QUEUE]);
	end_take(l, s);
	transport_on_time(s->transport, l->now_ns);
	while (side == 0 &&
		transport_submit(s->transport, s->conn, 0, &l->record, l->now_ns) == SUBMIT_OK)
		;
	n = transport_send(s->transport, out, TURN_PACKETS, l->now_ns);
	for (uint32_t i = 0; i < n; i++)
		path_send(l, side, &out[i]);
	end_take(l, s);
}

static uint64_t next_ns(const struct loss *l)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < 2; i++) {
		const struct loss_side *s = &l->side[i];
		uint64_t at = transport_deadline(s->transport);

		if (s->head != s->tail && s->queue[s->head % QUEUE].at_ns < at)
			at = s->queue[s->head % QUEUE].at_ns;
		next = at < next ? at : next;
	}
	return next > l->now_ns ? next : l->now_ns + 1;
}

static void run_until(struct loss *l, uint64_t until_ns)
{
	for (; l->now_ns < until_ns; l->now_ns = next_ns(l)) {
		end_turn(l, 0);
		end_turn(l, 1);
	}
}

// ---- the subject

// Of the first second of a sample: one ACK each millisecond, and every cut.
static void trace_step(void *context, void *owner, const struct trace_record *record)
{
	struct loss *l = context;

	(void)owner;
	if (l->trace_count == TRACE_MAX ||
		(record->event != TRACE_CUT && record->t_ns < l->trace_due_ns))
		return;
	l->trace[l->trace_count++] = *record;
	l->trace_due_ns = record->t_ns + TRACE_NS;
}

static json_t *trace_json(const struct loss *l)
{
	static const char *const cuts[TRACE_CUT_COUNT] = {
		[TRACE_CUT_LOSS] = "loss", [TRACE_CUT_TIMEOUT] = "timeout"};
	json_t *trace = json_array();

	for (uint32_t i = 0; i < l->trace_count; i++) {
		const struct trace_record *r = &l->trace[i];

		json_array_append_new(
			trace, json_pack("{s:I, s:f, s:I, s:I, s:s?}", "t_ns", (json_int_t)r->t_ns,
				       "cwnd_segments", r->cwnd_segments, "rate_Bps",
				       (json_int_t)r->rate_Bps, "srtt_ns", (json_int_t)r->srtt_ns,
				       "cut_reason", cuts[r->cut_reason]));
	}
	return trace;
}

static json_t *loss_extra(const struct loss *l, const struct conn_stats *before)
{
	struct conn_stats s;

	conn_stats_get(l->side[0].conn, &s);
	return json_pack("{s:s, s:f, s:I, s:I, s:I, s:I, s:o}", "time", "virtual", "retransmitted",
		(double)(s.retransmits - before->retransmits) /
			(double)(s.data_packets_sent - before->data_packets_sent),
		"cuts", (json_int_t)(s.cuts - before->cuts), "timeouts",
		(json_int_t)(s.timeouts - before->timeouts), "spurious",
		(json_int_t)(s.spurious - before->spurious), "srtt_ns", (json_int_t)s.srtt_ns,
		"trace", trace_json(l));
}

static int loss_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct loss *l = state;
	uint64_t start_ns = l->now_ns, received = l->received;
	struct conn_stats before;
	struct count count;

	conn_stats_get(l->side[0].conn, &before);
	l->trace_count = 0;
	count_start(&count);
	run_until(l, start_ns + duration_ns * SCALE);
	count_stop(&count);
	out->counters.allocs = (double)count.allocs;
	out->counters.syscalls = (double)count.syscalls;
	out->units = l->received - received;
	out->ns = l->now_ns - start_ns;
	out->hash = transport_check(l->side[0].transport) == NULL &&
		    transport_check(l->side[1].transport) == NULL;
	out->extra = loss_extra(l, &before);
	return 0;
}

// ---- the limit: the law and nothing else

// A round trip sends what the window allows; what is lost goes again in a later one. One loss or
// several of a round are one loss event, which halves; otherwise the window grows by a segment.
static int law_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct loss *l = state;
	uint64_t rounds = duration_ns * SCALE / (2 * DELAY_NS), segments = 0;

	for (uint64_t round = 0; round < rounds; round++) {
		uint32_t sent = (uint32_t)l->window, lost = 0;

		for (uint32_t i = 0; i < sent; i++)
			lost += random_unit(l) < l->probability;
		segments += sent - lost;
		l->window = lost == 0 ? l->window + 1 : fmax(l->window / 2, 1);
	}
	out->units = segments * SEGMENT;
	out->ns = rounds * 2 * DELAY_NS;
	out->hash = 1;
	return 0;
}

// ---- life

static void loss_close(void *state)
{
	struct loss *l = state;

	for (unsigned i = 0; i < 2; i++) {
		free(l->side[i].memory);
		free(l->side[i].queue);
	}
	free(l->blocks);
	free(l->source);
	free(l);
}

static bool side_make(struct loss *l, unsigned i)
{
	const struct transport_config config = {.worker = (uint8_t)i,
		.conns = 1,
		.boot_id = 1 + i,
		.seed = 7 + i,
		.env = {.context = l,
			.block_get = block_get,
			.block_put = block_put,
			.trace = trace_step}};
	size_t size = (transport_size(&config) + 63) & ~(size_t)63;
	struct loss_side *s = &l->side[i];

	s->queue = malloc(QUEUE * sizeof(*s->queue));
	s->memory = aligned_alloc(64, size);
	if (!s->queue || !s->memory)
		return false;
	memset(s->memory, 0, size);
	s->transport = transport_init(s->memory, &config, l->now_ns);
	s->conn = transport_reserve(s->transport);
	return true;
}

static void sides_open(struct loss *l, enum controller_id controller)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct conn_open open = {.owner = l,
			.session_id = "loss",
			.peer_cid = conn_cid(l->side[!i].conn),
			.segment_size = SEGMENT,
			.initiator = i == 0,
			.controller = controller,
			.credit_records = CREDIT_RECORDS};

		transport_open(l->side[i].transport, l->side[i].conn, &open, l->now_ns);
	}
}

static bool memory_make(struct loss *l)
{
	const struct block_header header = {
		.raw_size = RECORD_RAW_MAX, .stored_size = RECORD_RAW_MAX};

	l->blocks = malloc((size_t)BLOCKS * BLOCK_SIZE);
	l->source = calloc(1, RECORD_RAW_MAX);
	for (; l->blocks && l->free_count < BLOCKS; l->free_count++)
		l->free[l->free_count] = l->blocks + (size_t)l->free_count * BLOCK_SIZE;
	l->record = (struct send_record){
		.stored = l->source, .stored_size = RECORD_RAW_MAX, .raw_size = RECORD_RAW_MAX};
	block_header_frame(l->record.header, &header);
	return l->blocks && l->source && side_make(l, 0) && side_make(l, 1);
}

// param: losses in a million; argument: the controller.
static void *loss_open(const struct bench *bench)
{
	struct loss *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->now_ns = 1000000000;
	l->random = 20261121;
	l->probability = bench->param / 1e6;
	l->window = 4;
	if (!memory_make(l)) {
		loss_close(l);
		return NULL;
	}
	sides_open(l, (enum controller_id)bench->argument);
	conn_trace_set(l->side[0].transport, l->side[0].conn, true);
	run_until(l, l->now_ns + WARM_UP_NS);
	return l;
}

#define LAW(NAME, PPM)                                                                        \
	{                                                                                     \
		.id = "transport/limit/law/" NAME, .unit = "B/s", .bytes = 0, .param = (PPM), \
		.sample_ms = 50, .pairs_max = 15, .open = loss_open, .sample = law_sample,    \
		.close = loss_close                                                           \
	}
#define LOSS(ID, LAW_NAME, PPM, CONTROLLER)                                                      \
	{                                                                                        \
		.id = "transport/" ID, .unit = "B/s", .limit = "transport/limit/law/" LAW_NAME,  \
		.param = (PPM), .argument = CONTROLLER_##CONTROLLER, .sample_ms = 50,            \
		.pairs_max = 15, .location = "dataplane/transport/cc_aimd.c", .open = loss_open, \
		.sample = loss_sample, .close = loss_close                                       \
	}

const struct bench loss_benches[] = {
	LAW("0.01", 100),
	LAW("0.1", 1000),
	LAW("1", 10000),
	LOSS("loss/aimd/0.01", "0.01", 100, AIMD),
	LOSS("loss/aimd/0.1", "0.1", 1000, AIMD),
	LOSS("loss/aimd/1", "1", 10000, AIMD),
	LOSS("controllers/aimd-ss/0.1", "0.1", 1000, AIMD_SS),
	LOSS("controllers/cubic/0.1", "0.1", 1000, CUBIC),
};
const size_t loss_benches_count = sizeof(loss_benches) / sizeof(loss_benches[0]);
