// Lists through arrays: elements are named by their index, each has a pair of links for each list
// it may be in. Inline, so that the stride is a constant where it counts.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIST_NONE 0xffffu

struct links {
	uint16_t prev, next; // LIST_NONE: the end; a list knows nothing of who is not in it
};

struct list {
	uint16_t head, tail;
};

#define LIST_EMPTY ((struct list){LIST_NONE, LIST_NONE})

// Where the links of element 0 are, and how far it is to those of the next.
#define LINKS(array, field) (&(array)->field), sizeof(*(array))

static inline struct links *list_links(struct links *first, size_t stride, uint16_t at)
{
	return (struct links *)(void *)((uint8_t *)first + stride * at);
}

static inline void list_push_head(
	struct list *list, struct links *first, size_t stride, uint16_t at)
{
	struct links *its = list_links(first, stride, at);

	*its = (struct links){LIST_NONE, list->head};
	if (list->head == LIST_NONE)
		list->tail = at;
	else
		list_links(first, stride, list->head)->prev = at;
	list->head = at;
}

static inline void list_push_tail(
	struct list *list, struct links *first, size_t stride, uint16_t at)
{
	struct links *its = list_links(first, stride, at);

	*its = (struct links){list->tail, LIST_NONE};
	if (list->tail == LIST_NONE)
		list->head = at;
	else
		list_links(first, stride, list->tail)->next = at;
	list->tail = at;
}

static inline void list_remove(struct list *list, struct links *first, size_t stride, uint16_t at)
{
	struct links its = *list_links(first, stride, at);

	if (its.prev == LIST_NONE)
		list->head = its.next;
	else
		list_links(first, stride, its.prev)->next = its.next;
	if (its.next == LIST_NONE)
		list->tail = its.prev;
	else
		list_links(first, stride, its.next)->prev = its.prev;
}
