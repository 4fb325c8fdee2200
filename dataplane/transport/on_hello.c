// Opening: HELLO is sent until it is answered; the listener answers each and opens with the first.
#include <assert.h>
#include <string.h>

#include "dataplane/transport/conn.h"

static void hello_reset_windows(struct conn *c)
{
	recv_pn_init(&c->pns);
	sent_log_init(&c->log);
	for (uint32_t s = 0; s < STREAMS_MAX; s++) {
		send_window_init(&c->send[s]);
		recv_window_init(&c->recv[s]); // its blocks went back at the last close
	}
}

static void hello_reset_timers(struct conn *c, uint64_t now_ns)
{
	c->last_heard_ns = now_ns;
	c->sent_base_ns = now_ns;
	c->progress_ns = now_ns;
	c->ack_due_ns = NEVER;
	c->pace_ns = NEVER;
	c->blocked_ns = NEVER;
	c->blocked_wait_ns = BLOCKED_PROBE_NS;
	c->keepalive_ns = NEVER;
	c->hello_ns = NEVER;
	c->hello_wait_ns = HELLO_RETRY_NS;
	c->hello_end_ns = now_ns + HELLO_TIMEOUT_NS;
	c->hint_ns = NEVER;
	c->backoff = 0;
	c->hint_left = 0;
	c->tail_probed = false;
	c->rearmed = false;
	c->fin_tries = 0;
}

static void hello_reset_state(struct conn *c)
{
	c->limited = LIMITED_NOTHING;
	c->send_mask = 0;
	c->cur = 0;
	c->in_flight = 0;
	c->fin_flight = 0;
	c->deficit = 0;
	c->urgent = 0;
	c->urgent_lead = 0;
	c->send_credit = c->send_credit_used = c->send_credit_first = 0;
	c->recv_credit_used = 0;
	c->close_wanted = c->pn_spent = c->fin_acked = c->peer_fin = false;
	c->records_open = 0;
	c->largest_acked = 0;
	c->floor_told = 0;
	c->holes = false;
	c->told_next = 0;
	c->told_mask = 0;
	c->nplaced = 0;
	c->spot_pn = 0;
	memset(&c->rtt, 0, sizeof(c->rtt));
	memset(&c->stats, 0, sizeof(c->stats));
}

void transport_open(
	struct transport *t, struct conn *c, const struct conn_open *open, uint64_t now_ns)
{
	assert(c->state == CONN_RESERVED);
	hello_reset_windows(c);
	hello_reset_timers(c, now_ns);
	hello_reset_state(c);
	c->owner = open->owner;
	memcpy(c->session_id, open->session_id, sizeof(c->session_id));
	c->peer_cid = open->peer_cid;
	t->peer_cids[c->slot] = open->peer_cid;
	c->peer_boot_id = open->peer_boot_id;
	c->segment_max = (uint16_t)open->segment_size;
	c->cut = cell_cut_make(cell_size(open->segment_size));
	c->segment = c->cut.size;
	path_init(&c->path, open->segment_size / c->cut.size);
	c->tag_size = (uint8_t)open->tag_size;
	c->initiator = open->initiator;
	c->memory = open->memory;
	c->peer_memory = false;
	c->recv_credit = (uint64_t)open->credit_records * RECORD_RAW_MAX;
	c->recv_credit_told = c->recv_credit;
	memset(&c->cc, 0, sizeof(c->cc));
	c->cc.ops = cc_by_id(open->controller);
	assert(c->cc.ops);
	c->cc.ops->init(&c->cc);
	loss_init(&c->loss);
	pacer_init(&c->pacer, c->cut.size, open->port_rate, now_ns);
	c->state = open->initiator ? CONN_CONNECTING : CONN_LISTENING;
	if (open->initiator) {
		conn_control(t, c, CONTROL_HELLO);
		c->hello_ns = now_ns + c->hello_wait_ns;
		conn_arm(t, c, c->hello_ns);
	}
	conn_arm(t, c, c->hello_end_ns);
}

void hello_fill(
	const struct transport *t, const struct conn *c, bool reply, struct wire_hello *hello)
{
	memcpy(hello->session_id, c->session_id, sizeof(hello->session_id));
	hello->boot_id = t->config.boot_id;
	hello->credit = c->recv_credit;
	hello->segment_size = c->segment_max;
	hello->flags =
		(uint16_t)((reply ? WIRE_HELLO_REPLY : 0) | (c->memory ? WIRE_HELLO_MEMORY : 0));
	hello->records = RECORD_WINDOW;
}

static void hello_opened(struct transport *t, struct conn *c, uint64_t now_ns)
{
	c->state = c->close_wanted ? CONN_CLOSING : CONN_OPEN;
	c->hello_ns = NEVER;
	c->hello_end_ns = NEVER;
	c->progress_ns = now_ns;
	c->control &= (uint16_t)~CONTROL_HELLO;
	c->events |= EVENT_OPENED;
	list_join(&t->events, &c->on_event);
	c->keepalive_ns = now_ns + t->config.keepalive_ns;
	conn_arm(t, c, c->keepalive_ns);
	conn_arm(t, c, now_ns + t->config.idle_timeout_ns);
	conn_path_search(t, c, now_ns);
}

enum verdict conn_on_hello(
	struct transport *t, struct conn *c, const uint8_t *payload, uint32_t size, uint64_t now_ns)
{
	struct wire_hello hello;
	if (!wire_hello_parse(&hello, payload, size))
		return DROP_HEADER;
	bool reply = hello.flags & WIRE_HELLO_REPLY;
	// Another session's HELLO, or one cut for another MTU,
	// never fits this connection; control must agree anew.
	if (memcmp(hello.session_id, c->session_id, sizeof(c->session_id)) != 0)
		return DROP_STATE;
	if (hello.segment_size != c->segment_max || reply != c->initiator)
		return DROP_STATE;
	if (c->peer_boot_id && hello.boot_id != c->peer_boot_id) {
		conn_finish(t, c, CLOSE_PEER_RESTARTED);
		return VERDICT_ACCEPT;
	}
	c->peer_boot_id = hello.boot_id;
	if (!c->send_credit_first)
		c->send_credit_first = hello.credit;
	if (hello.credit > c->send_credit)
		c->send_credit = hello.credit;
	if (!conn_connected(c)) {
		for (uint32_t s = 0; s < STREAMS_MAX; s++)
			c->send[s].limit = hello.records;
		c->peer_memory = hello.flags & WIRE_HELLO_MEMORY;
		hello_opened(t, c, now_ns);
	}
	if (!reply) {
		conn_control(t, c, CONTROL_REPLY);
		c->recv_credit_told = c->recv_credit;
	}
	conn_close_step(t, c);
	conn_run(t, c);
	return VERDICT_ACCEPT;
}
