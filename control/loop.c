// The one loop of the control process: watches, the heap of timers, the turn. Backends wait.
#include "control/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "control/loop_backend.h"

struct loop_slot {
	struct loop_watch *watch; // NULL: free
	uint32_t generation;      // in the key, so that a late report finds nobody
	bool armed;
};

struct loop {
	const struct loop_backend_ops *ops;
	void *backend;
	uint64_t now_ns;
	bool quit;
	uint32_t slots_used; // highest slot in use + 1
	struct loop_slot slots[LOOP_WATCHES_MAX];
	uint32_t heap_size;
	struct loop_timer *heap[LOOP_TIMERS_MAX];
	uint32_t rearm_count;
	uint32_t rearm[LOOP_READY_MAX]; // slots reported in this turn
	struct loop_watch signal_watch;
	int signal_fd;
	void (*on_signal)(void *owner, int number);
	void *signal_owner;
};

static uint64_t loop_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Slot numbers seen outside are 1 + index.
static uint64_t loop_key(const struct loop *loop, uint32_t index)
{
	return (uint64_t)loop->slots[index].generation << 32 | (index + 1);
}

struct loop *loop_new(void)
{
	const char *wish = getenv("SLUICE_LOOP");
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->signal_fd = -1;
	loop->ops = &loop_uring;
	if (!wish || strcmp(wish, "epoll") != 0)
		loop->backend = loop_uring.new();
	if (!loop->backend) {
		loop->ops = &loop_epoll;
		loop->backend = loop_epoll.new();
	}
	if (!loop->backend) {
		free(loop);
		return NULL;
	}
	loop->now_ns = loop_clock();
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_watch_stop(loop, &loop->signal_watch);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	loop->ops->free(loop->backend);
	free(loop);
}

const char *loop_backend(const struct loop *loop)
{
	return loop->ops->name;
}

uint64_t loop_now_ns(const struct loop *loop)
{
	return loop->now_ns;
}

static int loop_arm(struct loop *loop, uint32_t index)
{
	struct loop_slot *slot = &loop->slots[index];
	int error = loop->ops->arm(
		loop->backend, slot->watch->fd, slot->watch->events, loop_key(loop, index));

	slot->armed = error == 0;
	return error;
}

// A new generation: reports of the old arming are strangers from now on.
static void loop_disarm(struct loop *loop, uint32_t index)
{
	struct loop_slot *slot = &loop->slots[index];

	if (slot->armed || loop->ops == &loop_epoll) // epoll keeps a fired descriptor in its set
		loop->ops->disarm(loop->backend, slot->watch->fd, loop_key(loop, index));
	slot->armed = false;
	slot->generation++;
}

int loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd, short events,
	void (*on_ready)(void *owner, short events), void *owner)
{
	uint32_t index = 0;
	int error;

	loop_watch_stop(loop, watch);
	while (index < LOOP_WATCHES_MAX && loop->slots[index].watch)
		index++;
	if (index == LOOP_WATCHES_MAX)
		return -ENFILE;
	*watch = (struct loop_watch){.fd = fd,
		.events = events,
		.slot = index + 1,
		.on_ready = on_ready,
		.owner = owner};
	loop->slots[index].watch = watch;
	error = loop_arm(loop, index);
	if (error < 0) {
		loop->slots[index].watch = NULL;
		watch->slot = 0;
		return error;
	}
	if (index >= loop->slots_used)
		loop->slots_used = index + 1;
	return 0;
}

void loop_watch_events(struct loop *loop, struct loop_watch *watch, short events)
{
	uint32_t index = watch->slot - 1;

	assert(watch->slot && loop->slots[index].watch == watch);
	if (watch->events == events)
		return;
	watch->events = events;
	if (loop->slots[index].armed) { // otherwise it is armed anew at the end of the turn
		loop_disarm(loop, index);
		loop_arm(loop, index);
	}
}

void loop_watch_stop(struct loop *loop, struct loop_watch *watch)
{
	uint32_t index = watch->slot - 1;

	if (!watch->slot)
		return;
	assert(loop->slots[index].watch == watch);
	loop_disarm(loop, index);
	loop->slots[index].watch = NULL;
	watch->slot = 0;
}

static void heap_set(struct loop *loop, uint32_t index, struct loop_timer *timer)
{
	loop->heap[index] = timer;
	timer->place = index + 1;
}

