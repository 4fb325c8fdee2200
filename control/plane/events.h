// The only place that takes events from the dataplane.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/plane.h"

struct events {
	uint32_t channels; // 0: detached
	struct ring_consumer consumer[PLANE_CHANNELS];
	const struct plane_dataplane *peer;
	uint64_t lost[PLANE_WORKERS_MAX]; // events_lost as last seen
};

typedef void (*events_fn)(void *owner, const struct plane_event *event);

void events_init(struct events *events);
void events_attach(struct events *events, uint32_t workers, struct plane_control *mine,
	const struct plane_dataplane *peer);
void events_detach(struct events *events);

// Takes what is there, up to a bound for one turn, then says "asleep" on every ring. EVENTS_MORE:
// call again soon.
enum events_verdict { EVENTS_ASLEEP, EVENTS_MORE, EVENTS_CORRUPT };
enum events_verdict events_take(struct events *events, events_fn on_event, void *owner);
// True once after a worker found its ring full.
bool events_lost(struct events *events);
