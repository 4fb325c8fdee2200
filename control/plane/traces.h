// Traces of sessions: asks a worker for them, reads what it writes. A reader that is too slow loses
// records and learns how many.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/plane.h"

struct plane;

// Whom each ring of the dataplane was given to. Part of struct plane.
struct traces {
	uint32_t number; // of the last trace
	struct traces_ring {
		bool taken;    // until the worker has been told to stop
		bool stopping; // it has not been told yet: its command ring was full
		uint64_t boot_id;
		uint32_t worker, number;
	} ring[PLANE_TRACES_MAX];
};

struct trace_reader {
	struct plane *plane;
	uint32_t ring, number;
	uint32_t cid;
	uint64_t boot_id; // of the dataplane that writes
	uint64_t cursor;
	bool begun; // a record of this trace was seen: what is missing from now on is lost
};

enum traces_error {
	TRACES_E_FULL = 100, // PLANE_TRACES_MAX at once; below are PROXY_E_*
};

// 0, or an error for traces_strerror.
int traces_open(struct plane *plane, uint32_t cid, struct trace_reader *reader);
void traces_close(struct trace_reader *reader);
const char *traces_strerror(int error);

enum traces_got {
	TRACES_NOTHING, // for now
	TRACES_RECORD,
	TRACES_LOST, // `lost` records were overwritten before they were read
	TRACES_GONE, // that dataplane is gone, or writes nonsense
};

enum traces_got traces_take(
	struct trace_reader *reader, struct trace_record *record, uint64_t *lost);
