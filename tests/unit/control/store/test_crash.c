// Crashes of the store: after every step, and in the middle of the last write. What was
// acknowledged is there, what is there was written.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/rng.h"
#include "tests/unit/control/store/stage.h"

// ---- torn ends ---------------------------------------------------------------------------------

struct torn {
	uint64_t first; // sector of the segment at which the last group begins
	uint32_t prefix;
	uint64_t mask; // of its first 64 sectors
	struct rng *rng;
};

static bool keep_some(void *owner, const char *name, uint64_t sector, uint32_t number, uint32_t of)
{
	const struct torn *torn = owner;
	uint64_t at = sector - torn->first;

	(void)number, (void)of;
	assert_memory_equal(name, "log.", 4);
	if (torn->rng)
		return rng_percent(torn->rng, 50);
	return torn->mask ? torn->mask >> at & 1 : at < torn->prefix;
}

// One group is on the disk, another one's write has ended, and its flush has not.
static void stage_torn(struct stage *stage, uint64_t entries)
{
	stage_init(stage, 11);
	stage_open(stage);
	stage_append(stage, 1, 5, 1);
	stage_write(stage, 0, 6, 5 + entries, 1);
	stage_run_one(stage);
	assert_int_equal(stage->told, stage->next_id - 1);
}

static void expect_torn(const struct stage *from, struct torn *torn, uint64_t last)
{
	struct stage stage = *from;

	stage.sim = disk_sim_copy(from->sim);
	stage.disk = disk_sim_disk(stage.sim);
	stage.store = NULL;
	disk_sim_crash_keep(stage.sim, keep_some, torn);
	disk_sim_power(stage.sim);
	stage_open(&stage);
	assert_true(stage.found.verdict == STORE_CLEAN || stage.found.verdict == STORE_TORN);
	assert_true(stage.found.last == 5 || stage.found.last == last);
	if (!torn->rng && torn->mask == 0 && torn->prefix == 0)
		assert_int_equal(stage.found.verdict, STORE_CLEAN);
	stage_expect(&stage, 1, stage.found.last, 1);
	// It goes on from there, and the torn part is no trouble to anybody later.
	stage_append(&stage, stage.found.last + 1, 140, 2);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 140);
	stage_fini(&stage);
}

static uint64_t group_begin(struct stage *stage)
{
	(void)stage;
	return 4096 / DISK_SIM_SECTOR; // behind the first one
}

static void store_recover__every_subset_of_a_small_group(void **state)
{
	struct stage stage;
	uint32_t whole = 0;

	(void)state;
	stage_torn(&stage, 20);
	for (uint64_t mask = 1; mask < 256; mask++) {
		struct torn torn = {.first = group_begin(&stage), .mask = mask};

		expect_torn(&stage, &torn, 25);
		whole++;
	}
	assert_int_equal(whole, 255);
	stage_fini(&stage);
}

static void store_recover__every_prefix_and_some_subsets_of_a_large_group(void **state)
{
	struct stage stage;
	struct rng rng = {5};

	(void)state;
	stage_torn(&stage, 100);
	for (uint32_t prefix = 0; prefix <= 16384 / DISK_SIM_SECTOR; prefix++) {
		struct torn torn = {.first = group_begin(&stage), .prefix = prefix};

		expect_torn(&stage, &torn, 105);
	}
	for (uint32_t i = 0; i < 500; i++) {
		struct torn torn = {.first = group_begin(&stage), .rng = &rng};

		expect_torn(&stage, &torn, 105);
	}
	stage_fini(&stage);
}

// The log goes on in a new segment and everything before is covered by a snapshot: until a group is
// durable in the new one, the old one is what says that nothing is missing.
static void store_compact__keeps_the_last_group(void **state)
{
	(void)state;
	for (int after = 0; after < 16; after++) {
		struct stage stage;
		struct store_status status;
		uint64_t last = 0, segments;

		stage_init(&stage, 12);
		stage_open(&stage);
		for (; last < 720; last += 90) // four of a segment: the next has no room
			stage_append(&stage, last + 1, last + 90, 1);
		store_status(stage.store, &status);
		segments = status.segments;
		assert_int_equal(stage_snapshot(&stage, last, 1, 1000, false), 0);
		stage_run(&stage);
		stage_write(&stage, 0, last + 1, last + 90, 1);
		store_turn(stage.store);
		store_status(stage.store, &status);
		assert_int_equal(status.segments, segments + 1);
		store_compact(stage.store, last);
		for (int i = 0; i < after; i++)
			stage_run_one(&stage);
		disk_sim_crash_keep(stage.sim, NULL, NULL);
		store_turn(stage.store);
		stage_close(&stage);
		disk_sim_power(stage.sim);
		stage_open(&stage);
		assert_int_equal(stage.found.verdict, STORE_CLEAN);
		assert_int_equal(stage.found.boot.snapshot_index, last);
		assert_true(stage.found.last >= last);
		stage_append(&stage, stage.found.last + 1, stage.found.last + 5, 1);
		stage_crash(&stage);
		assert_int_equal(stage.found.verdict, STORE_CLEAN);
		stage_fini(&stage);
	}
}

