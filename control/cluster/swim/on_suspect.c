// Somebody does not answer, it is said. Overrides alive with the same or a lower incarnation.
#include "control/cluster/swim/core.h"

void on_suspect(struct swim *swim, uint32_t member, uint32_t incarnation, uint32_t from,
	struct swim_output *out)
{
	struct member *of = &swim->members[member];

	if (member == SWIM_SELF) {
		refute_rumour(swim, incarnation);
		return;
	}
	if (incarnation < of->incarnation)
		return;
	if (of->state == SWIM_SUSPECT) {
		of->incarnation = incarnation;
		if (suspicion_confirm(swim, member, from))
			updates_add(swim, member); // the others may count this one, too
		return;
	}
	if (of->state != SWIM_ALIVE)
		return;
	of->incarnation = incarnation;
	suspicion_start(swim, member, from);
	change_add(out, member, SWIM_ALIVE, SWIM_SUSPECT, false);
	updates_add(swim, member);
}
