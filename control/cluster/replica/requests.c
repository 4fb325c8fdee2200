// Clients' requests, from the call to the answer.
#include <stdlib.h>
#include <string.h>

#include "control/cluster/replica/internal.h"

static struct waiting *slot_of(const struct replica *replica, uint64_t sequence)
{
	return &replica->waiting[sequence % replica->config.requests];
}

static struct waiting *find(const struct replica *replica, uint64_t sequence)
{
	struct waiting *waiting = slot_of(replica, sequence);

	return waiting->kind && waiting->sequence == sequence ? waiting : NULL;
}

static void answer(struct replica *replica, uint64_t cookie, const struct replica_answer *answer)
{
	replica->unknown += answer->outcome == REPLICA_UNKNOWN;
	replica->refused += answer->outcome == REPLICA_REFUSED;
	replica->callbacks.answer(replica->callbacks.owner, cookie, answer);
}

static void refuse(struct replica *replica, uint64_t cookie, enum raft_result why)
{
	answer(replica, cookie, &(struct replica_answer){.outcome = REPLICA_REFUSED, .why = why});
}

// The slot is free afterwards.
static void end(struct replica *replica, struct waiting *waiting, enum replica_outcome outcome,
	enum raft_result why, const struct kv_result *result)
{
	const struct replica_answer what = {outcome, why, result, waiting->index};

	replica->reads_ready -= waiting->kind == WAITING_READ && waiting->index;
	free(waiting->bytes);
	waiting->bytes = NULL;
	waiting->kind = WAITING_NONE;
	replica->waits--;
	while (replica->oldest <= replica->sequence && !find(replica, replica->oldest))
		replica->oldest++;
	answer(replica, waiting->cookie, &what);
}

// What never left this node, and reads, are not in doubt: nothing was done.
static void give_up(struct replica *replica, struct waiting *waiting, enum raft_result why)
{
	bool doubt = waiting->kind != WAITING_READ && waiting->left;

	end(replica, waiting, doubt ? REPLICA_UNKNOWN : REPLICA_REFUSED, why, NULL);
}

// ---- asking ----------------------------------------------------------------------------------

static void again(struct replica *replica, struct waiting *waiting, uint32_t after_ms)
{
	waiting->again_ns = replica->now_ns + replica_ms(after_ms);
	if (waiting->again_ns < replica->again_ns)
		replica->again_ns = waiting->again_ns;
}

// What the core refuses within the call never left this node.
static void settle(struct replica *replica)
{
	struct raft_outcome outcome;

	replica->proposing = true;
	while (raft_take_outcome(replica->raft, &outcome))
		requests_on_outcome(replica, &outcome);
	replica->proposing = false;
}

// A write that was passed on may be lost on its way.
static void ask_write(struct replica *replica, struct waiting *waiting)
{
	uint64_t sequence = waiting->sequence;

	waiting->again_ns = NEVER;
	raft_propose(replica->raft, replica->now_ns, sequence, waiting->bytes, waiting->size);
	settle(replica);
	waiting = find(replica, sequence);
	if (!waiting || waiting->again_ns != NEVER)
		return;
	waiting->left = true;
	if (!waiting->index)
		again(replica, waiting, REPLICA_REPEAT_MS);
}

static void ask_read(struct replica *replica, struct waiting *waiting)
{
	waiting->again_ns = NEVER;
	raft_read(replica->raft, replica->now_ns, waiting->sequence);
}

// Whether it passes by itself, and how soon. Without room the client shall know at once.
static bool passes(enum raft_result why)
{
	return why == RAFT_NO_LEADER || why == RAFT_LOST || why == RAFT_TRANSFERRING ||
	       why == RAFT_STALLED || why == RAFT_STALE;
}

static void ask_later(struct replica *replica, struct waiting *waiting, enum raft_result why)
{
	replica->reads_ready -= waiting->kind == WAITING_READ && waiting->index;
	waiting->index = waiting->term = 0;
	waiting->why = why;
	again(replica, waiting, REPLICA_AGAIN_MS);
}

// NULL: too many wait, the client knows.
static struct waiting *begin(
	struct replica *replica, uint64_t now_ns, uint64_t cookie, enum waiting_kind kind)
{
	struct waiting *waiting = slot_of(replica, replica->sequence + 1);

	if (now_ns > replica->now_ns)
		replica->now_ns = now_ns;
	if (waiting->kind) {
		refuse(replica, cookie, RAFT_FULL);
		return NULL;
	}
	replica->waits++;
	*waiting = (struct waiting){.kind = kind,
		.sequence = ++replica->sequence,
		.cookie = cookie,
		.again_ns = NEVER,
		.why = RAFT_LOST,
		.deadline_ns = replica->now_ns + replica_ms(replica->config.request_ms)};
	return waiting;
}

