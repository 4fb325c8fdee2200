// Nothing to do: what two idle nodes leave of their CPUs, a session open between them.
#include <jansson.h>
#include <time.h>

#include "perf/transport/scene.h"

#define CALM_NS 150000000ull // until a node's naps are at their longest

int scene_idle(struct scene *s)
{
	struct pair *p = s->pair;
	uint64_t cpu_ns;

	scene_sources(s, 0, 0, 1);
	for (unsigned side = 0; side < 2; side++)
		p->node[side].config.idle = IDLE_ADAPTIVE;
	pair_run(p, CALM_NS);
	cpu_ns = duo_cpu_ns(p->duo);
	scene_go(s);
	cpu_ns = duo_cpu_ns(p->duo) - cpu_ns;
	for (unsigned side = 0; side < 2; side++)
		p->node[side].config.idle = IDLE_BUSY;
	s->out->units = 2 * s->out->ns - cpu_ns;
	s->out->hash = 1;
	scene_extra(s,
		json_pack("{s:f}", "cpu_of_one_node", (double)cpu_ns / (2.0 * (double)s->out->ns)));
	return 0;
}

int scene_nothing(struct scene *s)
{
	s->out->ns = duo_run(s->pair->duo, NULL, NULL, NULL, NULL, s->duration_ns);
	s->out->units = 2 * s->out->ns;
	s->out->hash = 1;
	return 0;
}