static void heap_up(struct loop *loop, uint32_t index, struct loop_timer *timer)
{
	while (index > 0 && loop->heap[(index - 1) / 2]->at_ns > timer->at_ns) {
		heap_set(loop, index, loop->heap[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	heap_set(loop, index, timer);
}

static void heap_down(struct loop *loop, uint32_t index, struct loop_timer *timer)
{
	for (;;) {
		uint32_t child = 2 * index + 1;

		if (child + 1 < loop->heap_size &&
			loop->heap[child + 1]->at_ns < loop->heap[child]->at_ns)
			child++;
		if (child >= loop->heap_size || loop->heap[child]->at_ns >= timer->at_ns)
			break;
		heap_set(loop, index, loop->heap[child]);
		index = child;
	}
	heap_set(loop, index, timer);
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t after_ns,
	void (*on_time)(void *owner), void *owner)
{
	loop_timer_stop(loop, timer);
	assert(loop->heap_size < LOOP_TIMERS_MAX);
	timer->at_ns = loop_clock() + after_ns;
	timer->on_time = on_time;
	timer->owner = owner;
	heap_up(loop, loop->heap_size++, timer);
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	uint32_t index = timer->place - 1;
	struct loop_timer *last;

	if (!timer->place)
		return;
	assert(loop->heap[index] == timer);
	timer->place = 0;
	last = loop->heap[--loop->heap_size];
	if (last == timer)
		return;
	if (index > 0 && loop->heap[(index - 1) / 2]->at_ns > last->at_ns)
		heap_up(loop, index, last);
	else
		heap_down(loop, index, last);
}

// Timers started by a callback wait for the next turn, even with 0: a turn ends.
static void loop_timers_fire(struct loop *loop)
{
	uint64_t until_ns = loop->now_ns;

	while (loop->heap_size > 0 && loop->heap[0]->at_ns <= until_ns) {
		struct loop_timer *timer = loop->heap[0];

		loop_timer_stop(loop, timer);
		timer->on_time(timer->owner);
	}
}

static void loop_on_signals(void *owner, short events)
{
	struct loop *loop = owner;
	struct signalfd_siginfo info;

	(void)events;
	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info))
		loop->on_signal(loop->signal_owner, (int)info.ssi_signo);
}

int loop_signals_start(struct loop *loop, const sigset_t *set,
	void (*on_signal)(void *owner, int number), void *owner)
{
	if (sigprocmask(SIG_BLOCK, set, NULL) < 0)
		return -errno;
	loop->signal_fd = signalfd(loop->signal_fd, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return -errno;
	loop->on_signal = on_signal;
	loop->signal_owner = owner;
	return loop_watch_start(
		loop, &loop->signal_watch, loop->signal_fd, POLLIN, loop_on_signals, loop);
}

static uint64_t loop_patience(const struct loop *loop, int timeout_ms)
{
	uint64_t patience = timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * 1000000u;
	uint64_t now = loop_clock();

	if (loop->heap_size == 0)
		return patience;
	if (loop->heap[0]->at_ns <= now)
		return 0;
	return loop->heap[0]->at_ns - now < patience ? loop->heap[0]->at_ns - now : patience;
}

static void loop_report(struct loop *loop, const struct loop_ready *ready)
{
	uint32_t index = (uint32_t)ready->key - 1;
	struct loop_slot *slot;

	if (index >= LOOP_WATCHES_MAX)
		return;
	slot = &loop->slots[index];
	if (!slot->watch || slot->generation != (uint32_t)(ready->key >> 32))
		return; // stopped or changed since
	slot->armed = false;
	loop->rearm[loop->rearm_count++] = index;
	slot->watch->on_ready(slot->watch->owner, ready->events);
}

int loop_turn(struct loop *loop, int timeout_ms)
{
	struct loop_ready ready[LOOP_READY_MAX];
	int count = loop->ops->wait(loop->backend, loop_patience(loop, timeout_ms), ready);

	loop->now_ns = loop_clock();
	if (count < 0)
		return count;
	loop->rearm_count = 0;
	for (int i = 0; i < count; i++)
		loop_report(loop, &ready[i]);
	loop_timers_fire(loop);
	for (uint32_t i = 0; i < loop->rearm_count; i++) {
		uint32_t index = loop->rearm[i];

		if (loop->slots[index].watch && !loop->slots[index].armed)
			loop_arm(loop, index);
	}
	return 0;
}

int loop_run(struct loop *loop)
{
	int error = 0;

	loop->quit = false;
	while (!loop->quit && error == 0)
		error = loop_turn(loop, -1);
	return error;
}

void loop_quit(struct loop *loop)
{
	loop->quit = true;
}
