// A cluster of cores in one process.
#include "tests/unit/control/cluster/raft/stage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_BYTES 1000u

// By its own clock.
static uint64_t time_of(const struct stage *stage, const struct stage_node *node)
{
	return stage->now_ns / 1000 * (uint64_t)(1000 + node->drift);
}

static uint64_t draw(struct stage *stage)
{
	stage->random ^= stage->random << 13;
	stage->random ^= stage->random >> 7;
	stage->random ^= stage->random << 17;
	return stage->random;
}

void stage_config(struct raft_config *config)
{
	raft_config_init(config);
	config->log_entries = 1024;
	config->log_bytes = 1024 * 1024;
	config->uncommitted_bytes = 64 * 1024;
	config->keep_entries = 4;
	config->chunk_bytes = 300;
	config->batch_bytes = 2048;
	config->inflight_messages = 8;
	config->inflight_bytes = 16 * 1024;
	config->promote_lag = 4;
}

struct stage_node *stage_node(struct stage *stage, uint64_t id)
{
	assert(id >= 1 && id <= stage->nodes);
	return &stage->node[id - 1];
}

struct raft *stage_raft(struct stage *stage, uint64_t id)
{
	return stage_node(stage, id)->raft;
}

static void boot(struct stage *stage, struct stage_node *node)
{
	const struct stage_disk *disk = &node->disk;
	struct raft_boot boot = {.term = disk->term,
		.vote = disk->vote,
		.snapshot_index = disk->snapshot_index,
		.snapshot_term = disk->snapshot_term,
		.snapshot_size = disk->snapshot_index ? SNAPSHOT_BYTES : 0,
		.conf = disk->conf,
		.quarantined = disk->quarantined,
		.last_index = disk->last_index,
		.last_term = disk->last_term};

	assert(!raft_config_check(&node->config));
	node->raft = raft_init(node->memory, &node->config, &boot);
	for (uint64_t i = disk->snapshot_index + 1; i <= disk->last; i++) {
		const struct stage_record *record = &disk->record[i];
		struct raft_entry entry = {
			i, record->term, record->kind, record->size, record->data};
		bool loaded = raft_load(node->raft, &entry);

		assert(loaded);
	}
	node->applied = disk->snapshot_index;
	node->sum = stage->committed_sum[disk->snapshot_index];
	node->config.seed = draw(stage);
	raft_start(node->raft, time_of(stage, node));
}

struct stage *stage_new_with(
	uint32_t nodes, uint32_t voters, uint64_t seed, const struct raft_config *config)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct raft_conf conf = {.members = voters};

	stage->random = seed * 0x9e3779b97f4a7c15u + 1;
	stage->nodes = nodes;
	stage->now_ns = 1000000000;
	for (uint32_t i = 0; i < voters; i++) {
		conf.member[i].id = i + 1;
		conf.member[i].roles = RAFT_VOTER;
		snprintf(conf.member[i].name, NAME_SIZE, "n%u", i + 1);
	}
	for (uint32_t i = 0; i < nodes; i++) {
		struct stage_node *node = &stage->node[i];

		node->id = i + 1;
		node->config = *config;
		node->config.id = node->id;
		node->memory = aligned_alloc(64, (raft_size(config) + 63) / 64 * 64);
		node->disk.record = calloc(STAGE_LOG, sizeof(*node->disk.record));
		boot(stage, node);
		if (i < voters) {
			bool formed = raft_bootstrap(node->raft, time_of(stage, node), &conf);

			assert(formed);
		}
	}
	return stage;
}

struct stage *stage_new(uint32_t nodes, uint32_t voters, uint64_t seed)
{
	struct raft_config config;

	stage_config(&config);
	return stage_new_with(nodes, voters, seed, &config);
}

static void drop_pending(struct stage_disk *disk)
{
	for (uint32_t i = 0; i < disk->pendings; i++) {
		const struct raft_write *write = &disk->pending[i].write;

		for (uint64_t at = write->first; at <= write->last; at++)
			free(disk->pending[i].record[at - write->first].data);
		free(disk->pending[i].record);
	}
	disk->pendings = 0;
}

static void drop_disk(struct stage_disk *disk)
{
	drop_pending(disk);
	for (uint32_t i = 0; i < STAGE_LOG; i++)
		free(disk->record[i].data);
	free(disk->record);
}

void stage_free(struct stage *stage)
{
	for (uint32_t i = 0; i < stage->queued; i++)
		free(stage->queue[i].bytes);
	for (uint32_t i = 0; i < stage->nodes; i++) {
		drop_disk(&stage->node[i].disk);
		free(stage->node[i].memory);
	}
	free(stage);
}

