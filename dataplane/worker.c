// A worker's memory, thread, start and stop.
#include "dataplane/worker.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/observe/trace.h"
#include "dataplane/transform/codec.h"

// Zeroed and cache aligned, taken once at start. Anonymous
// pages, so that slots nobody uses cost nothing.
static void *worker_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_DONTDUMP); // keys lie here
	return p;
}

// Of the codecs: megabytes that every record walks through, so few page table entries are better.
static struct codec_workspace *worker_codecs(void)
{
	void *memory = worker_memory(codec_workspace_size());

	if (!memory)
		return NULL;
	madvise(memory, codec_workspace_size(), MADV_HUGEPAGE);
	return codec_workspace_init(memory);
}

static uint8_t *env_block_get(void *context, void *owner)
{
	return session_block_get(context, owner);
}

static void env_block_put(void *context, void *owner, uint8_t *block)
{
	session_block_put(context, owner, block);
}

static const struct transport_config *transport_settings(
	struct worker *w, struct transport_config *config, uint64_t boot_id)
{
	*config = (struct transport_config){
		.worker = (uint8_t)w->index,
		.conns = CONNS_MAX,
		.boot_id = boot_id,
		.seed = boot_id ^ ((uint64_t)w->index << 56),
		.env = {.context = w,
			.block_get = env_block_get,
			.block_put = env_block_put,
			.trace = trace_write},
	};
	return config;
}

static int worker_fail(struct worker *w, const char *what)
{
	snprintf(w->error, sizeof(w->error), "worker %u: no memory for %s", w->index, what);
	worker_fini(w);
	return -1;
}

int worker_init(struct worker *w, uint16_t index, const struct config *config, struct port **port,
	struct steer *steer, struct plane_dataplane *tables, uint64_t boot_id)
{
	struct transport_config settings;
	char why[96];
	void *memory;

	*w = (struct worker){.index = index,
		.config = config,
		.ports = config->links,
		.port = port,
		.steer = steer,
		.tables = tables};
	transport_settings(w, &settings, boot_id);
	memory = worker_memory(transport_size(&settings));
	if (!memory)
		return worker_fail(w, "connections");
	w->transport_memory = memory;
	w->transport = transport_init(memory, &settings, clock_now());
	if (seal_engine_init(&w->seal, config->cipher_backend, why, sizeof(why)) != 0) {
		snprintf(w->error, sizeof(w->error), "worker %u: %s", index, why);
		worker_fini(w);
		return -1;
	}
	w->keys = worker_memory(CONNS_MAX * sizeof(*w->keys));
	w->sessions = worker_memory(CONNS_MAX * sizeof(*w->sessions));
	w->backlog = worker_memory(PORTS_MAX * sizeof(*w->backlog));
	w->inbox = worker_memory(sizeof(*w->inbox));
	w->outbox = worker_memory(sizeof(*w->outbox));
	w->codec_workspace = worker_codecs();
	w->scratch = worker_memory(WORKER_SCRATCH_SIZE);
	w->discard_memory = worker_memory(WORKER_DISCARD_BLOCKS * BLOCK_SIZE);
	if (!w->keys || !w->sessions || !w->backlog || !w->inbox || !w->outbox ||
		!w->codec_workspace || !w->scratch || !w->discard_memory)
		return worker_fail(w, "tables");
	for (uint32_t i = 0; i < WORKER_DISCARD_BLOCKS; i++)
		w->discard[w->discard_count++] = w->discard_memory + i * BLOCK_SIZE;
	mailbox_init(w->inbox);
	mailbox_init(w->outbox);
	return 0;
}

static void worker_unmap(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

void worker_fini(struct worker *w)
{
	struct transport_config settings;

	for (uint16_t p = 0; w->backlog && p < w->ports; p++)
		for (struct backlog *b = &w->backlog[p]; b->count > 0; b->count--)
			port_mbuf_put(b->mbufs[(b->head + b->count - 1) % TX_BACKLOG_MAX]);
	worker_unmap(w->transport_memory, transport_size(transport_settings(w, &settings, 0)));
	for (uint32_t slot = 0; w->keys && slot < CONNS_MAX; slot++)
		if (w->sessions && w->sessions[slot].conn)
			keys_fini(&w->keys[slot]);
	worker_unmap(w->keys, CONNS_MAX * sizeof(*w->keys));
	worker_unmap(w->sessions, CONNS_MAX * sizeof(*w->sessions));
	seal_engine_fini(&w->seal);
	worker_unmap(w->backlog, PORTS_MAX * sizeof(*w->backlog));
	worker_unmap(w->inbox, sizeof(*w->inbox));
	worker_unmap(w->outbox, sizeof(*w->outbox));
	worker_unmap(w->codec_workspace, codec_workspace_size());
	worker_unmap(w->scratch, WORKER_SCRATCH_SIZE);
	worker_unmap(w->discard_memory, WORKER_DISCARD_BLOCKS * BLOCK_SIZE);
}

static void *worker_thread(void *argument)
{
	struct worker *w = argument;
	char name[16];

	snprintf(name, sizeof(name), "sluice-w%u", w->index);
	if (eal_thread_join(name, w->config->cores[w->index], w->error, sizeof(w->error)) != 0) {
		atomic_store(&w->started, -1);
		return NULL;
	}
	atomic_store_explicit(
		&w->tables->worker[w->index].tid, (uint64_t)gettid(), memory_order_relaxed);
	atomic_store(&w->started, 1);
	worker_run(w);
	eal_thread_leave();
	return NULL;
}

int worker_start(struct worker *w)
{
	int error = pthread_create(&w->thread, NULL, worker_thread, w);

	if (error) {
		snprintf(w->error, sizeof(w->error), "worker %u: %s", w->index, strerror(error));
		return -1;
	}
	while (atomic_load(&w->started) == 0)
		sched_yield();
	if (atomic_load(&w->started) > 0)
		return 0;
	pthread_join(w->thread, NULL);
	return -1;
}

void worker_stop(struct worker *w)
{
	const struct mail stop = {.type = MAIL_STOP};

	while (!mailbox_give(w->inbox, &stop)) // full: the worker is taking letters
		sched_yield();
	pthread_join(w->thread, NULL);
}
