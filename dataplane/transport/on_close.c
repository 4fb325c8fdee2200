// The end of a connection. Graceful: each side delivers what was submitted, then sends FIN; who has
// its own FIN acknowledged and the peer's FIN received is done. At once: RESET. Either way CLOSED
// comes last, after every buffer.
#include <assert.h>

#include "dataplane/transport/conn.h"

void conn_drained(struct transport *t, struct conn *c)
{
	if (c->state != CONN_CLOSED || c->reported || c->control)
		return;
	if (!list_empty(&c->on_ready) || !list_empty(&c->on_sent))
		return;
	c->events |= EVENT_CLOSED;
	list_join(&t->events, &c->on_event);
}

static void close_put(struct transport *t, struct conn *c, struct recv_window *w, uint32_t record)
{
	struct recv_slot *s = recv_window_slot(w, record);
	if (s->block)
		t->config.env.block_put(t->config.env.context, c->owner, s->block);
	s->block = NULL;
	s->have = 0;
	s->cells = 0;
	s->size = 0;
	record_bits_clear(&w->complete, record);
}

// Blocks of records that can never be delivered go back.
// What may be delivered stays: it was acknowledged.
static void close_receive(struct transport *t, struct conn *c, bool everything)
{
	for (uint32_t i = 0; i < STREAMS_MAX; i++) {
		struct recv_window *w = &c->recv[i];
		bool ordered = stream_ordered(w->stream), run = true;
		for (uint32_t r = w->base; r != recv_window_limit(w); r++) {
			bool complete = record_bits_test(&w->complete, r);
			run &= complete;
			if (everything || !(ordered ? run : complete))
				close_put(t, c, w, r);
		}
	}
	c->nplaced = 0;
	list_del(&c->on_placed);
	if (everything)
		list_del(&c->on_ready);
}

void conn_finish(struct transport *t, struct conn *c, enum close_reason reason)
{
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	c->reason = (uint8_t)reason;
	// Whoever closed in good order still waits for the ACK of its FIN.
	bool order = reason == CLOSE_LOCAL || reason == CLOSE_PEER || reason == CLOSE_PN_SPENT;
	c->control &= order ? CONTROL_RESET | CONTROL_ACK : CONTROL_RESET;
	if (c->control == 0)
		list_del(&c->on_control);
	list_del(&c->on_data);
	wheel_remove(&t->wheel, &c->timer);
	c->events_writable = 0;
	if (c->events == 0)
		list_del(&c->on_event);
	c->in_flight = 0;
	close_receive(t, c, false);
	for (uint32_t s = 0; s < STREAMS_MAX; s++)
		if (send_window_has(&c->send[s], true))
			list_join(&t->sent, &c->on_sent);
	conn_drained(t, c);
}

// Nobody is left to take the records that wait; or the caller found one that does not decode, and
// what comes after it must not be delivered.
static bool close_drops_records(enum close_reason reason)
{
	return reason == CLOSE_APPLICATION || reason == CLOSE_CORRUPT;
}

void transport_abort(struct transport *t, struct conn *c, enum close_reason reason, uint64_t now_ns)
{
	(void)now_ns;
	assert(c->state != CONN_FREE);
	if (c->state != CONN_CLOSED) {
		bool heard = c->state != CONN_RESERVED; // somebody may know this connection
		bool silent = reason == CLOSE_PEER_RESET || reason == CLOSE_PEER_RESTARTED ||
			      reason == CLOSE_HELLO_TIMEOUT;
		if (heard && !silent)
			conn_control(t, c, CONTROL_RESET);
		conn_finish(t, c, reason);
	}
	if (!close_drops_records(reason) || c->reported)
		return;
	if (reason == CLOSE_CORRUPT)
		c->reason = CLOSE_CORRUPT; // also of a connection that had ended well, with records
					   // waiting
	close_receive(t, c, true);
	conn_drained(t, c);
}

void transport_close(struct transport *t, struct conn *c, uint64_t now_ns)
{
	switch ((enum conn_state)c->state) {
	case CONN_RESERVED:
		conn_finish(t, c, CLOSE_LOCAL);
		break;
	case CONN_CONNECTING:
	case CONN_LISTENING:
		if (c->records_open == 0)
			transport_abort(t, c, CLOSE_LOCAL, now_ns);
		c->close_wanted = true;
		break;
	case CONN_OPEN:
	case CONN_CLOSING:
		c->close_wanted = true;
		c->state = CONN_CLOSING;
		c->progress_ns = now_ns;
		conn_close_step(t, c);
		break;
	case CONN_FREE:
	case CONN_CLOSED:
		break;
	}
}

void conn_close_step(struct transport *t, struct conn *c)
{
	if (c->state != CONN_CLOSING || c->records_open)
		return;
	if (c->fin_acked && c->peer_fin)
		conn_finish(t, c, conn_peaceful(c));
	else if (!c->fin_acked && c->fin_flight == 0)
		conn_control(t, c, CONTROL_FIN);
}

// The peer has delivered everything and wants to close. What was submitted here is still delivered;
// nothing new is taken.
void conn_on_fin(struct transport *t, struct conn *c, uint64_t now_ns)
{
	c->peer_fin = true;
	c->state = CONN_CLOSING;
	c->progress_ns = now_ns;
	conn_close_step(t, c);
}

void transport_on_reset_hint(struct transport *t, uint32_t peer_cid, uint64_t now_ns)
{
	if (peer_cid == 0)
		return;
	for (uint16_t i = 0; i < t->config.conns; i++) {
		struct conn *c = conn_of(t, i);
		if (t->peer_cids[i] != peer_cid || !conn_connected(c) || c->hint_ns != NEVER)
			continue;
		if (c->peer_fin && c->records_open == 0) {
			// Both sides have delivered everything, and only our FIN is in doubt:
			// believing a forged hint costs nothing here.
			conn_finish(t, c, conn_peaceful(c));
			continue;
		}
		c->hint_left = HINT_PROBES;
		c->hint_ns = now_ns + HINT_PROBE_NS;
		conn_control(t, c, CONTROL_PROBE);
		conn_arm(t, c, c->hint_ns);
	}
}

const char *close_reason_sentence(enum close_reason reason)
{
	static const char *const sentences[CLOSE_REASON_COUNT] = {
		[CLOSE_NONE] = "the connection is not closed",
		[CLOSE_LOCAL] = "closed by this side",
		[CLOSE_PEER] = "the peer closed after delivering everything",
		[CLOSE_PEER_RESET] = "the peer ended it at once: its application stopped or died",
		[CLOSE_PEER_RESTARTED] =
			"the peer's dataplane restarted, or has given up on the session",
		[CLOSE_TIMEOUT] = "nothing was heard from the peer within the idle timeout",
		[CLOSE_HELLO_TIMEOUT] = "the peer's dataplane never answered",
		[CLOSE_CORRUPT] = "a record that arrived does not decode",
		[CLOSE_APPLICATION] = "the application died or broke the ring contract",
		[CLOSE_PN_SPENT] =
			"the connection has used up its packet numbers: open a new session",
		[CLOSE_KEY_SPENT] =
			"a key has sealed as many packets as it may and the peer acknowledged no "
			"new one: open a new session",
	};
	return (unsigned)reason < CLOSE_REASON_COUNT ? sentences[reason] : "unknown reason";
}
