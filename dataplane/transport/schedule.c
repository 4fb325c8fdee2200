// What goes next: control and ACKs first, then data by deficit round robin over connections, and
// over the streams of each. A connection that may not send leaves the run list; the event that
// frees it brings it back.
#include <assert.h>

#include "dataplane/transport/conn.h"

// ACK words and limits that fit the 64 bytes an ACK has on a DATA packet.
#define RIDE_ENTRIES ((WIRE_ACK_RIDE_SIZE - WIRE_ACK_FIXED) / 8u)

void conn_run(struct transport *t, struct conn *c)
{
	if (c->send_mask && conn_connected(c))
		list_join(&t->data, &c->on_data);
}

// The stream's next pending cells, as many as the path takes in one packet.
static bool schedule_cells(struct conn *c, struct send_window *w, struct send_choice *choice)
{
	if (!send_window_pick(w, &choice->record, &choice->cell))
		return false;
	const struct send_slot *s = send_window_slot(w, choice->record);
	choice->cells = send_slot_run(s, choice->cell, c->path.cells);
	choice->size = send_slot_bytes(s, &c->cut, choice->cell, choice->cells);
	return true;
}

// Credit that this stream leaves alone: one record's for urgent ones, where the peer grants
// several.
static uint64_t schedule_reserve(const struct conn *c, const struct send_window *w)
{
	if (!c->urgent || stream_urgent(w->stream) ||
		c->send_credit_first < URGENT_GRANT_RECORDS * RECORD_RAW_MAX)
		return 0;
	return RECORD_RAW_MAX;
}

// What the stream sends next; starting a record spends its credit.
static enum limited_by schedule_stream(
	struct conn *c, struct send_window *w, struct send_choice *choice)
{
	if (schedule_cells(c, w, choice))
		return LIMITED_NOTHING;
	if (w->started == w->next)
		return LIMITED_APP;
	if (w->started >= w->limit)
		return LIMITED_STREAM;
	if (c->send_credit_used + RECORD_RAW_MAX + schedule_reserve(c, w) > c->send_credit)
		return LIMITED_CREDIT;
	c->send_credit_used += RECORD_RAW_MAX;
	send_window_start(w);
	schedule_cells(c, w, choice);
	return LIMITED_NOTHING;
}

// Urgent streams, the lowest number first.
static enum limited_by schedule_urgent(struct conn *c, struct send_choice *choice)
{
	enum limited_by why = LIMITED_APP;
	for (uint32_t mask = c->send_mask & c->urgent; mask; mask &= mask - 1) {
		choice->stream = (uint8_t)__builtin_ctz(mask);
		why = schedule_stream(c, &c->send[choice->stream], choice);
		if (why == LIMITED_NOTHING)
			break;
	}
	return why;
}

// The streams of `mask` by round robin: the current one as long as its
// deficit lasts, then the next one that has something.
static enum limited_by schedule_turns(struct conn *c, uint32_t mask, struct send_choice *choice)
{
	enum limited_by why = LIMITED_APP;
	for (uint32_t tries = 0; tries <= STREAMS_MAX && mask; tries++) {
		struct send_window *w = &c->send[c->cur];
		if (mask >> c->cur & 1 && w->deficit > 0) {
			enum limited_by l = schedule_stream(c, w, choice);
			choice->stream = c->cur;
			if (l == LIMITED_NOTHING)
				return l;
			if (why == LIMITED_APP || l == LIMITED_CREDIT)
				why = l;
		}
		uint32_t from = (c->cur + 1u) & (STREAMS_MAX - 1);
		uint32_t turned = (mask >> from | mask << (STREAMS_MAX - from)) & 0xff;
		c->cur = (uint8_t)((from + (uint32_t)__builtin_ctz(turned)) & (STREAMS_MAX - 1));
		// The rest of an old round counts only when it is a debt.
		w = &c->send[c->cur];
		w->deficit = (w->deficit < 0 ? w->deficit : 0) +
			     (int32_t)(QUANTUM_SEGMENTS * c->segment);
	}
	return why;
}

// Urgent streams go first; once they are so far ahead, packets alternate, and what others have is
// never less than half. Nobody waits for one that has nothing or may not.
static enum limited_by schedule_pick(struct conn *c, struct send_choice *choice)
{
	uint32_t others = c->send_mask & ~(uint32_t)c->urgent;
	if (others == c->send_mask)
		return schedule_turns(c, others, choice);
	if (c->urgent_lead < (int32_t)(URGENT_LEAD_SEGMENTS * c->segment) &&
		schedule_urgent(c, choice) == LIMITED_NOTHING)
		return LIMITED_NOTHING;
	if (schedule_turns(c, others, choice) == LIMITED_NOTHING)
		return LIMITED_NOTHING;
	return schedule_urgent(c, choice);
}

