// The same with applications attached: two processes on libsluice instead of the endpoints in the
// workers' threads. On fewer than four CPUs an application shares the CPU of its worker, which then
// naps and yields when it has nothing to do (idle mode adaptive), as it must there; with four each
// has its own, and the workers poll.
#include <jansson.h>
#include <rte_cycles.h>

#include "perf/transport/apps.h"
#include "perf/transport/scene.h"

// Between two pings: more than one takes when two processes have to wake up on the way.
#define GAP_NS 250000ull

static void idle_set(struct pair *p, enum idle_policy idle)
{
	for (unsigned side = 0; side < 2; side++)
		p->node[side].config.idle = idle;
}

// Those of the rig's process are there already; an application's are of its whole job, the
// settling of what was on its way with it.
static void counters_add(struct scene *s, const struct apps *apps, uint64_t cpu_ns)
{
	struct bench_counters *c = &s->out->counters;

	c->cycles += (double)cpu_ns * (double)rte_get_tsc_hz() / 1e9;
	for (unsigned side = 0; side < 2; side++) {
		const struct app_page *page = apps_page(apps, side);

		c->allocs = page->allocs < 0 ? -1 : c->allocs + (double)page->allocs;
		c->syscalls = page->syscalls < 0 ? -1 : c->syscalls + (double)page->syscalls;
	}
	scene_extra(s, json_pack("{s:b, s:f}", "cpus_of_their_own", apps_own_cpus(),
			       "cpu_of_applications", (double)cpu_ns / (double)s->out->ns));
}

struct app_figures {
	uint64_t bytes, received; // delivered while the scene ran
};

static int app_run(struct scene *s, enum app_job job, uint64_t gap_ns, struct app_figures *figures)
{
	struct pair *p = s->pair;
	struct apps *apps = p->apps;
	const struct app_page *to;
	uint64_t cpu_ns;

	if (apps_attach(apps, p) < 0)
		return -1;
	to = apps_page(apps, 1);
	s->watched = apps_cid(apps);
	scene_sources(s, 0, 0, 1);
	if (!apps_own_cpus())
		idle_set(p, IDLE_ADAPTIVE);
	if (apps_begin(apps, p, job, s->argument, gap_ns) < 0)
		return -1;
	*figures = (struct app_figures){to->bytes, to->received};
	cpu_ns = apps_cpu_ns(apps);
	scene_go(s);
	cpu_ns = apps_cpu_ns(apps) - cpu_ns;
	*figures =
		(struct app_figures){to->bytes - figures->bytes, to->received - figures->received};
	if (apps_end(apps, p) < 0)
		return -1;
	pair_settle(p);
	idle_set(p, IDLE_BUSY);
	counters_add(s, apps, cpu_ns);
	s->out->hash = 1 + to->wrong;
	return 0;
}

int scene_goodput_app(struct scene *s)
{
	struct app_figures figures;

	if (app_run(s, APP_RECORDS, 0, &figures) < 0)
		return -1;
	s->out->units = figures.bytes;
	return 0;
}

int scene_messages_app(struct scene *s)
{
	struct app_figures figures;

	if (app_run(s, APP_MESSAGES, 0, &figures) < 0)
		return -1;
	s->out->units = figures.received;
	s->out->counters.bytes_memcpy += (double)figures.bytes; // each is copied when it is given
	return 0;
}

int scene_rtt_app(struct scene *s)
{
	struct app_figures figures;

	if (app_run(s, APP_PING, GAP_NS, &figures) < 0)
		return -1;
	histogram_add(s->out->latency, &apps_page(s->pair->apps, 0)->latency);
	s->out->units = s->out->latency->count;
	return 0;
}
