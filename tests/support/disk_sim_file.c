// Bytes of the simulated disk's files: what is durable, what waits for a flush, what is seen.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/disk_sim_internal.h"

static void *grown(void *memory, uint64_t old, uint64_t size)
{
	uint8_t *bytes = realloc(memory, size);

	if (!bytes)
		abort();
	memset(bytes + old, 0, size - old);
	return bytes;
}

static void file_room(struct file *file, uint64_t size)
{
	uint64_t room = file->room ? file->room : DISK_BLOCK;

	if (size <= file->room)
		return;
	while (room < size)
		room *= 2;
	file->seen = grown(file->seen, file->room, room);
	file->durable = grown(file->durable, file->room, room);
	file->room = room;
}

void file_resize(struct file *file, uint64_t size)
{
	file_room(file, size);
	if (size < file->size)
		memset(file->seen + size, 0, file->size - size);
	file->size = size;
}

static struct sector *sector_new(struct file *file)
{
	if (file->waits == file->waits_room) {
		file->waits_room = file->waits_room ? 2 * file->waits_room : 64;
		file->waiting = realloc(file->waiting, file->waits_room * sizeof(*file->waiting));
		if (!file->waiting)
			abort();
	}
	return &file->waiting[file->waits++];
}

void file_write(struct disk_sim *sim, struct file *file, const struct request *request, bool torn)
{
	const uint8_t *bytes = request->bytes;

	if (request->offset + request->size > file->size)
		file_resize(file, request->offset + request->size);
	for (uint32_t at = 0; at < request->size; at += DISK_SIM_SECTOR) {
		struct sector *sector;

		if (torn && rng_percent(&sim->rng, 50))
			continue;
		sector = sector_new(file);
		sector->at = (request->offset + at) / DISK_SIM_SECTOR;
		sector->write = request->number;
		sector->flush = 0;
		sector->ended = false;
		memcpy(sector->bytes, bytes + at, DISK_SIM_SECTOR);
		memcpy(file->seen + request->offset + at, bytes + at, DISK_SIM_SECTOR);
	}
}

void file_ended(struct file *file, uint64_t write)
{
	for (uint32_t i = 0; i < file->waits; i++)
		if (file->waiting[i].write == write)
			file->waiting[i].ended = true;
}

void file_flush_begin(struct file *file, uint64_t flush)
{
	for (uint32_t i = 0; i < file->waits; i++)
		if (file->waiting[i].ended && !file->waiting[i].flush)
			file->waiting[i].flush = flush;
}

// Takes what a flush covers out of what waits; of it, percent becomes durable.
static void settle(struct disk_sim *sim, struct file *file, uint64_t flush, uint32_t percent)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < file->waits; i++) {
		const struct sector *sector = &file->waiting[i];

		if (!sector->flush || sector->flush > flush) {
			if (left != i)
				file->waiting[left] = *sector;
			left++;
		} else if (percent == 100 || rng_percent(&sim->rng, percent)) {
			memcpy(file->durable + sector->at * DISK_SIM_SECTOR, sector->bytes,
				DISK_SIM_SECTOR);
		}
	}
	file->waits = left;
}

void file_flush_end(struct file *file, uint64_t flush, uint64_t size)
{
	settle(NULL, file, flush, 100);
	if (size < file->durable_size)
		memset(file->durable + size, 0, file->durable_size - size);
	file->durable_size = size;
}

void file_flush_failed(struct disk_sim *sim, struct file *file, uint64_t flush)
{
	settle(sim, file, flush, 50);
}

void file_free(struct file *file)
{
	assert(!file->opened);
	free(file->seen);
	free(file->durable);
	free(file->waiting);
	*file = (struct file){0};
}

void file_copy(struct file *to, const struct file *from)
{
	*to = *from;
	to->opened = 0;
	to->waits_room = from->waits;
	to->seen = malloc(from->room + 1);
	to->durable = malloc(from->room + 1);
	to->waiting = malloc((from->waits + 1) * sizeof(*to->waiting));
	if (!to->seen || !to->durable || !to->waiting)
		abort();
	if (from->room) {
		memcpy(to->seen, from->seen, from->room);
		memcpy(to->durable, from->durable, from->room);
	}
	if (from->waits)
		memcpy(to->waiting, from->waiting, from->waits * sizeof(*to->waiting));
}