// Of the request that replica->encoded has. False: no memory; the client knows.
static bool keep(struct replica *replica, struct waiting *waiting, size_t size)
{
	waiting->bytes = size ? malloc(size) : NULL;
	if (!waiting->bytes) {
		end(replica, waiting, REPLICA_REFUSED, size ? RAFT_FULL : RAFT_MALFORMED, NULL);
		return false;
	}
	memcpy(waiting->bytes, replica->encoded, size);
	waiting->size = (uint32_t)size;
	return true;
}

void replica_write(
	struct replica *replica, uint64_t now_ns, uint64_t cookie, const struct kv_request *request)
{
	struct waiting *waiting = begin(replica, now_ns, cookie, WAITING_WRITE);
	size_t size;

	if (!waiting)
		return;
	replica->request = *request;
	replica->request.origin = replica->config.raft.id;
	replica->request.boot = replica->config.boot;
	replica->request.sequence = waiting->sequence;
	size = kv_request_encode(&replica->request, replica->encoded, KV_REQUEST_MAX);
	if (!keep(replica, waiting, size))
		return;
	ask_write(replica, waiting);
	pump(replica);
}

void replica_change(struct replica *replica, uint64_t now_ns, uint64_t cookie,
	const struct raft_change *changes, uint32_t count)
{
	struct waiting *waiting = begin(replica, now_ns, cookie, WAITING_CHANGE);

	if (!waiting)
		return;
	waiting->left = true;
	raft_change(replica->raft, replica->now_ns, waiting->sequence, changes, count);
	settle(replica);
	pump(replica);
}

static bool is_read(const struct kv_request *request)
{
	for (uint32_t i = 0; i < request->thens + request->elses && i < KV_OPS_MAX; i++)
		if (request->op[i].kind != KV_GET)
			return false;
	return true;
}

void replica_read(
	struct replica *replica, uint64_t now_ns, uint64_t cookie, const struct kv_request *request)
{
	struct waiting *waiting = begin(replica, now_ns, cookie, WAITING_READ);
	size_t size;

	if (!waiting)
		return;
	size = is_read(request) ? kv_request_encode(request, replica->encoded, KV_REQUEST_MAX) : 0;
	if (!keep(replica, waiting, size))
		return;
	ask_read(replica, waiting);
	pump(replica);
}

enum kv_status replica_read_stale(
	const struct replica *replica, const struct kv_request *request, struct kv_result *result)
{
	return kv_read(replica->kv, request, result);
}

// ---- what became of them ---------------------------------------------------------------------

// A forwarded one may have been taken although this says no: the network repeats messages.
static void on_refused(struct replica *replica, struct waiting *waiting, enum raft_result why)
{
	bool later = passes(why) || (why == RAFT_FULL && waiting->left);

	if (waiting->kind == WAITING_WRITE && later)
		ask_later(replica, waiting, why);
	else if (replica->proposing && (waiting->kind == WAITING_CHANGE || !waiting->left))
		end(replica, waiting, REPLICA_REFUSED, why, NULL);
	else
		give_up(replica, waiting, why);
}

void requests_on_outcome(struct replica *replica, const struct raft_outcome *outcome)
{
	struct waiting *waiting = find(replica, outcome->cookie);
	struct raft_entry entry;

	if (!waiting || waiting->kind == WAITING_READ)
		return;
	if (outcome->result != RAFT_OK) {
		on_refused(replica, waiting, (enum raft_result)outcome->result);
		return;
	}
	waiting->index = outcome->index;
	waiting->term = outcome->term;
	waiting->again_ns = NEVER;
	if (waiting->index > replica->applied)
		return;
	// What is applied there was not this one, or it would have been answered; but of changes.
	if (waiting->kind == WAITING_WRITE)
		ask_later(replica, waiting, RAFT_LOST);
	else if (raft_entry(replica->raft, waiting->index, &entry) && entry.term == waiting->term)
		end(replica, waiting, REPLICA_DONE, RAFT_OK, NULL);
	else
		give_up(replica, waiting, RAFT_LOST);
}

