// Bare ports. See raw.h.
#include "perf/transport/raw.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>

#include "dataplane/port/port_private.h"
#include "perf/clock.h"

enum {
	RAW_BURST = 64,
	HEADERS = 64,
	SOURCE_SIZE = ENDPOINT_BUFFERS * APP_BLOCK_SIZE,
	SINK_SIZE = 1 << 20
};

// One side of a stream or of a ping.
struct raw_side {
	uint16_t port;
	struct rte_mempool *pool;
	uint32_t size;
	bool copies;
	uint8_t *memory; // of the application
	uint32_t at;
	uint64_t gap_ns, frames;
	struct histogram *latency;
};

static struct raw_side side_of(struct pair *p, unsigned side, uint32_t size)
{
	return (struct raw_side){.port = p->link.raw[side],
		.pool = p->link.port[side]->pool,
		.size = size,
		.memory = side ? p->node[1].endpoint.channel->blocks : p->node[0].endpoint.buffers};
}

// What a job left in the rings is nobody's answer.
static void drain(const struct pair *p)
{
	struct rte_mbuf *mbufs[RAW_BURST];

	for (unsigned side = 0; side < 2; side++)
		for (uint16_t n = 1; n > 0; rte_pktmbuf_free_bulk(mbufs, n))
			n = rte_eth_rx_burst(p->link.raw[side], 0, mbufs, RAW_BURST);
}

static uint8_t *memory_next(struct raw_side *s, uint32_t memory_size)
{
	uint8_t *at = s->memory + s->at;

	s->at += s->size;
	if (s->at + s->size > memory_size)
		s->at = 0;
	return at;
}

static void frame_fill(struct raw_side *s, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);

	mbuf->data_len = (uint16_t)(mbuf->pkt_len = s->size);
	if (!s->copies)
		return;
	memset(frame, 0, HEADERS);
	memcpy(frame + HEADERS, memory_next(s, SOURCE_SIZE), s->size - HEADERS);
}

static void send_job(void *state, const atomic_bool *stop)
{
	struct raw_side *s = state;
	struct rte_mbuf *mbufs[RAW_BURST];

	while (!atomic_load_explicit(stop, memory_order_relaxed)) {
		uint16_t sent;

		if (rte_pktmbuf_alloc_bulk(s->pool, mbufs, RAW_BURST) != 0)
			continue;
		for (unsigned i = 0; i < RAW_BURST; i++)
			frame_fill(s, mbufs[i]);
		sent = rte_eth_tx_burst(s->port, 0, mbufs, RAW_BURST);
		s->frames += sent;
		if (sent < RAW_BURST)
			rte_pktmbuf_free_bulk(mbufs + sent, RAW_BURST - sent);
	}
}

static void receive_job(void *state, const atomic_bool *stop)
{
	struct raw_side *s = state;
	struct rte_mbuf *mbufs[RAW_BURST];

	while (!atomic_load_explicit(stop, memory_order_relaxed)) {
		uint16_t n = rte_eth_rx_burst(s->port, 0, mbufs, RAW_BURST);

		s->frames += n;
		for (uint16_t i = 0; s->copies && i < n; i++)
			memcpy(memory_next(s, SINK_SIZE),
				rte_pktmbuf_mtod_offset(mbufs[i], uint8_t *, HEADERS),
				s->size - HEADERS);
		rte_pktmbuf_free_bulk(mbufs, n);
	}
}

uint64_t raw_stream(struct pair *p, uint32_t size, enum raw_payload payload, uint64_t duration_ns,
	uint64_t *took_ns)
{
	struct raw_side from = side_of(p, 0, size), to = side_of(p, 1, size);

	from.copies = to.copies = payload == RAW_PAYLOAD_COPIED;
	drain(p);
	*took_ns = duo_run(p->duo, send_job, &from, receive_job, &to, duration_ns);
	drain(p);
	return to.frames;
}

static void echo_job(void *state, const atomic_bool *stop)
{
	struct raw_side *s = state;
	struct rte_mbuf *mbuf;

	while (!atomic_load_explicit(stop, memory_order_relaxed))
		if (rte_eth_rx_burst(s->port, 0, &mbuf, 1) == 1 &&
			rte_eth_tx_burst(s->port, 0, &mbuf, 1) == 0)
			rte_pktmbuf_free(mbuf);
}

// One frame out and back. False: time is over.
static bool ping(struct raw_side *s, const atomic_bool *stop)
{
	struct rte_mbuf *mbuf = NULL;
	uint16_t n = 0;

	while (!mbuf)
		mbuf = rte_pktmbuf_alloc(s->pool);
	mbuf->data_len = (uint16_t)(mbuf->pkt_len = s->size);
	while (rte_eth_tx_burst(s->port, 0, &mbuf, 1) == 0)
		if (atomic_load_explicit(stop, memory_order_relaxed)) {
			rte_pktmbuf_free(mbuf);
			return false;
		}
	while (n == 0 && !atomic_load_explicit(stop, memory_order_relaxed))
		n = rte_eth_rx_burst(s->port, 0, &mbuf, 1);
	if (n == 1)
		rte_pktmbuf_free(mbuf);
	return n == 1;
}

static void ping_job(void *state, const atomic_bool *stop)
{
	struct raw_side *s = state;

	for (uint64_t next_ns = clock_ns(); !atomic_load_explicit(stop, memory_order_relaxed);
		next_ns += s->gap_ns) {
		while (clock_ns() < next_ns)
			rte_pause();
		if (!ping(s, stop))
			break;
		histogram_record(s->latency, clock_ns() - next_ns);
		s->frames++;
	}
}

uint64_t raw_ping(struct pair *p, uint32_t size, uint64_t gap_ns, uint64_t duration_ns,
	struct histogram *latency)
{
	struct raw_side from = side_of(p, 0, size), to = side_of(p, 1, size);

	from.gap_ns = gap_ns;
	from.latency = latency;
	drain(p);
	duo_run(p->duo, ping_job, &from, echo_job, &to, duration_ns);
	drain(p);
	return from.frames;
}
