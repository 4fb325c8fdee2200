// Is a history linearizable: is there an order of its operations, each between its call and its
// return, in which a register per key would have answered as it did? Keys are checked one by one
// (Herlihy and Wing 1990: locality); each by the search of Wing and Gong (1993) with the memory of
// Lowe (2017). No clock, no I/O.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum linear_kind {
	LINEAR_GET = 1, // value: what it saw
	LINEAR_PUT,     // value
	LINEAR_DELETE,
	LINEAR_SWAP, // puts value if expect is there
};

enum linear_outcome {
	LINEAR_OK,
	LINEAR_FAILED,  // for sure nothing was done
	LINEAR_UNKNOWN, // may have been done at any time after the call, or will be, or never
};

enum linear_held {
	LINEAR_UNTOLD,
	LINEAR_HELD,     // SWAP: it did; DELETE: something was there
	LINEAR_NOT_HELD, // SWAP: something else was there; DELETE: nothing was
};

#define LINEAR_ABSENT 0ull // as a value

struct linear_op {
	enum linear_kind kind;
	enum linear_outcome outcome;
	enum linear_held held; // of SWAP that is OK never UNTOLD
	uint32_t client;
	uint64_t key;
	uint64_t value, expect; // any numbers below UINT64_MAX - 1; they stand for what was stored
	uint64_t call_ns, return_ns; // UNKNOWN: return_ns does not count
};

struct linear_limits {
	uint64_t steps; // of the search of one key, 0: 20 million. Its memory ends at 1 GiB
	// Asked now and then: true ends the search. NULL: never.
	bool (*late)(void *owner);
	void *owner;
};

enum linear_verdict {
	LINEAR_YES,
	LINEAR_NO,
	LINEAR_UNDECIDED, // limits came first: as good as NO for a test
};

enum { LINEAR_WINDOW_MAX = 256 };

struct linear_report {
	enum linear_verdict verdict;
	uint32_t keys;
	uint64_t steps;
	uint64_t key; // NO: the first that is not; UNDECIDED: the first that was not decided
	// NO: operations (indices, by call) that cannot be, whatever was there before them; with
	// from_start: when nothing was there before them.
	bool from_start;
	uint32_t window[LINEAR_WINDOW_MAX];
	uint32_t window_ops; // may be more than LINEAR_WINDOW_MAX
	uint32_t last;       // the index of the operation that nothing explains any more
};

// limits: NULL, the defaults. Operations in any order.
enum linear_verdict linear_check(const struct linear_op *ops, size_t count,
	const struct linear_limits *limits, struct linear_report *report);
const char *linear_verdict_text(enum linear_verdict verdict);
