// Peers come and go: their control processes, their connections to us, their dataplanes.
#include <stdio.h>
#include <string.h>

#include "control/cluster/session/core.h"

// A boot id heard in a ping may have been on its way while a session with a newer boot was set up;
// this old it was not.
#define GONE_AGE_NS 3000000000ull

void session_on_peer_up(struct session_core *core, const struct session_turn *turn, uint32_t peer,
	struct session_output *out)
{
	core->peer_up[peer] = true;
	core->peer_error[peer][0] = 0;
	session_on_tick(core, turn, out); // offers what waited
}

// What was offered and not answered is offered again if the peer comes back soon: connections are
// renewed now and then. An end that it opened for the first offer dies of its HELLO timeout.
void session_on_peer_down(struct session_core *core, const struct session_turn *turn, uint32_t peer,
	const char *why, struct session_output *out)
{
	(void)out;
	core->peer_up[peer] = false;
	snprintf(core->peer_error[peer], sizeof(core->peer_error[peer]), "%s", why);
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];

		if (attempt->step == ATTEMPT_OFFERED && attempt->peer == peer)
			attempt_wait(turn, attempt);
	}
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
static void sessions_abort(const struct session_core *core, const struct session_turn *turn,
	uint32_t peer, uint64_t boot_id, bool gone, struct session_output *out)
{
	struct session_stats row;
	uint32_t cursor = 0, count = 0;

	while (out_room(out, 2) && tables_session_next(turn->tables, &cursor, &row)) {
		bool dead = gone ? row.peer_boot_id == boot_id
				 : row.peer_boot_id != boot_id &&
					    turn->now_ns - row.opened_ns > GONE_AGE_NS;

		if (!session_lives(&row) || row.peer_boot_id == 0 || !dead ||
			strcmp(row.peer, core->config->peers[peer].name) != 0)
			continue;
		out_close_because(out, row.session, CLOSE_REASON_PEER_RESTARTED);
		count++;
	}
	if (count)
		out_log(out, "The dataplane of node %.40s is gone: %u session%s with it aborted.",
			core->config->peers[peer].name, count, count == 1 ? "" : "s");
}

void session_on_gone(struct session_core *core, const struct session_turn *turn, uint32_t peer,
	uint64_t boot_id, struct session_output *out)
{
	sessions_abort(core, turn, peer, boot_id, true, out);
}

void session_on_boot(struct session_core *core, const struct session_turn *turn, uint32_t peer,
	uint64_t boot_id, struct session_output *out)
{
	sessions_abort(core, turn, peer, boot_id, false, out);
}
