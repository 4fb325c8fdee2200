// Places of a packet's pieces before it is opened, and its ACK block after.
#include "dataplane/opened.h"

#include "dataplane/session.h"
#include "dataplane/worker.h"

// A DATA packet: a riding ACK block has a fixed size, so
// the payload's place is known before anything is opened.
static enum verdict place_data(struct worker *w, struct session *s,
	const struct wire_header *header, uint32_t size, struct opened *opened)
{
	uint32_t ride = header->flags & WIRE_ACK_BLOCK ? WIRE_ACK_RIDE_SIZE : 0;
	struct conn_place place;
	enum verdict verdict;

	if (size < ride)
		return DROP_ACK_MALFORMED;
	opened->data_size = size - ride;
	verdict = conn_place(w->transport, s->conn, header, opened->data_size, &place);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	opened->front = w->scratch;
	opened->front_size = ride;
	if (ride)
		opened->pieces[opened->count++] = (struct seal_piece){w->scratch, ride};
	for (uint32_t i = 0; i < place.iov_count; i++)
		opened->pieces[opened->count++] =
			(struct seal_piece){place.iov[i].base, place.iov[i].size};
	if (place.iov_count == 0 &&
		opened->data_size > 0) // known already: good bytes are never overwritten
		opened->pieces[opened->count++] =
			(struct seal_piece){w->scratch + WIRE_ACK_RIDE_SIZE, opened->data_size};
	return VERDICT_ACCEPT;
}

enum verdict opened_place(struct worker *w, struct session *s, const struct wire_header *header,
	uint32_t size, struct opened *opened)
{
	opened->count = 0;
	opened->data_size = 0;
	if (size > WORKER_SCRATCH_SIZE - WIRE_ACK_RIDE_SIZE)
		return DROP_HEADER;
	if (header->type == WIRE_DATA)
		return place_data(w, s, header, size, opened);
	opened->front = w->scratch;
	opened->front_size = size;
	opened->pieces[opened->count++] = (struct seal_piece){w->scratch, size};
	return VERDICT_ACCEPT;
}

enum verdict opened_parse(struct opened *opened, const struct wire_header *header)
{
	uint32_t used = 0;

	opened->has_ack = header->flags & WIRE_ACK_BLOCK;
	if (opened->has_ack) {
		used = wire_ack_parse(&opened->ack, opened->front, opened->front_size);
		if (used == 0)
			return DROP_ACK_MALFORMED;
	}
	opened->payload = header->type == WIRE_DATA ? NULL : opened->front + used;
	opened->payload_size =
		header->type == WIRE_DATA ? opened->data_size : opened->front_size - used;
	return VERDICT_ACCEPT;
}
