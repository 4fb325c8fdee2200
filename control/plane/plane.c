// The dataplane's process from control's side: try, attach, watch, back off, stop. The states are
// in state.c.
#include "control/plane/plane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/plane/attach.h"
#include "control/plane/launch.h"

#define MS(n) ((uint64_t)(n)*1000000u)

enum plane_times {
	PLANE_BACKOFF_MS = 100,
	PLANE_BACKOFF_MS_MAX = 5000,
	PLANE_HEALTHY_MS = 10000, // running that long resets the back-off
	PLANE_CONNECT_MS = 20,    // between tries while it starts
	PLANE_START_MS = 30000,   // hugepages of a large machine take their time
	PLANE_WELCOME_MS = 5000,
	PLANE_SHUTDOWN_MS = 1000, // after PLANE_SHUTDOWN, before SIGTERM
	PLANE_KILL_MS = 2000,     // after SIGTERM, before SIGKILL
	PLANE_REAP_MS = 2000,     // after SIGKILL
};

enum plane_stop_step { STOP_ASKED, STOP_TERMED, STOP_KILLED };

static void plane_try(void *owner);
static void plane_on_process(void *owner, short events);

static void plane_go(struct plane *plane, enum plane_input input)
{
	enum plane_state next = plane_state_next(plane->state, input);

	if (next == plane->state)
		return;
	log_debug("The dataplane is %s, it was %s.", plane_state_name(next),
		plane_state_name(plane->state));
	plane->state = next;
	plane->state_since_ns = loop_now_ns(plane->loop);
}

// Lets go of sockets, rings and memory; the process is still watched.
static void plane_detach(struct plane *plane)
{
	bool was_up = plane->tables.shared != NULL;

	loop_watch_stop(plane->loop, &plane->door_watch);
	loop_watch_stop(plane->loop, &plane->wake_watch);
	loop_timer_stop(plane->loop, &plane->patience);
	loop_timer_stop(plane->loop, &plane->again);
	proxy_detach(&plane->proxy);
	events_detach(&plane->events);
	plane->tables.shared = NULL;
	plane->boot_id = 0;
	if (was_up)
		plane->on_down(
			plane->owner); // before the memory goes: nobody keeps a pointer into it
	region_fini(&plane->theirs);
	region_fini(&plane->mine);
	if (plane->door >= 0)
		close(plane->door);
	if (plane->wake >= 0)
		close(plane->wake);
	plane->door = plane->wake = -1;
}

static void plane_forget_process(struct plane *plane)
{
	loop_watch_stop(plane->loop, &plane->pid_watch);
	if (plane->pidfd >= 0)
		close(plane->pidfd);
	plane->pidfd = -1;
	plane->pid = 0;
	plane->ours = false;
}

static void plane_watch_process(struct plane *plane, pid_t pid, int pidfd, bool ours)
{
	plane_forget_process(plane);
	plane->pid = pid;
	plane->pidfd = pidfd;
	plane->ours = ours;
	if (pidfd >= 0)
		loop_watch_start(
			plane->loop, &plane->pid_watch, pidfd, POLLIN, plane_on_process, plane);
}

static void plane_tell_gone(struct plane *plane)
{
	uint64_t boot_id = plane->last_boot_id;

	plane->last_boot_id = 0;
	if (boot_id)
		plane->on_gone(plane->owner, boot_id);
}

static void plane_back_off(struct plane *plane, enum plane_input input)
{
	uint64_t now_ns = loop_now_ns(plane->loop);

	if (plane->state == PLANE_RUNNING && now_ns - plane->state_since_ns >= MS(PLANE_HEALTHY_MS))
		plane->backoff_ns = MS(PLANE_BACKOFF_MS);
	plane_go(plane, input);
	plane_detach(plane);
	log_warning("The dataplane is tried again in %u ms: %s.",
		(unsigned)(plane->backoff_ns / 1000000), plane->error);
	loop_timer_start(plane->loop, &plane->timer, plane->backoff_ns, plane_try, plane);
	plane->backoff_ns = plane->backoff_ns * 2 < MS(PLANE_BACKOFF_MS_MAX)
				    ? plane->backoff_ns * 2
				    : MS(PLANE_BACKOFF_MS_MAX);
}

static void plane_stopped(struct plane *plane)
{
	plane_go(plane, PLANE_ON_GONE);
	loop_timer_stop(plane->loop, &plane->timer);
	plane_detach(plane);
	plane_forget_process(plane);
	plane->on_stopped(plane->owner);
}

// Returns its exit status; -1: none, or not known.
static int plane_describe_end(struct plane *plane)
{
	char end[96] = "is gone", words[256];
	int status = -1;

	if (plane->ours)
		status = launch_reap(plane->pidfd, end, sizeof(end));
	launch_last_words(plane->config, words, sizeof(words));
	snprintf(plane->error, sizeof(plane->error), "sluice-dataplane (process %d) %s%s%s",
		(int)plane->pid, end, words[0] ? "; its last words: " : "", words);
	return status;
}