static void schedule_account(struct conn *c, const struct send_choice *choice)
{
	bool urgent = c->urgent >> choice->stream & 1;
	if (!urgent)
		c->urgent_lead -= (int32_t)choice->size;
	else if (c->send_mask & ~c->urgent)
		c->urgent_lead += (int32_t)choice->size;
	if (c->urgent_lead < 0 || (urgent && !(c->send_mask & ~c->urgent)))
		c->urgent_lead = 0;
}

// Data may not come near the end of the log: ACKs and probes need packet numbers too. A probe that
// was never answered does not hold the window.
static bool schedule_span(struct conn *c)
{
	while (sent_log_span(&c->log) >= IN_FLIGHT_MAX - SPAN_RESERVE) {
		uint8_t kind = sent_log_entry(&c->log, c->log.lowest)->kind;
		if (kind != SENT_PROBE && kind != SENT_PATH)
			return false;
		conn_lose(c, c->log.lowest);
		sent_log_settle(&c->log);
	}
	return true;
}

// After a timeout two packets ask whether the path lives, and the window waits for their answer
// (RFC 9002, 6.2.4): a peer that was only late, because nobody gave it a CPU, must not be sent half
// a window of what it has already.
static bool schedule_full(const struct conn *c)
{
	if (c->backoff && c->in_flight >= TIMEOUT_PACKETS)
		return true;
	return c->in_flight + 1.0 > c->cc.cwnd;
}

// Why no data may go now; LIMITED_NOTHING: `choice` may.
static enum limited_by schedule_next(struct conn *c, struct send_choice *choice, uint64_t now_ns)
{
	if (c->send_mask == 0)
		return LIMITED_APP;
	if (schedule_full(c))
		return LIMITED_CWND;
	if (!schedule_span(c))
		return LIMITED_PN_SPAN;
	enum limited_by l = schedule_pick(c, choice);
	if (l != LIMITED_NOTHING)
		return l;
	uint64_t wait = pacer_wait(&c->pacer, choice->size);
	if (wait == 0)
		return LIMITED_NOTHING;
	c->pace_ns = now_ns + wait;
	return LIMITED_PACER;
}

// Limits that an ACK tells when it rides on data.
static uint32_t schedule_limits(const struct conn *c)
{
	uint32_t limits = (uint32_t)__builtin_popcount(c->told_mask);
	return limits > RIDE_ENTRIES / 2 ? RIDE_ENTRIES / 2 : limits;
}

// An ACK rides on data that goes anyway, when the segment is short enough and the ACK says
// everything in 64 bytes.
static bool schedule_fits(const struct conn *c, uint32_t size)
{
	return size + WIRE_ACK_RIDE_SIZE <= c->segment &&
	       recv_pn_words(&c->pns) + schedule_limits(c) <= RIDE_ENTRIES;
}

static void schedule_along(struct conn *c, struct send_packet *p, uint64_t now_ns)
{
	uint32_t limits = schedule_limits(c);
	build_ack(c, p, RIDE_ENTRIES - limits, limits, now_ns);
}

static void schedule_take(struct transport *t, struct conn *c, struct send_packet *p,
	const struct send_choice *choice, uint64_t now_ns)
{
	build_data(t, c, p, choice, now_ns);
	pacer_take(&c->pacer, choice->size);
	c->deficit -= (int32_t)choice->size;
	c->send[choice->stream].deficit -= (int32_t)choice->size;
	if (c->urgent)
		schedule_account(c, choice);
}

static void schedule_blocked(
	struct transport *t, struct conn *c, enum limited_by why, uint64_t now_ns)
{
	c->limited = (uint8_t)why;
	list_del(&c->on_data);
	c->deficit = 0;
	if (why == LIMITED_PACER)
		conn_arm(t, c, c->pace_ns);
	if ((why == LIMITED_CREDIT || why == LIMITED_STREAM) && c->blocked_ns == NEVER) {
		c->blocked_ns = now_ns + c->blocked_wait_ns;
		conn_arm(t, c, c->blocked_ns);
	}
}

// Whoever sends the last packet for now asks for the ACK at once: a window of 1 to 4 must never
// wait for a timer.
static bool schedule_exhausted(const struct conn *c)
{
	return c->send_mask == 0 || schedule_full(c);
}

static uint32_t schedule_conn(struct transport *t, struct conn *c, struct send_packet *packets,
	uint32_t max, uint64_t now_ns)
{
	uint32_t n = 0;
	enum limited_by why = LIMITED_NOTHING;
	if (c->deficit <= 0)
		c->deficit += (int32_t)(QUANTUM_SEGMENTS * c->segment);
	pacer_refill(&c->pacer, now_ns);
	while (n < max && c->deficit > 0) {
		struct send_choice choice;
		why = schedule_next(c, &choice, now_ns);
		if (why != LIMITED_NOTHING)
			break;
		schedule_take(t, c, &packets[n], &choice, now_ns);
		if (c->ack_due_ns != NEVER && schedule_fits(c, choice.size))
			schedule_along(c, &packets[n], now_ns); // before its time, but for nothing
		n++;
	}
	if (n)
		conn_arm(t, c, conn_loss_deadline(c));
	if (n && (schedule_exhausted(c) || (why != LIMITED_NOTHING && why != LIMITED_PACER)))
		packets[n - 1].header.flags |= WIRE_ACK_NOW;
	if (why != LIMITED_NOTHING)
		schedule_blocked(t, c, why, now_ns);
	else if (2.0 * c->in_flight < c->cc.cwnd)
		c->limited =
			LIMITED_NOTHING; // the worker or the port is the limit: no reason to grow
	return n;
}

