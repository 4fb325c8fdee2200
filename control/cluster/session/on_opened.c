// Both ends have spoken: the session is open. The worker has told the application; a person is told
// here.
#include "control/cluster/session/core.h"

void attempt_opened(struct attempt *attempt, struct session_output *out)
{
	struct session_action *report;

	if (attempt->by_admin) {
		report = out_add(out, SESSION_REPORT);
		if (!report)
			return; // the deadline ends it
		report->request = attempt->request;
		report->result = IPC_OK;
		report->cid = attempt->cid;
	}
	attempt_free(attempt);
}

void session_on_opened(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out)
{
	struct attempt *attempt = attempt_by_cid(core, event->cid);

	(void)turn;
	if (attempt && attempt->step == ATTEMPT_OPENING)
		attempt_opened(attempt, out);
}
