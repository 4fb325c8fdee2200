// Packets to be sent: each takes the next packet number, is remembered, and counts as sent.
#include <string.h>

#include "dataplane/transport/conn.h"
#include "lib/base/bytes.h"

// When the log is full its oldest packet is given up: ACKs
// must go on even if a packet of ours is never answered.
static uint64_t build_pn(struct transport *t, struct conn *c, const struct sent_entry *e)
{
	if (sent_log_span(&c->log) >= IN_FLIGHT_MAX) {
		if (sent_log_entry(&c->log, c->log.lowest)->kind == SENT_FIN)
			conn_control(t, c, CONTROL_FIN);
		conn_lose(c, c->log.lowest);
		sent_log_settle(&c->log);
	}
	return sent_log_add(&c->log, e);
}

static void build_header(struct transport *t, struct conn *c, struct send_packet *p, uint8_t type,
	uint8_t flags, const struct sent_entry *e)
{
	p->conn = c;
	p->header.type = type;
	p->header.flags = flags;
	p->header.cid = c->peer_cid;
	p->header.pn = build_pn(t, c, e);
	p->header.stream = 0;
	p->header.offset = 0;
	p->has_ack = false;
	p->iov_count = 0;
	c->stats.packets_sent++;
	c->stats.wire_bytes_sent += WIRE_HEADER_SIZE + c->tag_size;
}

// `size` bytes of the record: the first cell begins with the block header.
static void build_gather(
	struct send_packet *p, const struct send_slot *s, uint32_t within, uint32_t size)
{
	if (within) {
		p->iov[0].base = s->record.stored + within - BLOCK_HEADER_SIZE;
		p->iov[0].size = size;
		p->iov_count = 1;
		return;
	}
	p->iov[0].base = s->record.header;
	p->iov[0].size = BLOCK_HEADER_SIZE;
	p->iov[1].base = s->record.stored;
	p->iov[1].size = size - BLOCK_HEADER_SIZE;
	p->iov_count = size > BLOCK_HEADER_SIZE ? 2 : 1;
}

void build_data(struct transport *t, struct conn *c, struct send_packet *p,
	const struct send_choice *choice, uint64_t now_ns)
{
	struct send_window *w = &c->send[choice->stream];
	const struct send_slot *s = send_window_slot(w, choice->record);
	struct sent_entry e = {.sent_ns = now_ns,
		.record = choice->record,
		.stream = (uint8_t)choice->stream,
		.cell = (uint8_t)choice->cell,
		.cells = choice->cells & 0x7f,
		.kind = SENT_DATA};
	uint32_t within = choice->cell * c->cut.size;
	uint8_t flags = choice->cell + choice->cells == s->cells ? WIRE_RECORD_END : 0;
	if (s->record.compressed)
		flags |= WIRE_COMPRESSED;
	build_header(t, c, p, WIRE_DATA, flags, &e);
	p->header.stream = w->stream;
	p->header.offset = wire_offset(choice->record, within);
	build_gather(p, s, within, choice->size);
	if (send_window_sent(w, choice->record, choice->cell, choice->cells)) {
		p->header.flags |= WIRE_RETX;
		c->stats.retransmits++;
	}
	conn_stream_update(c, choice->stream);
	c->in_flight++;
	c->stats.data_packets_sent++;
	c->stats.wire_bytes_sent += choice->size;
	c->sent_base_ns = now_ns;
}

static void build_limit(struct conn *c, struct wire_ack *ack, uint32_t s)
{
	struct recv_window *w = &c->recv[s];
	w->told = recv_window_limit(w);
	ack->limits[ack->nlimits].stream = w->stream;
	ack->limits[ack->nlimits++].records = w->told;
}

// Limits that moved go first; what room is left repeats
// others in turn, because an update may have been lost.
static void build_limits(struct conn *c, struct wire_ack *ack, uint32_t limits)
{
	uint32_t given = 0;
	ack->nlimits = 0;
	for (uint32_t m = c->told_mask; m && ack->nlimits < limits; m &= m - 1) {
		uint32_t s = (uint32_t)__builtin_ctz(m);
		build_limit(c, ack, s);
		given |= 1u << s;
	}
	c->told_mask &= (uint8_t)~given;
	for (uint32_t i = 0; i < STREAMS_MAX && ack->nlimits < limits; i++) {
		uint32_t s = c->told_next;
		c->told_next = (uint8_t)((s + 1) % STREAMS_MAX);
		if (c->recv[s].used && !(given >> s & 1))
			build_limit(c, ack, s);
	}
}

