// What must hold after every event, at the node where it happened, and among all of them: election
// safety, log matching, leader completeness, state machine safety; nothing goes back; what was
// promised is durable; nobody votes twice.
#include <stdlib.h>
#include <string.h>

#include "tests/raft/raft_sim.h"

static uint64_t *grown(uint64_t *array, uint64_t *room, uint64_t at)
{
	uint64_t more = *room ? *room : 256;

	if (at < *room)
		return array;
	while (more <= at)
		more *= 2;
	array = realloc(array, more * sizeof(*array));
	if (!array)
		abort();
	memset(array + *room, 0, (more - *room) * sizeof(*array));
	*room = more;
	return array;
}

static uint64_t sum_of(const struct raft_entry *entry)
{
	uint64_t sum = rng_mix(entry->kind + ((uint64_t)entry->size << 8));

	for (uint32_t i = 0; i < entry->size; i++)
		sum = (sum ^ entry->data[i]) * 0x100000001b3ull;
	return rng_mix(sum);
}

// ---- the log ---------------------------------------------------------------------------------

static void see_entry(struct world *w, struct node *node, const struct raft_entry *entry)
{
	struct raft_entry before;
	uint64_t term = 0;

	if (entry->index > 1 && raft_entry(replica_raft(node->replica), entry->index - 1, &before))
		term = before.term;
	if (!truth_entry(&w->truth, entry->index, entry->term, term, sum_of(entry)))
		world_fail(w, "log matching: node %u has another entry %llu of term %llu",
			node->index, (unsigned long long)entry->index,
			(unsigned long long)entry->term);
	node->terms = grown(node->terms, &node->terms_room, entry->index);
	node->terms[entry->index] = entry->term;
}

// From the end of the log back to what was seen before.
static void see_log(struct world *w, struct node *node, const struct raft_status *status)
{
	const struct raft *raft = replica_raft(node->replica);
	struct raft_entry entry;
	uint64_t changed = status->last + 1;

	for (uint64_t i = status->last; i >= status->first && i && raft_entry(raft, i, &entry);
		i--) {
		if (i <= node->last && node->terms[i] == entry.term)
			break;
		see_entry(w, node, &entry);
		changed = i;
	}
	if (changed > node->last && status->last < node->last)
		changed = status->last + 1;
	if (changed <= node->acked && status->snapshot_index < node->acked)
		node->acked = changed - 1;
	node->last = status->last;
}

// ---- what is committed and applied -----------------------------------------------------------

static void see_commit(struct world *w, struct node *node, const struct raft_status *status)
{
	const struct raft *raft = replica_raft(node->replica);
	struct raft_entry entry;

	if (status->now.commit < node->commit || status->now.applied < node->applied)
		world_fail(w, "node %u: commit or applied goes back", node->index);
	if (status->now.applied > status->now.commit || status->now.commit > status->last)
		world_fail(w, "node %u: applied %llu, commit %llu, last %llu", node->index,
			(unsigned long long)status->now.applied,
			(unsigned long long)status->now.commit, (unsigned long long)status->last);
	for (uint64_t i = node->commit + 1; i <= status->now.commit; i++)
		if (raft_entry(raft, i, &entry) &&
			!truth_commit(&w->truth, i, entry.term, status->now.term))
			world_fail(w,
				"state machine safety: node %u commits %llu of term %llu, others "
				"of term %llu",
				node->index, (unsigned long long)i, (unsigned long long)entry.term,
				(unsigned long long)truth_at(&w->truth, i)->term);
	node->commit = status->now.commit;
}

static void see_state(struct world *w, struct node *node, uint64_t applied)
{
	struct kv_state state;

	if (applied == node->applied)
		return;
	node->applied = applied;
	kv_state(replica_kv(node->replica), &state);
	if (state.applied != applied)
		world_fail(w, "node %u applied %llu, its state %llu", node->index,
			(unsigned long long)applied, (unsigned long long)state.applied);
	if (!truth_applied(&w->truth, applied, kv_hash(replica_kv(node->replica)) | 1))
		world_fail(w, "state machine safety: node %u has another state at %llu",
			node->index, (unsigned long long)applied);
	world_hash(w, applied << 8 ^ node->index);
}

// ---- leaders ---------------------------------------------------------------------------------

static void see_leader(struct world *w, struct node *node, const struct raft_status *status)
{
	const struct raft *raft = replica_raft(node->replica);
	struct raft_entry entry;
	bool leads = status->now.role == RAFT_LEADER;

	if (leads && (!node->leads || status->now.term != node->term)) {
		world_trace(w, "node %u leads term %llu, log to %llu", node->index,
			(unsigned long long)status->now.term, (unsigned long long)status->last);
		if (!truth_leads(&w->truth, status->now.term, node->index))
			world_fail(w, "election safety: node %u leads term %llu, too", node->index,
				(unsigned long long)status->now.term);
		for (uint64_t i = status->snapshot_index + 1; i <= w->truth.committed; i++) {
			const struct truth_index *at = truth_at(&w->truth, i);

			if (!at->term || at->seen_term >= status->now.term)
				continue;
			if (i > status->last ||
				(raft_entry(raft, i, &entry) && entry.term != at->term))
				world_fail(w,
					"leader completeness: node %u leads term %llu without "
					"%llu, committed in term %llu",
					node->index, (unsigned long long)status->now.term,
					(unsigned long long)i, (unsigned long long)at->seen_term);
		}
	}
	node->leads = leads;
}