static void plane_fail(struct plane *plane)
{
	plane_go(plane, PLANE_ON_USAGE);
	loop_timer_stop(plane->loop, &plane->timer);
	plane_detach(plane);
	log_error(
		"The dataplane refuses its command line and is not tried again: %s.", plane->error);
}

// The pidfd is readable: the process has ended.
static void plane_on_process(void *owner, short events)
{
	struct plane *plane = owner;
	int status = plane_describe_end(plane);

	(void)events;
	plane_forget_process(plane);
	if (plane->state == PLANE_STOPPING) {
		plane_tell_gone(plane);
		plane_stopped(plane);
		return;
	}
	if (plane->state == PLANE_STARTING && status == LAUNCH_STATUS_USAGE) {
		plane_fail(plane);
	} else {
		plane->restarts++;
		if (plane->state != PLANE_BACKOFF)
			plane_back_off(plane, PLANE_ON_LOST);
	}
	plane_tell_gone(plane); // after the detach: the core has forgotten that boot
}

static void plane_on_start_timeout(void *owner)
{
	struct plane *plane = owner;

	snprintf(plane->error, sizeof(plane->error),
		"sluice-dataplane (process %d) did not answer on data.sock in time",
		(int)plane->pid);
	if (plane->ours && plane->pidfd >= 0)
		pidfd_send_signal(plane->pidfd, SIGKILL, NULL, 0);
	plane_back_off(plane, PLANE_ON_LOST);
}

static void plane_take_events(void *owner)
{
	struct plane *plane = owner;
	enum events_verdict verdict = events_take(&plane->events, plane->on_event, plane->owner);

	if (!plane->tables.shared)
		return; // detached meanwhile
	if (events_lost(&plane->events))
		plane->on_resync(plane->owner);
	if (verdict == EVENTS_MORE)
		loop_timer_start(plane->loop, &plane->again, 0, plane_take_events, plane);
	if (verdict != EVENTS_CORRUPT)
		return;
	snprintf(plane->error, sizeof(plane->error),
		"the dataplane (process %d) wrote nonsense into its event ring", (int)plane->pid);
	plane_back_off(plane, PLANE_ON_LOST);
}

static void plane_on_wake(void *owner, short events)
{
	struct plane *plane = owner;
	char tokens[256];
	ssize_t got;

	while ((got = recv(plane->wake, tokens, sizeof(tokens), MSG_DONTWAIT)) > 0)
		;
	if (got == 0 || events & (POLLHUP | POLLERR))
		loop_watch_stop(plane->loop, &plane->wake_watch); // data.sock tells the rest
	plane_take_events(plane);
}

static void plane_up(struct plane *plane)
{
	struct plane_dataplane *theirs = (struct plane_dataplane *)plane->theirs.base;
	uint64_t boot_id = theirs->boot_id;

	proxy_attach(&plane->proxy, plane->door, theirs->workers,
		(struct plane_control *)plane->mine.base, theirs);
	events_attach(
		&plane->events, theirs->workers, (struct plane_control *)plane->mine.base, theirs);
	plane->tables.shared = theirs;
	if (plane->last_boot_id != boot_id)
		plane_tell_gone(plane); // another one than last time
	plane->boot_id = plane->last_boot_id = boot_id;
	plane->error[0] = 0;
	plane_go(plane, PLANE_ON_WELCOME);
	loop_timer_stop(plane->loop, &plane->patience);
	loop_watch_start(
		plane->loop, &plane->wake_watch, plane->wake, POLLIN, plane_on_wake, plane);
	log_info("Attached to the dataplane, process %d, workers %u, boot %016llx.",
		(int)plane->pid, theirs->workers, (unsigned long long)boot_id);
	plane->on_up(plane->owner);
	if (plane->tables.shared)
		plane_take_events(plane); // says "asleep", so that wake-ups begin
}

static void plane_welcome(struct plane *plane)
{
	switch (attach_welcome(plane->door, plane->pid, &plane->theirs, &plane->wake, plane->error,
		sizeof(plane->error))) {
	case ATTACH_DONE:
		plane_up(plane);
		break;
	case ATTACH_AGAIN:
		break;
	case ATTACH_REFUSED:
		plane_back_off(plane, PLANE_ON_REFUSED);
		break;
	case ATTACH_HANGUP:
		plane_back_off(plane, PLANE_ON_LOST);
		break;
	}
}

static void plane_on_door(void *owner, short events)
{
	struct plane *plane = owner;
	char message[16];

	if (plane->state == PLANE_ATTACHING) {
		plane_welcome(plane);
		return;
	}
	// Attached, data.sock has nothing to say but hang-up.
	if (!(events & (POLLHUP | POLLERR)) &&
		recv(plane->door, message, sizeof(message), MSG_DONTWAIT) != 0)
		return;
	if (plane->state == PLANE_STOPPING) {
		plane_detach(plane);
		return;
	}
	snprintf(plane->error, sizeof(plane->error),
		"data.sock was closed by sluice-dataplane (process %d)", (int)plane->pid);
	plane_back_off(plane, PLANE_ON_LOST);
}

