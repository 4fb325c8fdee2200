// Sessions: rows around connections, from the first
// route look-up to the last block that comes back.
#include "dataplane/session.h"

#include <string.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "dataplane/command/report.h"
#include "dataplane/observe/publish.h"
#include "dataplane/transform/compress.h"
#include "dataplane/worker.h"

struct session *session_of(struct worker *w, uint32_t cid)
{
	struct conn *c = transport_find(w->transport, cid);

	return c ? conn_owner(c) : NULL;
}

bool session_checksums(const struct session *s)
{
	return !s->cipher->authenticates && !conn_over_memory(s->conn);
}

uint8_t *session_block_get(struct worker *w, struct session *s)
{
	if (s->app_row)
		return app_block_get(s->app_row);
	if (w->discard_count == 0 || s->held_blocks >= 2 * SESSION_DISCARD_RECORDS)
		return NULL;
	s->held_blocks++;
	return w->discard[--w->discard_count];
}

void session_block_put(struct worker *w, struct session *s, uint8_t *block)
{
	if (s->app_row) {
		app_block_put(s->app_row, block);
		return;
	}
	s->held_blocks--;
	w->discard[w->discard_count++] = block;
}

static uint16_t session_rx_flags(const struct block_header *header)
{
	if (header->flags & BLOCK_PACKED)
		return APP_RX_PACKED;
	return header->flags & BLOCK_MESSAGE_END ? APP_RX_MESSAGE_END : 0;
}

void session_deliver(
	struct worker *w, struct session *s, const struct recv_record *record, uint8_t *raw)
{
	if (s->app_row) {
		app_deliver_data(s->app_row, record->stream, raw, record->header.raw_size,
			session_rx_flags(&record->header));
		return;
	}
	session_block_put(w, s, raw);
	conn_credit(w->transport, s->conn, 1, w->now_ns);
}

// The next hop is known: the connection may speak.
static void session_connect(struct worker *w, struct session *s, uint64_t now_ns)
{
	struct conn_open open = {
		.owner = s,
		.peer_cid = s->peer_cid,
		.peer_boot_id = s->peer_boot_id,
		.segment_size = s->segment_size,
		.initiator = s->initiator,
		.tag_size = s->cipher->tag_size,
		.controller = s->controller,
		.memory = port_is_memory(w->port[s->port]),
		.credit_records = s->app_row ? s->app_row->credit_records : SESSION_DISCARD_RECORDS,
	};

	memcpy(open.session_id, s->session_id, sizeof(open.session_id));
	s->routed = true;
	w->unrouted--;
	transport_open(w->transport, s->conn, &open, now_ns);
}

void session_route_pending(struct worker *w, uint64_t now_ns)
{
	for (uint32_t slot = 0; w->unrouted > 0 && slot < CONNS_MAX; slot++) {
		struct session *s = &w->sessions[slot];

		if (!s->conn || s->routed || s->closed || s->peer_cid == 0)
			continue;
		// The accepting side answers whoever asks; it
		// opens at once and resolves when it answers.
		if (port_route_ready(w->port[s->port], w->index, &s->route, now_ns) ==
				VERDICT_ACCEPT ||
			!s->initiator || now_ns > s->route_deadline_ns)
			session_connect(
				w, s, now_ns); // past the deadline HELLO times out and says so
	}
}

static void session_opened(struct worker *w, struct session *s)
{
	s->opened = true;
	session_publish(w, s);
	if (s->app_row)
		app_deliver_opened(s->app_row, s->connect_request);
	report_opened(w, s);
}

// CLOSED was taken: the transport holds nothing of it once
// its sent records were taken, which happened before.
static void session_closed(struct worker *w, struct session *s, enum close_reason reason)
{
	s->close_reason = (uint8_t)reason;
	s->closed = true;
	session_publish(w, s);
}

void session_free(struct worker *w, struct session *s)
{
	session_publish(w, s);
	report_closed(w, s);
	if (s->app_row) {
		w->parked -= s->app_row->parked; // they come back failed
		app_session_close(s->app_row, s->close_reason);
	}
	transport_free(w->transport, s->conn);
	publish_session_free(w, s);
	keys_fini(s->keys);
	memset(s, 0, sizeof(*s));
	w->sessions_count--;
}

// Records that are acknowledged, or lost with their connection, go back to their application.
static uint32_t session_sent(struct worker *w)
{
	struct sent_record sent;
	uint32_t n = 0;

	for (; transport_take_sent(w->transport, &sent); n++) {
		struct session *s = conn_owner(sent.conn);

		if (!s->app_row)
			continue;
		if (sent.record.compressed)
			app_slab_put(s->app_row->channel, (uint8_t *)(uintptr_t)sent.record.stored);
		app_deliver_sent(s->app_row->channel, s->cid, sent.stream, sent.record.cookie,
			sent.ok, sent.record.cookie2 & APP_TX_PACKED);
	}
	return n;
}

uint32_t session_events(struct worker *w)
{
	uint32_t n = session_sent(w);
	struct transport_event event;

	for (; transport_take_event(w->transport, &event); n++) {
		struct session *s = conn_owner(event.conn);

		if (event.type == TRANSPORT_OPENED)
			session_opened(w, s);
		if (event.type == TRANSPORT_CLOSED) {
			n += session_sent(w); // what the close gave up on
			session_closed(w, s, event.reason);
			session_free(w, s);
		}
		// WRITABLE: submit_parked looks every turn
	}
	return n;
}

void session_publish(struct worker *w, struct session *s)
{
	struct session_stats row;

	publish_session_row(w, s, &row);
	if (s->app_row)
		app_session_publish(s->app_row, &row);
}