// What a start has found it has told others of: it is flushed by then. The process ended before
// the flush; then power goes.
static void store_open__flushes_what_it_found(void **state)
{
	struct stage stage;

	(void)state;
	stage_torn(&stage, 20);
	disk_sim_exit(stage.sim);
	store_turn(stage.store);
	stage_close(&stage);
	disk_sim_power(stage.sim);
	stage_open(&stage);
	assert_int_equal(stage.found.last, 25);
	disk_sim_crash_keep(stage.sim, NULL, NULL);
	stage_close(&stage);
	disk_sim_power(stage.sim);
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 25);
	stage_fini(&stage);
}

// The metadata says how far the log was durable; what is cut off on purpose is not missed.
static void store_write__a_truncation_is_no_loss(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 13);
	stage_open(&stage);
	for (uint64_t last = 0; last < 810; last += 90)
		stage_append(&stage, last + 1, last + 90, 1);
	stage_write(&stage, 101, 1, 0, 1);
	stage_run(&stage);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 100);
	stage_expect(&stage, 1, 100, 1);
	stage_fini(&stage);
}

// ---- any crash ---------------------------------------------------------------------------------

enum { WRITES_MAX = 512, LOG_MAX = 8192 };

// A log as it should be: terms by index.
struct log {
	uint64_t first, last; // first: of what must be there
	uint64_t term[LOG_MAX];
};

struct step {
	uint64_t id, truncate, first, last, term;
	uint64_t reset; // a received snapshot up to here
};

struct world {
	struct stage stage;
	struct rng rng;
	struct log log;     // with everything that was written
	struct log durable; // with what was acknowledged
	struct step step[WRITES_MAX];
	uint32_t steps; // that were not acknowledged
	uint64_t term, vote, durable_term, durable_vote;
	uint64_t snapshot; // acknowledged
	uint64_t snapshot_asked;
	bool installing; // that one is received
	uint64_t crashes, rotten;
};

static void step_do(struct log *log, const struct step *step, uint64_t entries)
{
	if (step->reset) {
		log->first = step->reset + 1;
		log->last = step->reset;
		log->term[log->last] = step->term;
		return;
	}
	if (step->truncate && step->truncate <= log->last)
		log->last = step->truncate - 1;
	for (uint64_t i = 0; i < entries; i++)
		log->term[log->last = step->first + i] = step->term;
}

static uint64_t step_entries(const struct step *step)
{
	return step->reset || step->first > step->last ? 0 : step->last - step->first + 1;
}

// What ended well counts as durable from now on.
static void world_settle(struct world *world)
{
	uint32_t done = 0;

	while (done < world->steps &&
		(world->step[done].reset ? world->stage.snapshot >= world->step[done].reset
					 : world->step[done].id <= world->stage.told)) {
		step_do(&world->durable, &world->step[done], step_entries(&world->step[done]));
		done++;
	}
	memmove(world->step, world->step + done, (world->steps - done) * sizeof(world->step[0]));
	world->steps -= done;
	if (world->stage.told == world->stage.next_id) {
		world->durable_term = world->term;
		world->durable_vote = world->vote;
	}
	if (world->stage.snapshot > world->snapshot)
		world->snapshot = world->stage.snapshot;
}

static bool log_is(struct world *world, const struct log *log)
{
	const struct store_recovered *found = &world->stage.found;
	uint64_t from = found->first > log->first ? found->first : log->first;

	if (found->last != log->last || found->first > log->first)
		return false;
	for (uint64_t i = from; i <= log->last; i++) {
		struct raft_entry entry;

		if (!store_entry(world->stage.store, i, &entry) || entry.term != log->term[i])
			return false;
	}
	return true;
}

// Is what was found the acknowledged log, perhaps with some more of what was written?
static bool found_is_right(struct world *world)
{
	struct log log = world->durable;

	if (world->stage.found.boot.snapshot_index >= log.first)
		log.first = world->stage.found.boot.snapshot_index + 1;
	if (log_is(world, &log))
		return true;
	for (uint32_t i = 0; i < world->steps; i++)
		for (uint64_t n = 0; n <= step_entries(&world->step[i]); n++) {
			struct log more = log;

			for (uint32_t k = 0; k < i; k++)
				step_do(&more, &world->step[k], step_entries(&world->step[k]));
			step_do(&more, &world->step[i], n);
			if (world->stage.found.boot.snapshot_index >= more.first)
				more.first = world->stage.found.boot.snapshot_index + 1;
			if (log_is(world, &more))
				return true;
		}
	return false;
}

