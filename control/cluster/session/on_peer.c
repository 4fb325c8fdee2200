// Peers come and go: their control processes, their connections to us, their dataplanes.
#include <string.h>

#include "control/cluster/session/core.h"

// What membership says of a peer's dataplane may have been on its way while a session with a newer
// one was set up; this old it was not.
#define GONE_AGE_NS 3000000000ull

void session_on_unreachable(struct session_core *core, const struct session_turn *turn,
	uint32_t request, const char *why, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, request);

	(void)turn;
	if (attempt && attempt->step == ATTEMPT_OFFERED)
		attempt_fail(core, attempt, IPC_UNREACHABLE, why, out);
}

// An end that the peer opened for the first offer dies of its HELLO timeout.
void session_on_lost(struct session_core *core, const struct session_turn *turn, uint32_t request,
	const char *why, struct session_output *out)
{
	struct attempt *attempt = attempt_find(core, request);

	if (!attempt || attempt->step != ATTEMPT_OFFERED)
		return;
	if (attempt->offers < SESSION_OFFERS_MAX)
		attempt_offer(core, turn, attempt, out);
	else
		attempt_fail(core, attempt, IPC_UNREACHABLE, why, out);
}

void session_on_link_down(struct session_core *core, const struct session_turn *turn, uint64_t link,
	struct session_output *out)
{
	(void)turn;
	(void)out;
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];

		// RESERVED will find no attempt, and close what it names.
		if (attempt->step == ATTEMPT_ACCEPTING && attempt->link == link)
			attempt_free(attempt);
	}
}

static bool session_lives(const struct session_stats *row)
{
	return row->state == SESSION_CONNECTING || row->state == SESSION_OPEN ||
	       row->state == SESSION_CLOSING;
}

// What it ran with is not there any more.
static bool session_is_orphan(const struct session_core *core, const struct session_turn *turn,
	const struct session_stats *row)
{
	uint64_t boot, gone;

	if (!session_lives(row) || row->peer_boot_id == 0)
		return false;
	directory_boots(core->directory, row->peer, &boot, &gone);
	if (row->peer_boot_id == gone)
		return true;
	return boot && row->peer_boot_id != boot && turn->now_ns - row->opened_ns > GONE_AGE_NS;
}

static void orphans_tell(const char *node, uint32_t count, struct session_output *out)
{
	if (count)
		out_log(out, "The dataplane of node %.40s is gone: %u session%s with it aborted.",
			node, count, count == 1 ? "" : "s");
}

// At most what fits one output; the rest soon.
void orphans_abort(
	struct session_core *core, const struct session_turn *turn, struct session_output *out)
{
	char node[NAME_SIZE] = "";
	struct session_stats row;
	uint32_t cursor = 0, count = 0;

	core->orphans_ns = UINT64_MAX;
	while (tables_session_next(turn->tables, &cursor, &row)) {
		if (!session_is_orphan(core, turn, &row))
			continue;
		if (!out_room(out, 3)) {
			core->orphans_ns = turn->now_ns;
			break;
		}
		if (strcmp(node, row.peer) != 0) {
			orphans_tell(node, count, out);
			memcpy(node, row.peer, sizeof(node));
			count = 0;
		}
		out_close_because(out, row.session, CLOSE_REASON_PEER_RESTARTED);
		count++;
	}
	orphans_tell(node, count, out);
}

// Once more when those are old enough that are too young now to be sure.
void session_on_members(
	struct session_core *core, const struct session_turn *turn, struct session_output *out)
{
	orphans_abort(core, turn, out);
	if (core->orphans_ns == UINT64_MAX)
		core->orphans_ns = turn->now_ns + GONE_AGE_NS + SESSION_MS(1);
}
