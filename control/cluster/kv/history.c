// What happened last, for watches.
#include "control/cluster/kv/history.h"

#include <assert.h>
#include <stdlib.h>

void history_init(struct history *history, uint32_t events, uint64_t bytes_max)
{
	assert(events > 0 && (events & (events - 1)) == 0);
	*history = (struct history){.events = events, .bytes_max = bytes_max, .oldest = 1};
	history->event = kv_alloc(events * sizeof(history->event[0]));
}

void history_fini(struct history *history, struct kv_entry **limbo)
{
	history_begin_anew(history, 0, limbo);
	free(history->event);
}

// The oldest one goes, and with it the whole of its revision.
static void history_drop(struct history *history, struct kv_entry **limbo)
{
	const struct history_event *event = history_at(history, history->tail++);

	history->oldest = event->revision + 1;
	history->bytes -= entry_cost(event->entry);
	entry_put(event->entry, limbo);
}

void history_add(struct history *history, enum kv_event_kind kind, uint64_t revision,
	struct kv_entry *entry, struct kv_entry **limbo)
{
	if (history->head - history->tail == history->events)
		history_drop(history, limbo);
	history->event[history->head++ & (history->events - 1)] =
		(struct history_event){revision, entry_get(entry), kind};
	history->bytes += entry_cost(entry);
	while (history->bytes > history->bytes_max)
		history_drop(history, limbo);
}

void history_begin_anew(struct history *history, uint64_t revision, struct kv_entry **limbo)
{
	while (history->tail < history->head)
		history_drop(history, limbo);
	history->oldest = revision + 1;
}

uint64_t history_seek(const struct history *history, uint64_t revision)
{
	uint64_t low = history->tail, high = history->head;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (history_at(history, middle)->revision < revision)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void history_check(const struct history *history, uint64_t revision)
{
	uint64_t bytes = 0, before = 0;

	assert(history->head - history->tail <= history->events);
	assert(history->oldest <= revision + 1);
	for (uint64_t i = history->tail; i < history->head; i++) {
		const struct history_event *event = history_at(history, i);

		assert(event->revision >= before && event->revision <= revision);
		assert(event->entry->refs > 0);
		before = event->revision;
		bytes += entry_cost(event->entry);
	}
	assert(bytes == history->bytes && bytes <= history->bytes_max);
}
