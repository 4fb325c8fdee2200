// Messages that say what they say once: a bounded queue. What repeats (entries, heartbeats,
// requests for votes, what is durable) is made when it is taken (send.c, follower.c).
#include "control/cluster/raft/core.h"

void outbox_head(const struct raft *raft, struct raft_message *message, enum raft_message_type type,
	uint64_t to)
{
	*message = (struct raft_message){
		.type = type, .from = raft->config.id, .to = to, .term = raft->term};
}

// One piece of the ring, or NULL.
static uint8_t *bytes_add(struct raft *raft, const uint8_t *data, uint32_t size)
{
	uint64_t at = raft->out_tail;

	if (raft->outs == 0)
		raft->out_head = at;
	if (at % raft->out_room + size > raft->out_room)
		at += raft->out_room - at % raft->out_room;
	if (at + size - raft->out_head > raft->out_room)
		return NULL;
	raft->out_tail = at + size;
	memcpy(raft->out_bytes + at % raft->out_room, data, size);
	return raft->out_bytes + at % raft->out_room;
}

struct raft_message *outbox_add(struct raft *raft, enum raft_message_type type, uint64_t to,
	const uint8_t *data, uint32_t size)
{
	struct raft_message *message = &raft->out[(raft->out_oldest + raft->outs) % OUTBOX];
	const uint8_t *copy = NULL;

	if (raft->outs == OUTBOX)
		return NULL;
	if (size > 0) {
		copy = bytes_add(raft, data, size);
		if (!copy)
			return NULL;
	}
	outbox_head(raft, message, type, to);
	message->data = copy;
	message->size = size;
	raft->outs++;
	return message;
}

bool outbox_take(struct raft *raft, struct raft_message *message)
{
	if (raft->outs == 0)
		return false;
	*message = raft->out[raft->out_oldest];
	raft->out_oldest = (raft->out_oldest + 1) % OUTBOX;
	raft->outs--;
	return true;
}
