// The snapshot of the members: gathered in slots by index, copied in the order of names into a slab
// that nobody reads, published by one store.
#include "control/cluster/members/members.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const member_state_names[MEMBER_STATE_COUNT] = {
	[MEMBER_NONE] = "none",
	[MEMBER_ALIVE] = "alive",
	[MEMBER_SUSPECT] = "suspect",
	[MEMBER_DEAD] = "dead",
	[MEMBER_LEFT] = "left",
};

struct members_slot {
	struct member member; // as it shall be published; state NONE: not there any more
	bool used;            // in `order`
	bool changed;         // in `changed`
	bool meta_changed;
	enum member_state published; // state in the snapshot; NONE: is not in it
	uint32_t place;              // in the snapshot
};

void members_init(struct members *members)
{
	memset(members, 0, sizeof(*members));
	members->current = &members->slabs[0]; // empty, generation 0
	members->own = members_reader_open(members);
}

void members_fini(struct members *members)
{
	for (int i = 0; i < MEMBERS_SLABS; i++)
		free(members->slabs[i].member);
	free(members->slots);
	free(members->order);
	free(members->changed);
}

// ---- reading ----

struct members_reader *members_reader_open(struct members *members)
{
	for (int i = 0; i < MEMBERS_READERS_MAX; i++) {
		struct members_reader *reader = &members->readers[i];
		bool free = false;

		if (!atomic_compare_exchange_strong(&reader->used, &free, true))
			continue;
		reader->current = &members->current;
		return reader;
	}
	return NULL;
}

void members_reader_close(struct members_reader *reader)
{
	// Release: what it read was read before the writer may use the slab again.
	atomic_store_explicit(&reader->held, NULL, memory_order_release);
	atomic_store_explicit(&reader->used, false, memory_order_release);
}

// Says what it is about to read, then looks whether that is still current: either the writer sees
// `held` before it uses the slab again (slab_is_free), or this loop sees that it moved on. Both
// sides store, then load the other's: sequentially consistent.
struct members_slab *members_hold(struct members_reader *reader)
{
	struct members_slab *slab;

	do {
		slab = atomic_load(reader->current);
		atomic_store(&reader->held, slab);
	} while (atomic_load(reader->current) != slab);
	return slab;
}

