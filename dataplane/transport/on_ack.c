// An ACK arrives: words of bits become acknowledged
// segments, a round trip time, losses, and a new window.
#include <assert.h>

#include "dataplane/transport/conn.h"

// What one ACK brought.
struct ack_gain {
	uint32_t data;    // DATA packets newly acknowledged
	uint32_t path;    // cells of the largest path probe among them, or of one that was thought
			  // lost; 0: none
	uint64_t largest; // the highest packet newly acknowledged, a late one included; 0: none
	uint64_t sent_ns; // when that was sent
	bool late;        // one that a threshold had declared lost
};

static void ack_cells(struct transport *t, struct conn *c, const struct sent_entry *e)
{
	struct send_window *w = &c->send[e->stream];
	if (e->cells > 1)
		c->path.holes = 0; // large packets pass
	bool whole = send_window_acked(w, e->record, e->cell, e->cells);
	conn_stream_update(c, e->stream);
	if (!whole)
		return;
	const struct send_record *r = &send_window_slot(w, e->record)->record;
	c->records_open--;
	c->stats.records_sent++;
	c->stats.raw_bytes_sent += r->raw_size;
	c->stats.stored_bytes_sent += r->stored_size;
	if (send_window_has(w, false))
		list_join(&t->sent, &c->on_sent);
}

static void ack_take(
	struct transport *t, struct conn *c, uint64_t pn, uint64_t word, struct ack_gain *gain)
{
	uint64_t late;
	uint64_t newly = sent_log_take(&c->log, pn, word, &late);
	if (newly | late && gain->largest == 0) {
		gain->largest = pn - (uint32_t)__builtin_ctzll(newly | late);
		gain->sent_ns = sent_log_entry(&c->log, gain->largest)->sent_ns;
	}
	for (uint64_t m = newly; m; m &= m - 1) {
		uint64_t p = pn - (uint32_t)__builtin_ctzll(m);
		const struct sent_entry *e = sent_log_entry(&c->log, p);
		if (e->kind == SENT_DATA) {
			gain->data++;
			ack_cells(t, c, e);
		} else if (e->kind == SENT_FIN) {
			c->fin_flight--;
			c->fin_acked = true;
		} else if (e->kind == SENT_PATH && e->cells > gain->path) {
			gain->path = e->cells;
		}
	}
	for (; late; late &= late - 1) { // no gain for the window: it was cut for them
		const struct sent_entry *e =
			sent_log_entry(&c->log, pn - (uint32_t)__builtin_ctzll(late));
		if (e->kind == SENT_FIN)
			c->fin_acked = true;
		if (e->kind == SENT_PATH && e->cells > gain->path)
			gain->path = e->cells;
		if (e->kind != SENT_DATA)
			continue;
		c->stats.spurious++;
		gain->late |= !e->timed_out;
		ack_cells(t, c, e);
	}
}

// Absolute, so a lost or late update costs nothing.
static void ack_limits(struct conn *c, const struct wire_ack *ack)
{
	bool moved = ack->credit > c->send_credit;
	if (moved)
		c->send_credit = ack->credit;
	for (uint32_t i = 0; i < ack->nlimits; i++) {
		const struct wire_limit *l = &ack->limits[i];
		if (!stream_valid(l->stream))
			continue;
		struct send_window *w = &c->send[stream_number(l->stream)];
		if (!w->used || w->stream != l->stream || l->records <= w->limit)
			continue;
		w->limit = l->records;
		moved = true;
	}
	if (!moved)
		return;
	c->blocked_ns = NEVER;
	c->blocked_wait_ns = BLOCKED_PROBE_NS;
}

void conn_repace(struct transport *t, struct conn *c, uint64_t now_ns)
{
	pacer_rate(&c->pacer, c->cc.cwnd, c->rtt.srtt_ns, t->loop_ns, now_ns);
}

void conn_lose(struct conn *c, uint64_t pn)
{
	struct sent_entry *e = sent_log_entry(&c->log, pn);
	sent_log_lose(&c->log, pn);
	c->holes = true;
	e->timed_out = false;
	if (e->kind == SENT_FIN)
		c->fin_flight--;
	if (e->kind != SENT_DATA)
		return;
	c->in_flight--;
	c->path.large_lost |= e->cells > 1;
	send_window_lost(&c->send[e->stream], e->record, e->cell, e->cells);
	conn_stream_update(c, e->stream);
}

