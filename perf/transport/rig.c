// The process of a pair, and the page through which it is told what to do. See rig.h.
#include "perf/transport/rig.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "perf/codec/corpus.h"
#include "perf/pin.h"
#include "perf/transport/apps.h"
#include "perf/transport/hugepages.h"
#include "perf/transport/scene.h"

enum { EXTRA_SIZE = 1 << 16, MEMORY_MB = 512, TRIES_MAX = 8 };

static scene_run *const scenes[SCENE_COUNT] = {
	[SCENE_GOODPUT] = scene_goodput,
	[SCENE_RAW] = scene_raw,
	[SCENE_RAW_COPIED] = scene_raw_copied,
	[SCENE_RAW_SEALED] = scene_raw_sealed,
	[SCENE_MESSAGES] = scene_messages,
	[SCENE_RAW_FRAMES] = scene_raw_frames,
	[SCENE_RTT] = scene_rtt,
	[SCENE_RTT_QUIET] = scene_rtt_quiet,
	[SCENE_RTT_LOADED] = scene_rtt_loaded,
	[SCENE_RTT_BEHIND] = scene_rtt_behind,
	[SCENE_RTT_URGENT] = scene_rtt_urgent,
	[SCENE_RAW_RTT] = scene_raw_rtt,
	[SCENE_FAIRNESS] = scene_fairness,
	[SCENE_SLOW] = scene_slow,
	[SCENE_SLOW_NOT] = scene_slow_not,
	[SCENE_IDLE] = scene_idle,
	[SCENE_NOTHING] = scene_nothing,
	[SCENE_GOODPUT_APP] = scene_goodput_app,
	[SCENE_MESSAGES_APP] = scene_messages_app,
	[SCENE_RTT_APP] = scene_rtt_app,
};

// Shared by both processes; one request at a time, its turn told by a byte on the socket.
struct rig_page {
	uint32_t scene, argument;
	uint64_t duration_ns;
	int result;
	struct bench_figures figures;
	struct histogram latency;
	char extra[EXTRA_SIZE]; // JSON; empty: none
};

// A row's side: its scene in the process that both sides share.
struct rig {
	uint32_t scene, argument;
};

// The one process; rows are measured one after the other.
static struct {
	uint32_t link; // kind and MTU
	unsigned users;
	pid_t pid;
	int socket;
	struct rig_page *page;
} child = {.socket = -1};

// ---- in the child

static void child_extra(struct rig_page *page)
{
	char *text = page->figures.extra ? json_dumps(page->figures.extra, 0) : NULL;

	page->extra[0] = 0;
	if (text && strlen(text) < EXTRA_SIZE)
		memcpy(page->extra, text, strlen(text) + 1);
	free(text);
	json_decref(page->figures.extra);
	page->figures.extra = NULL;
}

// A machine whose CPUs others have may leave nothing done in a short sample: it goes on, and the
// time that it took so far counts.
static int child_scene(struct scene *scene, scene_run *run)
{
	struct bench_figures *out = scene->out;
	uint64_t ns = 0;
	int result = 0;

	for (unsigned tries = 0; result == 0 && out->units == 0 && tries < TRIES_MAX; tries++) {
		json_decref(out->extra);
		out->extra = NULL;
		result = run(scene);
		ns += out->ns;
		scene->duration_ns *= 2;
	}
	out->ns = ns;
	return result;
}

static void child_sample(struct pair *pair, uint32_t mtu, struct rig_page *page)
{
	struct scene scene = {.pair = pair,
		.mtu = mtu,
		.argument = page->argument,
		.duration_ns = page->duration_ns,
		.out = &page->figures};

	page->figures =
		(struct bench_figures){.latency = &page->latency, .counters = {-1, -1, -1, -1}};
	histogram_clear(&page->latency);
	page->result = pair_sessions(pair, 1);
	if (page->result == 0)
		page->result = child_scene(&scene, scenes[page->scene]);
	if (page->result < 0 && !page->figures.error[0])
		snprintf(page->figures.error, sizeof(page->figures.error), "%.190s", pair->error);
	child_extra(page);
}

