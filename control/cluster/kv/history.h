// What happened last, for watches: a ring of events, bounded in number and bytes. It is this node's
// own: a snapshot does not have it.
#pragma once

#include <stdint.h>

#include "control/cluster/kv/entry.h"

struct history_event {
	uint64_t revision;
	struct kv_entry *entry; // DELETE: what was deleted
	enum kv_event_kind kind;
};

struct history {
	struct history_event *event; // a ring of `events`, a power of two
	uint32_t events;
	uint64_t tail, head; // numbers of the oldest event and of the next one
	uint64_t bytes, bytes_max;
	uint64_t oldest; // everything from this revision on is here
};

void history_init(struct history *history, uint32_t events, uint64_t bytes_max);
void history_fini(struct history *history, struct kv_entry **limbo);
void history_add(struct history *history, enum kv_event_kind kind, uint64_t revision,
	struct kv_entry *entry, struct kv_entry **limbo);
// Nothing is known of what was up to `revision`.
void history_begin_anew(struct history *history, uint64_t revision, struct kv_entry **limbo);
// The first event of `revision` or later.
uint64_t history_seek(const struct history *history, uint64_t revision);
void history_check(const struct history *history, uint64_t revision);

static inline const struct history_event *history_at(const struct history *history, uint64_t number)
{
	return &history->event[number & (history->events - 1)];
}
