// Segments: the next one is made ahead, zeroed and named before anybody needs it; whole ones that
// nobody needs any more become the next again.
#include "control/store/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_NEXT  "next"
#define NAME_SPARE "spare"

void segment_name(char name[DISK_NAME_MAX], uint64_t number)
{
	snprintf(name, DISK_NAME_MAX, "log.%016llx", (unsigned long long)number);
}

bool segment_add(struct store *store, const struct segment *segment)
{
	if (store->segment_count == store->segment_room) {
		uint32_t room = store->segment_room ? 2 * store->segment_room : 16;
		struct segment *grown = realloc(store->segments, room * sizeof(*grown));

		if (!grown)
			return false;
		store->segments = grown;
		store->segment_room = room;
	}
	store->segments[store->segment_count++] = *segment;
	return true;
}

// There is no room for it: what was begun is taken back.
static void prepare_full(struct store *store)
{
	struct prepare *prepare = &store->prepare;

	if (prepare->file >= 0) {
		store->disk->ops->close(store->disk, prepare->file);
		store->disk->ops->remove(store->disk, NAME_NEXT);
		store->names_changed = true;
	}
	*prepare = (struct prepare){.phase = PREPARE_FULL, .file = STORE_NO_FILE};
	store->full = true;
}

static void prepare_zeros(struct store *store)
{
	struct prepare *prepare = &store->prepare;
	uint64_t left = prepare->size - prepare->zeroed;

	prepare->phase = PREPARE_ZEROS;
	store_submit(store, DISK_WRITE, prepare->file, prepare->zeroed, store->zeros,
		left < store->zeros_bytes ? (uint32_t)left : store->zeros_bytes, TOKEN_SEGMENT, 0);
}

// Left to the next snapshot: without one a full store would stay full.
static uint64_t reserve(const struct store *store)
{
	uint64_t newest = store->snapshot_count > 0 ? store->snapshots[0].file_bytes : 0;

	return newest > store->config.segment_bytes ? newest : store->config.segment_bytes;
}

static void prepare_begin(struct store *store)
{
	struct prepare *prepare = &store->prepare;
	const struct disk_ops *ops = store->disk->ops;
	uint64_t size, most = store->config.bytes_max;
	int error = 0;

	*prepare = (struct prepare){
		.file = STORE_NO_FILE,
		.number = store->tail.segment + 1,
		.size = store->config.segment_bytes,
	};
	if (store->spare)
		error = ops->rename(store->disk, NAME_SPARE, NAME_NEXT);
	else if (most != 0 && store_bytes(store) + prepare->size + reserve(store) > most)
		error = -ENOSPC;
	if (error == 0)
		prepare->file = ops->open(store->disk, NAME_NEXT, true, &size);
	if (error == 0 && prepare->file >= 0) {
		store->spare = false;
		error = ops->allocate(store->disk, prepare->file, prepare->size);
	} else if (error == 0) {
		error = prepare->file;
	}
	if (error == -ENOSPC || error == -EDQUOT)
		prepare_full(store);
	else if (error < 0)
		store_fail(store, error);
	else
		prepare_zeros(store);
}

static void prepare_named(struct store *store)
{
	char name[DISK_NAME_MAX];
	int error;

	segment_name(name, store->prepare.number);
	error = store->disk->ops->rename(store->disk, NAME_NEXT, name);
	if (error < 0) {
		store_fail(store, error);
		return;
	}
	store->prepare.phase = PREPARE_FOLDER;
	store_submit(store, DISK_FLUSH, DISK_FOLDER, 0, NULL, 0, TOKEN_SEGMENT, 0);
}

void segment_on_done(struct store *store, int error)
{
	struct prepare *prepare = &store->prepare;
	uint64_t left = prepare->size - prepare->zeroed;

	if (error == -ENOSPC || error == -EDQUOT) { // where blocks are given out late
		prepare_full(store);
		return;
	}
	if (prepare->phase == PREPARE_ZEROS) {
		prepare->zeroed += left < store->zeros_bytes ? left : store->zeros_bytes;
		if (prepare->zeroed < prepare->size) {
			prepare_zeros(store);
			return;
		}
		prepare->phase = PREPARE_FLUSH;
		store_submit(store, DISK_FLUSH, prepare->file, 0, NULL, 0, TOKEN_SEGMENT, 0);
	} else if (prepare->phase == PREPARE_FLUSH) {
		prepare_named(store);
	} else {
		prepare->phase = PREPARE_READY;
		store->full = false;
	}
}

void segment_step(struct store *store)
{
	if (!store->failed && !store->stopping && store->prepare.phase == PREPARE_NONE)
		prepare_begin(store);
}

void segment_retry(struct store *store)
{
	if (store->prepare.phase == PREPARE_FULL)
		prepare_begin(store);
}

// The prepared one is the active one now.
void segment_rotate(struct store *store)
{
	struct prepare *prepare = &store->prepare;
	struct tail *tail = &store->tail;

	assert(prepare->phase == PREPARE_READY);
	if (!segment_add(store, &(struct segment){.number = prepare->number,
					.index_first = tail->last_index + 1})) {
		store_fail(store, -ENOMEM);
		return;
	}
	if (tail->file >= 0)
		store->disk->ops->close(store->disk, tail->file);
	tail->file = prepare->file;
	tail->segment = prepare->number;
	tail->size = prepare->size;
	tail->offset = 0;
	*prepare = (struct prepare){.phase = PREPARE_NONE, .file = STORE_NO_FILE};
}

static void segment_drop_first(struct store *store)
{
	char name[DISK_NAME_MAX];
	int error;

	segment_name(name, store->segments[0].number);
	error = store->spare ? store->disk->ops->remove(store->disk, name)
			     : store->disk->ops->rename(store->disk, name, NAME_SPARE);
	if (error < 0) {
		store_fail(store, error);
		return;
	}
	store->spare = true;
	store->names_changed = true;
	store->segment_count--;
	for (uint32_t i = 0; i < store->segment_count; i++)
		store->segments[i] = store->segments[i + 1];
}

void store_compact(struct store *store, uint64_t index)
{
	// What no durable snapshot covers is needed at the next start.
	uint64_t most = store->snapshot_count > 0 ? store->snapshots[0].index : 0;

	if (index > most)
		index = most;
	// The last group is kept: it says where the next one follows.
	while (!store->failed && store->segment_count > (store->tail.offset > 0 ? 1u : 2u) &&
		store->segments[0].index_max <= index)
		segment_drop_first(store);
	if (store->spare && !store->failed)
		segment_retry(store);
}

// Removals need no hurry, but shall not wait for ever.
void segment_names_step(struct store *store)
{
	if (store->failed || !store->names_changed || store->names_flushing)
		return;
	store->names_changed = false;
	store->names_flushing = true;
	store_submit(store, DISK_FLUSH, DISK_FOLDER, 0, NULL, 0, TOKEN_NAMES, 0);
}
