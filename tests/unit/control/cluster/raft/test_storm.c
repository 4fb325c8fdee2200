// Small clusters with everything at once: loss, duplicates, reordering, cuts, crashes, slow disks,
// changes of members, snapshots. The stage checks what must hold; afterwards all is well again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/raft/stage.h"

static uint32_t below(struct stage *stage, uint32_t bound)
{
	stage->random ^= stage->random << 13;
	stage->random ^= stage->random >> 7;
	stage->random ^= stage->random << 17;
	return (uint32_t)(stage->random % bound);
}

static uint64_t anybody(struct stage *stage)
{
	return 1 + below(stage, stage->nodes);
}

static void change_something(struct stage *stage, uint64_t id)
{
	struct raft_change changes[2] = {{.kind = (enum raft_change_kind)below(stage, 5)},
		{.kind = (enum raft_change_kind)below(stage, 5)}};

	for (int i = 0; i < 2; i++) {
		changes[i].id = anybody(stage);
		snprintf(changes[i].name, NAME_SIZE, "n%u", (unsigned)changes[i].id);
	}
	raft_change(stage_raft(stage, id), stage->now_ns, 1, changes, 1 + below(stage, 2));
}

// One at a time, so that one good copy is left.
static void rot(struct stage *stage)
{
	uint64_t id = anybody(stage);

	for (uint64_t other = 1; other <= stage->nodes; other++)
		if (!stage_raft(stage, other) || stage_status(stage, other).quarantined)
			return;
	stage_rot(stage, id, 1 + below(stage, 1 + (uint32_t)stage_node(stage, id)->disk.last));
	stage_restart(stage, id);
}

// `rotten`: disks lose what was durable; then the members stay the same.
static void disturb(struct stage *stage, bool rotten)
{
	uint64_t id = anybody(stage), other = anybody(stage);
	struct raft *raft = stage_raft(stage, id);
	char text[32];

	snprintf(text, sizeof(text), "%u", below(stage, 1000000));
	switch (below(stage, 14)) {
	case 0:
		if (raft)
			stage_crash(stage, id);
		else
			stage_restart(stage, id);
		break;
	case 1:
		stage->cut[id][other] = below(stage, 2);
		break;
	case 2:
		stage_node(stage, id)->disk.held = below(stage, 2);
		break;
	case 3:
		stage_written(stage, id, raft ? 1 + below(stage, 2) : 0);
		break;
	case 4:
		if (raft)
			stage_transfer(stage, id, other);
		break;
	case 5:
		if (rotten)
			rot(stage);
		else if (raft)
			change_something(stage, id);
		break;
	case 6:
		if (raft)
			stage_snapshot(stage, id);
		break;
	case 7:
		if (raft)
			stage_read(stage, id);
		break;
	case 8: // whoever leads is cut off, and does not know it yet
		id = stage_leader(stage);
		if (id == 0)
			break;
		stage_isolate(stage, id, below(stage, 2));
		stage_read(stage, id);
		break;
	case 9:
		for (id = 1; id <= stage->nodes; id++)
			if (stage_raft(stage, id))
				stage_read(stage, id);
		break;
	default:
		if (raft)
			stage_propose(stage, id, text);
	}
}

static void heal(struct stage *stage)
{
	stage->loss = stage->duplicates = stage->reorder = stage->slow = 0;
	for (uint64_t id = 1; id <= stage->nodes; id++) {
		stage_isolate(stage, id, false);
		stage_node(stage, id)->disk.held = false;
		if (!stage_raft(stage, id))
			stage_restart(stage, id);
	}
}

static struct stage *storm_stage(uint32_t nodes, uint32_t voters, uint64_t seed)
{
	struct raft_config config;

	stage_config(&config);
	if (seed % 2) {
		config.log_entries = 64;
		config.log_bytes = 64 * 1024;
		config.uncommitted_bytes = 4096;
	}
	config.keep_entries = (uint32_t)(seed % 5) * 3;
	config.lease = seed % 7 < 4;
	config.inflight_messages = 1 + (uint32_t)(seed % 11);
	return stage_new_with(nodes, voters, seed, &config);
}

static void storm(uint32_t nodes, uint32_t voters, uint64_t seed)
{
	struct stage *stage = storm_stage(nodes, voters, seed);
	bool rotten = below(stage, 3) == 0;
	uint64_t leader;

	for (uint64_t id = 1; id <= nodes; id++)
		stage_node(stage, id)->drift = (int32_t)below(stage, 41) - 20;
	stage->loss = below(stage, 2) * below(stage, 100);
	stage->duplicates = below(stage, 2) * below(stage, 100);
	stage->reorder = below(stage, 2) * below(stage, 500);
	stage->slow = below(stage, 2) * below(stage, 500);
	for (uint32_t i = 0; i < 300; i++) {
		disturb(stage, rotten);
		stage_pass(stage, below(stage, 4) == 0 ? 10 + below(stage, 400) : 10);
	}
	heal(stage);
	stage_pass(stage, 5000);
	leader = stage_elect(stage);
	stage_pass(stage, 2000);
	leader = stage_elect(stage);
	assert_true(stage_propose(stage, leader, "the end"));
	stage_pass(stage, 3000);
	for (uint32_t i = 0; i < raft_conf(stage_raft(stage, leader))->members; i++) {
		uint64_t id = raft_conf(stage_raft(stage, leader))->member[i].id;

		assert_int_equal(stage_node(stage, id)->applied, stage->committed_last);
	}
	stage_free(stage);
}

static void storm__all_is_well_afterwards(void **state)
{
	const char *seeds = getenv("STORM_SEED"); // the first, and how many
	char *rest = NULL;
	uint64_t from = seeds ? strtoull(seeds, &rest, 10) : 1;
	uint64_t to = from - 1 + (seeds && *rest ? strtoull(rest, NULL, 10) : seeds ? 1 : 400);

	// A crash of the process shows no more than the last line: which seed it was.
	for (uint64_t seed = from; seed <= to; seed++) {
		fprintf(stderr, "STORM_SEED=%llu\n", (unsigned long long)seed);
		storm(3 + seed % 4, 3, seed);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storm__all_is_well_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
