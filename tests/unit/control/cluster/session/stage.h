// The stage of the session stories: a core, tables in ordinary memory, and the story so far: one
// line per action that the core decided on.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/cluster/session/session.h"

#define SECOND 1000000000ull

struct stage {
	struct config config;
	struct members members;
	struct directory directory;
	struct plane_dataplane *shared;
	struct tables tables;
	struct session_core core;
	struct session_output out;
	struct session_turn turn;
	struct session_action offer; // the last one told
	char story[8192];
};

// Node a with two workers, links ab (jumbo) and ac; peers b and c. Application 3 (generation 9)
// lives on worker 1 and listens for "files".
int stage_setup(void **state);
int stage_teardown(void **state);
// Writes down what the core decided, and forgets it.
void stage_tell(struct stage *s);
// The number of the newest attempt at `step`.
uint32_t stage_request_at(const struct stage *s, enum attempt_step step);
// How many are in flight.
uint32_t stage_attempts(const struct stage *s);
// An application asks; the story grows. So with the others below.
void stage_wanted(struct stage *s, const char *node, const char *service, uint32_t request);
void stage_event(struct stage *s, enum plane_event_type type, uint32_t request, uint32_t cid,
	uint32_t result, const char *text);
void stage_accepted(struct stage *s, uint32_t request, uint32_t segment);
void stage_accepted_with(
	struct stage *s, uint32_t request, uint32_t segment, enum dictionary_state state);
// Our dataplane has this dictionary; `sha256` is its first byte, the others are 0.
void stage_dictionary(struct stage *s, uint32_t id, uint8_t sha256);
// As stage_wanted, of service "files" at node b.
void stage_wanted_with(struct stage *s, enum codec_id codec, uint8_t level, uint8_t dictionary);
struct message stage_offer_from_b(const char *service);
void stage_offered(struct stage *s, const struct message *offer);
void stage_tick(struct stage *s, uint64_t after_ns);
// What membership says of a node's dataplane: the one that runs, and the one that died last.
void stage_member(struct stage *s, const char *name, uint64_t boot_id, uint64_t gone_id);
// A session in the tables.
void stage_row(struct stage *s, uint32_t worker, uint32_t slot, enum session_state at,
	const char *peer, uint64_t peer_boot_id);

#define STORY(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