// The disk.

static void pend(struct stage_node *node, const struct raft_write *write)
{
	struct stage_pending *pending = &node->disk.pending[node->disk.pendings++];
	uint64_t count = write->last + 1 - write->first;

	pending->write = *write;
	pending->record = count ? calloc(count, sizeof(*pending->record)) : NULL;
	for (uint64_t i = 0; i < count; i++) {
		struct raft_entry entry;
		bool there = raft_entry(node->raft, write->first + i, &entry);

		assert(there);
		pending->record[i].term = entry.term;
		pending->record[i].kind = entry.kind;
		pending->record[i].size = entry.size;
		pending->record[i].data = malloc(entry.size + 1);
		if (entry.size)
			memcpy(pending->record[i].data, entry.data, entry.size);
	}
}

static void end(struct stage *stage, struct stage_node *node)
{
	struct stage_disk *disk = &node->disk;
	struct stage_pending pending = disk->pending[0];
	const struct raft_write *write = &pending.write;

	memmove(disk->pending, disk->pending + 1, --disk->pendings * sizeof(disk->pending[0]));
	if (write->state) {
		assert(write->term > disk->term || write->term == disk->term);
		assert(write->term > disk->term || disk->vote == 0 || disk->vote == write->vote);
		disk->term = write->term;
		disk->vote = write->vote;
	}
	if (write->truncate) {
		assert(write->truncate <= disk->last);
		disk->last = write->truncate - 1;
	}
	for (uint64_t i = write->first; i <= write->last; i++) {
		assert(i == disk->last + 1 && i < STAGE_LOG);
		free(disk->record[i].data);
		disk->record[i] = pending.record[i - write->first];
		disk->last = i;
	}
	free(pending.record);
	raft_on_written(node->raft, time_of(stage, node), write->id);
}

void stage_written(struct stage *stage, uint64_t id, uint32_t count)
{
	struct stage_node *node = stage_node(stage, id);

	while (count-- > 0 && node->disk.pendings > 0)
		end(stage, node);
}

static bool write_out(struct stage *stage, struct stage_node *node)
{
	struct raft_write write;
	bool any = false;

	while (raft_take_write(node->raft, time_of(stage, node), &write)) {
		pend(node, &write);
		any = true;
	}
	while (!node->disk.held && node->disk.pendings > 0) {
		end(stage, node);
		any = true;
	}
	return any;
}

// The network.

static void queue(struct stage *stage, const struct raft_message *message)
{
	static const uint8_t snapshot[SNAPSHOT_BYTES];
	struct raft_message full = *message;
	struct stage_message *slot = &stage->queue[stage->queued];

	assert(stage->queued < STAGE_QUEUE);
	if (full.type == RAFT_MSG_INSTALL)
		full.data = snapshot + full.offset;
	*slot = (struct stage_message){.size = raft_message_size(&full),
		.from = full.from,
		.to = full.to,
		.type = full.type};
	slot->bytes = malloc(slot->size);
	if (raft_message_write(&full, slot->bytes, slot->size) != slot->size)
		abort();
	stage->queued++;
}

static bool send_out(struct stage *stage, struct stage_node *node)
{
	struct raft_message message;
	bool any = false;

	while (raft_take_message(node->raft, &message)) {
		any = true;
		assert(message.to != node->id && message.from == node->id);
		if (message.to < 1 || message.to > stage->nodes ||
			stage->queued >= STAGE_QUEUE - 2 || stage->cut[message.from][message.to] ||
			stage->muted & 1u << message.type || draw(stage) % 1000 < stage->loss)
			continue;
		queue(stage, &message);
		if (draw(stage) % 1000 < stage->duplicates)
			queue(stage, &message);
	}
	return any;
}

static void receive(struct stage *stage, uint32_t at)
{
	static struct raft_scratch scratch;
	struct stage_message slot = stage->queue[at];
	struct stage_node *node = stage_node(stage, slot.to);
	struct raft_message message;

	memmove(stage->queue + at, stage->queue + at + 1,
		(--stage->queued - at) * sizeof(stage->queue[0]));
	if (raft_message_read(&message, &scratch, slot.bytes, slot.size) != RAFT_OK)
		abort();
	if (node->raft && !stage->cut[slot.from][slot.to]) {
		enum raft_result result =
			raft_on_message(node->raft, time_of(stage, node), &message);

		assert(result != RAFT_MALFORMED);
	}
	free(slot.bytes);
}

void stage_deliver(struct stage *stage, uint32_t count)
{
	while (count-- > 0 && stage->queued > 0)
		receive(stage, draw(stage) % 1000 < stage->reorder
				       ? (uint32_t)(draw(stage) % stage->queued)
				       : 0);
}

