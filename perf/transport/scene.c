// Common to the scenes. See scene.h.
#include "perf/transport/scene.h"

#include <jansson.h>
#include <rte_cycles.h>

#include "perf/count.h"

enum { AHEAD = 64 };

// By ciphers that only copy, and into blocks: what our own code copies, both nodes.
static double copied(const struct pair *p)
{
	return (double)(p->node[0].w.counters.bytes_memcpy_sealed +
			p->node[1].w.counters.bytes_memcpy_opened);
}

void scene_go(struct scene *s)
{
	struct pair *p = s->pair;
	uint64_t cpu_ns = duo_cpu_ns(p->duo);
	struct watch watch;
	struct count count;

	watch_start(&watch, p, s->watched ? s->watched : p->session[0].end[0]->cid);
	s->out->counters.bytes_memcpy = copied(p);
	count_start(&count);
	s->out->ns = pair_run(p, s->duration_ns);
	count_stop(&count);
	s->out->counters.bytes_memcpy = copied(p) - s->out->counters.bytes_memcpy;
	s->out->counters.allocs = (double)count.allocs;
	s->out->counters.syscalls = (double)count.syscalls;
	cpu_ns = duo_cpu_ns(p->duo) - cpu_ns;
	s->out->counters.cycles = (double)cpu_ns * (double)rte_get_tsc_hz() / 1e9;
	watch_stop(&watch, s->out);
}

void scene_extra(struct scene *s, json_t *more)
{
	json_object_update(s->out->extra, more);
	json_decref(more);
}

void scene_sources(struct scene *s, unsigned sessions, uint32_t size, uint32_t streams)
{
	struct endpoint *e = &s->pair->node[0].endpoint;

	for (uint32_t i = 0; i < e->sessions; i++) {
		struct endpoint_session *from = &e->session[i];

		from->size = i < sessions ? size : 0;
		from->streams = streams;
		from->stream = 0;
		from->message = 0;
		from->gap_ns = from->next_ns = 0;
		from->ahead = AHEAD;
	}
	e->quiet = false;
}

uint64_t scene_bytes_received(const struct pair *p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->node[1].endpoint.sessions; i++)
		sum += p->node[1].endpoint.session[i].bytes_received;
	return sum;
}

void scene_hash(struct scene *s)
{
	s->out->hash = 1;
	for (uint32_t i = 0; i < s->pair->node[1].endpoint.sessions; i++)
		s->out->hash += s->pair->node[1].endpoint.session[i].wrong;
}