void build_ack(
	struct conn *c, struct send_packet *p, uint32_t words, uint32_t limits, uint64_t now_ns)
{
	p->has_ack = true;
	p->header.flags |= WIRE_ACK_BLOCK;
	recv_pn_report(&c->pns, &p->ack, words, now_ns);
	build_limits(c, &p->ack, limits);
	p->ack.credit = c->recv_credit;
	c->recv_credit_told = c->recv_credit;
	c->control &= (uint16_t)~CONTROL_ACK;
	c->ack_due_ns = NEVER;
	c->stats.acks_sent++;
	c->stats.wire_bytes_sent +=
		p->header.type == WIRE_DATA
			? WIRE_ACK_RIDE_SIZE
			: WIRE_ACK_FIXED + 8u * p->ack.nwords + 8u * p->ack.nlimits;
}

static void build_payload(struct conn *c, struct send_packet *p, uint32_t size)
{
	p->iov[0].base = p->control;
	p->iov[0].size = size;
	p->iov_count = 1;
	c->stats.wire_bytes_sent += size;
}

// A HELLO is acknowledged as a probe is, the first by its reply: so each side has a round trip time
// before the timer of its first data runs out. Which HELLO it was, the packet number says, however
// often it was sent.
static void build_hello(struct transport *t, struct conn *c, struct send_packet *p, bool reply,
	struct sent_entry *e)
{
	struct wire_hello hello;
	e->kind = SENT_PROBE;
	build_header(t, c, p, WIRE_HELLO, WIRE_ACK_NOW, e);
	hello_fill(t, c, reply, &hello);
	if (reply)
		build_ack(c, p, ACK_WORDS_MAX, ACK_LIMITS_MAX, e->sent_ns);
	build_payload(c, p, wire_hello_frame(p->control, &hello));
}

// As many bytes as the DATA packets that it asks for would carry.
static void build_path(struct transport *t, struct conn *c, struct send_packet *p,
	struct sent_entry *e, uint64_t now_ns)
{
	static const uint8_t padding[MTU_MAX];
	e->kind = SENT_PATH;
	e->cells = c->path.trying & 0x7fu;
	build_header(t, c, p, WIRE_PATH, WIRE_ACK_NOW, e);
	build_payload(c, p, c->path.trying * c->cut.size);
	p->iov[0].base = padding;
	c->stats.path_probes++;
	conn_path_sent(t, c, p->header.pn, now_ns);
}

void build_control(struct transport *t, struct conn *c, struct send_packet *p, uint16_t control,
	uint64_t now_ns)
{
	struct sent_entry e = {.sent_ns = now_ns, .kind = SENT_NOTHING};
	c->control &= (uint16_t)~control;
	switch (control) {
	case CONTROL_RESET:
		build_header(t, c, p, WIRE_RESET, 0, &e);
		be16_put(p->control, c->reason);
		build_payload(c, p, 2);
		break;
	case CONTROL_HELLO:
		build_hello(t, c, p, false, &e);
		break;
	case CONTROL_REPLY:
		build_hello(t, c, p, true, &e);
		break;
	case CONTROL_ACK:
		build_header(t, c, p, WIRE_ACK, 0, &e);
		build_ack(c, p, ACK_WORDS_MAX, ACK_LIMITS_MAX, now_ns);
		break;
	case CONTROL_FIN:
		e.kind = SENT_FIN;
		c->fin_tries++;
		build_header(t, c, p, WIRE_PROBE, WIRE_FIN | WIRE_ACK_NOW, &e);
		c->fin_flight++;
		c->sent_base_ns = now_ns;
		conn_arm(t, c, conn_loss_deadline(c));
		break;
	case CONTROL_PROBE:
		e.kind = SENT_PROBE;
		build_header(t, c, p, WIRE_PROBE, WIRE_ACK_NOW, &e);
		break;
	case CONTROL_FLOOR:
		build_header(t, c, p, WIRE_FLOOR, 0, &e);
		be48_put(p->control, c->log.lowest);
		build_payload(c, p, 6);
		c->floor_told = c->log.lowest;
		c->holes = false;
		break;
	case CONTROL_PATH:
		build_path(t, c, p, &e, now_ns);
		break;
	default:
		break;
	}
}

void transport_probe(struct transport *t, struct conn *c)
{
	if (conn_connected(c))
		conn_control(t, c, CONTROL_PROBE);
}
