// Time passes: delayed ACKs, pacing, loss, tail probe,
// timeout, probes of all kinds, and the end of patience.
#include "dataplane/transport/conn.h"

#define LOOP_START_NS 10000ull
#define LOOP_MAX_NS   1000000ull

void conn_arm(struct transport *t, struct conn *c, uint64_t at_ns)
{
	if (at_ns < c->timer.at_ns)
		wheel_set(&t->wheel, &c->timer, at_ns);
}

// Tail probe first, at twice the round trip time; then the timeout.
// Without a sample there is no tail probe. The peer may delay an ACK
// by RTT_ACK_DELAY_NS in good order, so that much more is waited.
static uint64_t timeout_due(const struct conn *c)
{
	if (c->in_flight == 0 && c->fin_flight == 0)
		return NEVER;
	uint64_t wait = rtt_timeout(&c->rtt, c->backoff);
	uint64_t tail = 2 * c->rtt.srtt_ns + RTT_ACK_DELAY_NS;
	if (!c->tail_probed && c->rtt.srtt_ns && tail < wait)
		wait = tail;
	return c->sent_base_ns + wait;
}

uint64_t conn_loss_deadline(const struct conn *c)
{
	uint64_t due = timeout_due(c);
	return due < c->loss.check_ns ? due : c->loss.check_ns;
}

// Everything in flight counts as lost. A timeout of data always halves the window; that of a FIN
// alone says nothing about the path's capacity.
static void timeout_fire(struct transport *t, struct conn *c, uint64_t now_ns)
{
	bool data = c->in_flight, fin = c->fin_flight;
	uint64_t pn = c->log.lowest, end = c->log.next_pn;
	for (; (pn = sent_log_flight(&c->log, pn, end)) < end; pn++) {
		conn_lose(c, pn);
		sent_log_entry(&c->log, pn)->timed_out = true;
	}
	sent_log_settle(&c->log);
	c->stats.timeouts++;
	c->backoff++;
	c->sent_base_ns = now_ns;
	c->loss.check_ns = NEVER;
	if (data) {
		c->cc.ops->on_timeout(&c->cc, c->log.next_pn);
		c->stats.cuts++;
		conn_repace(t, c, now_ns);
		if (c->traced)
			conn_trace_step(t, c, TRACE_CUT, TRACE_CUT_TIMEOUT, 0, now_ns);
		conn_path_event(t, c, now_ns);
	}
	if (fin && c->peer_fin && c->fin_tries >= FIN_TRIES) {
		// Both sides have delivered everything; the
		// peer need not be there any more to say so.
		conn_finish(t, c, conn_peaceful(c));
		return;
	}
	if (fin)
		conn_control(t, c, CONTROL_FIN);
	conn_run(t, c);
}

static void timeout_loss(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->loss.check_ns <= now_ns) {
		conn_detect_loss(t, c, now_ns);
		conn_run(t, c);
	}
	uint64_t due = timeout_due(c);
	if (due > now_ns)
		return;
	// The worker itself was away: the ACK may be in
	// the port. Look once more before acting on it.
	if (now_ns - due > TURN_LATE_NS && !c->rearmed) {
		c->rearmed = true;
		c->sent_base_ns = now_ns;
		return;
	}
	c->rearmed = false;
	if (c->tail_probed || c->rtt.srtt_ns == 0) {
		timeout_fire(t, c, now_ns);
		return;
	}
	c->tail_probed = true;
	c->sent_base_ns = now_ns;
	c->stats.tail_probes++;
	conn_control(t, c, CONTROL_TAIL);
}

// Credit updates ride on ACKs, and ACKs may be lost: who waits for one asks again.
static void timeout_blocked(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->blocked_ns > now_ns)
		return;
	c->blocked_ns = NEVER;
	if (c->send_mask == 0 || (c->limited != LIMITED_CREDIT && c->limited != LIMITED_STREAM))
		return;
	conn_control(t, c, CONTROL_PROBE);
	c->blocked_wait_ns *= 2;
	if (c->blocked_wait_ns > BLOCKED_PROBE_MAX_NS)
		c->blocked_wait_ns = BLOCKED_PROBE_MAX_NS;
	c->blocked_ns = now_ns + c->blocked_wait_ns;
}

static void timeout_keepalive(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->keepalive_ns > now_ns)
		return;
	uint64_t quiet_ns = c->last_heard_ns + t->config.keepalive_ns;
	if (quiet_ns > now_ns) {
		c->keepalive_ns = quiet_ns;
		return;
	}
	conn_control(t, c, CONTROL_PROBE);
	c->keepalive_ns = now_ns + t->config.keepalive_ns;
}

static void timeout_hint(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->hint_ns > now_ns)
		return;
	if (c->hint_left == 0) {
		// A side that wants to close and has delivered everything loses nothing when the
		// peer has gone first.
		bool done = c->close_wanted && c->records_open == 0;
		conn_finish(t, c, done ? conn_peaceful(c) : CLOSE_PEER_RESTARTED);
		return;
	}
	c->hint_left--;
	c->hint_ns = now_ns + HINT_PROBE_NS;
	conn_control(t, c, CONTROL_PROBE);
}

