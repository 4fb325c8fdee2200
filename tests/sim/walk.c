// The two walks of a packet, in the order of the dataplane's receive.c and send.c. A copy stands
// for the cipher unless the plan is sealed, the checksum in front of the header for UDP's.
#include <stdlib.h>
#include <string.h>

#include "lib/base/bytes.h"
#include "tests/sim/seal.h"

static void send_frame(struct sim *sim, struct node *node, struct frame *frame)
{
	uint16_t sum = frame_checksum(frame->bytes + FRAME_OVERHEAD, frame->size - FRAME_OVERHEAD);
	memcpy(frame->bytes, &sum, sizeof(sum));
	story_packet(sim, frame->from, frame->to, "", frame->bytes + FRAME_OVERHEAD,
		frame->size - FRAME_OVERHEAD);
	node->backlog[node->backlog_count++] = frame;
}

void walk_out(struct sim *sim, struct node *node, const struct send_packet *packet)
{
	struct end *end = sim_end_of(sim, node->index, packet->conn);
	if (!end) {
		sim_fail(sim, "%c sends a packet of a connection it does not have",
			node_letter(node->index));
		return;
	}
	law_on_sent(end, packet);

	uint8_t ack[WIRE_ACK_RIDE_SIZE > WIRE_ACK_MAX ? WIRE_ACK_RIDE_SIZE : WIRE_ACK_MAX] = {0};
	uint32_t ack_size = packet->has_ack ? wire_ack_frame(ack, &packet->ack) : 0;
	if (packet->has_ack && packet->header.type == WIRE_DATA) {
		if (ack_size > WIRE_ACK_RIDE_SIZE)
			sim_fail(sim, "%c: an ACK block of %u bytes rides on data",
				node_letter(node->index), ack_size);
		ack_size = WIRE_ACK_RIDE_SIZE;
	}
	uint32_t payload = 0;
	for (uint32_t i = 0; i < packet->iov_count; i++)
		payload += packet->iov[i].size;
	uint32_t segment = sim->plan->pair[end->pair].segment_size;
	if (ack_size + payload > segment)
		sim_fail(sim, "%c: %u bytes of ACK and payload do not fit a segment of %u",
			node_letter(node->index), ack_size + payload, segment);
	if (sim->failed)
		return;

	struct frame *frame =
		frame_new(FRAME_OVERHEAD + WIRE_HEADER_SIZE + ack_size + payload + WIRE_TAG_SIZE);
	frame->from = node->index;
	frame->to = sim->plan->pair[end->pair].ends[!end->side].node;
	frame->sender = end;
	uint8_t *at = frame->bytes + FRAME_OVERHEAD;
	struct seal_source pieces[3] = {{ack, ack_size}};
	for (uint32_t i = 0; i < packet->iov_count; i++)
		pieces[i + 1] = (struct seal_source){packet->iov[i].base, packet->iov[i].size};
	wire_header_frame(at, &packet->header);
	if (sim->plan->sealed)
		seal_out(end, packet->header.pn, at, pieces, packet->iov_count + 1u);
	else
		cipher_null.seal(NULL, packet->header.pn, at, pieces, packet->iov_count + 1u,
			at + WIRE_HEADER_SIZE);
	send_frame(sim, node, frame);
}

// A packet for a connection that is not here (any more): tell its sender, who need not believe it.
// As hint.c: at most one a millisecond, the payload is the unknown id, no tag.
static void send_hint(struct sim *sim, struct node *node, const struct frame *in, uint32_t cid)
{
	if (node->backlog_count == TX_BACKLOG_MAX || sim->now_ns < node->hint_ns + 1 * MS)
		return;
	node->hint_ns = sim->now_ns;
	struct wire_header header = {.type = WIRE_RESET};
	struct frame *frame = frame_new(FRAME_OVERHEAD + WIRE_HEADER_SIZE + 4);
	frame->from = node->index;
	frame->to = in->from;
	wire_header_frame(frame->bytes + FRAME_OVERHEAD, &header);
	be32_put(frame->bytes + FRAME_OVERHEAD + WIRE_HEADER_SIZE, cid);
	send_frame(sim, node, frame);
}

static void take_hint(struct sim *sim, struct node *node, const uint8_t *bytes, uint32_t size)
{
	if (size >= WIRE_HEADER_SIZE + 4)
		transport_on_reset_hint(
			node->transport, be32_get(bytes + WIRE_HEADER_SIZE), node_clock(sim, node));
}

