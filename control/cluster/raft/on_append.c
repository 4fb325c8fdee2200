// Entries of the leader: what we have already stays, what contradicts is cut off, the rest is added
// to the log in memory and waits for the disk.
#include "control/cluster/raft/core.h"

static bool conf_is_valid(struct raft *raft, const struct raft_entry *entry)
{
	return conf_read(&raft->scratch, entry->data, entry->size) &&
	       raft->scratch.index == entry->index;
}

// They follow `index` and each other, in terms that never fall, and can be read.
static bool entries_are_valid(struct raft *raft, const struct raft_message *message)
{
	uint64_t term = message->log_term;

	for (uint32_t i = 0; i < message->entries; i++) {
		const struct raft_entry *entry = &message->entry[i];

		if (entry->index != message->index + 1 + i || entry->term < term ||
			entry->term > message->term || entry->size > RAFT_ENTRY_MAX ||
			(entry->size > 0 && !entry->data))
			return false;
		if (entry->kind == RAFT_CONF ? !conf_is_valid(raft, entry)
					     : entry->kind != RAFT_NOOP && entry->kind != RAFT_DATA)
			return false;
		term = entry->term;
	}
	return true;
}

// As many as there is room for. The leader sends again what was not taken.
static uint32_t take(struct raft *raft, const struct raft_entry *entry, uint32_t entries)
{
	uint32_t taken = 0;
	bool conf = false;

	while (taken < entries && raft_log_append(&raft->log, &entry[taken]))
		conf |= entry[taken++].kind == RAFT_CONF;
	if (conf)
		change_refresh(raft);
	raft->entries_appended += taken;
	return taken;
}

static uint32_t add(struct raft *raft, const struct raft_entry *entry, uint32_t entries)
{
	if (entries == 0)
		return 0;
	if (entry->index <= raft->log.last) {
		bool conf = raft->conf.index >= entry->index;

		write_truncate(raft, entry->index);
		if (conf)
			change_refresh(raft); // R9
	}
	return take(raft, entry, entries);
}

// What precedes a new entry is committed or matches; its term may still be wrong where our log
// begins only behind `index`.
static bool follows(const struct raft *raft, const struct raft_entry *entry)
{
	uint64_t term;

	return entry->index > raft->commit && raft_log_term(&raft->log, entry->index - 1, &term) &&
	       term <= entry->term;
}

enum raft_result on_append(struct raft *raft, const struct raft_message *message)
{
	uint64_t last = message->index + message->entries;
	uint32_t known;

	raft->session = message->session;
	if (!entries_are_valid(raft, message))
		return RAFT_MALFORMED;
	if (raft->failed || raft->install.ending)
		return RAFT_STALLED;
	if (message->index < raft->commit && last <= raft->commit) { // an old one
		follower_matches(raft, raft->commit);
		return RAFT_OK;
	}
	if (message->index >= raft->log.base_index &&
		!raft_log_matches(&raft->log, message->index, message->log_term)) {
		if (message->index <= raft->commit)
			return RAFT_MALFORMED;
		follower_reject(raft, message);
		return RAFT_OK;
	}
	known = raft_log_known(&raft->log, message->entry, message->entries);
	if (known < message->entries && !follows(raft, &message->entry[known]))
		return RAFT_MALFORMED;
	known += add(raft, message->entry + known, message->entries - known);
	last = message->index + known;
	// Also when the log is full: what is committed can be applied, and makes room.
	commit_to(raft, message->commit < last ? message->commit : last);
	if (known == 0 && message->entries > 0) {
		follower_reject(raft, message);
		return RAFT_FULL;
	}
	follower_matches(raft, last);
	return RAFT_OK;
}
