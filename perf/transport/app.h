// An application in a process of its own, on libsluice: what endpoint.h does inside a worker's
// thread, done where applications really are.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "perf/histogram.h"

enum app_job {
	APP_SERVE,    // attaches and listens; from then on whatever comes is checked or sent back
	APP_CONNECT,  // attaches and asks for a session; done when it is open
	APP_RECEIVE,  // what the other one does: takes records and messages, sends pings back
	APP_RECORDS,  // sends records of `size`, so many ahead
	APP_MESSAGES, // sends messages of `size`
	APP_PING,     // a message of `size` each gap_ns, its answer in `latency`
};

// When a job ends.
enum app_until {
	APP_GO,
	APP_SETTLE, // sends nothing new
	APP_LEAVE,
};

// Shared by the two processes. The rig writes what stands first while the application rests; a byte
// on the socket starts a job, a byte comes back when it has begun and another when it is done.
struct app_page {
	enum app_job job;
	uint32_t size;
	uint64_t gap_ns;
	char socket[64]; // of the dataplane
	_Atomic uint32_t until;
	// The application's. Totals but for the counters, which are the job's.
	_Atomic uint64_t sent, received, bytes; // records or messages; bytes: received
	_Atomic uint64_t wrong;                 // not the next one of their stream
	int64_t allocs, syscalls;               // -1: not counted
	struct histogram latency;
	char error[128]; // empty: all is well
};

// Serves orders until the other end of the socket closes. Does not return.
_Noreturn void app_main(struct app_page *page, int socket);