// What was applied anywhere is the same everywhere.

static void apply(struct stage *stage, struct stage_node *node, const struct raft_entry *entry)
{
	uint64_t sum = node->sum * 31 + entry->term * 7 + entry->kind;

	assert(entry->index == node->applied + 1 && entry->index < STAGE_LOG);
	for (uint32_t i = 0; i < entry->size; i++)
		sum = sum * 131 + entry->data[i];
	if (stage->committed[entry->index] == 0) {
		stage->committed[entry->index] = entry->term;
		stage->committed_sum[entry->index] = sum;
	}
	assert(stage->committed[entry->index] == entry->term);
	assert(stage->committed_sum[entry->index] == sum);
	if (entry->index > stage->committed_last)
		stage->committed_last = entry->index;
	node->sum = sum;
	node->applied = entry->index;
	raft_applied(node->raft, entry->index);
}

static void install(struct stage *stage, struct stage_node *node, const struct raft_chunk *chunk)
{
	struct stage_disk *disk = &node->disk;
	bool ok = !node->chunks_fail;
	bool last = chunk->offset + chunk->size == chunk->total;
	uint64_t index = chunk->index, term = chunk->term;
	struct raft_conf conf = *chunk->conf;

	assert(chunk->offset == 0 || chunk->offset == node->chunk_offset);
	node->chunk_offset = chunk->offset + chunk->size;
	node->chunks++;
	raft_on_chunk(node->raft, time_of(stage, node), ok);
	if (!ok || !last)
		return;
	while (disk->pendings > 0)
		end(stage, node);
	disk->snapshot_index = disk->last = index;
	disk->snapshot_term = term;
	disk->conf = conf;
	node->applied = index;
	node->sum = stage->committed_sum[index];
	assert(stage->committed[index] == term);
	raft_on_installed(node->raft, time_of(stage, node), true);
}

static bool take_rest(struct stage *stage, struct stage_node *node)
{
	struct raft_outcome outcome;
	struct raft_chunk chunk;
	struct raft_entry entry;
	struct raft_read read;
	bool any = false;

	for (; raft_take_apply(node->raft, &entry); any = true)
		apply(stage, node, &entry);
	for (; raft_take_outcome(node->raft, &outcome); any = true) {
		node->accepted += outcome.result == RAFT_OK;
		node->refused += outcome.result != RAFT_OK;
		if (outcome.result == RAFT_OK) {
			node->accepted_index = outcome.index;
			node->accepted_cookie = outcome.cookie;
		} else {
			node->refusal = outcome.result;
		}
	}
	for (; raft_take_read(node->raft, &read); any = true) {
		node->reads++;
		node->reads_failed += read.result != RAFT_OK;
		if (read.result == RAFT_OK &&
			read.index < stage->floor[read.cookie % STAGE_READS]) {
			fprintf(stderr, "read %llu of node %llu is old\n",
				(unsigned long long)read.cookie, (unsigned long long)node->id);
			abort();
		}
		node->read_index = read.index;
	}
	for (; raft_take_chunk(node->raft, &chunk); any = true)
		install(stage, node, &chunk);
	return any;
}

static void check(struct stage *stage, const struct stage_node *node)
{
	struct raft_status status;

	raft_check(node->raft);
	raft_status(node->raft, &status);
	if (status.now.role != RAFT_LEADER)
		return;
	assert(status.now.term < STAGE_LOG);
	if (stage->leader_of[status.now.term] == 0)
		stage->leader_of[status.now.term] = node->id;
	assert(stage->leader_of[status.now.term] == node->id);
}

static bool turn(struct stage *stage)
{
	bool any = false;

	for (uint32_t i = 0; i < stage->nodes; i++) {
		struct stage_node *node = &stage->node[i];

		if (!node->raft)
			continue;
		any |= send_out(stage, node); // before the disk is done
		any |= write_out(stage, node);
		any |= send_out(stage, node);
		any |= take_rest(stage, node);
		if (stage_status(stage, node->id).last - node->disk.snapshot_index >
			node->config.log_entries / 2)
			stage_snapshot(stage, node->id);
		check(stage, node);
	}
	return any;
}

void stage_run(struct stage *stage)
{
	for (uint32_t rounds = 0; turn(stage) || stage->queued > 0; rounds++) {
		assert(rounds < 5000); // it comes to rest
		stage_deliver(stage, 1 + (uint32_t)(draw(stage) % 4));
		if (draw(stage) % 1000 < stage->slow)
			return;
	}
}

