// A record is submitted: it waits in its stream's window until credit, limit and window let it go.
#include "dataplane/transport/conn.h"

void conn_stream_update(struct conn *c, uint32_t number)
{
	uint8_t bit = (uint8_t)(1u << number);
	if (send_window_ready(&c->send[number]))
		c->send_mask |= bit;
	else
		c->send_mask &= (uint8_t)~bit;
}

enum submit_result transport_submit(struct transport *t, struct conn *c, uint32_t stream,
	const struct send_record *record, uint64_t now_ns)
{
	(void)now_ns;
	if (!stream_valid(stream) || record->stored_size > RECORD_RAW_MAX ||
		record->raw_size > RECORD_RAW_MAX)
		return SUBMIT_STREAM;
	if (c->state != CONN_OPEN && c->state != CONN_CONNECTING && c->state != CONN_LISTENING)
		return SUBMIT_CLOSED;
	if (c->close_wanted)
		return SUBMIT_CLOSED;
	uint32_t number = stream_number(stream);
	struct send_window *w = &c->send[number];
	if (w->used && w->stream != stream)
		return SUBMIT_STREAM;
	w->used = true;
	w->stream = stream;
	if (stream_urgent(stream))
		c->urgent |= (uint8_t)(1u << number);
	if (send_window_full(w)) {
		w->want_writable = true;
		return SUBMIT_FULL;
	}
	send_window_add(w, record, c->cut.size);
	c->records_open++;
	conn_stream_update(c, number);
	conn_run(t, c);
	return SUBMIT_OK;
}

uint32_t transport_room(struct transport *t, struct conn *c, uint32_t stream)
{
	(void)t;
	if (!stream_valid(stream) || c->close_wanted ||
		(c->state != CONN_OPEN && c->state != CONN_CONNECTING &&
			c->state != CONN_LISTENING))
		return 1; // transport_submit says why not
	struct send_window *w = &c->send[stream_number(stream)];
	uint32_t room = RECORD_WINDOW - (w->next - w->base);
	if (room == 0)
		w->want_writable = true;
	return room;
}
