// Steps of congestion control out of the worker: one writer, records that a slow reader loses,
// never a wait. A session that nobody traces never comes here.
#include "dataplane/observe/trace.h"

#include "dataplane/worker.h"

static void trace_put(
	struct worker *w, uint32_t ring, uint32_t number, const struct trace_record *record)
{
	struct plane_trace *trace = &w->tables->trace[ring];
	const struct plane_trace_slot slot = {.number = number, .record = *record};

	broadcast_put(&trace->written, trace->slots, sizeof(slot), PLANE_TRACE_SLOTS, &slot);
}

void trace_write(void *worker, void *session, const struct trace_record *record)
{
	struct worker *w = worker;
	const struct session *s = session;

	for (uint32_t ring = 0; ring < PLANE_TRACES_MAX; ring++)
		if (w->traces[ring].number && w->traces[ring].cid == s->cid)
			trace_put(w, ring, w->traces[ring].number, record);
}

static void trace_start(struct worker *w, uint32_t ring, uint32_t number, uint32_t cid)
{
	struct conn *c = transport_find(w->transport, cid);
	_Atomic uint32_t *owner = &w->tables->trace[ring].number;
	struct trace_record record;

	if (!c || number == 0 || atomic_load_explicit(owner, memory_order_acquire) != 0)
		return;
	atomic_store_explicit(owner, number, memory_order_relaxed);
	w->traces[ring] = (struct worker_trace){.number = number, .cid = cid};
	conn_trace_set(w->transport, c, true);
	conn_trace_get(c, w->now_ns, &record);
	trace_put(w, ring, number, &record);
}

static void trace_stop(struct worker *w, uint32_t ring)
{
	uint32_t cid = w->traces[ring].cid;
	struct conn *c = transport_find(w->transport, cid);
	bool wanted = false;

	w->traces[ring] = (struct worker_trace){0};
	for (uint32_t other = 0; other < PLANE_TRACES_MAX; other++)
		wanted |= w->traces[other].number && w->traces[other].cid == cid;
	if (c)
		conn_trace_set(w->transport, c, wanted);
	// Release: from here on another worker may write there.
	atomic_store_explicit(&w->tables->trace[ring].number, 0, memory_order_release);
}

void trace_apply(struct worker *w, const struct plane_command *command)
{
	uint32_t ring = command->ring;

	if (ring >= PLANE_TRACES_MAX)
		return;
	if (command->flags & 1)
		trace_start(w, ring, command->request, command->cid);
	else if (w->traces[ring].number && w->traces[ring].number == command->request)
		trace_stop(w, ring);
}

void trace_stop_all(struct worker *w)
{
	for (uint32_t ring = 0; ring < PLANE_TRACES_MAX; ring++)
		if (w->traces[ring].number)
			trace_stop(w, ring);
}
