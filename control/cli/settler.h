// Flushes received files on threads of their own: a slow disk must not keep the other transfers
// waiting. One thread for each file that is being settled, and one file at a time for each job.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "control/cli/incoming.h"

struct settler {
	int event; // eventfd: readable when a job is done; -1: none
};

struct settler_job {
	struct settler *settler;
	struct incoming *in; // the thread's until the job is taken
	pthread_t thread;
	bool running, joinable; // the owner's
	atomic_bool done;       // written by the thread, last
	int result;             // of incoming_settle; valid when `done`
	struct incoming_error error;
};

// 0, or -1 with errno.
int settler_init(struct settler *settler);
void settler_fini(struct settler *settler); // every job was taken; legal after settler_init failed
// Without a thread to be had the work is done at once.
void settler_start(struct settler *settler, struct settler_job *job, struct incoming *in);
// True once for each job: it is over, `in` is the caller's again. `wait`: for as long as it takes.
bool settler_take(struct settler_job *job, bool wait);
// Before looking for jobs that are done: the next one makes `event` readable again.
void settler_calm(struct settler *settler);
