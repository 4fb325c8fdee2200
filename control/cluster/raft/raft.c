// A node from its memory to its first tick: what the disk knew, then the log, then time.
#include "control/cluster/raft/core.h"

static size_t aligned(size_t size)
{
	return (size + 63) & ~(size_t)63;
}

size_t raft_size(const struct raft_config *config)
{
	return aligned(sizeof(struct raft)) +
	       aligned(raft_log_size(config->log_entries, config->log_bytes)) +
	       RAFT_MEMBERS_MAX * aligned(progress_size(config->inflight_messages)) +
	       aligned(config->uncommitted_bytes) + aligned(config->chunk_bytes);
}

// The next piece of memory.
static void *piece(uint8_t **memory, size_t size)
{
	void *at = *memory;

	*memory += aligned(size);
	return at;
}

static void quarantine(struct raft *raft, const struct raft_boot *boot)
{
	raft->quarantined = boot->quarantined;
	raft->quarantine_index = boot->last_index;
	raft->quarantine_term = boot->last_term;
}

struct raft *raft_init(void *memory, const struct raft_config *config, const struct raft_boot *boot)
{
	uint8_t *at = memory;
	struct raft *raft = piece(&at, sizeof(*raft));

	*raft = (struct raft){.config = *config, .random = config->seed};
	if (raft->config.stall_ms == 0)
		raft->config.stall_ms = config->election_ms / 2;
	raft_log_init(&raft->log, piece(&at, raft_log_size(config->log_entries, config->log_bytes)),
		config->log_entries, config->log_bytes, boot->snapshot_index, boot->snapshot_term);
	for (uint32_t i = 0; i < RAFT_MEMBERS_MAX; i++)
		progress_init(&raft->peer[i].progress,
			piece(&at, progress_size(config->inflight_messages)),
			config->inflight_messages, config->inflight_bytes);
	raft->out_bytes = piece(&at, config->uncommitted_bytes);
	raft->out_room = config->uncommitted_bytes;
	raft->install.bytes = piece(&at, config->chunk_bytes);
	raft->term = boot->term;
	raft->vote = boot->vote;
	raft->commit = raft->delivered = raft->applied = boot->snapshot_index;
	raft->handed = raft->durable = boot->snapshot_index;
	raft->conf = raft->base = boot->conf;
	raft->snapshot = (struct snapshot){
		boot->snapshot_index, boot->snapshot_term, boot->snapshot_size, boot->conf};
	quarantine(raft, boot);
	return raft;
}

bool raft_load(struct raft *raft, const struct raft_entry *entry)
{
	if (entry->index <= raft->log.base_index)
		return true; // the snapshot has it
	if (entry->index != raft->log.last + 1 || entry->term < raft_log_last_term(&raft->log) ||
		entry->term > raft->term)
		return false;
	if (entry->kind == RAFT_CONF) {
		if (!conf_read(&raft->scratch, entry->data, entry->size) ||
			raft->scratch.index != entry->index)
			return false;
		raft->conf = raft->scratch;
	}
	if (!raft_log_append(&raft->log, entry))
		return false;
	raft->handed = raft->durable = entry->index;
	return true;
}

void raft_start(struct raft *raft, uint64_t now_ns)
{
	core_at(raft, now_ns);
	raft->random ^= now_ns * 0x9e3779b97f4a7c15u ^ raft->config.id;
	raft->nonce = core_random(raft);
	raft->matched = raft->commit;
	// We may have answered a leader just before we died: it counts on that for its lease (R4).
	if (raft->log.last > 0)
		raft->loyal_ns = raft->now_ns + ms(raft->config.election_ms);
	election_begin(raft);
	core_settle(raft);
}

// The same on each: entry 1 of term 1, that nobody leads.
bool raft_bootstrap(struct raft *raft, uint64_t now_ns, const struct raft_conf *conf)
{
	uint8_t bytes[RAFT_CONF_MAX];

	core_at(raft, now_ns);
	if (raft->log.last > 0 || raft->term > 0)
		return false;
	raft->scratch = *conf;
	raft->scratch.index = 1;
	for (uint32_t i = 0; i < conf->members && i < RAFT_MEMBERS_MAX; i++) {
		raft->scratch.member[i].session = 1;
		raft->scratch.member[i].roles = RAFT_VOTER;
	}
	if (conf_check(&raft->scratch))
		return false;
	election_follow(raft, 1, RAFT_NOBODY);
	raft->conf = raft->scratch;
	leader_append(raft, RAFT_CONF, bytes, conf_write(&raft->conf, bytes));
	election_begin(raft);
	return true;
}

void core_at(struct raft *raft, uint64_t now_ns)
{
	if (now_ns > raft->now_ns)
		raft->now_ns = now_ns;
}

// splitmix64.
uint64_t core_random(struct raft *raft)
{
	uint64_t z = raft->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t core_self(const struct raft *raft)
{
	uint32_t position = conf_position(&raft->conf, raft->config.id);

	return position < raft->conf.members ? 1u << position : 0;
}

void core_settle(struct raft *raft)
{
	quarantine_leave(raft);
	if (raft->role == RAFT_CANDIDATE)
		election_count(raft);
	if (raft->role == RAFT_LEADER) {
		commit_advance(raft);
		change_follow_up(raft);
	}
	if (raft->role == RAFT_LEADER) {
		transfer_check(raft);
		reads_confirm(raft);
	}
}
