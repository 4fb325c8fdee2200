// How busy a worker is, for those who may add work to it.
#include "dataplane/worker.h"

static uint32_t per_mille(uint64_t part, uint64_t whole)
{
	return whole ? (uint32_t)(part * 1000 / whole) : 0;
}

struct auto_signs load_signs(const struct worker_load *load, uint32_t limited_by)
{
	struct auto_signs signs;

	signs.blocked = limited_by != LIMITED_NOTHING && limited_by != LIMITED_APP;
	signs.idle = load->busy < WORKER_LOAD_IDLE && 2 * load->codec < WORKER_CODEC_SHARE;
	signs.late = load->codec > WORKER_CODEC_SHARE ||
		     (limited_by == LIMITED_APP && load->busy > WORKER_LOAD_LATE);
	return signs;
}

void load_look(struct worker *w)
{
	const struct worker_counters *c = &w->counters;
	struct worker_load *load = &w->load;
	uint64_t total = c->cycles_total - load->cycles_total;

	if (w->now_ns - load->since_ns < WORKER_LOAD_NS)
		return;
	*load = (struct worker_load){
		.since_ns = w->now_ns,
		.cycles_busy = c->cycles_busy,
		.cycles_total = c->cycles_total,
		.cycles_codec = c->cycles_codec,
		.busy = per_mille(c->cycles_busy - load->cycles_busy, total),
		.codec = per_mille(c->cycles_codec - load->cycles_codec, total),
	};
}
