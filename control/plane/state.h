// States of the dataplane process as control sees it: one checked table.
#pragma once

enum plane_state {
	PLANE_ABSENT,    // nothing runs, nothing is tried
	PLANE_STARTING,  // our child runs, data.sock does not answer yet
	PLANE_ATTACHING, // HELLO_CONTROL is sent, WELCOME is awaited
	PLANE_RUNNING,   // attached: rings and tables are mapped
	PLANE_BACKOFF,   // it died or refused: waiting before the next try
	PLANE_FAILED,    // it refused its command line: it would again, so it is not tried again
	PLANE_STOPPING,  // asked to go
	PLANE_STATE_COUNT,
};

enum plane_input {
	PLANE_ON_LAUNCHED,  // a child was started
	PLANE_ON_CONNECTED, // data.sock answered
	PLANE_ON_WELCOME,
	PLANE_ON_REFUSED, // the dataplane does not want us (version, another control)
	PLANE_ON_LOST,  // hang-up of data.sock, or the process is gone, or it could not be started
	PLANE_ON_USAGE, // it ended because its command line is wrong
	PLANE_ON_RETRY, // the wait is over
	PLANE_ON_STOP,
	PLANE_ON_GONE, // after STOP: the process is gone
	PLANE_INPUT_COUNT,
};

// The next state; asserts that the table has the pair.
enum plane_state plane_state_next(enum plane_state state, enum plane_input input);
// False when the pair is impossible.
int plane_state_legal(enum plane_state state, enum plane_input input);
const char *plane_state_name(enum plane_state state); // "running"