const struct member *members_find(const struct members_view *view, const char *name)
{
	uint32_t low = 0, high = view->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(view->member[middle].name, name);

		if (order == 0)
			return &view->member[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void members_count(const struct members_view *view, uint32_t counts[MEMBER_STATE_COUNT])
{
	memset(counts, 0, MEMBER_STATE_COUNT * sizeof(*counts));
	for (uint32_t i = 0; i < view->count; i++)
		counts[view->member[i].state]++;
}

// ---- gathering ----

// Makes room for `count` elements of `size` bytes; what is new is zero.
static int array_reserve(void **array, uint32_t *room, uint32_t count, size_t size)
{
	uint32_t more = *room ? *room : 16;
	uint8_t *grown;

	if (count <= *room)
		return 0;
	while (more < count)
		more *= 2;
	grown = realloc(*array, more * size);
	if (!grown)
		return -1;
	memset(grown + *room * size, 0, (more - *room) * size);
	*array = grown;
	*room = more;
	return 0;
}

// A slot with this index, and room in the lists for every slot once.
static int members_reserve(struct members *members, uint32_t index)
{
	uint32_t room = members->slots_count;

	if (index < room)
		return 0;
	if (index >= MEMBERS_MAX || array_reserve((void **)&members->slots, &room, index + 1,
					    sizeof(*members->slots)) < 0)
		return -1;
	if (array_reserve((void **)&members->order, &members->order_room, room,
		    sizeof(*members->order)) < 0 ||
		array_reserve((void **)&members->changed, &members->changed_room, room,
			sizeof(*members->changed)) < 0)
		return -1;
	members->slots_count = room;
	return 0;
}

// Where `member` is in `order`, or belongs. Two may have one name for a moment (one is forgotten
// soon): then the index decides.
static uint32_t order_place(const struct members *members, const struct member *member)
{
	uint32_t low = 0, high = members->order_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, index = members->order[middle];
		int order = strcmp(members->slots[index].member.name, member->name);

		if (order < 0 || (order == 0 && index < member->index))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void order_add(struct members *members, const struct member *member)
{
	uint32_t place = order_place(members, member), *order = members->order;

	memmove(order + place + 1, order + place, (members->order_count - place) * sizeof(*order));
	order[place] = member->index;
	members->order_count++;
}

static void order_remove(struct members *members, const struct member *member)
{
	uint32_t place = order_place(members, member), *order = members->order;

	assert(order[place] == member->index);
	members->order_count--;
	memmove(order + place, order + place + 1, (members->order_count - place) * sizeof(*order));
}

static void slot_changed(struct members *members, struct members_slot *slot)
{
	if (slot->changed)
		return;
	slot->changed = true;
	members->changed[members->changed_count++] = slot->member.index;
}

// The bytes of what a node says of itself; they have no padding that is not zero, for meta_decode
// begins with zeros.
static bool meta_same(const struct member *a, const struct member *b)
{
	return memcmp(&a->meta, &b->meta, sizeof(a->meta)) == 0 &&
	       address_equal(a->address, b->address) && a->port == b->port;
}

int members_set(struct members *members, const struct member *member)
{
	struct members_slot *slot;
	bool same_meta;

	assert(!members->publishing && member->state != MEMBER_NONE);
	if (members_reserve(members, member->index) < 0)
		return -1;
	slot = &members->slots[member->index];
	// Another node has this index now: the old one must be seen to go first.
	if (slot->published != MEMBER_NONE && strcmp(slot->member.name, member->name) != 0) {
		members_forget(members, member->index);
		if (members_publish(members) < 0)
			return -1;
	}
	same_meta = slot->used && meta_same(&slot->member, member);
	if (same_meta && slot->member.state == member->state &&
		slot->member.incarnation == member->incarnation &&
		slot->member.meta_version == member->meta_version) {
		slot->member.rtt_ns = member->rtt_ns; // is published with the next change
		return 0;
	}
	if (slot->used && strcmp(slot->member.name, member->name) != 0)
		members_forget(members, member->index); // was never published
	slot->member = *member;
	if (!slot->used)
		order_add(members, member);
	slot->used = true;
	slot->meta_changed |= !same_meta;
	slot_changed(members, slot);
	return 0;
}

void members_forget(struct members *members, uint32_t index)
{
	struct members_slot *slot = index < members->slots_count ? &members->slots[index] : NULL;

	assert(!members->publishing);
	if (!slot || !slot->used)
		return;
	order_remove(members, &slot->member);
	slot->used = false;
	slot_changed(members, slot);
}

bool members_changed(const struct members *members)
{
	return members->changed_count > 0;
}

// ---- publishing ----

static bool slab_is_free(struct members *members, const struct members_slab *slab)
{
	if (atomic_load(&members->current) == slab)
		return false;
	for (int i = 0; i < MEMBERS_READERS_MAX; i++) {
		if (atomic_load(&members->readers[i].held) == slab)
			return false; // pairs with members_hold
	}
	return true;
}

// There are more slabs than readers and the current one can keep from us.
static struct members_slab *slab_take(struct members *members)
{
	struct members_slab *slab = members->slabs;
	struct member *room;

	while (!slab_is_free(members, slab))
		slab++;
	assert(slab < members->slabs + MEMBERS_SLABS);
	if (slab->room >= members->order_count)
		return slab;
	room = malloc(members->order_room * sizeof(*room));
	if (!room)
		return NULL;
	free(slab->member);
	slab->member = room;
	slab->room = members->order_room;
	return slab;
}

static void watchers_tell(struct members *members, const struct members_delta *delta)
{
	for (struct members_watcher *watcher = members->watchers; watcher;
		watcher = members->watcher_next) {
		members->watcher_next = watcher->next;
		watcher->on_delta(watcher->owner, delta);
	}
}

static void change_tell(
	struct members *members, const struct members_slab *slab, struct members_slot *slot)
{
	struct members_delta delta = {
		.member = slot->used ? &slab->member[slot->place] : &slot->member,
		.from = slot->published,
		.to = slot->used ? (enum member_state)slot->member.state : MEMBER_NONE,
		.meta_changed = slot->meta_changed,
	};

	slot->published = delta.to;
	slot->changed = false;
	slot->meta_changed = false;
	if (delta.from != MEMBER_NONE || delta.to != MEMBER_NONE)
		watchers_tell(members, &delta);
}

int members_publish(struct members *members)
{
	struct members_slab *slab;

	if (members->changed_count == 0)
		return 0;
	slab = slab_take(members);
	if (!slab)
		return -1;
	slab->count = members->order_count;
	slab->generation = ++members->generation;
	for (uint32_t i = 0; i < slab->count; i++) {
		struct members_slot *slot = &members->slots[members->order[i]];

		slab->member[i] = slot->member;
		slot->place = i;
	}
	// Every byte of the slab before its address: pairs with the load in members_get.
	atomic_store(&members->current, slab);
	members->publishing = true;
	for (uint32_t i = 0; i < members->changed_count; i++)
		change_tell(members, slab, &members->slots[members->changed[i]]);
	members->publishing = false;
	members->changed_count = 0;
	return 0;
}

void members_watch(struct members *members, struct members_watcher *watcher)
{
	watcher->next = members->watchers;
	members->watchers = watcher;
}

void members_unwatch(struct members *members, struct members_watcher *watcher)
{
	if (members->watcher_next == watcher)
		members->watcher_next = watcher->next;
	for (struct members_watcher **at = &members->watchers; *at; at = &(*at)->next) {
		if (*at != watcher)
			continue;
		*at = watcher->next;
		return;
	}
}
