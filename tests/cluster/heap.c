// See heap.h.
#include "tests/cluster/heap.h"

#include <assert.h>
#include <stdlib.h>

enum { CHILDREN = 4 };

static bool before(const struct event *a, const struct event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

void heap_put(struct heap *heap, struct event event)
{
	size_t at = heap->count++;

	if (heap->count > heap->size) {
		heap->size = heap->size ? 2 * heap->size : 1024;
		heap->events = realloc(heap->events, heap->size * sizeof(*heap->events));
		if (!heap->events)
			abort();
	}
	event.number = heap->number++;
	while (at && before(&event, &heap->events[(at - 1) / CHILDREN])) {
		heap->events[at] = heap->events[(at - 1) / CHILDREN];
		at = (at - 1) / CHILDREN;
	}
	heap->events[at] = event;
}

static size_t earliest_child(const struct heap *heap, size_t at)
{
	size_t first = at * CHILDREN + 1, best = first;

	for (size_t i = first + 1; i < first + CHILDREN && i < heap->count; i++)
		if (before(&heap->events[i], &heap->events[best]))
			best = i;
	return best;
}

struct event heap_take(struct heap *heap)
{
	struct event top = heap->events[0], last;
	size_t at = 0, child;

	assert(heap->count);
	last = heap->events[--heap->count];
	while ((child = earliest_child(heap, at)) < heap->count &&
		before(&heap->events[child], &last)) {
		heap->events[at] = heap->events[child];
		at = child;
	}
	heap->events[at] = last;
	return top;
}

void heap_fini(struct heap *heap)
{
	free(heap->events);
	*heap = (struct heap){0};
}
