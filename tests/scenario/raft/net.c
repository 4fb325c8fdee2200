// Messages that wait, as bytes: each goes through the codec.
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/raft/world.h"

static const struct saved *saved_of(const struct node *node, uint64_t index)
{
	if (node->disk->snapshot.index == index)
		return &node->disk->snapshot;
	return node->disk->before.index == index ? &node->disk->before : NULL;
}

static void add_chunk(struct world *world, const struct node *node, struct raft_message *message)
{
	const struct saved *saved = saved_of(node, message->index);

	if (!saved || message->offset + message->size > saved->size)
		violated(world, "%u sends a snapshot that it does not have", (unsigned)node->id);
	message->data = (const uint8_t *)saved->state + message->offset;
}

void net_send(struct world *world, struct node *node, struct raft_message *message)
{
	struct packet *packet = &world->packet[world->packets];
	bool is_cut = message->to > NODES_MAX || world->cut[node->id][message->to];

	if (message->type == RAFT_MSG_INSTALL)
		add_chunk(world, node, message);
	detail(world, "%s%s", message_text(message), is_cut ? " (lost)" : "");
	if (is_cut)
		return;
	if (world->packets == PACKETS_MAX)
		violated(world, "too many messages are under way");
	packet->from = message->from;
	packet->to = message->to;
	packet->size = raft_message_size(message);
	packet->bytes = malloc(packet->size);
	if (!packet->bytes ||
		raft_message_write(message, packet->bytes, packet->size) != packet->size)
		violated(world, "a message cannot be written");
	world->packets++;
}

static void receive(struct world *world, const struct packet *packet)
{
	static struct raft_scratch scratch;
	struct node *node = &world->node[packet->to];
	struct raft_message message;
	enum raft_result result;

	if (!node->exists || !node->up || world->cut[packet->from][packet->to])
		return;
	if (raft_message_read(&message, &scratch, packet->bytes, packet->size) != RAFT_OK)
		violated(world, "a message cannot be read");
	result = raft_on_message(node->raft, clock_of(world, node), &message);
	if (result != RAFT_OK)
		detail(world, "%u does not take %s of %u: %s", (unsigned)node->id,
			raft_message_name(message.type), (unsigned)packet->from,
			raft_result_text(result));
	settle(world, node);
}

static bool matches(const struct packet *packet, const struct filter *filter)
{
	return (filter->from == 0 || packet->from == filter->from) &&
	       (filter->to == 0 || packet->to == filter->to) &&
	       (filter->type == 0 || packet->bytes[2] == filter->type);
}

static struct packet take(struct world *world, uint32_t at)
{
	struct packet packet = world->packet[at];

	world->packets--;
	memmove(&world->packet[at], &world->packet[at + 1],
		(world->packets - at) * sizeof(world->packet[0]));
	return packet;
}

// What they cause is not delivered by the same call.
static uint32_t each(struct world *world, struct filter filter, bool deliver)
{
	uint32_t done = 0, at = 0, skipped = 0, waiting = world->packets;

	while (waiting > 0 && done < filter.count) {
		struct packet packet = world->packet[at];

		waiting--;
		if (!matches(&packet, &filter) || skipped++ < filter.skip ||
			(deliver && world->node[packet.to].paused)) {
			at++;
			continue;
		}
		if (filter.keep)
			at++;
		else
			take(world, at);
		done++;
		if (deliver)
			receive(world, &packet);
		if (!filter.keep)
			free(packet.bytes);
	}
	return done;
}

uint32_t net_deliver(struct world *world, struct filter filter)
{
	return each(world, filter, true);
}

uint32_t net_drop(struct world *world, struct filter filter)
{
	return each(world, filter, false);
}

void net_show(struct world *world)
{
	static struct raft_scratch scratch;
	struct raft_message message;

	if (world->packets == 0)
		say(world, "nothing is under way");
	for (uint32_t i = 0; i < world->packets; i++) {
		const struct packet *packet = &world->packet[i];

		if (raft_message_read(&message, &scratch, packet->bytes, packet->size) == RAFT_OK)
			say(world, "%s", message_text(&message));
	}
}
