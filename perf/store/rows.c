// The domain "store": how long an append takes to be durable, by either disk, against a bare write
// and flush of the same file system. Prewritten files, no page cache.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/store/group.h"
#include "control/store/store.h"
#include "perf/bench.h"
#include "perf/clock.h"
#include "perf/store/place.h"

enum {
	SAMPLE_MS = 60,
	PAIRS = 41,
	ENTRY = 3000,    // bytes; its group is a block
	ENTRY_16 = 3800, // 16 of them: a group of 64 KiB
	BYTES = 64 << 20,
	WRITES_MAX = 16,
};

enum backend { BY_URING, BY_THREADS };

static const char *no_uring(const struct bench *bench)
{
	static char text[BENCH_ERROR_MAX];
	char folder[PLACE_SIZE];
	struct disk *disk;

	if (bench->param != BY_URING)
		return NULL;
	if (!place_make(folder))
		return "no folder can be made for the files";
	disk = disk_uring_new(folder);
	snprintf(text, sizeof(text), "not here: no io_uring: %s", strerror(errno));
	if (disk)
		disk->ops->free(disk);
	place_remove(folder);
	return disk ? NULL : text;
}

// ---- ours --------------------------------------------------------------------------------------

struct append {
	char folder[PLACE_SIZE];
	struct disk *disk;
	struct store *store;
	uint32_t writes, entry;
	uint64_t index, id, ended;
	int error;
	uint8_t bytes[ENTRY_16];
};

static void on_written(void *owner, uint64_t id, int error)
{
	struct append *a = owner;

	a->ended = id;
	a->error = error ? error : a->error;
}

static void on_nothing(void *owner, uint64_t what, int error)
{
	(void)owner, (void)what, (void)error;
}

// Everything that is under way, the next segment too.
static bool settle(struct append *a)
{
	struct pollfd wake = {.fd = a->disk->ops->wake_fd(a->disk), .events = POLLIN};

	store_turn(a->store);
	while (!store_idle(a->store) && a->error == 0) {
		if (poll(&wake, 1, 60000) != 1)
			return false;
		store_turn(a->store);
	}
	return a->error == 0;
}

static void append_close(void *state)
{
	struct append *a = state;

	if (a->store)
		settle(a);
	if (a->store)
		store_free(a->store);
	if (a->disk)
		a->disk->ops->free(a->disk);
	place_remove(a->folder);
	free(a);
}

static void *append_open(const struct bench *bench)
{
	struct append *a = calloc(1, sizeof(*a));
	const struct store_config config = {
		.node = 1,
		.segment_bytes = bench_instant ? 1 << 20 : BYTES,
		.group_bytes = 1 << 20,
	};
	struct store_recovered recovered;

	if (!a || !place_make(a->folder)) {
		free(a);
		return NULL;
	}
	a->writes = bench->argument;
	a->entry = a->writes > 1 ? ENTRY_16 : ENTRY;
	a->disk =
		bench->param == BY_URING ? disk_uring_new(a->folder) : disk_threads_new(a->folder);
	if (a->disk)
		a->store = store_open(a->disk, &config,
			&(struct store_callbacks){.on_written = on_written,
				.on_snapshot = on_nothing,
				.on_chunk = on_nothing,
				.owner = a},
			&recovered);
	if (a->store && recovered.verdict == STORE_EMPTY && settle(a))
		return a;
	append_close(a);
	return NULL;
}

static void append_write(struct append *a)
{
	struct raft_entry entry = {.index = ++a->index,
		.term = 1,
		.kind = RAFT_DATA,
		.size = a->entry,
		.data = a->bytes};
	struct raft_write write = {
		.id = ++a->id, .term = 1, .first = entry.index, .last = entry.index};

	store_write(a->store, &write, &entry);
}