void check_node(struct world *w, struct node *node)
{
	struct replica_status status;

	replica_status(node->replica, &status);
	if (status.raft.now.term < node->term)
		world_fail(w, "node %u: its term goes back", node->index);
	see_log(w, node, &status.raft);
	see_leader(w, node, &status.raft);
	node->term = status.raft.now.term;
	see_commit(w, node, &status.raft);
	see_state(w, node, status.raft.now.applied);
	w->faults[FAULT_SNAPSHOT] += status.snapshots - node->snapshots;
	w->faults[FAULT_INSTALL] += status.installs - node->installs;
	node->snapshots = status.snapshots;
	node->installs = status.installs;
	node->quarantined = status.raft.quarantined;
	node->failed = status.raft.failed;
	if (status.halted)
		world_fail(w, "node %u halts", node->index);
	if (w->events % 16 == 0)
		raft_check(replica_raft(node->replica));
}

// ---- promises --------------------------------------------------------------------------------

static void see_vote(struct world *w, struct node *node, uint64_t term, uint64_t candidate)
{
	node->votes = grown(node->votes, &node->votes_room, term);
	if (node->votes[term] && node->votes[term] != candidate)
		world_fail(w, "node %u votes twice in term %llu: for %llu and %llu", node->index,
			(unsigned long long)term, (unsigned long long)node->votes[term],
			(unsigned long long)candidate);
	node->votes[term] = candidate;
}

static void promise(struct node *node, uint64_t term)
{
	if (term > node->promised_term)
		node->promised_term = term;
}

void check_sent(struct world *w, struct node *node, const struct raft_message *message)
{
	switch ((uint32_t)message->type) {
	case RAFT_MSG_VOTE:
		see_vote(w, node, message->term, message->from);
		promise(node, message->term);
		break;
	case RAFT_MSG_VOTE_REPLY:
		if (message->reject)
			break;
		see_vote(w, node, message->term, message->to);
		promise(node, message->term);
		break;
	case RAFT_MSG_APPEND_REPLY:
		if (message->reject)
			break;
		promise(node, message->term);
		if (message->index > node->acked)
			node->acked = message->index;
		break;
	default:
		break;
	}
}

// ---- a start ---------------------------------------------------------------------------------

static const char *const verdicts[] = {"empty", "clean", "torn", "rotten", "refused"};

void check_boot(struct world *w, struct node *node, const struct store_recovered *recovered)
{
	const struct raft_boot *boot = &recovered->boot;
	uint64_t last = recovered->first <= recovered->last ? recovered->last : 0;

	if (last < boot->snapshot_index)
		last = boot->snapshot_index;
	world_trace(w, "node %u starts: %s, term %llu, snapshot %llu, log to %llu%s%s", node->index,
		verdicts[recovered->verdict], (unsigned long long)boot->term,
		(unsigned long long)boot->snapshot_index, (unsigned long long)last,
		recovered->why[0] ? ": " : "", recovered->why);
	if (!node->replica) {
		node->dead = true;
		if (!node->damaged)
			world_fail(
				w, "node %u refuses its own disk: %s", node->index, recovered->why);
		return;
	}
	if (recovered->verdict == STORE_ROTTEN && !node->damaged)
		world_fail(w, "node %u takes a torn disk for a rotten one: %s", node->index,
			recovered->why);
	w->faults[FAULT_QUARANTINE] += boot->quarantined;
	if (boot->term < node->promised_term)
		world_fail(w, "node %u forgot term %llu, it knows %llu", node->index,
			(unsigned long long)node->promised_term, (unsigned long long)boot->term);
	if (last < node->acked && !boot->quarantined && node->damaged) {
		// Nobody could have known: a good copy must do, and this one is out of the game.
		world_fault(w, FAULT_UNNOTICED);
		node->dead = true;
		return;
	}
	if (last < node->acked && !boot->quarantined)
		world_fail(w, "node %u promised to have %llu, and has %llu", node->index,
			(unsigned long long)node->acked, (unsigned long long)last);
	if (boot->quarantined && last < node->acked)
		node->acked = last;
	node->term = boot->term;
	node->damaged &= boot->quarantined;
}

// ---- the end ---------------------------------------------------------------------------------

void check_end(struct world *w)
{
	for (uint32_t i = 0; i < w->nodes; i++)
		if (w->node[i].replica) {
			raft_check(replica_raft(w->node[i].replica));
			kv_check(replica_kv(w->node[i].replica));
		}
}
