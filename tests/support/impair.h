// What the impairment program and its loader share: the rates before it is attached, the counters
// after.
#pragma once

// Counters, by index in the map `counts`.
enum impair_count {
	IMPAIR_SEEN,
	IMPAIR_DROPPED,
	IMPAIR_DUPLICATED,
	IMPAIR_CORRUPTED,
	IMPAIR_DELAYED,
	IMPAIR_COUNT,
};

#define IMPAIR_COPY_MARK  (1u << 31)  // mark of a copy that we sent ourselves: it is left alone
#define IMPAIR_SLOW_CLASS 0x00010020u // HTB 1:20, the slow lane that reorders
