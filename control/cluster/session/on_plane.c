// Our own dataplane: attached, gone, a command that it did not take, events that it could not tell.
#include <string.h>

#include "control/cluster/session/core.h"

void session_on_event(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out)
{
	switch (event->type) {
	case PLANE_CONNECT_WANTED:
		session_on_connect_wanted(core, turn, event, out);
		break;
	case PLANE_RESERVED:
		session_on_reserved(core, turn, event, out);
		break;
	case PLANE_REFUSED:
		session_on_refused(core, turn, event, out);
		break;
	case PLANE_OPENED:
		session_on_opened(core, turn, event, out);
		break;
	case PLANE_CLOSED:
		session_on_closed(core, turn, event, out);
		break;
	default: // PLANE_TABLES: they are read when they are needed
		break;
	}
}

void session_on_undelivered(struct session_core *core, const struct session_turn *turn,
	const struct plane_command *command, const char *why, struct session_output *out)
{
	struct attempt *attempt = NULL;

	(void)turn;
	if (command->type == PLANE_RESERVE || command->type == PLANE_OPEN)
		attempt = attempt_find(core, command->request);
	if (attempt)
		attempt_fail(core, attempt, IPC_UNREACHABLE, why, out);
}

// What an earlier control process reserved and did not open: nobody will.
void session_on_plane_up(
	struct session_core *core, const struct session_turn *turn, struct session_output *out)
{
	struct session_stats row;
	uint32_t cursor = 0;

	while (out_room(out, 1) && tables_session_next(turn->tables, &cursor, &row)) {
		if (row.state == SESSION_RESERVED && !attempt_by_cid(core, row.session))
			out_close(out, row.session);
	}
}

void session_on_plane_down(
	struct session_core *core, const struct session_turn *turn, struct session_output *out)
{
	(void)turn;
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];

		if (attempt->step == ATTEMPT_FREE)
			continue;
		attempt->cid = 0; // gone with it
		if (attempt->step == ATTEMPT_ACCEPTING || attempt->by_admin)
			attempt_fail(core, attempt, IPC_UNREACHABLE,
				"the dataplane went away during the set-up", out);
		else
			attempt_free(attempt); // if it lives, it asks again when we attach
	}
}

// The attempt that asked for this row and has not heard its id.
static struct attempt *attempt_for_row(struct session_core *core, const struct session_stats *row)
{
	bool reserved = row->state == SESSION_RESERVED;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];
		bool accepting = attempt->step == ATTEMPT_ACCEPTING;
		// The accepting end without a cipher is opened at once, every other one reserved.
		bool due = accepting && attempt->cipher == CIPHER_NULL ? !reserved : reserved;

		if ((accepting || attempt->step == ATTEMPT_RESERVING) && due && attempt->cid == 0 &&
			attempt->worker == row->session >> 24 && attempt->app == row->app &&
			memcmp(attempt->session_id, row->session_id, sizeof(row->session_id)) == 0)
			return attempt;
	}
	return NULL;
}

// It has its id: did OPEN do its work?
static void resync_known(const struct session_turn *turn, struct attempt *attempt,
	const struct session_stats *row, struct session_output *out)
{
	bool open = row->state == SESSION_OPEN;

	if (attempt->step == ATTEMPT_OPENING && open)
		attempt_opened(attempt, out);
	else if (attempt->step == ATTEMPT_ACCEPTING && (open || row->state == SESSION_CONNECTING))
		attempt_answer(turn, attempt, out);
}

static void resync_row(struct session_core *core, const struct session_turn *turn,
	const struct session_stats *row, struct session_output *out)
{
	struct attempt *attempt = attempt_by_cid(core, row->session);

	if (attempt) {
		resync_known(turn, attempt, row, out);
		return;
	}
	attempt = attempt_for_row(core, row);
	if (attempt)
		attempt_reserved(core, turn, attempt, row->session, out);
	else if (row->state == SESSION_RESERVED)
		out_close(out, row->session); // its attempt gave up: nobody will open it
}

void session_on_resync(
	struct session_core *core, const struct session_turn *turn, struct session_output *out)
{
	struct session_stats row;
	uint32_t cursor = 0;

	while (out_room(out, 3) && tables_session_next(turn->tables, &cursor, &row))
		resync_row(core, turn, &row, out);
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];

		if (attempt->step == ATTEMPT_OPENING &&
			!tables_session(turn->tables, attempt->cid, &row)) {
			attempt->cid = 0;
			attempt_fail(core, attempt, IPC_UNREACHABLE,
				"the session ended before it opened", out);
		}
	}
}
