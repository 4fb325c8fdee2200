// The simulated disk's life: made, copied, crashed, broken, looked at.
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/disk_sim_internal.h"

static void close_all(struct disk_sim *sim)
{
	for (uint32_t i = 0; i < DISK_FILES_MAX; i++)
		sim->open[i] = -1;
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		sim->file[i].opened = 0;
}

struct disk_sim *disk_sim_new(const struct disk_sim_config *config)
{
	struct disk_sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		abort();
	sim->disk.ops = &disk_sim_ops;
	sim->config = *config;
	sim->rng.state = rng_mix(config->seed + 0xd15c);
	close_all(sim);
	return sim;
}

void disk_sim_free(struct disk_sim *sim)
{
	if (!sim)
		return;
	close_all(sim);
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		if (sim->file[i].used)
			file_free(&sim->file[i]);
	free(sim);
}

struct disk_sim *disk_sim_copy(const struct disk_sim *from)
{
	struct disk_sim *sim = malloc(sizeof(*sim));

	if (!sim)
		abort();
	*sim = *from;
	sim->requests = 0;
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		if (from->file[i].used)
			file_copy(&sim->file[i], &from->file[i]);
	close_all(sim);
	names_sweep(sim);
	return sim;
}

struct disk *disk_sim_disk(struct disk_sim *sim)
{
	return &sim->disk;
}

void disk_sim_at(struct disk_sim *sim, uint64_t now_ns)
{
	assert(now_ns >= sim->now_ns);
	sim->now_ns = now_ns;
}

uint64_t disk_sim_next_ns(const struct disk_sim *sim)
{
	uint64_t next_ns = UINT64_MAX;

	for (uint32_t i = 0; i < sim->requests; i++)
		if (sim->request[i].ends_ns < next_ns)
			next_ns = sim->request[i].ends_ns;
	if (sim->off)
		return sim->requests ? sim->now_ns : UINT64_MAX;
	return next_ns < sim->stalled_ns ? sim->stalled_ns : next_ns;
}

// ---- crashes ---------------------------------------------------------------------------------

// How a crash chooses: each sector by itself, or all up to a point in each file's order of writing.
struct choice {
	struct disk_sim *sim;
	uint32_t percent;
	bool in_order;
	uint64_t left; // in_order
};

static bool choose(void *owner, const char *name, uint64_t sector, uint32_t number, uint32_t of)
{
	struct choice *choice = owner;

	(void)name, (void)sector, (void)number, (void)of;
	if (!choice->in_order)
		return rng_percent(&choice->sim->rng, choice->percent);
	if (!choice->left)
		return false;
	choice->left--;
	return true;
}

static const char *name_of(const struct disk_sim *sim, uint32_t file)
{
	for (uint32_t i = 0; i < sim->names.count; i++)
		if (sim->names.name[i].file == file)
			return sim->names.name[i].text;
	return "";
}

static uint32_t number_of(const struct file *file, uint32_t at, uint32_t *of)
{
	uint32_t number = 0;

	*of = 0;
	for (uint32_t i = 0; i < file->waits; i++) {
		if (file->waiting[i].at != file->waiting[at].at)
			continue;
		++*of;
		number += i <= at;
	}
	return number;
}

static void torn_count(struct disk_sim *sim, uint64_t kept, uint64_t lost)
{
	sim->counts.writes_torn += kept && lost;
	sim->counts.sectors_kept += kept;
	sim->counts.sectors_lost += lost;
}

static void crash_file(struct disk_sim *sim, uint32_t index, disk_sim_keep keep, void *owner)
{
	struct file *file = &sim->file[index];
	uint64_t kept = 0, lost = 0, write = 0;

	if (keep)
		file->durable_size = file->size;
	for (uint32_t i = 0; i < file->waits; i++) {
		const struct sector *sector = &file->waiting[i];
		uint32_t of, number = number_of(file, i, &of);
		bool stays = keep && keep(owner, name_of(sim, index), sector->at, number, of) &&
			     (sector->at + 1) * DISK_SIM_SECTOR <= file->durable_size;

		if (sector->write != write) {
			torn_count(sim, kept, lost);
			kept = lost = 0;
			write = sector->write;
		}
		kept += stays;
		lost += !stays;
		if (stays)
			memcpy(file->durable + sector->at * DISK_SIM_SECTOR, sector->bytes,
				DISK_SIM_SECTOR);
	}
	torn_count(sim, kept, lost);
	file->waits = 0;
	file->size = file->durable_size;
	if (file->room) {
		memset(file->durable + file->size, 0, file->room - file->size);
		memcpy(file->seen, file->durable, file->room);
	}
}

void disk_sim_crash_keep(struct disk_sim *sim, disk_sim_keep keep, void *owner)
{
	sim->counts.crashes++;
	sim->off = true;
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		if (sim->file[i].used)
			crash_file(sim, i, keep, owner);
	if (keep)
		names_flush(sim, sim->ops_before + sim->ops);
	names_forget(sim);
}

