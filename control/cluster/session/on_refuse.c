// The peer refused our offer: its sentence goes to whoever asked.
#include "control/cluster/session/core.h"

void session_on_refuse(struct session_core *core, const struct session_turn *turn, uint32_t peer,
	const struct message *refuse, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, refuse->request);

	(void)turn;
	if (!attempt || attempt->step != ATTEMPT_OFFERED || attempt->peer != peer)
		return;
	attempt_fail(core, attempt, refuse->result ? refuse->result : IPC_REFUSED_PEER,
		refuse->text[0] ? refuse->text : "the peer refused without a reason", out);
}
