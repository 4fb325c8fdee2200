// Whatever the core wants done: writes to the store, messages to the network, entries to the state,
// answers to clients; until it wants nothing more.
#include "control/cluster/replica/internal.h"

void pump_send(struct replica *replica, const struct raft_message *message)
{
	size_t size = raft_message_write(message, replica->message, replica->message_room);

	if (size)
		replica->callbacks.send(
			replica->callbacks.owner, message->to, replica->message, size);
}

static bool take_messages(struct replica *replica)
{
	struct raft_message message;
	bool any = false;

	for (; raft_take_message(replica->raft, &message); any = true) {
		if (message.type == RAFT_MSG_INSTALL && !message.data && message.size)
			install_send(replica, &message);
		else
			pump_send(replica, &message);
	}
	return any;
}

static bool take_entries(struct replica *replica)
{
	struct raft_entry entry;
	bool any = false;

	while (!replica->halted && raft_take_apply(replica->raft, &entry)) {
		any = true;
		requests_apply(replica, &entry);
		if (replica->halted)
			break;
		replica->applied = entry.index;
		replica->applied_term = entry.term;
		snapshot_on_applied(replica, &entry);
		raft_applied(replica->raft, entry.index);
	}
	if (any)
		requests_on_applied(replica);
	return any;
}

static bool take_answers(struct replica *replica)
{
	struct raft_outcome outcome;
	struct raft_read read;
	bool any = false;

	for (; raft_take_outcome(replica->raft, &outcome); any = true)
		requests_on_outcome(replica, &outcome);
	for (; raft_take_read(replica->raft, &read); any = true)
		requests_on_read(replica, &read);
	return any;
}

static bool take_chunk(struct replica *replica)
{
	struct raft_chunk chunk;

	if (!raft_take_chunk(replica->raft, &chunk))
		return false;
	install_take(replica, &chunk);
	return true;
}

static bool stir(struct replica *replica)
{
	if (!replica->stirred)
		return false;
	disk_turn(replica);
	return true;
}

void pump(struct replica *replica)
{
	bool more = true;

	while (more) {
		more = take_answers(replica);
		more |= disk_take_writes(replica);
		more |= stir(replica);
		more |= take_messages(replica);
		more |= take_entries(replica);
		more |= take_chunk(replica);
		snapshot_begin_due(replica);
		more |= replica->stirred;
	}
}
