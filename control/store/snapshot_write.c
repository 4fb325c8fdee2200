// One snapshot on its way to the disk: units as they fill, then flush, rename, flush of the folder.
// What another node sent replaces the log: a group says so, after the snapshot is durable.
#include "control/store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_TEMPORARY "snap.tmp"

enum {
	STAGING_UNITS = STORE_CHUNK_MAX / SNAPFILE_UNIT_DATA + 2,
	STAGING_SIZE =
		SNAPFILE_HEADER_SIZE + STAGING_UNITS * SNAPFILE_UNIT_SIZE + SNAPFILE_TRAILER_SIZE,
};

void snapshot_name(char name[DISK_NAME_MAX], uint64_t index)
{
	snprintf(name, DISK_NAME_MAX, "snap.%016llx", (unsigned long long)index);
}

static uint8_t *unit_at(struct snapshot_write *write, uint32_t number)
{
	return write->staging + SNAPFILE_HEADER_SIZE + (size_t)number * SNAPFILE_UNIT_SIZE;
}

static struct snapfile identity(const struct store *store)
{
	struct snapfile file = {
		.node = store->meta.node,
		.index = store->write.index,
		.term = store->write.term,
		.size = store->write.size,
		.chain = store->write.chain,
	};

	memcpy(file.cluster, store->meta.cluster, sizeof(file.cluster));
	return file;
}

// Forgets it; what was written is removed.
static void give_up(struct store *store)
{
	struct snapshot_write *write = &store->write;

	if (write->file >= 0) {
		store->disk->ops->close(store->disk, write->file);
		store->disk->ops->remove(store->disk, NAME_TEMPORARY);
		store->names_changed = true;
	}
	*write = (struct snapshot_write){.file = STORE_NO_FILE, .staging = write->staging};
}

int store_snapshot_begin(struct store *store, uint64_t index, uint64_t term,
	const struct raft_conf *conf, bool received)
{
	struct snapshot_write *write = &store->write;
	struct snapfile file;
	uint64_t size;

	if (store->failed)
		return store->failed;
	if (write->phase != SNAPSHOT_NONE)
		return -EBUSY;
	if (index == 0 || (store->snapshot_count > 0 && index <= store->snapshots[0].index))
		return -EEXIST;
	if (!write->staging)
		write->staging = store_blocks(STAGING_SIZE);
	if (!write->staging)
		return -ENOMEM;
	write->file = store->disk->ops->open(store->disk, NAME_TEMPORARY, true, &size);
	if (write->file < 0) {
		int error = write->file;

		write->file = STORE_NO_FILE;
		return error;
	}
	write->phase = SNAPSHOT_OPEN;
	write->received = received;
	write->index = index;
	write->term = term;
	file = identity(store);
	snapfile_seal_header(write->staging, &file, conf);
	return 0;
}

// Everything that is whole, and with `last` all the rest.
static void write_units(struct store *store, bool last)
{
	struct snapshot_write *write = &store->write;
	uint32_t rest = write->used % SNAPFILE_UNIT_DATA;
	uint32_t units = write->used / SNAPFILE_UNIT_DATA + (last && rest > 0);
	bool first = write->offset == 0;
	uint8_t *from = first ? write->staging : unit_at(write, 0);
	uint32_t bytes = units * SNAPFILE_UNIT_SIZE + (first ? SNAPFILE_HEADER_SIZE : 0);

	for (uint32_t i = 0; i < units; i++) {
		uint32_t left = write->used - i * SNAPFILE_UNIT_DATA;
		uint32_t crc = snapfile_seal_unit(unit_at(write, i), write->index, write->unit + i,
			left < SNAPFILE_UNIT_DATA ? left : SNAPFILE_UNIT_DATA);

		write->chain = snapfile_chain(write->chain, crc);
	}
	if (last) {
		struct snapfile file = identity(store);

		snapfile_seal_trailer(unit_at(write, units), &file);
		bytes += SNAPFILE_TRAILER_SIZE;
	}
	write->units = units;
	write->phase = last ? SNAPSHOT_END : SNAPSHOT_CHUNK;
	store_submit(store, DISK_WRITE, write->file, write->offset, from, bytes, TOKEN_SNAPSHOT, 0);
	write->offset += bytes;
}

int store_snapshot_add(struct store *store, uint64_t cookie, const uint8_t *bytes, uint32_t size)
{
	struct snapshot_write *write = &store->write;
	uint64_t most = store->config.bytes_max;

	if (store->failed)
		return store->failed;
	if (write->phase != SNAPSHOT_OPEN || write->chunk)
		return write->phase == SNAPSHOT_NONE ? -EINVAL : -EBUSY;
	if (size > STORE_CHUNK_MAX)
		return -EMSGSIZE;
	if (most != 0 &&
		store_bytes(store) - write->offset + snapfile_bytes(write->size + size) > most) {
		give_up(store);
		return -ENOSPC;
	}
	write->size += size;
	while (size > 0) {
		uint32_t at = write->used % SNAPFILE_UNIT_DATA;
		uint32_t piece = SNAPFILE_UNIT_DATA - at < size ? SNAPFILE_UNIT_DATA - at : size;

		memcpy(unit_at(write, write->used / SNAPFILE_UNIT_DATA) + at, bytes, piece);
		write->used += piece;
		bytes += piece;
		size -= piece;
	}
	write->chunk = true;
	write->cookie = cookie;
	if (write->used >= SNAPFILE_UNIT_DATA)
		write_units(store, false);
	return 0;
}

