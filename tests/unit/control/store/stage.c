// See stage.h.
#include "tests/unit/control/store/stage.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void on_written(void *owner, uint64_t id, int error)
{
	struct stage *stage = owner;

	if (error == 0) {
		assert_true(id > stage->told); // in order
		stage->told = id;
		return;
	}
	stage->error = stage->errors++ ? stage->error : error;
}

static void on_snapshot(void *owner, uint64_t index, int error)
{
	struct stage *stage = owner;

	if (error == 0)
		stage->snapshot = index;
	else
		stage->snapshot_error = error;
}

static void on_chunk(void *owner, uint64_t cookie, int error)
{
	struct stage *stage = owner;

	(void)cookie;
	if (error == 0)
		stage->chunks++;
	else
		stage->chunk_error = error;
}

void stage_init_on(struct stage *stage, struct disk *disk)
{
	*stage = (struct stage){
		.config = {.node = 7, .segment_bytes = 64 * 1024, .group_bytes = 16 * 1024},
		.size = 100,
		.disk = disk,
	};
	memset(stage->config.cluster, 0x5c, sizeof(stage->config.cluster));
}

void stage_init(struct stage *stage, uint64_t seed)
{
	struct disk_sim_config config = {
		.seed = seed,
		.write_ns = 100,
		.read_ns = 100,
		.flush_ns = 100,
		.jitter_ns = 50,
	};

	stage_init_on(stage, NULL);
	stage->sim = disk_sim_new(&config);
	stage->disk = disk_sim_disk(stage->sim);
}

void stage_close(struct stage *stage)
{
	if (stage->store)
		store_free(stage->store);
	stage->store = NULL;
}

void stage_open(struct stage *stage)
{
	struct store_callbacks callbacks = {
		.on_written = on_written,
		.on_snapshot = on_snapshot,
		.on_chunk = on_chunk,
		.owner = stage,
	};

	stage_close(stage);
	stage->error = stage->snapshot_error = stage->chunk_error = 0;
	stage->errors = 0;
	stage->store = store_open(stage->disk, &stage->config, &callbacks, &stage->found);
	assert_non_null(stage->store);
}

void stage_fini(struct stage *stage)
{
	stage_close(stage);
	stage->disk->ops->free(stage->disk);
}

// Of a real disk.
static bool stage_wait(struct stage *stage)
{
	struct pollfd wake = {.fd = stage->disk->ops->wake_fd(stage->disk), .events = POLLIN};

	if (store_idle(stage->store))
		return false;
	assert_int_equal(poll(&wake, 1, 30000), 1);
	store_turn(stage->store);
	return true;
}

bool stage_run_one(struct stage *stage)
{
	uint64_t next;

	store_turn(stage->store);
	if (!stage->sim)
		return stage_wait(stage);
	next = disk_sim_next_ns(stage->sim);
	if (next == UINT64_MAX)
		return false;
	stage->now_ns = next;
	disk_sim_at(stage->sim, next);
	store_turn(stage->store);
	return true;
}

void stage_run(struct stage *stage)
{
	while (stage_run_one(stage))
		;
}

void stage_crash(struct stage *stage)
{
	disk_sim_crash(stage->sim);
	for (int i = 0; i < 4; i++)
		store_turn(stage->store);
	stage_close(stage);
	disk_sim_power(stage->sim);
	stage_open(stage);
}

static void fill(uint8_t *bytes, uint64_t size, uint64_t index, uint64_t term)
{
	for (uint64_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(index * 31 + term * 7 + i);
}

uint64_t stage_write(
	struct stage *stage, uint64_t truncate, uint64_t first, uint64_t last, uint64_t term)
{
	uint64_t count = last + 1 - first, id = ++stage->next_id;
	struct raft_entry *entry = calloc(count + 1, sizeof(*entry));
	uint8_t *bytes = malloc(count * stage->size + 1);
	struct raft_write write = {
		.id = id, .term = term, .truncate = truncate, .first = first, .last = last};

	assert_true(entry && bytes);
	for (uint64_t i = 0; i < count; i++) {
		fill(bytes + i * stage->size, stage->size, first + i, term);
		entry[i] = (struct raft_entry){.index = first + i,
			.term = term,
			.kind = RAFT_DATA,
			.size = (uint32_t)stage->size,
			.data = bytes + i * stage->size};
	}
	store_write(stage->store, &write, entry);
	free(entry);
	free(bytes);
	return id;
}

void stage_append(struct stage *stage, uint64_t first, uint64_t last, uint64_t term)
{
	stage_write(stage, 0, first, last, term);
	stage_run(stage);
}

uint64_t stage_vote(struct stage *stage, uint64_t term, uint64_t vote)
{
	struct raft_write write = {.id = ++stage->next_id,
		.term = term,
		.vote = vote,
		.state = true,
		.first = 1,
		.last = 0};

	store_write(stage->store, &write, NULL);
	return write.id;
}

void stage_expect(struct stage *stage, uint64_t first, uint64_t last, uint64_t term)
{
	uint8_t *bytes = malloc(stage->size + 1);

	for (uint64_t i = first; i <= last; i++) {
		struct raft_entry entry;

		assert_true(store_entry(stage->store, i, &entry));
		assert_int_equal(entry.index, i);
		assert_int_equal(entry.term, term);
		assert_int_equal(entry.size, stage->size);
		fill(bytes, stage->size, i, term);
		assert_memory_equal(entry.data, bytes, stage->size);
	}
	free(bytes);
}

uint8_t stage_snapshot_byte(uint64_t index, uint64_t at)
{
	return (uint8_t)(index * 13 + at + at / 65504);
}

int stage_snapshot(struct stage *stage, uint64_t index, uint64_t term, uint64_t size, bool received)
{
	struct raft_conf conf = {
		.index = 1, .members = 1, .member[0] = {.id = 7, .roles = RAFT_VOTER, .name = "a"}};
	uint8_t piece[10000];
	int error = store_snapshot_begin(stage->store, index, term, &conf, received);

	for (uint64_t at = 0; error == 0 && at < size;) {
		uint32_t some = size - at < sizeof(piece) ? (uint32_t)(size - at) : sizeof(piece);

		for (uint32_t i = 0; i < some; i++)
			piece[i] = stage_snapshot_byte(index, at + i);
		error = store_snapshot_add(stage->store, at, piece, some);
		stage_run(stage);
		at += some;
	}
	if (error == 0)
		store_snapshot_end(stage->store);
	return error;
}
