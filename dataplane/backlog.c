// Packets that are built and wait for their port, in
// order. A port that refuses is back-pressure, not loss.
#include "dataplane/worker.h"

// A port that takes nothing while its link is up has a peer that gets no CPU, most likely: that is
// no loss, and everything is kept. But it may not hold back other ports for long, nor the end of
// its own connections for ever: then its packets are dropped, and their connections notice by their
// own timers. Packets of a link that is down are dropped at once.
#define BACKLOG_STALL_NS      1000000000ull
#define BACKLOG_HOLDS_BACK_NS 20000000ull

void backlog_add(struct worker *w, uint16_t port, struct rte_mbuf *mbuf)
{
	struct backlog *b = &w->backlog[port];

	if (b->count == TX_BACKLOG_MAX) {
		w->counters.drops[DROP_TX_BACKLOG]++;
		port_mbuf_put(mbuf);
		return;
	}
	b->mbufs[(b->head + b->count++) % TX_BACKLOG_MAX] = mbuf;
}

// Nobody sends while one more burst does not fit.
static bool backlog_full(const struct backlog *b)
{
	return b->count > TX_BACKLOG_MAX - BURST;
}

static bool backlog_stalled(const struct worker *w, uint16_t port, uint64_t now_ns)
{
	const struct backlog *b = &w->backlog[port];
	bool holds_back = w->ports > 1 && backlog_full(b);

	return now_ns - b->progress_ns > (holds_back ? BACKLOG_HOLDS_BACK_NS : BACKLOG_STALL_NS) ||
	       !port_link_up(w->port[port]);
}

static void backlog_drop(struct worker *w, struct backlog *b)
{
	for (; b->count > 0; b->count--) {
		port_mbuf_put(b->mbufs[b->head]);
		b->head = (b->head + 1) % TX_BACKLOG_MAX;
		w->counters.drops[DROP_TX_BACKLOG]++;
	}
}

// Gives one port what it takes: at most two pieces, for the array wraps around.
static uint32_t backlog_port(struct worker *w, uint16_t port, uint64_t now_ns)
{
	struct backlog *b = &w->backlog[port];
	uint32_t done = 0;

	while (b->count > 0) {
		uint32_t piece =
			TX_BACKLOG_MAX - b->head < b->count ? TX_BACKLOG_MAX - b->head : b->count;
		uint16_t taken =
			port_tx(w->port[port], w->index, &b->mbufs[b->head], (uint16_t)piece);

		b->head = (b->head + taken) % TX_BACKLOG_MAX;
		b->count -= taken;
		done += taken;
		if (taken < piece)
			break;
	}
	if (done > 0 || b->count == 0)
		b->progress_ns = now_ns;
	else if (backlog_stalled(w, port, now_ns))
		backlog_drop(w, b);
	return done;
}

uint32_t backlog_flush(struct worker *w, uint64_t now_ns)
{
	uint32_t done = 0;

	for (uint16_t port = 0; port < w->ports; port++)
		done += backlog_port(w, port, now_ns);
	return done;
}

bool backlog_room(const struct worker *w)
{
	for (uint16_t port = 0; port < w->ports; port++)
		if (backlog_full(&w->backlog[port]))
			return false;
	return true;
}
