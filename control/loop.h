// The one loop of the control process: descriptors that become ready, timers, signals. io_uring, or
// epoll where io_uring is refused (SLUICE_LOOP=epoll forces it); both behave the same. No callback
// may block.
//
// Readiness is level-triggered: a callback that leaves something unread is called again. A callback
// may start and stop any watch or timer, its own too. Watches and timers are embedded in their
// owners and must stay put while started.
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

enum loop_limits {
	LOOP_WATCHES_MAX = 1024,
	LOOP_TIMERS_MAX = 2048, // every owner is itself bounded, so that these are never reached
};

struct loop_watch {
	int fd;
	short events;                                // POLLIN, POLLOUT
	uint32_t slot;                               // 0: not started
	void (*on_ready)(void *owner, short events); // POLLIN, POLLOUT, POLLERR, POLLHUP
	void *owner;
};

struct loop_timer {
	uint64_t at_ns; // CLOCK_MONOTONIC
	uint32_t place; // 1 + index in the heap; 0: not started
	void (*on_time)(void *owner);
	void *owner;
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);
const char *loop_backend(const struct loop *loop); // "io_uring" or "epoll"
uint64_t loop_now_ns(const struct loop *loop);     // CLOCK_MONOTONIC at the start of this turn

// 0 or negative errno. A started watch is restarted with the new arguments. Does not own `fd`.
int loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd, short events,
	void (*on_ready)(void *owner, short events), void *owner);
// Changes what a started watch waits for; 0 keeps only errors and hang-up.
void loop_watch_events(struct loop *loop, struct loop_watch *watch, short events);
// After this on_ready is not called any more; close the descriptor afterwards, not before. Legal
// when not started.
void loop_watch_stop(struct loop *loop, struct loop_watch *watch);

// Fires once, `after_ns` from now. A started timer is moved.
void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t after_ns,
	void (*on_time)(void *owner), void *owner);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

// Blocks the signals of `set` for the process and delivers them here, by signalfd.
int loop_signals_start(struct loop *loop, const sigset_t *set,
	void (*on_signal)(void *owner, int number), void *owner);

// One turn: waits up to `timeout_ms` (-1: for ever) for something, calls back. 0 or negative errno.
int loop_turn(struct loop *loop, int timeout_ms);
// Turns until loop_quit.
int loop_run(struct loop *loop);
void loop_quit(struct loop *loop);