void stage_pass(struct stage *stage, uint32_t ms)
{
	for (; ms > 0; ms -= ms < 10 ? ms : 10) {
		stage->now_ns += (ms < 10 ? ms : 10) * 1000000u;
		for (uint32_t i = 0; i < stage->nodes; i++)
			if (stage->node[i].raft)
				raft_on_tick(stage->node[i].raft, time_of(stage, &stage->node[i]));
		stage_run(stage);
	}
}

void stage_pass_node(struct stage *stage, uint64_t id, uint32_t ms)
{
	stage->now_ns += ms * 1000000ull;
	raft_on_tick(stage_raft(stage, id), time_of(stage, stage_node(stage, id)));
	stage_run(stage);
}

struct raft_status stage_status(struct stage *stage, uint64_t id)
{
	struct raft_status status;

	raft_status(stage_raft(stage, id), &status);
	return status;
}

uint64_t stage_leader(struct stage *stage)
{
	uint64_t leader = 0, term = 0;

	for (uint64_t id = 1; id <= stage->nodes; id++) {
		struct raft_status status;

		if (!stage_raft(stage, id))
			continue;
		status = stage_status(stage, id);
		if (status.now.role == RAFT_LEADER && status.now.term > term) {
			leader = id;
			term = status.now.term;
		}
	}
	return leader;
}

uint64_t stage_elect(struct stage *stage)
{
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t leader = stage_leader(stage);

		if (leader) {
			struct raft_status status = stage_status(stage, leader);

			if (status.now.commit == status.last)
				return leader;
		}
		stage_pass(stage, 10);
	}
	assert(!"nobody leads");
	return 0;
}

bool stage_propose(struct stage *stage, uint64_t id, const char *text)
{
	struct stage_node *node = stage_node(stage, id);
	uint64_t before = node->accepted;

	raft_propose(node->raft, time_of(stage, node), 77, (const uint8_t *)text,
		(uint32_t)strlen(text));
	stage_run(stage);
	return node->accepted > before;
}

enum raft_result stage_change(
	struct stage *stage, uint64_t id, const struct raft_change *changes, uint32_t count)
{
	struct stage_node *node = stage_node(stage, id);
	uint64_t before = node->accepted;

	node->refusal = RAFT_LOST;
	raft_change(node->raft, time_of(stage, node), 78, changes, count);
	stage_run(stage);
	return node->accepted > before ? RAFT_OK : node->refusal;
}

enum raft_result stage_transfer(struct stage *stage, uint64_t id, uint64_t to)
{
	struct stage_node *node = stage_node(stage, id);

	return raft_transfer(node->raft, time_of(stage, node), to);
}

void stage_read(struct stage *stage, uint64_t id)
{
	struct stage_node *node = stage_node(stage, id);
	uint32_t cookie = stage->reads++;

	stage->floor[cookie % STAGE_READS] = stage->committed_last;
	raft_read(node->raft, time_of(stage, node), cookie);
}

void stage_rot(struct stage *stage, uint64_t id, uint64_t index)
{
	struct stage_disk *disk = &stage_node(stage, id)->disk;
	uint64_t term = disk->last > disk->snapshot_index ? disk->record[disk->last].term
							  : disk->snapshot_term;

	stage_crash(stage, id);
	if (index <= disk->snapshot_index || index > disk->last)
		return;
	if (!disk->quarantined || term > disk->last_term ||
		(term == disk->last_term && disk->last > disk->last_index)) {
		disk->last_index = disk->last;
		disk->last_term = term;
	}
	disk->quarantined = true;
	disk->last = index - 1;
}

void stage_crash(struct stage *stage, uint64_t id)
{
	struct stage_node *node = stage_node(stage, id);

	node->raft = NULL;
	drop_pending(&node->disk);
}

void stage_restart(struct stage *stage, uint64_t id)
{
	boot(stage, stage_node(stage, id));
}

void stage_snapshot(struct stage *stage, uint64_t id)
{
	struct stage_node *node = stage_node(stage, id);
	bool known;

	if (node->applied <= node->disk.snapshot_index)
		return;
	known = raft_conf_at(node->raft, node->applied, &node->disk.conf);
	assert(known);
	node->disk.snapshot_index = node->applied;
	node->disk.snapshot_term = stage->committed[node->applied];
	raft_compacted(node->raft, node->applied, SNAPSHOT_BYTES);
}

void stage_isolate(struct stage *stage, uint64_t id, bool isolated)
{
	for (uint64_t other = 1; other <= stage->nodes; other++)
		if (other != id)
			stage->cut[id][other] = stage->cut[other][id] = isolated;
}
