// Watches read the shared history, each from where it stands: who is slow costs nothing.
#include "control/cluster/kv/state.h"

void kv_watch_init(const struct kv *kv, struct kv_watch *watch, const struct kv_range *range,
	uint64_t revision)
{
	*watch = (struct kv_watch){
		.range = *range, .revision = revision ? revision : kv->revision + 1};
	watch->position = history_seek(&kv->history, watch->revision);
}

static bool wanted(const struct kv_watch *watch, const struct history_event *event)
{
	return event->revision >= watch->revision &&
	       kv_range_has(&watch->range, entry_key(event->entry));
}

// Whether another event of this revision follows that the watch wants.
static bool more_follows(
	const struct history *history, const struct kv_watch *watch, uint64_t revision)
{
	for (uint64_t i = watch->position; i < history->head; i++) {
		const struct history_event *event = history_at(history, i);

		if (event->revision != revision)
			return false;
		if (wanted(watch, event))
			return true;
	}
	return false;
}

enum kv_watch_result kv_watch_next(
	const struct kv *kv, struct kv_watch *watch, struct kv_event *event)
{
	const struct history *history = &kv->history;

	if (watch->revision < history->oldest) {
		watch->revision = history->oldest;
		watch->position = history_seek(history, watch->revision);
		return KV_WATCH_COMPACTED;
	}
	if (watch->position < history->tail)
		watch->position = history->tail;
	while (watch->position < history->head) {
		const struct history_event *next = history_at(history, watch->position++);

		if (!wanted(watch, next))
			continue;
		*event = (struct kv_event){.kind = next->kind,
			.revision = next->revision,
			.item = entry_item(next->entry),
			.more = more_follows(history, watch, next->revision)};
		watch->revision = next->revision + !event->more;
		return KV_WATCH_EVENT;
	}
	if (watch->revision <= kv->revision)
		watch->revision = kv->revision + 1;
	return KV_WATCH_UP_TO_DATE;
}
