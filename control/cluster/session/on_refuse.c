// The peer refused our offer: its sentence goes to whoever asked.
#include <string.h>

#include "control/cluster/session/core.h"

void session_on_refuse(struct session_core *core, const struct session_turn *turn, const char *node,
	const struct message *refuse, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, refuse->request);

	(void)turn;
	if (!attempt || attempt->step != ATTEMPT_OFFERED || strcmp(attempt->peer.name, node) != 0)
		return;
	attempt_fail(core, attempt, refuse->result ? refuse->result : IPC_REFUSED_PEER,
		refuse->text[0] ? refuse->text : "the peer refused without a reason", out);
}
