// A store on a simulated disk: written to, crashed, opened again, and compared with what was
// acknowledged.
#pragma once

#include "control/store/store.h"
#include "tests/support/disk_sim.h"

enum { STAGE_ENTRIES_MAX = 20000 };

struct stage {
	struct disk_sim *sim; // NULL: a real disk
	struct disk *disk;
	struct store *store;
	struct store_config config;
	struct store_recovered found;
	uint64_t now_ns;

	uint64_t next_id, told; // the last id that ended well
	int error;              // of the last id that ended otherwise, the first of them
	uint64_t errors;
	uint64_t snapshot, chunks; // ended well
	int snapshot_error, chunk_error;
	uint64_t size; // of what stage_append makes of an entry
};

void stage_init(struct stage *stage, uint64_t seed);
void stage_init_on(struct stage *stage, struct disk *disk); // takes disk
void stage_open(struct stage *stage);                       // frees the one before
void stage_close(struct stage *stage);                      // the store, not the disk
void stage_fini(struct stage *stage);
// Turns until nothing is under way, or `turns` ends of the disk were seen.
void stage_run(struct stage *stage);
bool stage_run_one(struct stage *stage); // false: nothing is under way
// Power goes and comes back, then the store is opened.
void stage_crash(struct stage *stage);

// Entries first..last of that term, whose bytes say who they are.
uint64_t stage_write(
	struct stage *stage, uint64_t truncate, uint64_t first, uint64_t last, uint64_t term);
void stage_append(struct stage *stage, uint64_t first, uint64_t last, uint64_t term); // and runs
uint64_t stage_vote(struct stage *stage, uint64_t term, uint64_t vote);
// Does the store have exactly this, in what it recovered?
void stage_expect(struct stage *stage, uint64_t first, uint64_t last, uint64_t term);
int stage_snapshot(
	struct stage *stage, uint64_t index, uint64_t term, uint64_t size, bool received);
uint8_t stage_snapshot_byte(uint64_t index, uint64_t at);
