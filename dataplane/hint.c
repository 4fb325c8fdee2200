// A packet for a connection that is not here, most likely from before a restart: tell its sender,
// so that it need not wait for its idle timeout. Unauthenticated, so the other side only takes it
// as a reason to probe (transport.h).
#include "dataplane/port/mbuf.h"
#include "dataplane/worker.h"

// A flood of stale packets costs one hint a millisecond;
// a hint is smaller than any packet that asks for one.
#define HINT_INTERVAL_NS 1000000ull

void hint_send(struct worker *w, uint16_t port, const struct port_packet *in, uint32_t cid,
	uint64_t now_ns)
{
	struct wire_header header = {.type = WIRE_RESET};
	struct port_route route;
	struct rte_mbuf *mbuf;
	uint32_t size;

	if (now_ns - w->hint_ns < HINT_INTERVAL_NS)
		return;
	w->hint_ns = now_ns;
	if (!port_route_init(w->port[port], w->index, &route, in->src, in->src_port) ||
		port_route_ready(w->port[port], w->index, &route, now_ns) != VERDICT_ACCEPT)
		return;
	mbuf = port_mbuf_get(w->port[port], w->index);
	if (!mbuf)
		return;
	wire_header_frame(mbuf_header(mbuf), &header);
	size = WIRE_HEADER_SIZE + wire_hint_frame(mbuf_payload(mbuf), cid);
	port_frame(w->port[port], &route, mbuf, size);
	backlog_add(w, port, mbuf);
}
