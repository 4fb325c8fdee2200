// A session ended. If it never opened, whoever asked for it hears why.
#include <stdio.h>

#include "control/cluster/session/core.h"

void session_on_closed(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out)
{
	struct attempt *attempt = attempt_by_cid(core, event->cid);
	const char *sentence =
		event->text[0] ? event->text : tables_close_sentence(turn->tables, event->reason);
	char text[REASON_SIZE], address[CONFIG_ADDRESS_TEXT];

	if (!attempt) {
		if (event->flags & PLANE_CLOSED_TELL)
			out_log(out, "session %08x ended: %s", event->cid, sentence);
		return;
	}
	snprintf(text, sizeof(text), "the session with node %.40s (%s) did not open: %.70s",
		attempt->peer.name, config_address_text(address, attempt->peer.address, 0),
		sentence[0] ? sentence : "no reason was given");
	attempt->cid = 0; // nothing is left to close
	attempt_fail(core, attempt, IPC_UNREACHABLE, text, out);
}
