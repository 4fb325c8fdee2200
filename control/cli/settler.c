// Flushes received files on threads of their own.
#include "control/cli/settler.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int settler_init(struct settler *settler)
{
	settler->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return settler->event < 0 ? -1 : 0;
}

void settler_fini(struct settler *settler)
{
	if (settler->event >= 0)
		close(settler->event);
	settler->event = -1;
}

static void *settler_run(void *opaque)
{
	struct settler_job *job = opaque;
	int event = job->settler->event;

	job->result = incoming_settle(job->in, &job->error);
	// Pairs with the acquire in settler_take: the result and `in` are written before.
	atomic_store_explicit(&job->done, true, memory_order_release);
	(void)!write(event, &(uint64_t){1}, sizeof(uint64_t));
	return NULL;
}

void settler_start(struct settler *settler, struct settler_job *job, struct incoming *in)
{
	sigset_t all, before;

	*job = (struct settler_job){.settler = settler, .in = in, .running = true};
	// The signals that stop us are for the thread that waits.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	job->joinable = pthread_create(&job->thread, NULL, settler_run, job) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!job->joinable)
		settler_run(job);
}

bool settler_take(struct settler_job *job, bool wait)
{
	if (!job->running || (!wait && !atomic_load_explicit(&job->done, memory_order_acquire)))
		return false;
	if (job->joinable)
		pthread_join(job->thread, NULL);
	job->running = false;
	return true;
}

void settler_calm(struct settler *settler)
{
	uint64_t count;

	(void)!read(settler->event, &count, sizeof(count));
}
