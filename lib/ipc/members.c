// The members of the cluster in control's region.
#include "lib/ipc/members.h"

#include <stdatomic.h>
#include <string.h>

struct plane_member *plane_members_begin(struct plane_members *members)
{
	uint64_t number = atomic_load_explicit(&members->published, memory_order_relaxed) + 1;

	atomic_store_explicit(&members->writing, number, memory_order_relaxed);
	// Before any byte of the list: pairs with the fence in list_is_whole.
	atomic_thread_fence(memory_order_release);
	return members->list[number % 2].member;
}

void plane_members_end(struct plane_members *members, uint32_t count)
{
	uint64_t number = atomic_load_explicit(&members->writing, memory_order_relaxed);

	members->list[number % 2].count = count;
	// After every byte of the list.
	atomic_store_explicit(&members->published, number, memory_order_release);
}

// Was the list `number` left alone until now? It is written again as number + 2.
static bool list_is_whole(const struct plane_members *members, uint64_t number)
{
	atomic_thread_fence(memory_order_acquire); // what was read, before this look
	return atomic_load_explicit(&members->writing, memory_order_relaxed) - number <= 1;
}

static uint32_t list_count(const struct plane_members *members, uint64_t number)
{
	uint32_t count = members->list[number % 2].count;

	return count <= PLANE_MEMBERS_MAX ? count : PLANE_MEMBERS_MAX;
}

// Whatever is in the list, the search ends after log2 steps, and reads inside of it.
static bool list_find(
	const struct plane_member *list, uint32_t count, const char *name, struct plane_member *to)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strncmp(list[middle].name, name, NAME_SIZE);

		if (order == 0) {
			memcpy(to, &list[middle], sizeof(*to));
			to->name[NAME_SIZE - 1] = 0;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool plane_members_find(
	const struct plane_members *members, const char *name, struct plane_member *to)
{
	for (int i = 0; i < PLANE_MEMBERS_TRIES; i++) {
		uint64_t number = atomic_load_explicit(&members->published, memory_order_acquire);
		bool found = number && list_find(members->list[number % 2].member,
					       list_count(members, number), name, to);

		if (list_is_whole(members, number))
			return found && strncmp(to->name, name, NAME_SIZE) == 0;
	}
	return false;
}

uint32_t plane_members_count(const struct plane_members *members, uint64_t *number)
{
	*number = atomic_load_explicit(&members->published, memory_order_acquire);
	return *number ? list_count(members, *number) : 0;
}
