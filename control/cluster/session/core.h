// What the on_<event>.c files share: attempts, actions, and how an attempt fails.
#pragma once

#include "control/cluster/session/session.h"

// Of enum close_reason, whose header is the dataplane's alone; a unit test compares.
#define CLOSE_REASON_PEER_RESTARTED 4u

#define SESSION_MS(n) ((uint64_t)(n)*1000000u)

// A free attempt with a request number and a deadline, or NULL.
struct attempt *attempt_new(
	struct session_core *core, const struct session_turn *turn, uint32_t timeout_ms);
void attempt_free(struct attempt *attempt);
struct attempt *attempt_find(struct session_core *core, uint32_t request); // NULL: no such
struct attempt *attempt_by_cid(struct session_core *core, uint32_t cid);

// Tells whoever waits, closes what was reserved, frees. Without room in `out` the next tick does
// it.
void attempt_fail(struct session_core *core, struct attempt *attempt, uint32_t result,
	const char *text, struct session_output *out);

// The next action, zeroed; NULL when there is no room.
struct session_action *out_add(struct session_output *out, enum session_action_type type);
bool out_room(const struct session_output *out, uint32_t actions);
struct plane_command *out_command(
	struct session_output *out, uint32_t channel, enum plane_command_type type);
void out_close(struct session_output *out, uint32_t cid);
// The same, and the applications hear this reason instead of "closed here".
void out_close_because(struct session_output *out, uint32_t cid, uint32_t reason);
void out_log(struct session_output *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// A connection id for the attempt, at its worker.
void attempt_reserve(const struct attempt *attempt, struct session_output *out);
// The reserved attempt goes on: an offer to the peer.
void attempt_offer(struct session_core *core, const struct session_turn *turn,
	struct attempt *attempt, struct session_output *out);
// Its worker has a connection id for it: offer, or open the accepting end, or (without a cipher
// that is open already) answer.
void attempt_reserved(struct session_core *core, const struct session_turn *turn,
	struct attempt *attempt, uint32_t cid, struct session_output *out);
// The accepting end is there: the answer goes back.
void attempt_answer(
	const struct session_turn *turn, struct attempt *attempt, struct session_output *out);
// The session is open: whoever asked by hand hears of it.
void attempt_opened(struct attempt *attempt, struct session_output *out);
// What both ends write into OPEN.
void attempt_open(const struct attempt *attempt, bool initiator, struct session_output *out);

// The row of config.links[link]. False: the dataplane does not have it.
bool core_port(const struct session_core *core, const struct session_turn *turn, uint32_t link,
	uint16_t *index, struct plane_port *row);
// Sessions whose peer's dataplane is another now.
void orphans_abort(
	struct session_core *core, const struct session_turn *turn, struct session_output *out);
// A worker for a session without an application.
uint16_t core_worker(struct session_core *core, const struct session_turn *turn);
