// Time passes: attempts past their deadline fail, offers that found no room go out.
#include <stdio.h>

#include "control/cluster/session/core.h"

static uint32_t late_reason(
	const struct session_core *core, const struct attempt *attempt, char text[REASON_SIZE])
{
	const struct directory_peer *peer = &attempt->peer;
	char address[CONFIG_ADDRESS_TEXT];

	switch (attempt->step) {
	case ATTEMPT_WAITING:
	case ATTEMPT_OFFERED:
		snprintf(text, REASON_SIZE,
			"the control process of node %.40s did not answer the offer in time",
			peer->name);
		return IPC_TIMEOUT;
	case ATTEMPT_OPENING:
		config_address_text(address, peer->address, 0);
		snprintf(text, REASON_SIZE,
			"the dataplane of node %.40s at %s did not answer in time; is the link up?",
			peer->name, address);
		return IPC_TIMEOUT;
	case ATTEMPT_FREE:
	case ATTEMPT_RESERVING:
	case ATTEMPT_ACCEPTING:
	case ATTEMPT_STEP_COUNT:
		break;
	}
	snprintf(text, REASON_SIZE,
		"the dataplane of node %.40s did not answer its control process in time",
		core->config->node);
	return IPC_TIMEOUT;
}

void session_on_tick(
	struct session_core *core, const struct session_turn *turn, struct session_output *out)
{
	char text[REASON_SIZE];

	if (turn->now_ns >= core->orphans_ns)
		orphans_abort(core, turn, out);
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX && out_room(out, 2); i++) {
		struct attempt *attempt = &core->attempts[i];
		bool waiting = attempt->step == ATTEMPT_WAITING;

		if (attempt->step == ATTEMPT_FREE)
			continue;
		if (turn->now_ns >= attempt->deadline_ns) {
			uint32_t result = late_reason(core, attempt, text);

			attempt_fail(core, attempt, result, text, out);
		} else if (waiting) {
			attempt_offer(core, turn, attempt, out);
		}
	}
}
