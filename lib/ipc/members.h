// The members of the cluster in control's region: one writer, any number of readers, nobody waits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/plane.h"

// ---- control ----

// Begins the next number: the list to fill, whose count is set when it is full. What readers have
// is left alone.
struct plane_member *plane_members_begin(struct plane_members *members);
void plane_members_end(struct plane_members *members, uint32_t count);

// ---- the dataplane: the region is not believed ----

enum { PLANE_MEMBERS_TRIES = 4 };

// A copy of the member of that name, its texts terminated. False: nobody has it, or in
// PLANE_MEMBERS_TRIES tries the list was always written again meanwhile (only a writer that has
// nothing else to do is that fast). No system call, no lock.
bool plane_members_find(
	const struct plane_members *members, const char *name, struct plane_member *to);
// How many there are, and the number of the list.
uint32_t plane_members_count(const struct plane_members *members, uint64_t *number);
