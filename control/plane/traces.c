// Traces of sessions: rings of the dataplane, given out and read.
#include "control/plane/traces.h"

#include <string.h>

#include "control/plane/plane.h"

#define TRACES_FOREIGN_MAX 4096 // records of an older trace that one call skips

static int traces_tell(struct plane *plane, const struct traces_ring *ring, uint32_t cid, bool on)
{
	const struct plane_command command = {
		.type = PLANE_TRACE,
		.flags = on,
		.request = ring->number,
		.cid = cid,
		.ring = (uint8_t)(ring - plane->traces.ring),
	};

	return proxy_put(&plane->proxy, 1u + ring->worker, &command);
}

// Lets go of a ring as soon as its worker has been told; with its dataplane it is gone anyway.
static void traces_stop(struct plane *plane, struct traces_ring *ring)
{
	ring->stopping = true;
	if (plane->boot_id != ring->boot_id || traces_tell(plane, ring, 0, false) == 0)
		memset(ring, 0, sizeof(*ring));
}

// A ring that nobody has, and that no worker writes any more.
static struct traces_ring *traces_free_ring(struct plane *plane)
{
	for (uint32_t i = 0; i < PLANE_TRACES_MAX; i++) {
		struct traces_ring *ring = &plane->traces.ring[i];

		if (ring->stopping)
			traces_stop(plane, ring);
		if (!ring->taken && atomic_load_explicit(&plane->tables.shared->trace[i].number,
					    memory_order_acquire) == 0)
			return ring;
	}
	return NULL;
}

int traces_open(struct plane *plane, uint32_t cid, struct trace_reader *reader)
{
	struct traces_ring *ring;
	uint32_t index;
	int error;

	if (!plane->tables.shared)
		return PROXY_E_DETACHED;
	ring = traces_free_ring(plane);
	if (!ring)
		return TRACES_E_FULL;
	if (++plane->traces.number == 0)
		plane->traces.number = 1;
	*ring = (struct traces_ring){
		.boot_id = plane->boot_id, .worker = cid >> 24, .number = plane->traces.number};
	index = (uint32_t)(ring - plane->traces.ring);
	*reader = (struct trace_reader){.plane = plane,
		.ring = index,
		.number = ring->number,
		.cid = cid,
		.boot_id = plane->boot_id,
		.cursor = atomic_load_explicit(
			&plane->tables.shared->trace[index].written.written, memory_order_acquire)};
	error = traces_tell(plane, ring, cid, true);
	ring->taken = error == 0;
	return error;
}

void traces_close(struct trace_reader *reader)
{
	struct traces_ring *ring = &reader->plane->traces.ring[reader->ring];

	if (ring->taken && ring->number == reader->number)
		traces_stop(reader->plane, ring);
}

enum traces_got traces_take(
	struct trace_reader *reader, struct trace_record *record, uint64_t *lost)
{
	const struct plane_dataplane *shared = reader->plane->tables.shared;

	if (!shared || reader->plane->boot_id != reader->boot_id)
		return TRACES_GONE;
	const struct plane_trace *trace = &shared->trace[reader->ring];

	for (int i = 0; i < TRACES_FOREIGN_MAX; i++) {
		struct plane_trace_slot slot;

		switch (broadcast_take(&trace->written, trace->slots, sizeof(slot),
			PLANE_TRACE_SLOTS, &reader->cursor, &slot, lost)) {
		case BROADCAST_NOTHING:
			return TRACES_NOTHING;
		case BROADCAST_CORRUPT:
			return TRACES_GONE;
		case BROADCAST_LOST:
			if (reader->begun)
				return TRACES_LOST;
			break;
		case BROADCAST_RECORD:
			if (slot.number != reader->number)
				break;
			reader->begun = true;
			*record = slot.record;
			return TRACES_RECORD;
		}
	}
	return TRACES_NOTHING;
}

const char *traces_strerror(int error)
{
	static_assert(PLANE_TRACES_MAX == 8, "the sentence has the number");
	return error == TRACES_E_FULL ? "8 sessions are traced already: end one of those traces, "
					"or try again in a moment"
				      : proxy_strerror(error);
}
