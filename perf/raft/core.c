// What the core of Raft costs: three replicas in one thread, disks that end at once, every entry
// proposed, sent to two, written and applied on three; held against copying its bytes as often.
#include <stdlib.h>
#include <string.h>

#include "control/cluster/raft/raft.h"
#include "perf/bench.h"

enum {
	REPLICAS = 3,
	ENTRY = 256,
	RING = 4 * 1024 * 1024,
	TURN_NS = 100 * 1000, // of virtual time
	TICK_NS = 10 * 1000 * 1000,
	ELECTION_TURNS = 10000,
};

struct trio {
	struct raft *raft[REPLICAS];
	void *memory[REPLICAS];
	uint64_t now_ns, tick_ns, applied[REPLICAS], compacted[REPLICAS], hash;
	uint32_t batch, leader;
	struct raft_config config;
	uint8_t entry[ENTRY];
	uint8_t *ring[REPLICAS]; // of the limit
	uint64_t at;
};

static bool carry(struct trio *trio, uint32_t from)
{
	struct raft_message message;
	bool any = false;

	for (; raft_take_message(trio->raft[from], &message); any = true)
		raft_on_message(trio->raft[message.to - 1], trio->now_ns, &message);
	return any;
}

static bool write_out(struct trio *trio, uint32_t at)
{
	struct raft_write write;
	bool any = false;

	for (; raft_take_write(trio->raft[at], trio->now_ns, &write); any = true)
		raft_on_written(trio->raft[at], trio->now_ns, write.id);
	return any;
}

static bool apply(struct trio *trio, uint32_t at)
{
	struct raft_outcome outcome;
	struct raft_entry entry;
	bool any = false;

	while (raft_take_outcome(trio->raft[at], &outcome))
		;
	for (; raft_take_apply(trio->raft[at], &entry); any = true) {
		trio->applied[at] = entry.index;
		trio->hash += at == 0 && entry.kind == RAFT_DATA ? entry.data[0] : 0;
	}
	if (!any)
		return false;
	raft_applied(trio->raft[at], trio->applied[at]);
	if (trio->applied[at] - trio->compacted[at] < trio->config.log_entries / 2)
		return true;
	trio->compacted[at] = trio->applied[at];
	raft_compacted(trio->raft[at], trio->applied[at], 1);
	return true;
}

// Until all is quiet.
static void run(struct trio *trio)
{
	bool any = true;

	trio->now_ns += TURN_NS;
	if (trio->now_ns >= trio->tick_ns)
		for (uint32_t i = 0; i < REPLICAS; i++)
			raft_on_tick(trio->raft[i], trio->now_ns);
	if (trio->now_ns >= trio->tick_ns)
		trio->tick_ns = trio->now_ns + TICK_NS;
	while (any) {
		any = false;
		for (uint32_t i = 0; i < REPLICAS; i++) {
			any |= carry(trio, i);
			any |= write_out(trio, i);
			any |= apply(trio, i);
		}
	}
}

static bool elect(struct trio *trio)
{
	struct raft_status status;

	for (uint32_t i = 0; i < ELECTION_TURNS * REPLICAS; i++) {
		run(trio);
		raft_status(trio->raft[i % REPLICAS], &status);
		trio->leader = i % REPLICAS;
		if (status.now.role == RAFT_LEADER && status.now.commit == status.last)
			return true;
	}
	return false;
}

static void trio_close(void *state)
{
	struct trio *trio = state;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		free(trio->memory[i]);
		free(trio->ring[i]);
	}
	free(trio);
}

static bool replica_open(struct trio *trio, uint32_t i, const struct raft_conf *conf)
{
	static const struct raft_boot boot;

	trio->config.id = trio->config.seed = i + 1;
	trio->memory[i] = aligned_alloc(64, (raft_size(&trio->config) + 63) / 64 * 64);
	trio->ring[i] = calloc(1, RING);
	if (!trio->memory[i] || !trio->ring[i])
		return false;
	trio->raft[i] = raft_init(trio->memory[i], &trio->config, &boot);
	raft_start(trio->raft[i], trio->now_ns);
	return raft_bootstrap(trio->raft[i], trio->now_ns, conf);
}

static void *trio_open(const struct bench *bench)
{
	struct raft_conf conf = {.members = REPLICAS};
	struct trio *trio = calloc(1, sizeof(*trio));
	bool open = trio != NULL;

	if (!trio)
		return NULL;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		conf.member[i] = (struct raft_member){.id = i + 1, .name = "nx"};
		conf.member[i].name[1] = (char)('1' + i);
	}
	raft_config_init(&trio->config);
	trio->config.log_entries = 16 * 1024;
	trio->config.log_bytes = 8 * 1024 * 1024;
	trio->config.uncommitted_bytes = 1024 * 1024;
	trio->batch = bench->param;
	memset(trio->entry, 1, ENTRY);
	for (uint32_t i = 0; open && i < REPLICAS; i++)
		open = replica_open(trio, i, &conf);
	if (open && elect(trio))
		return trio;
	trio_close(trio);
	return NULL;
}

// One operation: a batch, until it is applied everywhere.
static uint64_t trio_body(void *state, uint64_t operations)
{
	struct trio *trio = state;
	uint64_t before = trio->hash;
	uint64_t entries = operations * trio->batch;

	while (operations--) {
		for (uint32_t i = 0; i < trio->batch; i++)
			raft_propose(trio->raft[trio->leader], trio->now_ns, i, trio->entry, ENTRY);
		run(trio);
	}
	return trio->hash - before == entries; // none is lost, none applied twice
}

// Into three logs.
static uint64_t copy_body(void *state, uint64_t operations)
{
	struct trio *trio = state;

	for (; operations--; trio->at = (trio->at + ENTRY) % RING)
		for (uint32_t i = 0; i < REPLICAS; i++)
			memcpy(trio->ring[i] + trio->at, trio->entry, ENTRY);
	return trio->ring[0][0];
}

#define CORE(BATCH)                                                                             \
	{                                                                                       \
		.id = "raft/core/batch/" #BATCH, .limit = "raft/limit/copy", .unit = "1/s",     \
		.amount = (BATCH), .param = (BATCH), .location = "control/cluster/raft/raft.h", \
		.open = trio_open, .body = trio_body, .close = trio_close                       \
	}

const struct bench raft_benches[] = {
	{.id = "raft/limit/copy",
		.unit = "1/s",
		.amount = 1,
		.param = 1,
		.open = trio_open,
		.body = copy_body,
		.close = trio_close},
	CORE(1),
	CORE(8),
	CORE(64),
};
const size_t raft_benches_count = sizeof(raft_benches) / sizeof(raft_benches[0]);
