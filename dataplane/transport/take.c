// What comes out to the caller: events, complete records, records that were sent.
#include "dataplane/transport/conn.h"

bool transport_take_event(struct transport *t, struct transport_event *event)
{
	if (list_empty(&t->events))
		return false;
	struct conn *c = list_entry(t->events.next, struct conn, on_event);
	*event = (struct transport_event){.conn = c};
	if (c->events & EVENT_OPENED) {
		event->type = TRANSPORT_OPENED;
		c->events &= (uint8_t)~EVENT_OPENED;
	} else if (c->events_writable) {
		uint32_t s = (uint32_t)__builtin_ctz(c->events_writable);
		event->type = TRANSPORT_WRITABLE;
		event->stream = c->send[s].stream;
		c->events_writable &= (uint8_t)(c->events_writable - 1);
	} else {
		event->type = TRANSPORT_CLOSED;
		event->reason = c->reason;
		c->events = 0;
		c->reported = true;
	}
	if (c->events == 0 && c->events_writable == 0)
		list_del(&c->on_event);
	return true;
}

// The window moved: the peer may send more. It is told with the next ACK, and with one of its own
// when it may have spent what it knows of.
static void take_advance(struct transport *t, struct conn *c, uint32_t number)
{
	const struct recv_window *w = &c->recv[number];
	if (!conn_connected(c) || recv_window_limit(w) <= w->told)
		return;
	c->told_mask |= (uint8_t)(1u << number);
	if (w->top >= w->told)
		conn_control(t, c, CONTROL_ACK);
}

static bool take_record(struct transport *t, struct conn *c, struct recv_record *out)
{
	for (uint32_t s = 0; s < STREAMS_MAX; s++) {
		struct recv_window *w = &c->recv[s];
		uint32_t record;
		if (!w->used || !recv_window_next(w, &record))
			continue;
		const struct recv_slot *slot = recv_window_slot(w, record);
		out->conn = c;
		out->stream = w->stream;
		out->record = record;
		out->compressed = slot->compressed;
		out->block = slot->block;
		block_header_parse(&out->header, slot->header,
			BLOCK_HEADER_SIZE); // was good when it completed
		recv_window_release(w, record);
		take_advance(t, c, s);
		return true;
	}
	return false;
}

static bool take_more(const struct conn *c)
{
	uint32_t record;
	for (uint32_t s = 0; s < STREAMS_MAX; s++)
		if (c->recv[s].used && recv_window_next(&c->recv[s], &record))
			return true;
	return false;
}

bool transport_take_record(struct transport *t, struct recv_record *record)
{
	if (list_empty(&t->ready))
		return false;
	struct conn *c = list_entry(t->ready.next, struct conn, on_ready);
	bool taken = take_record(t, c, record);
	if (!take_more(c)) {
		list_del(&c->on_ready);
		conn_drained(t, c);
	}
	return taken;
}

static bool take_sent(struct transport *t, struct conn *c, struct sent_record *out)
{
	bool failed = c->state == CONN_CLOSED;
	for (uint32_t s = 0; s < STREAMS_MAX; s++) {
		struct send_window *w = &c->send[s];
		if (!w->used || !send_window_take(w, failed, &out->record, &out->ok))
			continue;
		out->conn = c;
		out->stream = w->stream;
		if (w->want_writable && !failed && !send_window_full(w)) {
			w->want_writable = false;
			c->events_writable |= (uint8_t)(1u << s);
			list_join(&t->events, &c->on_event);
		}
		return true;
	}
	return false;
}

static bool take_sent_more(const struct conn *c)
{
	for (uint32_t s = 0; s < STREAMS_MAX; s++)
		if (c->send[s].used && send_window_has(&c->send[s], c->state == CONN_CLOSED))
			return true;
	return false;
}

bool transport_take_sent(struct transport *t, struct sent_record *sent)
{
	if (list_empty(&t->sent))
		return false;
	struct conn *c = list_entry(t->sent.next, struct conn, on_sent);
	bool taken = take_sent(t, c, sent);
	if (!take_sent_more(c)) {
		list_del(&c->on_sent);
		conn_drained(t, c);
	}
	return taken;
}
