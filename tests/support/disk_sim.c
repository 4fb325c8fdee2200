// See disk_sim.h: requests, from disk.h to their ends.
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/disk_sim_internal.h"

static struct disk_sim *sim_of(struct disk *disk)
{
	return (struct disk_sim *)disk;
}

static struct file *file_of(struct disk_sim *sim, int number)
{
	assert(number >= 0 && number < DISK_FILES_MAX && sim->open[number] >= 0);
	return &sim->file[sim->open[number]];
}

static void check_aligned(uint64_t offset, const void *bytes, uint32_t size)
{
	assert(offset % DISK_BLOCK == 0 && size % DISK_BLOCK == 0 && size);
	assert((uintptr_t)bytes % DISK_BLOCK == 0);
	(void)offset, (void)bytes, (void)size;
}

static uint64_t checksum(const void *bytes, uint32_t size)
{
	uint64_t sum = size, word;

	for (uint32_t at = 0; at < size; at += sizeof(word)) {
		memcpy(&word, (const uint8_t *)bytes + at, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
		sum ^= sum >> 29;
	}
	return sum;
}

static bool fits(struct disk_sim *sim, uint64_t more)
{
	if (!sim->config.bytes_max || !more || disk_sim_used(sim) + more <= sim->config.bytes_max)
		return true;
	sim->counts.refused++;
	return false;
}

// The error that was ordered for this kind, if any.
static int ordered(struct disk_sim *sim, enum disk_op op)
{
	if (!sim->fail[op].count)
		return 0;
	sim->fail[op].count--;
	sim->counts.errors++;
	return sim->fail[op].error;
}

// ---- names and sizes: at once ----------------------------------------------------------------

static int file_create(struct disk_sim *sim, const char *name)
{
	struct name_op op = {.kind = NAME_PUT};

	while (op.file < SIM_FILES_MAX && sim->file[op.file].used)
		op.file++;
	if (op.file == SIM_FILES_MAX)
		return -ENFILE;
	sim->file[op.file].used = true;
	snprintf(op.to, sizeof(op.to), "%s", name);
	names_change(sim, &op);
	return (int)op.file;
}

static int sim_open(struct disk *disk, const char *name, bool create, uint64_t *size)
{
	struct disk_sim *sim = sim_of(disk);
	int number = 0, index;

	assert(strlen(name) < DISK_NAME_MAX);
	if (sim->off)
		return -EIO;
	while (number < DISK_FILES_MAX && sim->open[number] >= 0)
		number++;
	if (number == DISK_FILES_MAX)
		return -EMFILE;
	index = names_find(&sim->names, name);
	if (index < 0)
		index = create ? file_create(sim, name) : -ENOENT;
	if (index < 0)
		return index;
	sim->open[number] = index;
	sim->file[index].opened++;
	if (size)
		*size = sim->file[index].size;
	return number;
}

static void sim_close(struct disk *disk, int file)
{
	struct disk_sim *sim = sim_of(disk);

	if (sim->off)
		return;
	file_of(sim, file)->opened--;
	sim->open[file] = -1;
	names_sweep(sim);
}

static int sim_allocate(struct disk *disk, int file, uint64_t size)
{
	struct disk_sim *sim = sim_of(disk);
	struct file *of;

	if (sim->off)
		return -EIO;
	of = file_of(sim, file);
	if (!fits(sim, size > of->size ? size - of->size : 0))
		return -ENOSPC;
	file_resize(of, size);
	return 0;
}

static int sim_rename(struct disk *disk, const char *from, const char *to)
{
	struct disk_sim *sim = sim_of(disk);
	struct name_op op = {.kind = NAME_MOVE};
	int index = names_find(&sim->names, from);

	assert(strlen(to) < DISK_NAME_MAX);
	if (sim->off)
		return -EIO;
	if (index < 0)
		return -ENOENT;
	snprintf(op.from, sizeof(op.from), "%s", from);
	snprintf(op.to, sizeof(op.to), "%s", to);
	op.file = (uint32_t)index;
	names_change(sim, &op);
	names_sweep(sim);
	return 0;
}

static int sim_remove(struct disk *disk, const char *name)
{
	struct disk_sim *sim = sim_of(disk);
	struct name_op op = {.kind = NAME_DROP};

	if (sim->off)
		return -EIO;
	if (names_find(&sim->names, name) < 0)
		return -ENOENT;
	snprintf(op.from, sizeof(op.from), "%s", name);
	names_change(sim, &op);
	names_sweep(sim);
	return 0;
}

static int sim_list(struct disk *disk, void (*on_name)(void *owner, const char *name), void *owner)
{
	struct disk_sim *sim = sim_of(disk);
	struct names *names;

	if (sim->off)
		return -EIO;
	// A copy: on_name may rename and remove.
	names = malloc(sizeof(*names));
	if (!names)
		abort();
	*names = sim->names;
	for (uint32_t i = 0; i < names->count; i++)
		on_name(owner, names->name[i].text);
	free(names);
	return 0;
}

static uint32_t file_read(const struct file *file, uint64_t offset, void *bytes, uint32_t size)
{
	uint32_t there = 0;

	if (offset < file->size)
		there = file->size - offset < size ? (uint32_t)(file->size - offset) : size;
	if (there)
		memcpy(bytes, file->seen + offset, there);
	return there;
}

static int64_t sim_read_now(
	struct disk *disk, int file, uint64_t offset, void *bytes, uint32_t size)
{
	struct disk_sim *sim = sim_of(disk);
	int error;

	check_aligned(offset, bytes, size);
	if (sim->off)
		return -EIO;
	sim->counts.reads++;
	error = ordered(sim, DISK_READ);
	return error ? error : (int64_t)file_read(file_of(sim, file), offset, bytes, size);
}

// ---- requests --------------------------------------------------------------------------------

static uint64_t lasts_ns(struct disk_sim *sim, enum disk_op op)
{
	const uint64_t ns[] = {[DISK_WRITE] = sim->config.write_ns,
		[DISK_READ] = sim->config.read_ns,
		[DISK_FLUSH] = sim->config.flush_ns};

	return ns[op] + rng_below(&sim->rng, sim->config.jitter_ns + 1);
}

// Another block of the same file, if it has one.
static void misdirect(struct disk_sim *sim, const struct file *file, struct request *request)
{
	uint64_t places =
		file->size < request->size ? 0 : (file->size - request->size) / DISK_BLOCK + 1;
	uint64_t place = rng_below(&sim->rng, places);

	if (!sim->misdirect || places < 2)
		return;
	sim->misdirect = false;
	sim->counts.misdirected++;
	if (place * DISK_BLOCK == request->offset)
		place = (place + 1) % places;
	request->offset = place * DISK_BLOCK;
}

static void write_begin(struct disk_sim *sim, struct request *request)
{
	struct file *file = &sim->file[request->index];
	uint64_t end = request->offset + request->size;

	check_aligned(request->offset, request->bytes, request->size);
	sim->counts.writes++;
	request->error = ordered(sim, DISK_WRITE);
	request->checksum = checksum(request->bytes, request->size);
	if (!request->error && !fits(sim, end > file->size ? end - file->size : 0)) {
		request->error = -ENOSPC;
		return;
	}
	misdirect(sim, file, request);
	file_write(sim, file, request, request->error != 0);
}

static void flush_begin(struct disk_sim *sim, struct request *request)
{
	sim->counts.flushes++;
	request->error = ordered(sim, DISK_FLUSH);
	if (request->file == DISK_FOLDER) {
		request->upto = sim->ops_before + sim->ops;
		return;
	}
	request->upto = sim->file[request->index].size;
	file_flush_begin(&sim->file[request->index], request->number);
}

static bool sim_submit(struct disk *disk, enum disk_op op, int file, uint64_t offset, void *bytes,
	uint32_t size, uint64_t token)
{
	struct disk_sim *sim = sim_of(disk);
	struct request *request = &sim->request[sim->requests];

	if (sim->requests == DISK_REQUESTS_MAX)
		return false;
	sim->requests++;
	*request = (struct request){.op = op,
		.file = file,
		.offset = offset,
		.token = token,
		.bytes = bytes,
		.size = size,
		.number = ++sim->number,
		.error = -EIO};
	if (sim->off)
		return true;
	request->error = 0;
	request->ends_ns = sim->now_ns + lasts_ns(sim, op);
	if (file != DISK_FOLDER)
		request->index = (uint32_t)(file_of(sim, file) - sim->file);
	assert(file != DISK_FOLDER || op == DISK_FLUSH);
	if (op == DISK_WRITE)
		write_begin(sim, request);
	else if (op == DISK_FLUSH)
		flush_begin(sim, request);
	else
		check_aligned(offset, bytes, size);
	return true;
}

static void read_end(struct disk_sim *sim, struct request *request)
{
	sim->counts.reads++;
	request->error = ordered(sim, DISK_READ);
	if (!request->error && file_read(&sim->file[request->index], request->offset,
				       request->bytes, request->size) != request->size)
		request->error = -EIO;
}

static void flush_end(struct disk_sim *sim, const struct request *request)
{
	struct file *file = &sim->file[request->index];

	if (sim->lies)
		return;
	if (request->error && request->file != DISK_FOLDER)
		file_flush_failed(sim, file, request->number);
	if (request->error)
		return;
	if (request->file == DISK_FOLDER)
		names_flush(sim, request->upto);
	else
		file_flush_end(file, request->number, request->upto);
}

static int sim_write_now(
	struct disk *disk, int file, uint64_t offset, const void *bytes, uint32_t size)
{
	struct disk_sim *sim = sim_of(disk);
	struct request request = {
		.offset = offset, .bytes = (void *)(uintptr_t)bytes, .size = size};
	struct file *of;
	int error;

	check_aligned(offset, bytes, size);
	if (sim->off)
		return -EIO;
	of = file_of(sim, file);
	sim->counts.writes++;
	error = ordered(sim, DISK_WRITE);
	if (!error && !fits(sim, offset + size > of->size ? offset + size - of->size : 0))
		return -ENOSPC;
	request.number = ++sim->number;
	file_write(sim, of, &request, error != 0);
	file_ended(of, request.number);
	return error;
}

static int sim_flush_now(struct disk *disk, int file)
{
	struct disk_sim *sim = sim_of(disk);
	struct request request = {.op = DISK_FLUSH, .file = file};

	if (sim->off)
		return -EIO;
	request.number = ++sim->number;
	if (file != DISK_FOLDER)
		request.index = (uint32_t)(file_of(sim, file) - sim->file);
	flush_begin(sim, &request);
	flush_end(sim, &request);
	return request.error;
}

static void request_end(struct disk_sim *sim, struct request *request)
{
	switch (request->op) {
	case DISK_WRITE:
		// Who changes it before the end may write anything.
		assert(checksum(request->bytes, request->size) == request->checksum);
		file_ended(&sim->file[request->index], request->number);
		break;
	case DISK_READ:
		read_end(sim, request);
		break;
	case DISK_FLUSH:
		flush_end(sim, request);
		break;
	}
}

static bool sim_poll(struct disk *disk, struct disk_done *done)
{
	struct disk_sim *sim = sim_of(disk);
	struct request request;
	uint32_t best = 0;

	for (uint32_t i = 1; i < sim->requests; i++)
		if (sim->request[i].ends_ns < sim->request[best].ends_ns)
			best = i;
	if (!sim->requests || (!sim->off && disk_sim_next_ns(sim) > sim->now_ns))
		return false;
	request = sim->request[best];
	sim->request[best] = sim->request[--sim->requests];
	if (!sim->off)
		request_end(sim, &request);
	*done = (struct disk_done){.op = request.op,
		.file = request.file,
		.token = request.token,
		.error = sim->off ? -EIO : request.error};
	return true;
}

static int sim_wake_fd(struct disk *disk)
{
	(void)disk;
	return -1;
}

static void sim_free(struct disk *disk)
{
	disk_sim_free(sim_of(disk));
}

const struct disk_ops disk_sim_ops = {
	.name = "simulated",
	.open = sim_open,
	.close = sim_close,
	.allocate = sim_allocate,
	.rename = sim_rename,
	.remove = sim_remove,
	.list = sim_list,
	.read_now = sim_read_now,
	.write_now = sim_write_now,
	.flush_now = sim_flush_now,
	.submit = sim_submit,
	.poll = sim_poll,
	.wake_fd = sim_wake_fd,
	.free = sim_free,
};
