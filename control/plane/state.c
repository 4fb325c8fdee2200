// States of the dataplane process as control sees it: one checked table.
#include "control/plane/state.h"

#include <assert.h>

// Plus one: what the table does not name is 0, and cannot happen.
#define TO(state) (PLANE_##state + 1)

// clang-format off
static const unsigned char state_table[PLANE_STATE_COUNT][PLANE_INPUT_COUNT] = {
	[PLANE_ABSENT] = {
		[PLANE_ON_LAUNCHED] = TO(STARTING),
		[PLANE_ON_CONNECTED] = TO(ATTACHING),
		[PLANE_ON_LOST] = TO(BACKOFF), // not started, or lives and is silent
		[PLANE_ON_STOP] = TO(STOPPING),
	},
	[PLANE_STARTING] = {
		[PLANE_ON_CONNECTED] = TO(ATTACHING),
		[PLANE_ON_LOST] = TO(BACKOFF),
		[PLANE_ON_USAGE] = TO(FAILED),
		[PLANE_ON_STOP] = TO(STOPPING),
	},
	[PLANE_ATTACHING] = {
		[PLANE_ON_WELCOME] = TO(RUNNING),
		[PLANE_ON_REFUSED] = TO(BACKOFF),
		[PLANE_ON_LOST] = TO(BACKOFF),
		[PLANE_ON_STOP] = TO(STOPPING),
	},
	[PLANE_RUNNING] = {
		[PLANE_ON_LOST] = TO(BACKOFF),
		[PLANE_ON_STOP] = TO(STOPPING),
	},
	[PLANE_BACKOFF] = {
		[PLANE_ON_RETRY] = TO(ABSENT),
		[PLANE_ON_STOP] = TO(STOPPING),
	},
	[PLANE_FAILED] = {
		[PLANE_ON_STOP] = TO(STOPPING),
	},
	[PLANE_STOPPING] = {
		[PLANE_ON_GONE] = TO(ABSENT),
	},
};
// clang-format on

int plane_state_legal(enum plane_state state, enum plane_input input)
{
	return state < PLANE_STATE_COUNT && input < PLANE_INPUT_COUNT &&
	       state_table[state][input] != 0;
}

enum plane_state plane_state_next(enum plane_state state, enum plane_input input)
{
	assert(plane_state_legal(state, input));
	return (enum plane_state)(state_table[state][input] - 1);
}

const char *plane_state_name(enum plane_state state)
{
	static const char *const names[] = {
		"absent", "starting", "attaching", "running", "backoff", "failed", "stopping"};

	return state < PLANE_STATE_COUNT ? names[state] : "?";
}
