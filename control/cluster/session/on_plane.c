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

static struct attempt *attempt_for_row(struct session_core *core, const struct session_stats *row)
{
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];

		if (attempt->cid != 0 || attempt->worker != row->session >> 24 ||
			attempt->app != row->app)
			continue;
		// Reservations of one application on one worker are interchangeable; an opened end
		// is not.
		if (attempt->step == ATTEMPT_RESERVING && row->state == SESSION_RESERVED)
			return attempt;
		if (attempt->step == ATTEMPT_ACCEPTING && row->state != SESSION_RESERVED &&
			memcmp(attempt->session_id, row->session_id, sizeof(row->session_id)) == 0)
			return attempt;
	}
	return NULL;
}

static void resync_row(struct session_core *core, const struct session_turn *turn,
	const struct session_stats *row, struct session_output *out)
{
	struct attempt *attempt = attempt_by_cid(core, row->session);

	if (attempt && attempt->step == ATTEMPT_OPENING && row->state == SESSION_OPEN) {
		attempt_opened(attempt, out);
		return;
	}
	if (attempt)
		return;
	attempt = attempt_for_row(core, row);
	if (!attempt)
		return;
	attempt->cid = row->session;
	if (attempt->step == ATTEMPT_ACCEPTING)
		attempt_answer(turn, attempt, out);
	else
		attempt_offer(core, turn, attempt, out);
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