// What a codec can pack, in all of the sources' buffers. -1: there is none.
static int child_text(struct pair *pair)
{
	const uint8_t *text = corpus_bytes(CORPUS_TEXT);

	for (uint32_t at = 0; text && at < ENDPOINT_BUFFERS * APP_BLOCK_SIZE; at += CORPUS_SIZE)
		memcpy(pair->node[0].endpoint.buffers + at, text, CORPUS_SIZE);
	return text ? 0 : -1;
}

// Serves until the other end closes. The harness died: so do we, and give back what was taken.
static void child_main(uint32_t kind, uint32_t mtu, int socket, struct rig_page *page)
{
	struct apps *apps = apps_new(); // first: they are copies of us
	struct pair *pair;
	bool ready = false;
	char byte = 0;

	if (!bench_instant)
		hugepages_take(MEMORY_MB);
	pair = pair_new((enum link_kind)(kind & 0xf), mtu, page->figures.error,
		sizeof(page->figures.error));
	if (pair) {
		pair->apps = apps;
		pair->cipher = kind >> 4 & 3;
		pair->codec = kind >> 6 & 3;
		ready = pair->codec == CODEC_NONE || child_text(pair) == 0;
	}
	page->result = ready ? 0 : -1;
	while (send(socket, &byte, 1, MSG_NOSIGNAL) == 1 && ready && read(socket, &byte, 1) == 1)
		child_sample(pair, mtu, page);
	apps_free(apps);
	if (pair)
		pair_free(pair);
	hugepages_give();
	_exit(0);
}

// ---- in the harness

// False: the child is gone.
static bool child_answers(void)
{
	char byte;

	return read(child.socket, &byte, 1) == 1;
}

static void child_end(void)
{
	close(child.socket);
	waitpid(child.pid, NULL, 0);
	munmap(child.page, sizeof(*child.page));
	child.socket = -1;
	child.users = 0;
}

static bool child_start(uint32_t link)
{
	int ends[2];

	child.page = mmap(NULL, sizeof(*child.page), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child.page == MAP_FAILED ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	fflush(NULL);
	child.pid = fork();
	if (child.pid == 0) {
		close(ends[0]);
		signal(SIGINT, SIG_IGN); // the harness ends us, by its own end
		child_main(link & 0xff, link >> 8, ends[1], child.page);
	}
	close(ends[1]);
	child.socket = ends[0];
	child.link = link;
	if (child.pid > 0 && child_answers() && child.page->result == 0)
		return true;
	fprintf(stderr, "sluice-perf: %s\n",
		child.page->figures.error[0] ? child.page->figures.error
					     : "no process for the nodes");
	child_end();
	return false;
}

void *rig_open(const struct bench *bench)
{
	uint32_t link = bench->param >> 8;
	struct rig *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->scene = bench->param & 0xff;
	r->argument = bench->argument;
	if (child.users == 0 && !child_start(link)) {
		free(r);
		return NULL;
	}
	child.users++;
	return r;
}

int rig_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	const struct rig *r = state;
	struct histogram *latency = out->latency;
	char byte = 1;

	child.page->scene = r->scene;
	child.page->argument = r->argument;
	child.page->duration_ns = duration_ns;
	if (send(child.socket, &byte, 1, MSG_NOSIGNAL) != 1 || !child_answers()) {
		snprintf(out->error, sizeof(out->error), "the process of the nodes ended");
		return -1;
	}
	*out = child.page->figures;
	out->latency = latency;
	histogram_add(latency, &child.page->latency);
	out->extra = child.page->extra[0] ? json_loads(child.page->extra, 0, NULL) : NULL;
	return child.page->result;
}

void rig_close(void *state)
{
	free(state);
	if (--child.users == 0)
		child_end();
}

const char *rig_unavailable(const struct bench *bench)
{
	int cpus[2];

	if (pin_cpus(cpus, 2) < 2)
		return "it needs two CPUs";
	return link_unavailable((enum link_kind)(bench->param >> 8 & 0xf));
}
