// A worker refused RESERVE or OPEN: its sentence goes to whoever asked.
#include "control/cluster/session/core.h"

void session_on_refused(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, event->request);

	(void)turn;
	if (!attempt)
		return;
	attempt_fail(core, attempt, event->result ? event->result : IPC_INVALID,
		event->text[0] ? event->text : "the dataplane refused without a reason", out);
}
