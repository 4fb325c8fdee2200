// Somebody is dead, or has left, it is said. Overrides alive and suspect with the same or a lower
// incarnation.
#include "control/cluster/swim/core.h"

void on_dead(struct swim *swim, uint32_t member, uint32_t incarnation, bool left,
	struct swim_output *out)
{
	struct member *of = &swim->members[member];
	enum swim_state from = (enum swim_state)of->state, to = left ? SWIM_LEFT : SWIM_DEAD;

	if (member == SWIM_SELF) {
		refute_rumour(swim, incarnation);
		return;
	}
	if (incarnation < of->incarnation)
		return;
	if (from == SWIM_DEAD || from == SWIM_LEFT)
		return;
	of->incarnation = incarnation;
	member_set(swim, member, to);
	troubled_by(swim, forget_ns(swim, of));
	change_add(out, member, from, to, false);
	updates_add(swim, member);
}
