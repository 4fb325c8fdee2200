// DATA arrives: where it goes before it is believed, what it means after. Also when to acknowledge.
//
// One packet at a time: conn_place, opening and conn_on_packet of one packet come before conn_place
// of the next of the same connection. Two packets for the same place, the second of them forged,
// would otherwise spoil the first. So the place that conn_place found holds in conn_on_data.
#include <assert.h>
#include <string.h>

#include "dataplane/transport/conn.h"

// Bounds, window and credit of a DATA packet, from its header alone.
static enum verdict data_judge(const struct conn *c, const struct wire_header *header,
	uint32_t size, struct recv_spot *spot)
{
	if (!conn_connected(c))
		return DROP_STATE;
	if (!stream_valid(header->stream))
		return DROP_STREAM;
	const struct recv_window *w = &c->recv[stream_number(header->stream)];
	if (w->used && w->stream != header->stream)
		return DROP_STREAM;
	enum verdict v = recv_window_locate(w, &c->cut, header, size, spot);
	if (v != VERDICT_ACCEPT || spot->known || !spot->first)
		return v;
	// Blocks that nobody believes yet count too: or a forger has more than was ever granted.
	bool fresh = w->slots[spot->record % RECORD_WINDOW].block == NULL;
	uint32_t waiting = c->nplaced + (fresh ? 1u : 0);
	return c->recv_credit_used + (uint64_t)waiting * RECORD_RAW_MAX <= c->recv_credit
		       ? VERDICT_ACCEPT
		       : DROP_CREDIT;
}

// A block for a record that has none. Until an authentic
// cell claims it, it stands in the list `placed`.
static uint8_t *data_block(struct transport *t, struct conn *c, uint8_t stream, uint32_t record)
{
	struct recv_slot *s = recv_window_slot(&c->recv[stream], record);
	if (s->block)
		return s->block;
	if (c->nplaced == PLACED_MAX)
		return NULL;
	s->block = t->config.env.block_get(t->config.env.context, c->owner);
	if (s->block == NULL)
		return NULL;
	c->placed[c->nplaced].stream = stream;
	c->placed[c->nplaced++].record = record;
	list_join(&t->placed, &c->on_placed);
	return s->block;
}

// An authentic cell came for a block: the newest one, as each packet is placed and believed in
// turn, unless somebody forges.
static void data_claim(struct conn *c, uint8_t stream, uint32_t record)
{
	uint32_t i = c->nplaced;
	while (i > 0 && (c->placed[i - 1].stream != stream || c->placed[i - 1].record != record))
		i--;
	if (i == 0)
		return;
	c->placed[i - 1] = c->placed[--c->nplaced];
	if (c->nplaced == 0)
		list_del(&c->on_placed);
}

enum verdict conn_place(struct transport *t, struct conn *c, const struct wire_header *header,
	uint32_t size, struct conn_place *place)
{
	place->iov_count = 0;
	if (header->type != WIRE_DATA)
		return VERDICT_ACCEPT;
	struct recv_spot *spot = &c->spot;
	c->spot_pn = 0;
	enum verdict v = data_judge(c, header, size, spot);
	if (v != VERDICT_ACCEPT)
		return v;
	c->spot_pn = header->pn;
	if (spot->known)
		return VERDICT_ACCEPT;
	uint8_t stream = (uint8_t)stream_number(header->stream);
	uint8_t *block = data_block(t, c, stream, spot->record);
	if (block == NULL)
		return DROP_NO_BUFFER;
	if (spot->cell) {
		place->iov[0].base = block + spot->within - BLOCK_HEADER_SIZE;
		place->iov[0].size = size;
		place->iov_count = 1;
		return VERDICT_ACCEPT;
	}
	place->iov[0].base = recv_window_slot(&c->recv[stream], spot->record)->header;
	place->iov[0].size = BLOCK_HEADER_SIZE;
	place->iov[1].base = block;
	place->iov[1].size = size - BLOCK_HEADER_SIZE;
	place->iov_count = size > BLOCK_HEADER_SIZE ? 2 : 1;
	return VERDICT_ACCEPT;
}

