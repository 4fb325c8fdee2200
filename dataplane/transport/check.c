// Invariants of everything, as sentences. For tests and the simulator; far too slow for the loop.
#include "dataplane/transport/conn.h"
#include "dataplane/transport/ring_bits.h"

static const char *check_log(const struct conn *c)
{
	const struct sent_log *l = &c->log;
	uint32_t data = 0, fin = 0;
	if (sent_log_span(l) > IN_FLIGHT_MAX)
		return "more packet numbers are tracked than the log holds";
	for (uint64_t pn = l->lowest; pn < l->next_pn; pn++) {
		if (!ring_bits_test(l->flight, IN_FLIGHT_MAX, pn))
			continue;
		const struct sent_entry *e = &l->entries[pn & (IN_FLIGHT_MAX - 1)];
		if (ring_bits_test(l->lost, IN_FLIGHT_MAX, pn))
			return "a packet is in flight and lost at once";
		if (e->kind == SENT_NOTHING)
			return "a packet that asks for nothing is in flight";
		data += e->kind == SENT_DATA;
		fin += e->kind == SENT_FIN;
	}
	if (l->lowest < l->next_pn && !ring_bits_test(l->flight, IN_FLIGHT_MAX, l->lowest))
		return "the lowest tracked packet is not in flight";
	if (data != c->in_flight)
		return "packets in flight do not add up";
	if (fin != c->fin_flight)
		return "FIN packets in flight do not add up";
	return NULL;
}

static const char *check_send_slot(const struct send_window *w, uint32_t r)
{
	const struct send_slot *s = &w->slots[r & (RECORD_WINDOW - 1)];
	bool started = r - w->base < w->started - w->base;
	if (record_bits_test(&w->returned, r))
		return record_bits_test(&w->pending, r) ? "a returned record has cells to send"
							: NULL;
	if (s->pending & s->acked)
		return "an acknowledged cell is to be sent again";
	if ((s->pending | s->acked) & ~send_slot_all(s))
		return "a cell beyond the end of its record";
	if (record_bits_test(&w->pending, r) != (s->pending != 0))
		return "the set of records with cells to send is wrong";
	if (record_bits_test(&w->done, r) != (s->acked == send_slot_all(s)))
		return "the set of acknowledged records is wrong";
	if (!started && (s->pending || s->acked))
		return "a record was sent before it was started";
	return NULL;
}

static const char *check_send(const struct conn *c, uint64_t *started, uint32_t *open)
{
	for (uint32_t i = 0; i < STREAMS_MAX; i++) {
		const struct send_window *w = &c->send[i];
		if (w->next - w->base > RECORD_WINDOW || w->started - w->base > w->next - w->base)
			return "a send window is out of order";
		if (w->started > w->limit)
			return "a stream sent beyond its limit";
		*started += w->started;
		for (uint32_t r = w->base; r != w->next; r++) {
			const char *broken = check_send_slot(w, r);
			if (broken)
				return broken;
			*open += !record_bits_test(&w->done, r) &&
				 !record_bits_test(&w->returned, r);
		}
		if ((c->send_mask >> i & 1) != send_window_ready(w))
			return "the set of streams with something to send is wrong";
	}
	return NULL;
}

static const char *check_recv(const struct conn *c, uint64_t *begun)
{
	for (uint32_t i = 0; i < STREAMS_MAX; i++) {
		const struct recv_window *w = &c->recv[i];
		*begun += w->base;
		if (w->told > recv_window_limit(w))
			return "the peer was told a limit that the window does not have";
		// Beyond the top nothing can be but a block that waits for its first segment.
		uint32_t end = c->nplaced ? recv_window_limit(w) : w->top;
		for (uint32_t r = w->base; (int32_t)(end - r) > 0; r++) {
			const struct recv_slot *s = &w->slots[r & (RECORD_WINDOW - 1)];
			bool gone = record_bits_test(&w->gone, r);
			if (s->have && !s->block)
				return "a record has cells but no block";
			if (gone && s->block)
				return "a delivered record still has its block";
			if (record_bits_test(&w->complete, r) && s->have != (1ull << s->cells) - 1)
				return "a complete record lacks cells";
			*begun += gone || s->have;
		}
	}
	return NULL;
}

static const char *check_conn(const struct transport *t, const struct conn *c)
{
	if (!conn_connected(c))
		return NULL;
	uint64_t started = 0, begun = 0;
	uint32_t open = 0;
	const char *broken = check_log(c);
	if (!broken)
		broken = check_send(c, &started, &open);
	if (!broken)
		broken = check_recv(c, &begun);
	if (broken)
		return broken;
	if (open != c->records_open)
		return "submitted records do not add up";
	if (c->send_credit_used != started * RECORD_RAW_MAX || c->send_credit_used > c->send_credit)
		return "credit was spent that was not granted";
	if (c->recv_credit_used != begun * RECORD_RAW_MAX || c->recv_credit_used > c->recv_credit)
		return "records were taken beyond the credit given";
	if (c->recv_credit_told > c->recv_credit)
		return "the peer was told of credit that was not given";
	if (c->cc.cwnd < 1.0)
		return "the window is below one segment";
	// Nothing may wait for a packet that no timer watches.
	if ((c->in_flight || c->fin_flight) && c->timer.at_ns > conn_loss_deadline(c) &&
		list_empty(&c->on_control))
		return "packets are in flight and no timer is armed";
	return t->peer_cids[c->slot] == c->peer_cid ? NULL : "the table of peer ids is wrong";
}

const char *transport_check(const struct transport *t)
{
	for (uint16_t i = 0; i < t->config.conns; i++) {
		if (t->peer_cids[i] == 0)
			continue; // not open; a look at each of them costs a page
		const char *broken = check_conn(t, &t->conns[i]);
		if (broken)
			return broken;
	}
	return NULL;
}
