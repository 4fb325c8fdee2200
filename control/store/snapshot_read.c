// Snapshots that are read, for followers and at start. Each unit is checked.
#include "control/store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct snapshot *snapshot_find(struct store *store, uint64_t index)
{
	for (uint32_t i = 0; i < store->snapshot_count; i++)
		if (store->snapshots[i].index == index)
			return &store->snapshots[i];
	return NULL;
}

static void unit_read(struct store *store, uint64_t slot)
{
	struct snapshot_read *read = &store->reads[slot];
	const struct snapshot *snapshot = snapshot_find(store, read->index);

	store_submit(store, DISK_READ, snapshot->file,
		SNAPFILE_HEADER_SIZE + read->offset / SNAPFILE_UNIT_DATA * SNAPFILE_UNIT_SIZE,
		read->unit, SNAPFILE_UNIT_SIZE, TOKEN_READ, slot);
}

// Copies of the unit what is wanted. False: it is rotten.
static bool unit_take(
	const uint8_t *unit, uint64_t index, uint64_t *offset, uint8_t **to, uint32_t *left)
{
	uint32_t at = (uint32_t)(*offset % SNAPFILE_UNIT_DATA), used, crc, piece;

	if (!snapfile_parse_unit(unit, index, *offset / SNAPFILE_UNIT_DATA, &used, &crc) ||
		used <= at)
		return false;
	piece = used - at < *left ? used - at : *left;
	memcpy(*to, unit + at, piece);
	*offset += piece;
	*to += piece;
	*left -= piece;
	return true;
}

int store_snapshot_read(struct store *store, uint64_t cookie, uint64_t index, uint64_t offset,
	uint8_t *bytes, uint32_t size)
{
	struct snapshot *snapshot = snapshot_find(store, index);
	uint32_t slot = 0;

	if (store->failed)
		return store->failed;
	if (!snapshot)
		return -ENOENT;
	if (size == 0 || offset > snapshot->size || size > snapshot->size - offset)
		return -EINVAL;
	while (slot < STORE_READS_MAX && store->reads[slot].used)
		slot++;
	if (slot == STORE_READS_MAX)
		return -EBUSY;
	if (!store->reads[slot].unit)
		store->reads[slot].unit = store_blocks(SNAPFILE_UNIT_SIZE);
	if (!store->reads[slot].unit)
		return -ENOMEM;
	store->reads[slot] = (struct snapshot_read){
		.used = true,
		.cookie = cookie,
		.index = index,
		.offset = offset,
		.to = bytes,
		.left = size,
		.unit = store->reads[slot].unit,
	};
	snapshot->reads++;
	unit_read(store, slot);
	return 0;
}

void snapshot_read_on_done(struct store *store, uint64_t slot, int error)
{
	struct snapshot_read *read = &store->reads[slot];

	if (error == 0 &&
		!unit_take(read->unit, read->index, &read->offset, &read->to, &read->left))
		error = -EUCLEAN;
	if (error == 0 && store->failed)
		error = store->failed;
	if (error == 0 && read->left > 0) {
		unit_read(store, slot);
		return;
	}
	read->used = false;
	snapshot_find(store, read->index)->reads--;
	store->callbacks.on_chunk(store->callbacks.owner, read->cookie, error);
	snapshot_drop_old(store);
}

int64_t store_snapshot_read_now(
	struct store *store, uint64_t index, uint64_t offset, uint8_t *bytes, uint32_t size)
{
	const struct snapshot *snapshot = snapshot_find(store, index);
	uint64_t at = offset;
	uint8_t *unit;
	int64_t got = 0;

	if (!snapshot)
		return -ENOENT;
	if (offset >= snapshot->size)
		return 0;
	if (size > snapshot->size - offset)
		size = (uint32_t)(snapshot->size - offset);
	unit = store_blocks(SNAPFILE_UNIT_SIZE);
	if (!unit)
		return -ENOMEM;
	for (uint32_t left = size; left > 0 && got >= 0;) {
		uint64_t number = at / SNAPFILE_UNIT_DATA;

		got = store->disk->ops->read_now(store->disk, snapshot->file,
			SNAPFILE_HEADER_SIZE + number * SNAPFILE_UNIT_SIZE, unit,
			SNAPFILE_UNIT_SIZE);
		if (got >= 0 &&
			(got < SNAPFILE_UNIT_SIZE || !unit_take(unit, index, &at, &bytes, &left)))
			got = -EUCLEAN;
	}
	free(unit);
	return got < 0 ? got : (int64_t)size;
}

// All but the newest two, once nobody reads them.
void snapshot_drop_old(struct store *store)
{
	while (!store->failed && store->snapshot_count > STORE_SNAPSHOTS) {
		const struct snapshot *old = &store->snapshots[store->snapshot_count - 1];
		char name[DISK_NAME_MAX];
		int error;

		if (old->reads > 0)
			return;
		store->disk->ops->close(store->disk, old->file);
		snapshot_name(name, old->index);
		error = store->disk->ops->remove(store->disk, name);
		store->snapshot_count--;
		store->names_changed = true;
		if (error < 0)
			store_fail(store, error);
	}
}

void snapshot_read_free(struct store *store)
{
	for (uint32_t i = 0; i < STORE_READS_MAX; i++)
		free(store->reads[i].unit);
}
