// THE WALK OUT: application -> link. Read this second.
//
// app_take            an application's descriptors, copied, then checked           app/take.c
// submit_record       the codec reads its memory, the transport queues             submit.c
// transport_send      what window, credit, pacer let go; control and ACKs first    transport/
// rekey_to_seal       the key, and whether a new one begins                        rekey.c
// cipher->seal        from the record into the packet buffer: the one pass         transform/seal.c
// port_frame          UDP, IP, Ethernet and checksums in front                     port/tx.c
// backlog_flush       a burst to each link; what it refuses waits, it is not loss  backlog.c
#include <string.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "dataplane/port/mbuf.h"
#include "dataplane/worker.h"

#define SEND_AHEAD 4 // packets between asking for a buffer's cache lines and writing them

// A record that finds no room, or others before it that found none, waits in its order.
static void send_record(
	struct worker *w, struct session *s, const struct app_tx *tx, uint64_t now_ns)
{
	bool queue = app_parked_any(s->app_row, stream_number(tx->stream));

	if (!queue && submit_record(w, s, tx, now_ns))
		return;
	app_park(s->app_row, tx);
	w->parked++;
}

static void send_descriptor(struct worker *w, struct app_channel *channel,
	const struct app_record *record, uint64_t now_ns)
{
	const struct app_tx *tx = &record->tx;
	struct session *s = record->row ? session_of(w, record->row->cid) : NULL;

	if (!s) {
		if (tx->op == APP_TX_SEND)
			app_deliver_sent(
				channel, tx->session, tx->stream, tx->cookie, false, false);
		return;
	}
	switch (tx->op) {
	case APP_TX_SEND:
		send_record(w, s, tx, now_ns);
		break;
	case APP_TX_CLOSE:
		if (s->app_row->parked > 0)
			s->close_wanted = true;
		else
			transport_close(w->transport, s->conn, now_ns);
		break;
	default:
		transport_abort(w->transport, s->conn, CLOSE_LOCAL, now_ns);
	}
}

// Blocks that the application gave back become credit for the peer.
static uint32_t send_returns(struct worker *w, struct app_channel *channel, uint64_t now_ns)
{
	uint32_t n = app_take_returns(channel);

	for (uint32_t i = 0; n > 0 && i < APP_SESSIONS_MAX; i++) {
		struct app_session *row = &channel->session[i];
		uint32_t records = row->open ? app_take_credit(row) : 0;
		struct session *s = records ? session_of(w, row->cid) : NULL;

		if (s && s->routed)
			conn_credit(w->transport, s->conn, records, now_ns);
	}
	return n;
}

uint32_t send_take(struct worker *w, uint64_t now_ns)
{
	struct app_record records[APP_DESCRIPTORS_TURN];
	uint32_t done;

	w->encode_budget = WORKER_ENCODE_TURN;
	done = submit_parked(w, now_ns);
	for (uint32_t a = 0; a < w->apps_count; a++) {
		struct app_channel *channel = w->apps[a];
		uint32_t n;

		done += send_returns(w, channel, now_ns);
		n = app_take(channel, records, APP_DESCRIPTORS_TURN);
		for (uint32_t i = 0; i < n; i++)
			send_descriptor(w, channel, &records[i], now_ns);
		done += n;
	}
	return done;
}

// Header, [ACK block], payload, tag: one packet in one buffer. Returns bytes of UDP payload; 0:
// there is no key that may seal it, or its library refused.
static uint32_t send_seal(
	struct worker *w, const struct session *s, struct send_packet *p, struct rte_mbuf *mbuf)
{
	uint8_t ack[WIRE_ACK_MAX > WIRE_ACK_RIDE_SIZE ? WIRE_ACK_MAX : WIRE_ACK_RIDE_SIZE];
	struct seal_source pieces[3];
	uint32_t count = 0, size, sealed;
	bool phase;
	const struct seal_key *key = rekey_to_seal(w, s, p->header.pn, &phase);

	if (!key)
		return 0;
	p->header.flags |= phase ? WIRE_KEY_PHASE : 0;
	wire_header_frame(mbuf_header(mbuf), &p->header);
	if (p->has_ack) {
		size = wire_ack_frame(ack, &p->ack);
		if (p->header.type == WIRE_DATA) {
			memset(ack + size, 0, WIRE_ACK_RIDE_SIZE - size);
			size = WIRE_ACK_RIDE_SIZE;
		}
		pieces[count++] = (struct seal_source){ack, size};
	}
	for (uint32_t i = 0; i < p->iov_count; i++) {
		pieces[count++] = (struct seal_source){p->iov[i].base, p->iov[i].size};
		if (p->header.type == WIRE_DATA && s->cipher->copies)
			w->counters.bytes_memcpy_sealed += p->iov[i].size;
	}
	sealed = s->cipher->seal(
		key, p->header.pn, mbuf_header(mbuf), pieces, count, mbuf_payload(mbuf));
	return sealed >= s->cipher->tag_size ? WIRE_HEADER_SIZE + sealed : 0;
}

// A buffer for the packet, or NULL, counted.
static struct rte_mbuf *send_buffer(struct worker *w, const struct send_packet *p, uint64_t now_ns)
{
	struct session *s = conn_owner(p->conn);
	struct rte_mbuf *mbuf;

	if (port_route_ready(w->port[s->port], w->index, &s->route, now_ns) != VERDICT_ACCEPT) {
		w->counters.drops[DROP_NEIGHBOUR]++;
		return NULL;
	}
	mbuf = port_mbuf_get(w->port[s->port], w->index);
	if (!mbuf)
		w->counters.drops[DROP_NO_MBUF]++;
	return mbuf;
}

// The receiver of a link that is memory has read the buffer's lines: they are asked for early, or
// each store would wait for them.
static void send_warm(const struct send_packet *p, struct rte_mbuf *mbuf)
{
	uint32_t size = WIRE_ACK_RIDE_SIZE;

	for (uint32_t i = 0; i < p->iov_count; i++)
		size += p->iov[i].size;
	mbuf_own(mbuf, size);
}

static void send_packet(struct worker *w, struct send_packet *p, struct rte_mbuf *mbuf)
{
	struct session *s = conn_owner(p->conn);
	uint32_t size = send_seal(w, s, p, mbuf);

	if (size == 0) {
		w->counters.drops[DROP_KEY]++;
		port_mbuf_put(mbuf);
		return;
	}
	port_frame(w->port[s->port], &s->route, mbuf, size);
	backlog_add(w, s->port, mbuf);
}

uint32_t send_packets(struct worker *w, uint64_t now_ns)
{
	struct send_packet packets[BURST];
	struct rte_mbuf *mbufs[BURST];
	uint32_t n = backlog_room(w) ? transport_send(w->transport, packets, BURST, now_ns) : 0;

	for (uint32_t i = 0; i < n; i++)
		mbufs[i] = send_buffer(w, &packets[i], now_ns);
	for (uint32_t i = 0; i < n; i++) {
		if (i + SEND_AHEAD < n && mbufs[i + SEND_AHEAD])
			send_warm(&packets[i + SEND_AHEAD], mbufs[i + SEND_AHEAD]);
		if (mbufs[i])
			send_packet(w, &packets[i], mbufs[i]);
	}
	w->counters.tx_packets += n;
	return n + backlog_flush(w, now_ns);
}