// Copies the payload to its place; the place must be exactly as large.
static bool open_into(
	struct sim *sim, const struct conn_place *place, const uint8_t *payload, uint32_t size)
{
	if (place->iov_count == 0)
		return true;
	uint32_t room = 0;
	for (uint32_t i = 0; i < place->iov_count; i++)
		room += place->iov[i].size;
	if (place->iov_count > 2 || room != size) {
		sim_fail(sim, "conn_place gives %u pieces of %u bytes for a payload of %u",
			place->iov_count, room, size);
		return false;
	}
	for (uint32_t i = 0; i < place->iov_count; i++) {
		memcpy(place->iov[i].base, payload, place->iov[i].size);
		payload += place->iov[i].size;
	}
	return true;
}

// A packet as opened.c leaves it: payload (NULL for
// DATA, whose bytes are in their place) and ACK block.
struct opened {
	const uint8_t *payload;
	uint32_t size;
	struct wire_ack ack;
	bool has_ack;
};

static uint64_t end_cells(const struct end *end, const struct wire_header *header, uint32_t size)
{
	uint32_t cell = cell_size(end->sim->plan->pair[end->pair].segment_size);
	uint32_t within = (uint32_t)(header->offset & ((1u << RECORD_SHIFT) - 1));
	return cells_mask(within / cell, (size + cell - 1) / cell);
}

// Good bytes are never overwritten: a cell that was accepted has no place any more.
static void check_place(struct end *end, const struct wire_header *header, uint32_t size,
	const struct conn_place *place)
{
	struct stream_plan *stream = end_stream(end_peer(end), header->stream);
	uint32_t number = (uint32_t)(header->offset >> RECORD_SHIFT);
	uint32_t within = (uint32_t)(header->offset & ((1u << RECORD_SHIFT) - 1));
	uint64_t cells = end_cells(end, header, size);
	if (stream && number < stream->count && place->iov_count &&
		stream->records[number].have & cells)
		sim_fail(end->sim, "%c: record %u of stream %u would be written again at %u",
			node_letter(end->node), number, stream_number(header->stream), within);
}

static void mark_have(struct end *end, const struct wire_header *header, uint32_t size)
{
	struct stream_plan *stream = end_stream(end_peer(end), header->stream);
	uint32_t number = (uint32_t)(header->offset >> RECORD_SHIFT);
	if (!stream || number >= stream->count)
		return;
	uint64_t cells = end_cells(end, header, size);
	if (cells & ~stream->records[number].have)
		end->arrived += size;
	stream->records[number].have |= cells;
}

// A sealed packet is opened as opened.c does it: a riding ACK block and what is known already into
// scratch, the rest into its place; of other types everything into scratch.
static enum verdict open_sealed(struct end *end, const struct wire_header *header,
	const struct frame *frame, const struct conn_place *place, uint32_t front_size,
	uint32_t size, uint8_t *scratch)
{
	struct seal_piece pieces[3] = {{scratch, front_size}};
	uint32_t count = 1;
	enum verdict verdict;
	for (uint32_t i = 0; place && i < place->iov_count; i++)
		pieces[count++] = (struct seal_piece){place->iov[i].base, place->iov[i].size};
	if (place && place->iov_count == 0)
		pieces[count++] = (struct seal_piece){scratch + front_size, size};
	verdict = seal_in(end, header, frame->bytes + FRAME_OVERHEAD, frame->size - FRAME_OVERHEAD,
		pieces, count);
	if (verdict == VERDICT_ACCEPT && frame->corrupted)
		sim_fail(end->sim, "%c: the tag lets a forged packet pass", node_letter(end->node));
	return verdict;
}