// Candidates stand in the order of sending, so the first that is too young ends the search.
void conn_detect_loss(struct transport *t, struct conn *c, uint64_t now_ns)
{
	uint64_t age = loss_age(c->rtt.srtt_ns);
	uint64_t edge = c->loss.edge > c->loss.covered ? c->loss.edge : c->loss.covered;
	bool cut = false;
	c->loss.check_ns = NEVER;
	for (uint64_t pn = c->log.lowest; (pn = sent_log_flight(&c->log, pn, edge)) < edge; pn++) {
		const struct sent_entry *e = sent_log_entry(&c->log, pn);
		if (e->sent_ns + age > now_ns && pn >= c->loss.covered) {
			c->loss.check_ns = e->sent_ns + age;
			break;
		}
		conn_lose(c, pn);
		if (e->kind == SENT_DATA)
			cut |= c->cc.ops->on_loss(&c->cc, pn, c->log.next_pn, now_ns);
		if (e->kind == SENT_FIN)
			conn_control(t, c, CONTROL_FIN);
		if (e->kind == SENT_PATH)
			conn_path_lost(t, c, pn, now_ns);
	}
	sent_log_settle(&c->log);
	if (c->holes && c->log.lowest - c->floor_told >= FLOOR_EVERY)
		conn_control(t, c, CONTROL_FLOOR);
	if (cut) {
		c->stats.cuts++;
		conn_repace(t, c, now_ns);
		if (c->traced)
			conn_trace_step(t, c, TRACE_CUT, TRACE_CUT_LOSS, 0, now_ns);
		conn_path_event(t, c, now_ns);
	}
}

// Clause (d): a sample only from a new largest packet number, or a late arrival would count its
// wait as the path's. One that was thought lost gives a sample too: packet numbers are never
// reused, and this is how a longer path is learned. 0: no sample.
static uint64_t ack_sample(
	struct conn *c, const struct wire_ack *ack, const struct ack_gain *gain, uint64_t now_ns)
{
	if (gain->largest <= c->largest_acked)
		return 0;
	c->largest_acked = gain->largest;
	rtt_sample(&c->rtt, now_ns - gain->sent_ns, ack->delay_us * 1000ull);
	return c->rtt.latest_ns;
}

// Clause (c): a sender that something else held back learns nothing about the path.
static void ack_window(struct transport *t, struct conn *c, const struct ack_gain *gain,
	uint64_t sample_ns, uint64_t now_ns)
{
	const struct cc_ack ack = {
		.segments = gain->data,
		.limited = c->limited == LIMITED_CWND || c->limited == LIMITED_PACER,
		.largest = gain->largest,
		.next_pn = c->log.next_pn,
		.sample_ns = sample_ns,
		.min_ns = c->rtt.min_ns,
		.srtt_ns = c->rtt.srtt_ns,
		.now_ns = now_ns,
	};
	c->cc.ops->on_ack(&c->cc, &ack);
	conn_repace(t, c, now_ns);
	if (c->traced)
		conn_trace_step(t, c, TRACE_ACK, TRACE_CUT_NONE, gain->data, now_ns);
}

void conn_on_ack(struct transport *t, struct conn *c, const struct wire_ack *ack, uint64_t now_ns)
{
	struct ack_gain gain = {0};
	c->stats.acks_received++;
	ack_limits(c, ack);
	for (uint32_t w = 0; w < ack->nwords && ack->largest >= 64ull * w; w++)
		ack_take(t, c, ack->largest - 64ull * w, ack->words[w], &gain);
	c->in_flight -= gain.data;
	sent_log_settle(&c->log);
	if (gain.late)
		loss_widen(&c->loss);
	loss_on_ack(&c->loss, ack);
	if (gain.largest) {
		uint64_t sample_ns = ack_sample(c, ack, &gain, now_ns);
		c->sent_base_ns = now_ns;
		c->progress_ns = now_ns;
		c->backoff = 0;
		c->tail_probed = false;
		c->rearmed = false;
		ack_window(t, c, &gain, sample_ns, now_ns);
	}
	if (gain.path)
		conn_path_acked(t, c, gain.path, now_ns);
	conn_detect_loss(t, c, now_ns);
	conn_close_step(t, c);
	conn_run(t, c);
	conn_arm(t, c, conn_loss_deadline(c));
}
