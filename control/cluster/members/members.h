// Who is in the cluster, as everybody in this process reads it: a sorted, immutable snapshot that
// costs a reader one load. One thread (control's) writes: changes are gathered, and published
// together as the next snapshot.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/members/meta.h"
#include "lib/base/address.h"
#include "lib/ipc/names.h"

enum members_limits {
	MEMBERS_MAX = 16384,
	MEMBERS_READERS_MAX = 4, // threads
	MEMBERS_SLABS = MEMBERS_READERS_MAX + 2,
};

enum member_state {
	MEMBER_NONE = 0, // not known (yet, or any more): only in deltas
	MEMBER_ALIVE,
	MEMBER_SUSPECT, // does not answer; still counts as here
	MEMBER_DEAD,
	MEMBER_LEFT, // said so
	MEMBER_STATE_COUNT,
};

extern const char *const member_state_names[MEMBER_STATE_COUNT]; // "alive"

struct member {
	char name[NAME_SIZE];   // unique
	struct address address; // of its control process: datagrams and connections
	uint16_t port;
	uint8_t state;  // enum member_state
	bool self;      // this node
	uint32_t index; // of the SWIM core: stable while it is remembered
	uint32_t incarnation;
	uint32_t meta_version;
	uint64_t since_ns; // CLOCK_MONOTONIC, of the state
	uint64_t rtt_ns;   // of the last probe as of publishing, 0: none yet
	struct meta meta;
};

// Valid until the reader's next members_get.
struct members_view {
	const struct member *member; // sorted by name (strcmp)
	uint32_t count;
	uint64_t generation; // 0: nothing was ever published
};

struct members_slab {
	struct member *member;
	uint32_t count, room;
	uint64_t generation;
};

// One thread's. `held` is written by it, and read by the writer before it uses a slab again.
struct members_reader {
	_Alignas(64) struct members_slab *_Atomic held;
	struct members_slab *_Atomic *current; // of struct members
	_Atomic bool used;
};

// What became of one member from one snapshot to the next. from == to: its metadata or address
// changed. `member` is in the new snapshot, or, when `to` is MEMBER_NONE, as it was last; it is
// valid during the call.
struct members_delta {
	const struct member *member;
	enum member_state from, to;
	bool meta_changed;
};

// Embedded in its owner; on_delta is called on control's thread, after the snapshot that has the
// change is published, once for each changed member. It may stop any watcher, and must not set or
// forget members.
struct members_watcher {
	void (*on_delta)(void *owner, const struct members_delta *delta);
	void *owner;
	struct members_watcher *next;
};

struct members {
	struct members_slab *_Atomic current;
	struct members_slab slabs[MEMBERS_SLABS];
	struct members_reader readers[MEMBERS_READERS_MAX];
	struct members_reader *own;                      // control's
	struct members_watcher *watchers, *watcher_next; // next: while they are told
	bool publishing;
	uint64_t generation;

	// the next snapshot in the making
	struct members_slot *slots; // by member.index
	uint32_t slots_count;
	uint32_t *order; // indices sorted by name
	uint32_t order_count, order_room;
	uint32_t *changed; // indices that differ from what is published
	uint32_t changed_count, changed_room;
};

void members_init(struct members *members);
void members_fini(struct members *members);

// For another thread than control's; NULL when MEMBERS_READERS_MAX are taken. Any thread.
struct members_reader *members_reader_open(struct members *members);
void members_reader_close(struct members_reader *reader);
// No allocation, no lock, no system call. `reader` is the calling thread's.
static inline void members_get(struct members_reader *reader, struct members_view *view);
// NULL: nobody of that name.
const struct member *members_find(const struct members_view *view, const char *name);
// How many are in each state.
void members_count(const struct members_view *view, uint32_t counts[MEMBER_STATE_COUNT]);

// ---- control's thread only ----

// Sets the member of this index; what is the same as before changes nothing. 0, or -1: out of
// memory, or index >= MEMBERS_MAX.
int members_set(struct members *members, const struct member *member);
void members_forget(struct members *members, uint32_t index);
// Anything to publish?
bool members_changed(const struct members *members);
// Makes what was set and forgotten the new snapshot and tells the watchers. 0, or -1 when out of
// memory: nothing changed, it may be tried again.
int members_publish(struct members *members);
void members_watch(struct members *members, struct members_watcher *watcher);
void members_unwatch(struct members *members, struct members_watcher *watcher);

// Slow half of members_get: takes hold of the slab that is current.
struct members_slab *members_hold(struct members_reader *reader);

static inline void members_get(struct members_reader *reader, struct members_view *view)
{
	struct members_slab *slab = atomic_load_explicit(reader->current, memory_order_acquire);

	// What this reader holds is not used again, so the same address is the same snapshot.
	if (slab != atomic_load_explicit(&reader->held, memory_order_relaxed))
		slab = members_hold(reader);
	*view = (struct members_view){slab->member, slab->count, slab->generation};
}