static void world_crash(struct world *world)
{
	struct stage *stage = &world->stage;
	const struct raft_boot *boot = &stage->found.boot;

	world_settle(world);
	world->crashes++;
	stage_crash(stage);
	assert_true(stage->found.verdict == STORE_CLEAN || stage->found.verdict == STORE_TORN ||
		    (stage->found.verdict == STORE_EMPTY && world->durable.last == 0));
	assert_true(boot->term > world->durable_term ||
		    (boot->term == world->durable_term &&
			    (boot->vote == world->durable_vote || boot->vote == world->vote)));
	assert_true(boot->snapshot_index >= world->snapshot);
	assert_true(found_is_right(world));
	// What it has is what counts from here.
	world->steps = 0;
	world->term = world->durable_term = boot->term;
	world->vote = world->durable_vote = boot->vote;
	world->snapshot = stage->snapshot = boot->snapshot_index;
	stage->told = stage->next_id;
	world->log.first = boot->snapshot_index + 1;
	world->log.last = stage->found.last;
	for (uint64_t i = stage->found.first; i <= stage->found.last; i++) {
		struct raft_entry entry;

		assert_true(store_entry(stage->store, i, &entry));
		world->log.term[i] = entry.term;
	}
	if (boot->snapshot_index > 0 && stage->found.first > boot->snapshot_index)
		world->log.term[boot->snapshot_index] = boot->snapshot_term;
	world->durable = world->log;
	store_forget_recovered(stage->store);
}

static void world_append(struct world *world)
{
	struct log *log = &world->log;
	uint64_t count = 1 + rng_below(&world->rng, 30), first = log->last + 1, truncate = 0;
	struct step *step = &world->step[world->steps];

	if (rng_percent(&world->rng, 15) && log->last > log->first) {
		uint64_t least = world->snapshot_asked + 1;

		if (least < log->first)
			least = log->first;
		if (least < log->last) {
			first = truncate = least + rng_below(&world->rng, log->last - least);
			world->term++;
			world->vote = 0;
		}
	}
	if (world->installing && world->stage.snapshot < world->snapshot_asked)
		return; // no entries while the log is being replaced
	if (first + count >= LOG_MAX || world->steps == WRITES_MAX)
		return;
	*step = (struct step){.truncate = truncate,
		.first = first,
		.last = first + count - 1,
		.term = world->term};
	step->id = stage_write(&world->stage, truncate, first, step->last, step->term);
	step_do(log, step, count);
	world->steps++;
}

static void world_snapshot(struct world *world)
{
	struct log *log = &world->log;
	bool received = rng_percent(&world->rng, 20);
	uint64_t index = log->last + 1 + rng_below(&world->rng, 50), term;

	if (!received) { // of what is committed: nobody cuts it off
		stage_run(&world->stage);
		world_settle(world);
		index = world->durable.last;
	}
	if (index <= world->snapshot_asked || index <= world->snapshot || index + 100 >= LOG_MAX)
		return;
	if (received)
		stage_vote(&world->stage, ++world->term, world->vote = 0);
	term = received ? world->term : world->durable.term[index];
	if (stage_snapshot(&world->stage, index, term, rng_below(&world->rng, 150000), received))
		return;
	world->snapshot_asked = index;
	world->installing = received;
	if (received) {
		struct step *step = &world->step[world->steps++];

		*step = (struct step){.reset = index, .term = term};
		step_do(log, step, 0);
	}
}

static void world_step(struct world *world)
{
	uint64_t what = rng_below(&world->rng, 100);

	if (what < 45)
		world_append(world);
	else if (what < 52)
		stage_vote(&world->stage, ++world->term, world->vote = rng_below(&world->rng, 9));
	else if (what < 56)
		world_snapshot(world);
	else if (what < 60)
		store_compact(world->stage.store, world->snapshot);
	else
		for (uint64_t n = rng_below(&world->rng, 12); n > 0; n--)
			stage_run_one(&world->stage);
}

static void run_seed(uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->rng.state = seed;
	stage_init(&world->stage, seed);
	world->log.first = world->durable.first = 1;
	stage_open(&world->stage);
	while (world->crashes < 25) {
		world_step(world);
		world_settle(world);
		if (rng_percent(&world->rng, 4)) {
			world_crash(world);
			world->snapshot_asked = world->snapshot;
		}
		if (world->log.last > LOG_MAX / 2)
			break;
	}
	stage_fini(&world->stage);
	free(world);
}

static void store__whatever_is_done_and_whenever_it_crashes(void **state)
{
	const char *first = getenv("STORE_SEED");

	(void)state;
	for (uint64_t seed = 1; seed <= 150; seed++) {
		if (first)
			seed = strtoull(first, NULL, 10);
		print_message("STORE_SEED=%llu\r", (unsigned long long)seed);
		run_seed(seed);
		if (first)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_recover__every_subset_of_a_small_group),
		cmocka_unit_test(store_recover__every_prefix_and_some_subsets_of_a_large_group),
		cmocka_unit_test(store_compact__keeps_the_last_group),
		cmocka_unit_test(store_open__flushes_what_it_found),
		cmocka_unit_test(store_write__a_truncation_is_no_loss),
		cmocka_unit_test(store__whatever_is_done_and_whenever_it_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