static int append_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct append *a = state;
	struct pollfd wake = {.fd = a->disk->ops->wake_fd(a->disk), .events = POLLIN};
	uint64_t start = clock_ns(), before = start, now = start;

	do {
		for (uint32_t i = 0; i < a->writes; i++)
			append_write(a);
		for (store_turn(a->store); a->ended < a->id && a->error == 0; store_turn(a->store))
			poll(&wake, 1, 60000);
		now = clock_ns();
		histogram_record(out->latency, now - before);
		before = now;
		out->units += a->writes;
	} while (a->error == 0 && now - start < duration_ns);
	out->ns = now - start;
	out->hash = 1;
	if (a->error != 0)
		snprintf(out->error, sizeof(out->error), "a write failed: %s", strerror(-a->error));
	settle(a); // the next segment, if one was begun
	return a->error == 0 ? 0 : -1;
}

// ---- the bare file -----------------------------------------------------------------------------

struct raw {
	char folder[PLACE_SIZE];
	int fd;
	uint32_t size;
	uint64_t at, file;
	uint8_t *bytes;
};

static void raw_close(void *state)
{
	struct raw *r = state;

	if (r->fd >= 0)
		close(r->fd);
	place_remove(r->folder);
	free(r->bytes);
	free(r);
}

static bool raw_prewrite(struct raw *r)
{
	uint8_t *zeros = aligned_alloc(4096, 1 << 20);
	bool good = zeros != NULL;

	if (zeros)
		memset(zeros, 0, 1 << 20);
	for (uint64_t at = 0; good && at < r->file; at += 1 << 20)
		good = pwrite(r->fd, zeros, 1 << 20, (off_t)at) == 1 << 20;
	free(zeros);
	return good && fsync(r->fd) == 0;
}

static void *raw_open(const struct bench *bench)
{
	struct raw *r = calloc(1, sizeof(*r));
	char path[PLACE_SIZE + 8];

	if (!r || !place_make(r->folder)) {
		free(r);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/raw", r->folder);
	r->size = bench->argument;
	r->file = bench_instant ? 1 << 20 : BYTES;
	r->bytes = aligned_alloc(4096, r->size);
	r->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_DIRECT, 0600);
	if (r->fd < 0 && errno == EINVAL)
		r->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (r->bytes)
		memset(r->bytes, 0x5a, r->size);
	if (r->bytes && r->fd >= 0 && raw_prewrite(r))
		return r;
	raw_close(r);
	return NULL;
}

static int raw_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct raw *r = state;
	uint64_t start = clock_ns(), before = start, now = start;
	bool good;

	do {
		good = pwrite(r->fd, r->bytes, r->size, (off_t)r->at) == (ssize_t)r->size &&
		       fdatasync(r->fd) == 0;
		r->at = r->at + r->size + r->size > r->file ? 0 : r->at + r->size;
		now = clock_ns();
		histogram_record(out->latency, now - before);
		before = now;
		out->units++;
	} while (good && now - start < duration_ns);
	out->ns = now - start;
	out->hash = 1;
	if (!good)
		snprintf(out->error, sizeof(out->error), "a write failed: %s", strerror(errno));
	return good ? 0 : -1;
}

#define APPEND(ID, BY, WRITES)                                                                   \
	{                                                                                        \
		.id = "store/" ID, .unit = "ns", .limit = "store/raw/4096", .latency = true,     \
		.sample_ms = SAMPLE_MS, .pairs_max = PAIRS, .param = (BY), .argument = (WRITES), \
		.location = "control/store/commit.c:commit_step", .unavailable = no_uring,       \
		.open = append_open, .sample = append_sample, .close = append_close,             \
	}

const struct bench store_benches[] = {
	{.id = "store/raw/4096",
		.unit = "ns",
		.latency = true,
		.sample_ms = SAMPLE_MS,
		.param = BY_THREADS,
		.argument = 4096,
		.open = raw_open,
		.sample = raw_sample,
		.close = raw_close},
	APPEND("append/uring", BY_URING, 1),
	APPEND("append/threads", BY_THREADS, 1),
	APPEND("group-16/uring", BY_URING, 16),
	APPEND("group-16/threads", BY_THREADS, 16),
};

const size_t store_benches_count = sizeof(store_benches) / sizeof(store_benches[0]);