static void tell_chunk(struct store *store, int error)
{
	struct snapshot_write *write = &store->write;

	if (!write->chunk)
		return;
	write->chunk = false;
	store->callbacks.on_chunk(store->callbacks.owner, write->cookie, error);
}

// The chunks that needed no write end here, and the snapshot that was waited for.
void snapshot_step(struct store *store)
{
	struct snapshot_write *write = &store->write;

	if (store->failed || write->phase != SNAPSHOT_OPEN)
		return;
	tell_chunk(store, 0);
	if (write->phase == SNAPSHOT_OPEN && write->ending)
		write_units(store, true);
}

void store_snapshot_end(struct store *store)
{
	store->write.ending = store->write.phase != SNAPSHOT_NONE;
}

void store_snapshot_abort(struct store *store)
{
	struct snapshot_write *write = &store->write;

	write->chunk = write->ending = false;
	if (write->phase == SNAPSHOT_OPEN)
		give_up(store);
	else if (write->phase != SNAPSHOT_NONE && write->phase < SNAPSHOT_FOLDER)
		write->phase = SNAPSHOT_ABORT;
}

static void snapshot_known(struct store *store)
{
	const struct snapshot_write *write = &store->write;

	memmove(&store->snapshots[1], &store->snapshots[0],
		store->snapshot_count * sizeof(store->snapshots[0]));
	store->snapshots[0] = (struct snapshot){
		.index = write->index,
		.term = write->term,
		.size = write->size,
		.file_bytes = write->offset,
		.file = write->file,
	};
	store->snapshot_count++;
}

static void snapshot_ended(struct store *store, int error)
{
	uint64_t index = store->write.index;

	store->write =
		(struct snapshot_write){.file = STORE_NO_FILE, .staging = store->write.staging};
	store->callbacks.on_snapshot(store->callbacks.owner, index, error);
}

static void chunk_written(struct store *store)
{
	struct snapshot_write *write = &store->write;
	uint32_t rest = write->used - write->units * SNAPFILE_UNIT_DATA;

	memcpy(unit_at(write, 0), unit_at(write, write->units), rest);
	write->used = rest;
	write->unit += write->units;
	write->phase = SNAPSHOT_OPEN;
}

static void rename_it(struct store *store)
{
	char name[DISK_NAME_MAX];
	int error;

	snapshot_name(name, store->write.index);
	error = store->disk->ops->rename(store->disk, NAME_TEMPORARY, name);
	if (error < 0) {
		store_fail(store, error);
		return;
	}
	store->write.phase = SNAPSHOT_FOLDER;
	store_submit(store, DISK_FLUSH, DISK_FOLDER, 0, NULL, 0, TOKEN_SNAPSHOT, 0);
}

// No room: this snapshot fails, the store goes on.
static void no_room(struct store *store, int error)
{
	uint64_t index = store->write.index, cookie = store->write.cookie;
	bool chunk = store->write.chunk, ending = store->write.ending;

	give_up(store);
	if (chunk)
		store->callbacks.on_chunk(store->callbacks.owner, cookie, error);
	if (ending)
		store->callbacks.on_snapshot(store->callbacks.owner, index, error);
}

void snapshot_on_done(struct store *store, int error)
{
	struct snapshot_write *write = &store->write;

	if (write->phase == SNAPSHOT_ABORT) {
		give_up(store);
		return;
	}
	if (error < 0) {
		no_room(store, error);
		return;
	}
	if (write->phase == SNAPSHOT_CHUNK) {
		chunk_written(store);
	} else if (write->phase == SNAPSHOT_END) {
		write->phase = SNAPSHOT_FLUSH;
		store_submit(store, DISK_FLUSH, write->file, 0, NULL, 0, TOKEN_SNAPSHOT, 0);
	} else if (write->phase == SNAPSHOT_FLUSH) {
		rename_it(store);
	} else if (write->phase == SNAPSHOT_FOLDER) {
		snapshot_known(store);
		write->file = STORE_NO_FILE; // it is the known one's now
		write->phase = SNAPSHOT_RESET;
		if (write->received)
			queue_reset(store, write->index, write->term);
		else
			snapshot_ended(store, 0);
		snapshot_drop_old(store);
	}
}

// The log says that it is replaced: nothing before is needed.
void snapshot_on_reset(struct store *store)
{
	for (uint32_t i = 0; i < store->segment_count; i++)
		store->segments[i].index_max = 0;
	store->segments[store->segment_count - 1].index_first = store->write.index + 1;
	store_compact(store, store->write.index);
	if (store->write.phase == SNAPSHOT_RESET)
		snapshot_ended(store, 0);
}

// There was no room to say that the log is replaced. The snapshot is there, and a start would see
// that it counts: the next group says it.
void snapshot_refused(struct store *store)
{
	if (store->write.phase != SNAPSHOT_RESET)
		return;
	store->tail.last_index = store->write.index;
	store->tail.last_term = store->write.term;
	store->reset_pending = true;
	snapshot_ended(store, 0);
}

void snapshot_fail(struct store *store, int error)
{
	bool ending = store->write.ending;
	enum snapshot_phase phase = store->write.phase;

	tell_chunk(store, error);
	store->write.ending = false;
	if (phase != SNAPSHOT_NONE && ending)
		store->callbacks.on_snapshot(store->callbacks.owner, store->write.index, error);
}

bool snapshot_busy(const struct store *store)
{
	const struct snapshot_write *write = &store->write;

	return write->phase > SNAPSHOT_OPEN || write->chunk || write->ending;
}

void snapshot_free(struct store *store)
{
	free(store->write.staging);
}
