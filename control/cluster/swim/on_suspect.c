// Somebody does not answer, it is said. Overrides alive with the same or a lower incarnation.
#include "control/cluster/swim/core.h"

void on_suspect(struct swim *swim, uint32_t member, uint32_t incarnation, uint32_t from,
	struct swim_output *out)
{
	struct member *of = &swim->members[member];
	enum swim_state was;

	if (member == SWIM_SELF) {
		refute_rumour(swim, incarnation);
		return;
	}
	if (incarnation < of->incarnation)
		return;
	if (of->state == SWIM_SUSPECT && incarnation == of->incarnation) {
		if (suspicion_confirm(swim, member, from))
			updates_add(swim, member); // the others may count this one, too
		return;
	}
	if (of->state != SWIM_ALIVE && of->state != SWIM_SUSPECT)
		return;
	was = (enum swim_state)of->state;
	of->incarnation = incarnation;
	suspicion_start(swim, member, from); // of a suspect: it protested, and has its time anew
	if (was == SWIM_ALIVE)
		change_add(out, member, SWIM_ALIVE, SWIM_SUSPECT, false);
	updates_add(swim, member);
}
