// A packet that authenticated: may this state hear it, was it heard before, and which event is it.
#include "dataplane/transport/conn.h"
#include "lib/base/bytes.h"

enum verdict conn_check_pn(const struct conn *c, uint64_t pn)
{
	if (c->state == CONN_FREE || c->state == CONN_RESERVED)
		return DROP_STATE;
	return recv_pn_check(&c->pns, pn) ? VERDICT_ACCEPT : DROP_REPLAY;
}

// Before HELLO nothing but HELLO and RESET; after the end only a FIN that missed its ACK.
static bool step_allowed(const struct conn *c, const struct wire_header *header)
{
	switch ((enum conn_state)c->state) {
	case CONN_CONNECTING:
	case CONN_LISTENING:
		return header->type == WIRE_HELLO || header->type == WIRE_RESET;
	case CONN_OPEN:
	case CONN_CLOSING:
		return header->type < WIRE_TYPE_COUNT;
	case CONN_CLOSED:
		return header->type == WIRE_PROBE && header->flags & WIRE_FIN && c->peer_fin;
	case CONN_FREE:
	case CONN_RESERVED:
		break;
	}
	return false;
}

static enum verdict step_ack_valid(
	const struct conn *c, const struct wire_header *header, const struct wire_ack *ack)
{
	if (header->type == WIRE_ACK && ack == NULL)
		return DROP_ACK_MALFORMED;
	if (ack == NULL)
		return VERDICT_ACCEPT;
	if (ack->nwords > ACK_WORDS_MAX || ack->nlimits > ACK_LIMITS_MAX)
		return DROP_ACK_MALFORMED;
	return ack->largest < c->log.next_pn ? VERDICT_ACCEPT : DROP_ACK_BEYOND;
}

// What must be right before the packet number counts: a packet refused here may come again.
static enum verdict step_judge(struct transport *t, struct conn *c,
	const struct wire_header *header, const uint8_t *payload, uint32_t size, uint64_t now_ns)
{
	switch ((enum wire_type)header->type) {
	case WIRE_DATA:
		return conn_on_data(t, c, header, size, now_ns);
	case WIRE_HELLO:
		return payload ? conn_on_hello(t, c, payload, size, now_ns) : DROP_HEADER;
	case WIRE_RESET:
		return payload && size >= 2 ? VERDICT_ACCEPT : DROP_HEADER;
	case WIRE_FLOOR: // with nothing tracked, the lowest is what comes after this very packet
		return payload && size >= 6 && be48_get(payload) <= header->pn + 1 ? VERDICT_ACCEPT
										   : DROP_HEADER;
	case WIRE_ACK:
	case WIRE_PROBE:
	case WIRE_PATH:
	case WIRE_TYPE_COUNT:
		break;
	}
	return VERDICT_ACCEPT;
}

static bool step_eliciting(uint8_t type)
{
	return type == WIRE_DATA || type == WIRE_PROBE || type == WIRE_PATH || type == WIRE_HELLO;
}

static void step_heard(struct conn *c, const struct wire_header *header, uint64_t now_ns)
{
	c->stats.packets_received++;
	c->last_heard_ns = now_ns;
	c->hint_ns = NEVER;
	if (header->flags & WIRE_CE)
		c->pns.ce++;
}

// Data whose sender asks for its ACK is often a request: the answer takes the ACK along.
static enum ack_when step_ack_when(const struct wire_header *header, bool gap)
{
	if (gap || header->flags & WIRE_FIN)
		return ACK_AT_ONCE;
	if (!(header->flags & WIRE_ACK_NOW))
		return ACK_IN_TIME;
	return header->type == WIRE_DATA ? ACK_SOON : ACK_AT_ONCE;
}

enum verdict conn_on_packet(struct transport *t, struct conn *c, const struct wire_header *header,
	const uint8_t *payload, uint32_t size, const struct wire_ack *ack, uint64_t now_ns)
{
	if (!step_allowed(c, header))
		return DROP_STATE;
	if (!recv_pn_check(&c->pns, header->pn))
		return DROP_REPLAY;
	enum verdict v = step_ack_valid(c, header, ack);
	if (v == VERDICT_ACCEPT)
		v = step_judge(t, c, header, payload, size, now_ns);
	if (v != VERDICT_ACCEPT)
		return v;

	bool eliciting = step_eliciting(header->type);
	bool gap = recv_pn_add(&c->pns, header->pn, eliciting, now_ns);
	step_heard(c, header, now_ns);
	if (c->state == CONN_CLOSED) {
		if (header->flags & WIRE_FIN)
			conn_control(t, c, CONTROL_ACK);
		return VERDICT_ACCEPT;
	}
	if (eliciting)
		conn_ack_later(t, c, step_ack_when(header, gap), now_ns);
	if (ack && conn_connected(c))
		conn_on_ack(t, c, ack, now_ns);
	if (header->type == WIRE_RESET)
		conn_finish(t, c, CLOSE_PEER_RESET);
	else if (header->type == WIRE_FLOOR)
		recv_pn_floor(&c->pns, be48_get(payload));
	else if (header->type == WIRE_PROBE && header->flags & WIRE_FIN && conn_connected(c))
		conn_on_fin(t, c, now_ns);
	return VERDICT_ACCEPT;
}
