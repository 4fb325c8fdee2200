// Names of the simulated disk's folder: as they are seen, as they are durable, and the changes
// between. A journal keeps changes in order: a crash keeps the first so many.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/disk_sim_internal.h"

static struct name *find(struct names *names, const char *text)
{
	for (uint32_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i].text, text) == 0)
			return &names->name[i];
	return NULL;
}

int names_find(const struct names *names, const char *text)
{
	for (uint32_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i].text, text) == 0)
			return (int)names->name[i].file;
	return -1;
}

static void put(struct names *names, const char *text, uint32_t file)
{
	struct name *name = find(names, text);

	if (!name) {
		assert(names->count < SIM_FILES_MAX);
		name = &names->name[names->count++];
		snprintf(name->text, sizeof(name->text), "%s", text);
	}
	name->file = file;
}

static void drop(struct names *names, const char *text)
{
	struct name *name = find(names, text);

	if (name)
		*name = names->name[--names->count];
}

static void apply(struct names *names, const struct name_op *op)
{
	if (op->kind != NAME_PUT)
		drop(names, op->from);
	if (op->kind != NAME_DROP)
		put(names, op->to, op->file);
}

void names_change(struct disk_sim *sim, const struct name_op *op)
{
	// Every journal has an end; then it writes what it has.
	if (sim->ops == SIM_NAME_OPS_MAX)
		names_flush(sim, sim->ops_before + SIM_NAME_OPS_MAX / 2);
	sim->op[sim->ops++] = *op;
	apply(&sim->names, op);
}

void names_flush(struct disk_sim *sim, uint64_t upto)
{
	uint32_t count = upto > sim->ops_before ? (uint32_t)(upto - sim->ops_before) : 0;

	if (count > sim->ops)
		count = sim->ops;
	for (uint32_t i = 0; i < count; i++)
		apply(&sim->durable_names, &sim->op[i]);
	sim->ops -= count;
	sim->ops_before += count;
	memmove(sim->op, sim->op + count, sim->ops * sizeof(*sim->op));
	names_sweep(sim);
}

void names_forget(struct disk_sim *sim)
{
	sim->counts.names_lost += sim->ops;
	sim->ops_before += sim->ops;
	sim->ops = 0;
	sim->names = sim->durable_names;
	names_sweep(sim);
}

static bool reached(const struct disk_sim *sim, uint32_t file)
{
	if (sim->file[file].opened)
		return true;
	for (uint32_t i = 0; i < sim->names.count; i++)
		if (sim->names.name[i].file == file)
			return true;
	for (uint32_t i = 0; i < sim->durable_names.count; i++)
		if (sim->durable_names.name[i].file == file)
			return true;
	for (uint32_t i = 0; i < sim->ops; i++)
		if (sim->op[i].kind != NAME_DROP && sim->op[i].file == file)
			return true;
	for (uint32_t i = 0; i < sim->requests; i++)
		if (sim->request[i].file >= 0 && sim->request[i].index == file)
			return true;
	return false;
}

void names_sweep(struct disk_sim *sim)
{
	for (uint32_t i = 0; i < SIM_FILES_MAX; i++)
		if (sim->file[i].used && !reached(sim, i))
			file_free(&sim->file[i]);
}
