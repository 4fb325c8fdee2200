// What the disk shall hold, what it holds, and what happens when it does not answer or fails.
#include "control/cluster/raft/core.h"

static struct write *oldest(struct raft *raft)
{
	return &raft->write[raft->write_oldest];
}

uint64_t write_stall_ns(const struct raft *raft)
{
	if (raft->writes == 0)
		return NEVER;
	return raft->write[raft->write_oldest].taken_ns + ms(raft->config.stall_ms);
}

uint64_t write_age_ns(const struct raft *raft)
{
	if (raft->writes == 0)
		return 0;
	return raft->now_ns - raft->write[raft->write_oldest].taken_ns;
}

bool write_is_stalled(const struct raft *raft)
{
	return raft->now_ns >= write_stall_ns(raft);
}

bool write_is_durable(const struct raft *raft)
{
	return raft->state_durable == raft->state && raft->durable == raft->log.last;
}

// What is under way may still be in the log on the disk, but is not of this log any more.
static void cut(struct raft *raft, uint64_t from)
{
	if (raft->durable >= from)
		raft->durable = from - 1;
	for (uint32_t i = 0; i < raft->writes; i++) {
		struct write *write = &raft->write[(raft->write_oldest + i) % RAFT_WRITES_MAX];

		if (write->last >= from)
			write->last = from - 1;
	}
}

void write_truncate(struct raft *raft, uint64_t from)
{
	raft_log_truncate(&raft->log, from);
	if (raft->handed < from)
		return;
	raft->handed = from - 1;
	if (raft->truncate == 0 || from < raft->truncate)
		raft->truncate = from;
	cut(raft, from);
}

void write_reset(struct raft *raft)
{
	cut(raft, 1);
	raft->handed = raft->durable = raft->log.last;
	raft->truncate = 0;
}

// The last entry of a write that begins with `first`.
static uint64_t last_of(const struct raft *raft, uint64_t first)
{
	uint64_t last = first;

	while (last < raft->log.last && last - first + 1 < RAFT_ENTRIES_MAX &&
		raft_log_bytes(&raft->log, first, last + 1) <= WRITE_BYTES)
		last++;
	return last;
}

bool raft_take_write(struct raft *raft, uint64_t now_ns, struct raft_write *write)
{
	bool state = raft->state_handed != raft->state;
	bool log = !raft->install.ending && (raft->handed < raft->log.last || raft->truncate != 0);

	core_at(raft, now_ns);
	if (raft->failed || raft->writes == RAFT_WRITES_MAX || (!state && !log))
		return false;
	*write = (struct raft_write){.id = ++raft->write_id,
		.term = raft->term,
		.vote = raft->vote,
		.state = state,
		.first = raft->handed + 1,
		.last = raft->handed};
	raft->state_handed = raft->state;
	if (log) {
		write->truncate = raft->truncate;
		raft->truncate = 0;
		if (raft->handed < raft->log.last)
			write->last = last_of(raft, write->first);
		raft->handed = write->last;
	}
	raft->write[(raft->write_oldest + raft->writes++) % RAFT_WRITES_MAX] =
		(struct write){write->id, raft->handed, raft->state, raft->now_ns};
	return true;
}

void raft_on_written(struct raft *raft, uint64_t now_ns, uint64_t id)
{
	core_at(raft, now_ns);
	assert(id <= raft->write_id);
	while (raft->writes > 0 && oldest(raft)->id <= id) {
		const struct write *write = oldest(raft);

		if (write->last > raft->durable)
			raft->durable = write->last;
		raft->state_durable = write->state;
		raft->write_oldest = (raft->write_oldest + 1) % RAFT_WRITES_MAX;
		raft->writes--;
	}
	core_settle(raft);
}

void raft_on_failed(struct raft *raft, uint64_t now_ns)
{
	core_at(raft, now_ns);
	raft->failed = true;
	if (raft->role == RAFT_LEADER)
		leader_hand_over(raft);
	else if (raft->role != RAFT_FOLLOWER)
		election_follow(raft, raft->term, RAFT_NOBODY);
	core_settle(raft);
}
