// States of the dataplane process as control sees it: one checked table.
#include "control/plane/state.h"

#include <assert.h>

#define NEVER PLANE_STATE_COUNT

static const unsigned char state_table[PLANE_STATE_COUNT][PLANE_INPUT_COUNT] = {
	//                   LAUNCHED        CONNECTED        WELCOME        REFUSED        LOST           RETRY         STOP            GONE
	[PLANE_ABSENT]    = {PLANE_STARTING, PLANE_ATTACHING, NEVER,         NEVER,         PLANE_BACKOFF, NEVER,        PLANE_STOPPING, NEVER},
	[PLANE_STARTING]  = {NEVER,          PLANE_ATTACHING, NEVER,         NEVER,         PLANE_BACKOFF, NEVER,        PLANE_STOPPING, NEVER},
	[PLANE_ATTACHING] = {NEVER,          NEVER,           PLANE_RUNNING, PLANE_BACKOFF, PLANE_BACKOFF, NEVER,        PLANE_STOPPING, NEVER},
	[PLANE_RUNNING]   = {NEVER,          NEVER,           NEVER,         NEVER,         PLANE_BACKOFF, NEVER,        PLANE_STOPPING, NEVER},
	[PLANE_BACKOFF]   = {NEVER,          NEVER,           NEVER,         NEVER,         NEVER,         PLANE_ABSENT, PLANE_STOPPING, NEVER},
	[PLANE_STOPPING]  = {NEVER,          NEVER,           NEVER,         NEVER,         NEVER,         NEVER,        NEVER,          PLANE_ABSENT},
};

int plane_state_legal(enum plane_state state, enum plane_input input)
{
	return state < PLANE_STATE_COUNT && input < PLANE_INPUT_COUNT && state_table[state][input] != NEVER;
}

enum plane_state plane_state_next(enum plane_state state, enum plane_input input)
{
	assert(plane_state_legal(state, input));
	return (enum plane_state)state_table[state][input];
}

const char *plane_state_name(enum plane_state state)
{
	static const char *const names[] = {"absent", "starting", "attaching", "running", "backoff", "stopping"};

	return state < PLANE_STATE_COUNT ? names[state] : "?";
}