static enum verdict open_packet(struct sim *sim, struct transport *t, struct end *end,
	const struct wire_header *header, const struct frame *frame, struct opened *opened)
{
	static uint8_t scratch[2 * MTU_MAX];
	const uint8_t *front = sim->plan->sealed ? scratch : opened->payload;
	uint32_t front_size = opened->size, used = 0;
	opened->has_ack = header->flags & WIRE_ACK_BLOCK;
	if (header->type == WIRE_DATA) {
		uint32_t ride = opened->has_ack ? WIRE_ACK_RIDE_SIZE : 0;
		struct conn_place place;
		if (opened->size < ride)
			return DROP_ACK_MALFORMED;
		opened->size -= ride;
		enum verdict verdict = conn_place(t, end->conn, header, opened->size, &place);
		if (verdict != VERDICT_ACCEPT)
			return verdict;
		if (sim_strict(sim))
			check_place(end, header, opened->size, &place);
		if (sim->plan->sealed)
			verdict = open_sealed(
				end, header, frame, &place, ride, opened->size, scratch);
		else if (!open_into(sim, &place, front + ride, opened->size))
			return DROP_OFFSET;
		if (verdict != VERDICT_ACCEPT)
			return verdict;
		opened->payload = NULL;
		front_size = ride;
	} else if (sim->plan->sealed) {
		enum verdict verdict =
			open_sealed(end, header, frame, NULL, opened->size, 0, scratch);
		if (verdict != VERDICT_ACCEPT)
			return verdict;
		opened->payload = scratch;
	}
	if (opened->has_ack) {
		used = wire_ack_parse(&opened->ack, front, front_size);
		if (!used)
			return DROP_ACK_MALFORMED;
	}
	if (header->type != WIRE_DATA) {
		opened->payload += used;
		opened->size -= used;
	}
	return VERDICT_ACCEPT;
}

static enum verdict on_packet(struct sim *sim, struct node *node, const struct frame *frame,
	struct end *end, const struct wire_header *header)
{
	struct opened opened = {
		.payload = frame->bytes + FRAME_OVERHEAD + WIRE_HEADER_SIZE,
		.size = frame->size - FRAME_OVERHEAD - WIRE_HEADER_SIZE - WIRE_TAG_SIZE,
	};
	enum verdict verdict = conn_check_pn(end->conn, header->pn);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	verdict = open_packet(sim, node->transport, end, header, frame, &opened);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	const struct wire_ack *ack = opened.has_ack ? &opened.ack : NULL;
	verdict = conn_on_packet(node->transport, end->conn, header, opened.payload, opened.size,
		ack, node_clock(sim, node));
	if (verdict != VERDICT_ACCEPT)
		return verdict;

	struct wire_hello hello;
	bool is_hello =
		header->type == WIRE_HELLO && wire_hello_parse(&hello, opened.payload, opened.size);
	bool of_peer = frame->sender && frame->sender == end_peer(end);
	if (of_peer && sim_strict(sim))
		law_on_received(end, header, ack, is_hello ? &hello : NULL);
	if (of_peer && header->type == WIRE_DATA)
		mark_have(end, header, opened.size);
	if (is_hello && frame->sender && !of_peer) {
		end->forgotten = true;
		sim_say(sim, "%c: connection %u hears the peer's next life", node_letter(end->node),
			end->pair);
	}
	return VERDICT_ACCEPT;
}

void walk_in(struct sim *sim, struct node *node, const struct frame *frame)
{
	const uint8_t *bytes = frame->bytes + FRAME_OVERHEAD;
	uint32_t size = frame->size - FRAME_OVERHEAD;
	uint16_t sum = frame_checksum(bytes, size);
	if (memcmp(&sum, frame->bytes, sizeof(sum)) != 0) {
		story_packet(sim, frame->from, frame->to, "checksum refuses", bytes, size);
		return;
	}
	if (frame->corrupted && sim_strict(sim) && !sim->plan->sealed) {
		sim_fail(sim, "the checksum let a corrupted frame pass");
		return;
	}
	struct wire_header header;
	if (!wire_header_parse(&header, bytes, size))
		return;
	if (header.type == WIRE_RESET && header.cid == 0) {
		take_hint(sim, node, bytes, size);
		return;
	}
	if (size < WIRE_HEADER_SIZE + WIRE_TAG_SIZE)
		return;
	struct conn *conn = transport_find(node->transport, header.cid);
	struct end *end = conn ? conn_owner(conn) : NULL;
	if (!end) {
		story_packet(sim, frame->from, frame->to, "nobody knows", bytes, size);
		send_hint(sim, node, frame, header.cid);
		return;
	}
	enum verdict verdict = on_packet(sim, node, frame, end, &header);
	if (verdict != VERDICT_ACCEPT && sim->story) {
		char verb[64];
		snprintf(verb, sizeof(verb), "dropped (%s):", drop_name(verdict));
		story_packet(sim, frame->from, frame->to, verb, bytes, size);
	}
	law_step(end, false);
}
