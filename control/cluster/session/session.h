// Session set-up: PURE. Events of the dataplane, messages of peers and the time go in, commands and
// messages come out. One event per file (on_<event>.c); an attempt is one session on its way, at
// either end.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/directory.h"
#include "control/config.h"
#include "control/net/message.h"
#include "control/plane/tables.h"
#include "lib/ipc/plane.h"

#define SESSION_SERVICE_IDLE \
	"sluice.idle"                 // built in: a session without an application at either end
#define SESSION_SERVICE_FILES "files" // of `sluice serve`: a refusal names the command
#define SESSION_APP_NONE      0xffffu

enum session_limits {
	SESSION_ATTEMPTS_MAX = 256,
	SESSION_ATTEMPTS_PEER_MAX = SESSION_ATTEMPTS_MAX / 4, // that one peer asked for
	SESSION_IDLE_PEER_MAX = PLANE_SESSIONS_MAX / 4, // without an application, that one peer
							// holds of a worker
	SESSION_OUTPUT_MAX = 128, // actions of one call; what finds no room is done by a later tick
	SESSION_TIMEOUT_MS = 10000,
	SESSION_TIMEOUT_MS_MAX = 300000,
	SESSION_PEER_PATIENCE_MS = 1500, // how long an offer waits for a connection to its peer
	SESSION_OFFERS_MAX = 4, // of one attempt: a connection that breaks costs nobody a session
};

enum attempt_step {
	ATTEMPT_FREE = 0,
	ATTEMPT_RESERVING, // RESERVE is at the worker
	ATTEMPT_WAITING,   // reserved; the output had no room for the offer
	ATTEMPT_OFFERED,   // OFFER is at the peer, or waits for a connection
	ATTEMPT_OPENING,   // OPEN is at the worker, HELLO on its way
	ATTEMPT_ACCEPTING, // the other end: RESERVE or OPEN is at the worker
	ATTEMPT_STEP_COUNT,
};

struct attempt {
	enum attempt_step step;
	uint32_t request; // ours: index in the low 8 bits, never 0
	uint64_t deadline_ns;
	struct directory_peer peer;
	uint16_t worker, app, app_generation;
	uint16_t port;  // index into config.links
	bool by_admin;  // reported by SESSION_REPORT, not to an application
	uint32_t asked; // the application's request of CONNECT_WANTED; ACCEPTING: the opener's
			// request
	uint64_t link;  // ACCEPTING: the connection that the offer came on; OPENING: its answer
	uint8_t offers; // how often it was offered
	uint32_t cid;   // 0: none yet
	uint32_t peer_cid;
	uint64_t peer_boot_id;
	struct address peer_address;
	uint16_t peer_port;
	uint8_t codec, level, controller;
	uint8_t cipher; // not CIPHER_NULL: the accepting end is reserved before it is opened, for
			// the keys are made of both connection ids
	uint8_t dictionary;       // id that the opener wants, 0: none
	uint8_t dictionary_state; // enum dictionary_state; the opener learns it from ACCEPT
	uint8_t dictionary_sha256[DICTIONARY_SHA256_SIZE]; // of the opener's
	uint32_t segment_size;
	uint8_t session_id[16];
	char service[NAME_SIZE];
};

struct session_core {
	const struct config *config;
	const struct directory *directory;
	uint32_t generation;  // of request numbers
	uint32_t next_worker; // for sessions without an application
	uint64_t orphans_ns;  // when orphans are looked for once more; UINT64_MAX: not due
	struct attempt attempts[SESSION_ATTEMPTS_MAX];
};

// What a call may look at.
struct session_turn {
	uint64_t now_ns;
	const struct tables *tables;
	uint8_t random[16]; // fresh
};

enum session_action_type {
	SESSION_COMMAND, // command to `channel`; an OPEN with a cipher wants the secrets of the
			 // connection `link`
	SESSION_OFFER,   // message to `peer`; a connection may be waited for until until_ns, and
			 // the answer until deadline_ns
	SESSION_ANSWER,  // message on the connection `link`
	SESSION_REPORT,  // the admin request `request` is done: result, cid, text
	SESSION_LOG,     // text, for people
};

struct session_action {
	enum session_action_type type;
	uint32_t channel, request, result, cid;
	uint64_t link;
	uint64_t until_ns, deadline_ns;
	struct directory_peer peer;
	union {
		struct plane_command command;
		struct message message;
		char text[REASON_SIZE];
	};
};

struct session_output {
	uint32_t count;
	struct session_action actions[SESSION_OUTPUT_MAX];
};

// Both are borrowed.
void session_core_init(
	struct session_core *core, const struct config *config, const struct directory *directory);

// Events of the dataplane (the rest are ignored). on_closed also tells the opener of a session that
// never opened.
void session_on_event(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out);
void session_on_connect_wanted(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out);
void session_on_reserved(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out);
void session_on_refused(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out);
void session_on_opened(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out);
void session_on_closed(struct session_core *core, const struct session_turn *turn,
	const struct plane_event *event, struct session_output *out);
// Messages of peers. `link` names the connection that they came on, `node` is who is there.
void session_on_offer(struct session_core *core, const struct session_turn *turn, const char *node,
	uint64_t link, const struct message *offer, struct session_output *out);
void session_on_accept(struct session_core *core, const struct session_turn *turn, const char *node,
	uint64_t link, const struct message *accept, struct session_output *out);
void session_on_refuse(struct session_core *core, const struct session_turn *turn, const char *node,
	const struct message *refuse, struct session_output *out);
// What became of SESSION_OFFER `request`: no connection was to be had, and why; or it broke before
// the answer: once more.
void session_on_unreachable(struct session_core *core, const struct session_turn *turn,
	uint32_t request, const char *why, struct session_output *out);
void session_on_lost(struct session_core *core, const struct session_turn *turn, uint32_t request,
	const char *why, struct session_output *out);
// What is known of members changed: sessions whose peer's dataplane is gone, or another now, and
// which are old enough to be sure, are aborted.
void session_on_members(
	struct session_core *core, const struct session_turn *turn, struct session_output *out);
// An incoming connection is gone: its offers have nobody to answer to.
void session_on_link_down(struct session_core *core, const struct session_turn *turn, uint64_t link,
	struct session_output *out);
// A command of SESSION_COMMAND could not be delivered.
void session_on_undelivered(struct session_core *core, const struct session_turn *turn,
	const struct plane_command *command, const char *why, struct session_output *out);
// Our dataplane is attached (reserved leftovers of an earlier control are closed) / is gone.
void session_on_plane_up(
	struct session_core *core, const struct session_turn *turn, struct session_output *out);
void session_on_plane_down(
	struct session_core *core, const struct session_turn *turn, struct session_output *out);
// Events were lost: what they would have said is in the tables.
void session_on_resync(
	struct session_core *core, const struct session_turn *turn, struct session_output *out);
// Deadlines. session_next_ns: when to call it, UINT64_MAX never.
void session_on_tick(
	struct session_core *core, const struct session_turn *turn, struct session_output *out);
uint64_t session_next_ns(const struct session_core *core);

// A session without an application, asked for by a person. Returns the request that SESSION_REPORT
// will name.
struct session_want {
	const char *node;
	uint8_t codec, level, controller, dictionary;
	uint32_t timeout_ms; // 0: SESSION_TIMEOUT_MS
};
uint32_t session_on_admin_open(struct session_core *core, const struct session_turn *turn,
	const struct session_want *want, struct session_output *out);