static void plane_attach(struct plane *plane, int door, pid_t pid)
{
	plane->door = door;
	if (pid != plane->pid)
		plane_watch_process(plane, pid, pidfd_open(pid, 0), false);
	plane_go(plane, PLANE_ON_CONNECTED);
	loop_timer_start(
		plane->loop, &plane->patience, MS(PLANE_WELCOME_MS), plane_on_start_timeout, plane);
	if (attach_hello(door, &plane->mine, plane->error, sizeof(plane->error)) != ATTACH_DONE) {
		plane_back_off(plane, PLANE_ON_LOST);
		return;
	}
	loop_watch_start(plane->loop, &plane->door_watch, door, POLLIN, plane_on_door, plane);
}

static void plane_launch(struct plane *plane)
{
	int pidfd = -1;
	pid_t pid = launch_start(plane->config, &pidfd, plane->error, sizeof(plane->error));

	if (pid < 0) {
		plane_back_off(plane, PLANE_ON_LOST);
		return;
	}
	log_info("Started %s, process %d.", plane->config->program, (int)pid);
	plane_watch_process(plane, pid, pidfd, true);
	plane_go(plane, PLANE_ON_LAUNCHED);
	loop_timer_start(
		plane->loop, &plane->patience, MS(PLANE_START_MS), plane_on_start_timeout, plane);
	loop_timer_start(plane->loop, &plane->timer, MS(PLANE_CONNECT_MS), plane_try, plane);
}

// A running one is attached to; otherwise one is started; while one starts, data.sock is tried
// again and again.
static void plane_try(void *owner)
{
	struct plane *plane = owner;
	pid_t pid = 0;
	int door;

	if (plane->state == PLANE_BACKOFF)
		plane_go(plane, PLANE_ON_RETRY);
	door = attach_connect(plane->config->run_dir, &pid);
	if (door >= 0) {
		plane_attach(plane, door, pid);
		return;
	}
	if (plane->state == PLANE_STARTING) {
		loop_timer_start(
			plane->loop, &plane->timer, MS(PLANE_CONNECT_MS), plane_try, plane);
		return;
	}
	if (plane->pid == 0) {
		plane_launch(plane);
		return;
	}
	// It closed its door but lives: a second one would find the lock taken.
	snprintf(plane->error, sizeof(plane->error),
		"sluice-dataplane (process %d) runs but does not answer: %s", (int)plane->pid,
		strerror(errno));
	plane_back_off(plane, PLANE_ON_LOST);
}

static void plane_on_stop_time(void *owner)
{
	struct plane *plane = owner;

	switch (plane->stop_step++) {
	case STOP_ASKED:
		pidfd_send_signal(plane->pidfd, SIGTERM, NULL, 0);
		loop_timer_start(
			plane->loop, &plane->timer, MS(PLANE_KILL_MS), plane_on_stop_time, plane);
		break;
	case STOP_TERMED:
		log_warning(
			"The dataplane, process %d, does not stop: it is killed.", (int)plane->pid);
		pidfd_send_signal(plane->pidfd, SIGKILL, NULL, 0);
		loop_timer_start(
			plane->loop, &plane->timer, MS(PLANE_REAP_MS), plane_on_stop_time, plane);
		break;
	default:
		log_error("The dataplane, process %d, cannot be stopped; it is left behind.",
			(int)plane->pid);
		plane_stopped(plane);
	}
}

void plane_stop(struct plane *plane)
{
	struct plane_command shutdown_command = {.type = PLANE_SHUTDOWN};
	bool asked = proxy_put(&plane->proxy, 0, &shutdown_command) == 0;

	plane_go(plane, PLANE_ON_STOP);
	loop_timer_stop(plane->loop, &plane->patience);
	loop_timer_stop(plane->loop, &plane->timer);
	if (plane->pidfd < 0) {
		plane_stopped(plane);
		return;
	}
	plane->stop_step = STOP_ASKED;
	if (asked)
		loop_timer_start(plane->loop, &plane->timer, MS(PLANE_SHUTDOWN_MS),
			plane_on_stop_time, plane);
	else
		plane_on_stop_time(plane);
}

void plane_init(struct plane *plane, const struct config *config, struct loop *loop)
{
	memset(plane, 0, sizeof(*plane));
	plane->config = config;
	plane->loop = loop;
	plane->door = plane->wake = plane->pidfd = -1;
	plane->mine.fd = plane->theirs.fd = -1;
	plane->backoff_ns = MS(PLANE_BACKOFF_MS);
	proxy_init(&plane->proxy);
	events_init(&plane->events);
}

void plane_start(struct plane *plane)
{
	plane->state_since_ns = loop_now_ns(plane->loop);
	plane_try(plane);
}

void plane_fini(struct plane *plane)
{
	loop_timer_stop(plane->loop, &plane->timer);
	plane_detach(plane);
	plane_forget_process(plane);
}
