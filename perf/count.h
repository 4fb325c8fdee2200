// Allocations and system calls of this process, counted from outside of what is measured.
#pragma once

#include <stdint.h>

enum { COUNT_THREADS_MAX = 64 };

struct count {
	int64_t allocs;   // calls of the malloc family in the whole process; -1: not counted
	int64_t syscalls; // of all threads, also those that were started meanwhile; -1: not counted
	// of the run
	int fds[COUNT_THREADS_MAX], fds_count;
};

// From here ...
void count_start(struct count *c);
// ... to here; not what these two calls do themselves.
void count_stop(struct count *c);
// Counts of this process no longer wait when they stop. The kernel detaches its tracepoint with the
// last event on it, and waits for a grace period of RCU then: 35 ms each. Until this process ends,
// each system call of the machine takes the traced path instead: only for runs whose figures mean
// nothing.
void count_hold(void);
// Why they are not counted: a sentence. NULL: they are.
const char *count_allocs_missing(void);
const char *count_syscalls_missing(void);

// allocs.c, or allocs_none.c where a sanitizer has the malloc family for itself: calls since the
// start of the process; -1.
int64_t allocs_total(void);
