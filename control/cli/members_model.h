// The members of a cluster, as a client of members.watch puts them together: the whole list, then
// what changes. Pure: no clock, no I/O.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct members_model {
	char cluster[64];
	// Name to row, as of the method members; also since_s (of the state, by the caller's
	// clock) and "noticed": its state has changed since we look.
	json_t *rows;
};

// What has happened: `event` is "change", "resync" (so many changes were lost: "lost") or "rtt".
// `params` as in docs/admin.md, also of a change that was found by comparing two lists. `was`: the
// row before, NULL: none. All of them are borrowed.
typedef void (*members_event_fn)(
	void *owner, const char *event, const json_t *params, const json_t *was);

// Out of memory ends the program.
void members_model_init(struct members_model *model);
void members_model_fini(struct members_model *model);
// One line of the node: the answer, or a notification. `now_s`: a clock that is not set;
// `unix_s`: the time, of what has none itself. False: it is neither.
bool members_model_take(struct members_model *model, const json_t *line, double now_s,
	int64_t unix_s, members_event_fn on_event, void *owner);
// What a member says of itself that is not as it was, in words: "dataplane started, version 1.2";
// empty: nothing. Returns `text`.
const char *members_model_differs(char *text, size_t size, const json_t *was, const json_t *is);
