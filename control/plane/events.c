// The only place that takes events from the dataplane.
#include "control/plane/events.h"

#include <string.h>

#define EVENTS_BATCH 16
#define EVENTS_TURN  256 // of one channel: the loop has other guests

void events_init(struct events *events)
{
	memset(events, 0, sizeof(*events));
}

void events_attach(struct events *events, uint32_t workers, struct plane_control *mine,
	const struct plane_dataplane *peer)
{
	events->channels = 1 + workers;
	events->peer = peer;
	for (uint32_t c = 0; c < events->channels; c++)
		ring_consumer_init(&events->consumer[c], peer->channels[c].event_slots,
			&peer->channels[c].event_tail, &mine->channels[c].event_head,
			sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	for (uint32_t w = 0; w < workers; w++)
		events->lost[w] =
			atomic_load_explicit(&peer->worker[w].events_lost, memory_order_relaxed);
}

void events_detach(struct events *events)
{
	events_init(events);
}

static void event_terminate(struct plane_event *event)
{
	event->node[sizeof(event->node) - 1] = 0;
	event->service[sizeof(event->service) - 1] = 0;
	event->text[sizeof(event->text) - 1] = 0;
}

// The callback may detach us: nothing is touched after a batch without asking.
static enum events_verdict channel_take(
	struct events *events, uint32_t channel, events_fn on_event, void *owner)
{
	struct plane_event batch[EVENTS_BATCH];
	uint32_t taken = 0;

	ring_awake(&events->consumer[channel]);
	while (taken < EVENTS_TURN) {
		uint32_t count = ring_take(&events->consumer[channel], batch, EVENTS_BATCH);

		if (count == RING_CORRUPT)
			return EVENTS_CORRUPT;
		if (count == 0 && ring_sleep(&events->consumer[channel]))
			return EVENTS_ASLEEP;
		for (uint32_t i = 0; i < count && events->channels; i++) {
			event_terminate(&batch[i]);
			on_event(owner, &batch[i]);
		}
		if (!events->channels)
			return EVENTS_ASLEEP;
		taken += count;
	}
	return EVENTS_MORE;
}

enum events_verdict events_take(struct events *events, events_fn on_event, void *owner)
{
	enum events_verdict verdict = EVENTS_ASLEEP;

	for (uint32_t c = 0; c < events->channels; c++) {
		enum events_verdict one = channel_take(events, c, on_event, owner);

		if (one > verdict)
			verdict = one;
		if (one == EVENTS_CORRUPT)
			break;
	}
	return verdict;
}

bool events_lost(struct events *events)
{
	bool lost = false;

	for (uint32_t w = 0; w + 1 < events->channels; w++) {
		uint64_t now = atomic_load_explicit(
			&events->peer->worker[w].events_lost, memory_order_relaxed);

		lost = lost || now != events->lost[w];
		events->lost[w] = now;
	}
	return lost;
}
