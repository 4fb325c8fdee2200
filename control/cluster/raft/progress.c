// What a leader knows of one member, and what is under way to it.
#include "control/cluster/raft/progress.h"

#include <assert.h>

size_t progress_size(uint32_t messages_max)
{
	return messages_max * sizeof(struct progress_message);
}

void progress_init(
	struct progress *progress, void *memory, uint32_t messages_max, uint32_t bytes_max)
{
	assert(messages_max && bytes_max);
	*progress = (struct progress){
		.message = memory, .messages_max = messages_max, .bytes_max = bytes_max, .next = 1};
}

static void nothing_in_flight(struct progress *progress)
{
	progress->oldest = progress->messages = progress->bytes = 0;
}

// Nothing is in flight or waited for.
static void enter(struct progress *progress, enum raft_progress_state state)
{
	progress->state = state;
	progress->waits = progress->idle = false;
	nothing_in_flight(progress);
	progress->snapshot = progress->offset = progress->total = 0;
}

void progress_reset(struct progress *progress, uint64_t id, uint64_t session, uint64_t next)
{
	assert(next > 0);
	enter(progress, RAFT_PROBE);
	progress->id = id;
	progress->session = session;
	progress->match = 0;
	progress->next = next;
	progress->active = progress->quarantined = false;
}

bool progress_is_paused(const struct progress *progress)
{
	if (progress->state == RAFT_REPLICATE)
		return progress->messages == progress->messages_max ||
		       progress->bytes >= progress->bytes_max;
	return progress->waits;
}

static void message_add(struct progress *progress, uint64_t last, uint32_t bytes)
{
	uint32_t at = progress->oldest + progress->messages;

	assert(progress->messages < progress->messages_max);
	if (at >= progress->messages_max)
		at -= progress->messages_max;
	progress->message[at] = (struct progress_message){.last = last, .bytes = bytes};
	progress->messages++;
	progress->bytes += bytes;
}

void progress_sent(struct progress *progress, uint64_t last, uint32_t bytes)
{
	assert(progress->state != RAFT_SNAPSHOT);
	if (progress->state == RAFT_PROBE) {
		nothing_in_flight(progress); // the probe before it was lost
		progress->waits = true;
		progress->idle = false;
	}
	if (last < progress->next)
		return;
	message_add(progress, last, bytes);
	if (progress->state == RAFT_REPLICATE)
		progress->next = last + 1;
}

// What the probe carried need not be sent again: who says that the logs meet took all of it.
static void replicate(struct progress *progress, uint64_t index)
{
	uint64_t next = index + 1;

	if (progress->state == RAFT_SNAPSHOT)
		enter(progress, RAFT_REPLICATE);
	if (progress->messages && progress->message[progress->oldest].last >= next)
		next = progress->message[progress->oldest].last + 1;
	progress->state = RAFT_REPLICATE;
	progress->waits = false;
	progress->next = next;
}

static void messages_free(struct progress *progress, uint64_t index)
{
	while (progress->messages && progress->message[progress->oldest].last <= index) {
		progress->bytes -= progress->message[progress->oldest].bytes;
		progress->messages--;
		if (++progress->oldest == progress->messages_max)
			progress->oldest = 0;
	}
}

bool progress_accept(struct progress *progress, uint64_t index)
{
	bool known = index <= progress->match;

	if (index < progress->match)
		return false;
	progress->match = index;
	progress->idle = false;
	if (progress->state == RAFT_PROBE ||
		(progress->state == RAFT_SNAPSHOT && index >= progress->snapshot))
		replicate(progress, index);
	messages_free(progress, index);
	if (progress->next <= index)
		progress->next = index + 1;
	return !known;
}

bool progress_reject(struct progress *progress, uint64_t index, uint64_t hint)
{
	uint64_t next = hint < index ? hint + 1 : index;

	if (progress->state == RAFT_SNAPSHOT || index <= progress->match)
		return false;
	if (progress->state == RAFT_PROBE && index != progress->next - 1)
		return false;
	// What was in flight before it may have arrived: its answers are under way.
	if (progress->state == RAFT_REPLICATE || next <= progress->match)
		next = progress->match + 1;
	enter(progress, RAFT_PROBE);
	progress->next = next;
	return true;
}

void progress_refuse(struct progress *progress, uint64_t index)
{
	if (progress->state == RAFT_SNAPSHOT || index < progress->match || index >= progress->next)
		return;
	enter(progress, RAFT_PROBE);
	progress->next = index + 1;
	progress->waits = true;
}

void progress_set_back(struct progress *progress, uint64_t index)
{
	if (index >= progress->match)
		return;
	enter(progress, RAFT_PROBE);
	progress->match = index;
	progress->next = index + 1;
}

bool progress_on_heartbeat(struct progress *progress)
{
	bool again = progress->idle;

	progress->idle = progress->state != RAFT_REPLICATE || progress->messages > 0;
	if (progress->state == RAFT_REPLICATE)
		return again && progress->idle;
	if (again)
		progress->waits = false;
	return false;
}

void progress_start_snapshot(struct progress *progress, uint64_t snapshot, uint64_t total)
{
	enter(progress, RAFT_SNAPSHOT);
	progress->snapshot = snapshot;
	progress->total = total;
}

void progress_sent_chunk(struct progress *progress)
{
	assert(progress->state == RAFT_SNAPSHOT);
	progress->waits = true;
	progress->idle = false;
}

bool progress_wants_chunk(struct progress *progress, uint64_t snapshot, uint64_t offset)
{
	if (progress->state != RAFT_SNAPSHOT || snapshot != progress->snapshot ||
		offset > progress->total)
		return false;
	progress->offset = offset;
	progress->waits = offset == progress->total;
	progress->idle = false;
	return true;
}

void progress_end_snapshot(struct progress *progress, bool installed)
{
	uint64_t next = installed ? progress->snapshot + 1 : 1;

	if (progress->state != RAFT_SNAPSHOT)
		return;
	enter(progress, RAFT_PROBE);
	progress->next = next > progress->match ? next : progress->match + 1;
}