static uint32_t schedule_data(
	struct transport *t, struct send_packet *packets, uint32_t max, uint64_t now_ns)
{
	uint32_t n = 0;
	while (n < max && !list_empty(&t->data)) {
		struct conn *c = list_entry(t->data.next, struct conn, on_data);
		n += schedule_conn(t, c, packets + n, max - n, now_ns);
		if (!list_empty(&c->on_data) && c->deficit <= 0) {
			list_del(&c->on_data);
			list_add_tail(&t->data, &c->on_data);
		}
	}
	return n;
}

// Tail probe: new data if there is any that the peer takes, else the
// newest cells that wait for their ACK, else nothing but a question. Not
// held by the window: it is there to find out whether the window is wrong.
static void schedule_tail(
	struct transport *t, struct conn *c, struct send_packet *p, uint64_t now_ns)
{
	struct send_choice choice;
	if (schedule_span(c) && schedule_pick(c, &choice) == LIMITED_NOTHING) {
		build_data(t, c, p, &choice, now_ns);
		p->header.flags |= WIRE_ACK_NOW;
		conn_arm(t, c, conn_loss_deadline(c));
		return;
	}
	for (uint64_t pn = c->log.next_pn; pn-- > c->log.lowest;) {
		struct sent_entry e = *sent_log_entry(&c->log, pn);
		if (e.kind != SENT_DATA || sent_log_flight(&c->log, pn, pn + 1) != pn)
			continue;
		const struct send_window *w = &c->send[e.stream];
		choice = (struct send_choice){
			.stream = e.stream, .record = e.record, .cell = e.cell};
		choice.cells = send_window_wants(w, e.record, &choice.cell, e.cells, c->path.cells);
		if (choice.cells == 0)
			continue;
		choice.size = send_slot_bytes(&w->slots[e.record & (RECORD_WINDOW - 1)], &c->cut,
			choice.cell, choice.cells);
		build_data(t, c, p, &choice, now_ns);
		p->header.flags |= WIRE_ACK_NOW;
		conn_arm(t, c, conn_loss_deadline(c));
		return;
	}
	build_control(t, c, p, c->fin_flight ? CONTROL_FIN : CONTROL_PROBE, now_ns);
}

// An ACK that is asked for waits for no more than data that may go now.
static bool schedule_ride(
	struct transport *t, struct conn *c, struct send_packet *p, uint64_t now_ns)
{
	if (list_empty(&c->on_data))
		return false;
	struct send_choice choice;
	pacer_refill(&c->pacer, now_ns);
	if (schedule_next(c, &choice, now_ns) != LIMITED_NOTHING || !schedule_fits(c, choice.size))
		return false;
	schedule_take(t, c, p, &choice, now_ns);
	schedule_along(c, p, now_ns);
	conn_arm(t, c, conn_loss_deadline(c));
	if (schedule_exhausted(c))
		p->header.flags |= WIRE_ACK_NOW;
	return true;
}

// One packet of the connection's control bits, lowest bit first.
static void schedule_control_one(
	struct transport *t, struct conn *c, struct send_packet *p, uint64_t now_ns)
{
	uint16_t bit = (uint16_t)(c->control & -c->control);
	if (bit == CONTROL_ACK && conn_connected(c) && schedule_ride(t, c, p, now_ns))
		return;
	if (bit != CONTROL_TAIL) {
		build_control(t, c, p, bit, now_ns);
		return;
	}
	c->control &= (uint16_t)~CONTROL_TAIL;
	schedule_tail(t, c, p, now_ns);
}

static uint32_t schedule_control(
	struct transport *t, struct send_packet *packets, uint32_t max, uint64_t now_ns)
{
	uint32_t n = 0;
	while (n < max && !list_empty(&t->control)) {
		struct conn *c = list_entry(t->control.next, struct conn, on_control);
		while (n < max && c->control)
			schedule_control_one(t, c, &packets[n++], now_ns);
		if (c->control)
			break;
		list_del(&c->on_control);
		conn_drained(t, c);
	}
	return n;
}

uint32_t transport_send(
	struct transport *t, struct send_packet *packets, uint32_t max, uint64_t now_ns)
{
	uint32_t n = schedule_control(t, packets, max, now_ns);
	return n + schedule_data(t, packets + n, max - n, now_ns);
}
