// Peers come and go: their control processes, their connections to us, their dataplanes.
#include <string.h>

#include "control/cluster/session/core.h"

// A boot id heard in a ping may have been on its way while a session with a newer boot was set up;
// this old it was not.
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

// At most what fits one output: pings repeat what is said here, and the transport finds out by
// itself, only later.
static void sessions_abort(const struct session_turn *turn, const char *node, uint64_t boot_id,
	bool gone, struct session_output *out)
{
	struct session_stats row;
	uint32_t cursor = 0, count = 0;

	while (out_room(out, 2) && tables_session_next(turn->tables, &cursor, &row)) {
		bool dead = gone ? row.peer_boot_id == boot_id
				 : row.peer_boot_id != boot_id &&
					    turn->now_ns - row.opened_ns > GONE_AGE_NS;

		if (!session_lives(&row) || row.peer_boot_id == 0 || !dead ||
			strcmp(row.peer, node) != 0)
			continue;
		out_close_because(out, row.session, CLOSE_REASON_PEER_RESTARTED);
		count++;
	}
	if (count)
		out_log(out, "The dataplane of node %.40s is gone: %u session%s with it aborted.",
			node, count, count == 1 ? "" : "s");
}

void session_on_gone(struct session_core *core, const struct session_turn *turn, const char *node,
	uint64_t boot_id, struct session_output *out)
{
	(void)core;
	sessions_abort(turn, node, boot_id, true, out);
}

void session_on_boot(struct session_core *core, const struct session_turn *turn, const char *node,
	uint64_t boot_id, struct session_output *out)
{
	(void)core;
	sessions_abort(turn, node, boot_id, false, out);
}