// Sizes and names that wait: the journal has the first so many of both.
static void crash_journal(struct disk_sim *sim)
{
	uint64_t names = rng_below(&sim->rng, sim->ops + 1);

	names_flush(sim, sim->ops_before + names);
	names_forget(sim);
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++) {
		struct file *file = &sim->file[i];

		if (file->used && file->size != file->durable_size && rng_percent(&sim->rng, 50))
			file_resize(file, file->durable_size);
	}
}

void disk_sim_crash(struct disk_sim *sim)
{
	struct choice choice = {.sim = sim, .in_order = rng_percent(&sim->rng, 30)};
	uint64_t waits = 0;

	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		waits += sim->file[i].waits;
	choice.left = rng_below(&sim->rng, waits + 1);
	choice.percent = (uint32_t)rng_below(&sim->rng, 5) * 25; // of all of them, to none
	crash_journal(sim);
	disk_sim_crash_keep(sim, choose, &choice);
}

void disk_sim_exit(struct disk_sim *sim)
{
	sim->off = true;
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		for (uint32_t s = 0; s < sim->file[i].waits; s++)
			sim->file[i].waiting[s].ended = true;
}

void disk_sim_power(struct disk_sim *sim)
{
	sim->off = false;
	sim->requests = 0;
	close_all(sim);
	names_sweep(sim);
}

// ---- faults ----------------------------------------------------------------------------------

void disk_sim_fail(struct disk_sim *sim, enum disk_op op, int error, uint32_t count)
{
	sim->fail[op].error = error;
	sim->fail[op].count = count;
}

void disk_sim_stall(struct disk_sim *sim, uint64_t until_ns)
{
	sim->stalled_ns = until_ns;
}

void disk_sim_lie(struct disk_sim *sim, bool lies)
{
	sim->lies = lies;
}

void disk_sim_room(struct disk_sim *sim, uint64_t bytes_max)
{
	sim->config.bytes_max = bytes_max;
}

void disk_sim_misdirect(struct disk_sim *sim, bool next)
{
	sim->misdirect = next;
}

bool disk_sim_rot(struct disk_sim *sim, const char *name, uint64_t bit)
{
	int index = names_find(&sim->names, name);
	struct file *file = index < 0 ? NULL : &sim->file[index];

	if (!file || bit / 8 >= file->size)
		return false;
	file->durable[bit / 8] ^= (uint8_t)(1u << bit % 8);
	file->seen[bit / 8] ^= (uint8_t)(1u << bit % 8);
	sim->counts.rotten++;
	return true;
}

static bool is_empty(const uint8_t *sector)
{
	static const uint8_t zeros[DISK_SIM_SECTOR];

	return memcmp(sector, zeros, DISK_SIM_SECTOR) == 0;
}

static bool waits(const struct file *file, uint64_t sector)
{
	for (uint32_t i = 0; i < file->waits; i++)
		if (file->waiting[i].at == sector)
			return true;
	return false;
}

static uint64_t rot_candidates(const struct file *file, uint64_t nth, uint64_t *sector)
{
	uint64_t count = 0;

	for (uint64_t at = 0; (at + 1) * DISK_SIM_SECTOR <= file->durable_size; at++) {
		if (is_empty(file->durable + at * DISK_SIM_SECTOR) || waits(file, at))
			continue;
		if (count++ == nth)
			*sector = at;
	}
	return count;
}

bool disk_sim_rot_any(struct disk_sim *sim, const char *begins, char *where, uint64_t *bit)
{
	uint64_t counts[SIM_FILES_MAX] = {0}, all = 0, nth, sector = 0;
	uint32_t i = 0;

	for (uint32_t n = 0; n < sim->names.count; n++) {
		const struct name *name = &sim->names.name[n];

		if (strncmp(name->text, begins, strlen(begins)) == 0)
			counts[n] = rot_candidates(&sim->file[name->file], UINT64_MAX, &sector);
		all += counts[n];
	}
	if (!all)
		return false;
	nth = rng_below(&sim->rng, all);
	for (; nth >= counts[i]; i++)
		nth -= counts[i];
	rot_candidates(&sim->file[sim->names.name[i].file], nth, &sector);
	*bit = sector * DISK_SIM_SECTOR * 8 + rng_below(&sim->rng, DISK_SIM_SECTOR * 8);
	if (where)
		snprintf(where, DISK_NAME_MAX, "%s", sim->names.name[i].text);
	return disk_sim_rot(sim, sim->names.name[i].text, *bit);
}

// ---- looking ---------------------------------------------------------------------------------

int64_t disk_sim_bytes(struct disk_sim *sim, const char *name, bool durable, const uint8_t **bytes)
{
	int index = names_find(durable ? &sim->durable_names : &sim->names, name);

	if (index < 0)
		return -1;
	*bytes = durable ? sim->file[index].durable : sim->file[index].seen;
	return (int64_t)(durable ? sim->file[index].durable_size : sim->file[index].size);
}

uint64_t disk_sim_used(const struct disk_sim *sim)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		used += sim->file[i].size;
	return used;
}

const struct disk_sim_counts *disk_sim_counts(const struct disk_sim *sim)
{
	return &sim->counts;
}