static void apply_data(struct replica *replica, const struct raft_entry *entry)
{
	struct kv_request *request = &replica->request;
	struct waiting *waiting;
	enum kv_status status = kv_apply(
		replica->kv, entry->index, entry->data, entry->size, request, &replica->result);

	if (status == KV_TOO_NEW) {
		replica->halted = true;
		return;
	}
	if (request->origin != replica->config.raft.id || request->boot != replica->config.boot)
		return;
	waiting = find(replica, request->sequence);
	if (!waiting || waiting->kind != WAITING_WRITE)
		return;
	waiting->index = entry->index;
	if (status == KV_REPEATED || status == KV_EXPIRED)
		give_up(replica, waiting, RAFT_LOST);
	else
		end(replica, waiting, REPLICA_DONE, RAFT_OK, &replica->result);
}

static void apply_change(struct replica *replica, const struct raft_entry *entry)
{
	kv_pass(replica->kv, entry->index);
	for (uint32_t i = 0; i < replica->config.requests; i++) {
		struct waiting *waiting = &replica->waiting[i];

		if (waiting->kind == WAITING_CHANGE && waiting->index == entry->index &&
			waiting->term == entry->term)
			end(replica, waiting, REPLICA_DONE, RAFT_OK, NULL);
	}
}

void requests_apply(struct replica *replica, const struct raft_entry *entry)
{
	switch (entry->kind) {
	case RAFT_DATA:
		apply_data(replica, entry);
		break;
	case RAFT_CONF:
		apply_change(replica, entry);
		break;
	case RAFT_NOOP:
		kv_pass(replica->kv, entry->index);
		requests_lost(replica, entry->term);
		break;
	}
}

void requests_lost(struct replica *replica, uint64_t term)
{
	for (uint32_t i = 0; replica->waits && i < replica->config.requests; i++) {
		struct waiting *waiting = &replica->waiting[i];

		if (!waiting->index || waiting->term >= term)
			continue;
		if (waiting->kind == WAITING_WRITE)
			ask_later(replica, waiting, RAFT_LOST);
		else if (waiting->kind == WAITING_CHANGE)
			give_up(replica, waiting, RAFT_LOST);
	}
}

static void answer_read(struct replica *replica, struct waiting *waiting)
{
	if (kv_request_parse(&replica->request, waiting->bytes, waiting->size) != KV_OK) {
		give_up(replica, waiting, RAFT_MALFORMED);
		return;
	}
	kv_read(replica->kv, &replica->request, &replica->result);
	end(replica, waiting, REPLICA_DONE, RAFT_OK, &replica->result);
}

void requests_on_read(struct replica *replica, const struct raft_read *read)
{
	struct waiting *waiting = find(replica, read->cookie);

	if (!waiting || waiting->kind != WAITING_READ || waiting->index)
		return;
	if (read->result != RAFT_OK && passes((enum raft_result)read->result)) {
		ask_later(replica, waiting, (enum raft_result)read->result);
		return;
	}
	if (read->result != RAFT_OK) {
		give_up(replica, waiting, (enum raft_result)read->result);
		return;
	}
	waiting->index = read->index;
	replica->reads_ready++;
	if (read->index <= replica->applied)
		answer_read(replica, waiting);
}

void requests_on_applied(struct replica *replica)
{
	for (uint32_t i = 0; replica->reads_ready && i < replica->config.requests; i++) {
		struct waiting *waiting = &replica->waiting[i];

		if (waiting->kind == WAITING_READ && waiting->index &&
			waiting->index <= replica->applied)
			answer_read(replica, waiting);
	}
}

static void ask_again(struct replica *replica)
{
	replica->again_ns = NEVER;
	for (uint32_t i = 0; replica->waits && i < replica->config.requests; i++) {
		struct waiting *waiting = &replica->waiting[i];

		if (!waiting->kind || waiting->again_ns == NEVER)
			continue;
		if (waiting->again_ns > replica->now_ns) {
			if (waiting->again_ns < replica->again_ns)
				replica->again_ns = waiting->again_ns;
		} else if (waiting->kind == WAITING_WRITE) {
			ask_write(replica, waiting);
		} else {
			ask_read(replica, waiting);
		}
	}
}

void requests_on_tick(struct replica *replica)
{
	struct waiting *waiting;

	while (replica->waits && (waiting = find(replica, replica->oldest)) != NULL &&
		waiting->deadline_ns <= replica->now_ns)
		give_up(replica, waiting, waiting->why);
	if (replica->now_ns >= replica->again_ns)
		ask_again(replica);
}

uint64_t requests_next_ns(const struct replica *replica)
{
	uint64_t next_ns = replica->waits ? slot_of(replica, replica->oldest)->deadline_ns : NEVER;

	return replica->again_ns < next_ns ? replica->again_ns : next_ns;
}

void requests_free(struct replica *replica)
{
	for (uint32_t i = 0; i < replica->config.requests; i++)
		free(replica->waiting[i].bytes);
}