// Blocks taken for packets that did not authenticate go
// back: a forger may not hold the application's memory.
void conn_unplace(struct transport *t, struct conn *c)
{
	for (uint32_t i = 0; i < c->nplaced; i++) {
		struct recv_slot *s =
			recv_window_slot(&c->recv[c->placed[i].stream], c->placed[i].record);
		if (s->block && s->have == 0) {
			t->config.env.block_put(t->config.env.context, c->owner, s->block);
			s->block = NULL;
		}
	}
	c->nplaced = 0;
	list_del(&c->on_placed);
}

// All cells are there: the block header must say what was received. False: it lies.
static bool data_complete(
	struct transport *t, struct conn *c, struct recv_window *w, uint32_t record)
{
	struct recv_slot *s = recv_window_slot(w, record);
	struct block_header h;
	if (!block_header_parse(&h, s->header, BLOCK_HEADER_SIZE))
		return false;
	if (h.stored_size + BLOCK_HEADER_SIZE != s->size || (h.codec != 0 && !s->compressed))
		return false;
	record_bits_set(&w->complete, record);
	c->stats.records_received++;
	c->stats.raw_bytes_received += h.raw_size;
	c->stats.stored_bytes_received += h.stored_size;
	uint32_t next;
	if (recv_window_next(w, &next))
		list_join(&t->ready, &c->on_ready);
	return true;
}

enum verdict conn_on_data(struct transport *t, struct conn *c, const struct wire_header *header,
	uint32_t size, uint64_t now_ns)
{
	const struct recv_spot *spot = &c->spot;
	if (c->spot_pn != header->pn)
		return DROP_STATE; // nobody placed it
	struct recv_window *w = &c->recv[stream_number(header->stream)];
	if (spot->known) {
		c->stats.duplicates++;
		return VERDICT_ACCEPT;
	}
	if (recv_window_slot(w, spot->record)->block == NULL)
		return DROP_STATE; // its place was given up
	if (!w->used) {
		w->used = true;
		w->stream = header->stream;
	}
	if (spot->first) {
		c->recv_credit_used += RECORD_RAW_MAX;
		data_claim(c, (uint8_t)stream_number(header->stream), spot->record);
	}
	c->progress_ns = now_ns;
	if (recv_window_add(w, spot, header, size) && !data_complete(t, c, w, spot->record)) {
		conn_control(t, c, CONTROL_RESET);
		conn_finish(t, c, CLOSE_CORRUPT); // records complete before it are delivered still
	}
	return VERDICT_ACCEPT;
}

void conn_ack_later(struct transport *t, struct conn *c, enum ack_when when, uint64_t now_ns)
{
	if (when == ACK_AT_ONCE || c->pns.unreported >= ACK_EVERY) {
		conn_control(t, c, CONTROL_ACK);
		return;
	}
	uint64_t delay_ns = rtt_ack_delay(&c->rtt);
	if (when == ACK_SOON && delay_ns > ACK_RIDE_NS)
		delay_ns = ACK_RIDE_NS;
	if (c->ack_due_ns <= now_ns + delay_ns)
		return;
	c->ack_due_ns = now_ns + delay_ns;
	conn_arm(t, c, c->ack_due_ns);
}

// Every ACK carries the credit. One is needed for its own sake only when the peer has spent what it
// was told: then it may be waiting, and nothing else will come from it.
void conn_credit(struct transport *t, struct conn *c, uint32_t records, uint64_t now_ns)
{
	(void)now_ns;
	c->recv_credit += (uint64_t)records * RECORD_RAW_MAX;
	if (conn_connected(c) && c->recv_credit_told < c->recv_credit_used + RECORD_RAW_MAX)
		conn_control(t, c, CONTROL_ACK);
}