// Heard nothing for too long; or all is said and the peer's
// FIN does not come because its application never ends.
static void timeout_patience(struct transport *t, struct conn *c, uint64_t now_ns)
{
	uint64_t idle = t->config.idle_timeout_ns;
	if (c->last_heard_ns + idle <= now_ns)
		transport_abort(t, c, CLOSE_TIMEOUT, now_ns);
	else if (c->state == CONN_CLOSING && c->fin_acked && c->progress_ns + idle <= now_ns)
		transport_abort(t, c, conn_peaceful(c), now_ns);
}

// A packet number is a nonce: none is ever used again, and the wire has 48 bits of them. The timer
// comes at least once a keep-alive, and from one threshold to the next is far more than a link
// sends in that time. First what was submitted is delivered; a peer that holds that up is not
// waited for.
static void timeout_pn(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->log.next_pn < PN_CLOSE)
		return;
	if (c->state == CONN_OPEN) {
		c->pn_spent = true;
		transport_close(t, c, now_ns);
	}
	if (c->log.next_pn >= PN_STOP)
		transport_abort(t, c, CLOSE_PN_SPENT, now_ns);
}

static void timeout_hello(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->hello_end_ns <= now_ns) {
		transport_abort(t, c, CLOSE_HELLO_TIMEOUT, now_ns);
		return;
	}
	if (c->hello_ns <= now_ns) {
		conn_control(t, c, CONTROL_HELLO);
		c->hello_wait_ns *= 2;
		if (c->hello_wait_ns > HELLO_RETRY_MAX_NS)
			c->hello_wait_ns = HELLO_RETRY_MAX_NS;
		c->hello_ns = now_ns + c->hello_wait_ns;
	}
	conn_arm(t, c, c->hello_ns);
	conn_arm(t, c, c->hello_end_ns);
}

// The wheel holds one time per connection: the earliest of these.
static void timeout_arm(struct transport *t, struct conn *c)
{
	conn_arm(t, c, c->ack_due_ns);
	conn_arm(t, c, c->pace_ns);
	conn_arm(t, c, conn_loss_deadline(c));
	conn_arm(t, c, c->blocked_ns);
	conn_arm(t, c, c->keepalive_ns);
	conn_arm(t, c, c->hint_ns);
	conn_arm(t, c, c->path.due_ns);
	conn_arm(t, c, c->last_heard_ns + t->config.idle_timeout_ns);
	if (c->fin_acked)
		conn_arm(t, c, c->progress_ns + t->config.idle_timeout_ns);
}

void conn_on_time(struct transport *t, struct conn *c, uint64_t now_ns)
{
	if (c->state == CONN_CONNECTING || c->state == CONN_LISTENING) {
		timeout_hello(t, c, now_ns);
		return;
	}
	if (!conn_connected(c))
		return;
	if (c->ack_due_ns <= now_ns) {
		c->ack_due_ns = NEVER;
		conn_control(t, c, CONTROL_ACK);
	}
	if (c->pace_ns <= now_ns) {
		c->pace_ns = NEVER;
		conn_run(t, c);
	}
	timeout_loss(t, c, now_ns);
	timeout_blocked(t, c, now_ns);
	timeout_keepalive(t, c, now_ns);
	if (conn_connected(c) && c->path.due_ns <= now_ns)
		conn_path_on_time(t, c, now_ns);
	if (conn_connected(c))
		timeout_hint(t, c, now_ns);
	if (conn_connected(c))
		timeout_patience(t, c, now_ns);
	if (conn_connected(c))
		timeout_pn(t, c, now_ns);
	if (conn_connected(c))
		timeout_arm(t, c);
}

static void timeout_turn(struct transport *t, uint64_t now_ns)
{
	uint64_t took = now_ns - t->last_turn_ns;
	t->last_turn_ns = now_ns;
	if (took > LOOP_MAX_NS)
		took = LOOP_MAX_NS;
	t->loop_ns = t->loop_ns ? (7 * t->loop_ns + took) / 8 : LOOP_START_NS;
}

void transport_on_time(struct transport *t, uint64_t now_ns)
{
	timeout_turn(t, now_ns);
	while (!list_empty(&t->placed))
		conn_unplace(t, list_entry(t->placed.next, struct conn, on_placed));
	struct list due;
	list_init(&due);
	wheel_advance(&t->wheel, now_ns, &due);
	while (!list_empty(&due)) {
		struct conn *c = list_entry(due.next, struct conn, timer.node);
		list_del(&c->timer.node);
		conn_on_time(t, c, now_ns);
	}
}

uint64_t transport_deadline(const struct transport *t)
{
	if (!list_empty(&t->control) || !list_empty(&t->data) || !list_empty(&t->placed))
		return 0;
	// Born in a timer as well as in a packet: whoever
	// sleeps until the deadline must not sleep on them.
	if (!list_empty(&t->events) || !list_empty(&t->sent))
		return 0;
	return wheel_next(&t->wheel);
}
