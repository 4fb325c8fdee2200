// Congestion controllers by number: what a session agrees on, the same on the wire and in ipc.
#pragma once

enum controller_id {
	CONTROLLER_AIMD = 0,    // the default
	CONTROLLER_AIMD_SS = 1, // the same, with slow start
	CONTROLLER_CUBIC = 2,   // RFC 9438
	CONTROLLER_COUNT,
};
