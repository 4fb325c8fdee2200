// Processes, doors, and the little of control that a session needs. See apps.h.
#include "perf/transport/apps.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/app/door.h"
#include "perf/pin.h"

#define STEP_NS      1000000ull
#define ATTACH_STEPS 5000u
#define SETTLE_STEPS 500u

enum { APP_FD = 3, CPUS_ALL = 4 };

// One application, and the door of its node.
struct apps_side {
	struct node *node;
	struct door *door; // NULL: not yet
	pid_t pid;
	int socket;
	struct app_page *page;
	struct door_app app; // as it attached
	uint32_t request;    // for a session, of the application; 0: none
};

struct apps {
	struct apps_side side[2];
	unsigned processes; // that were started
	bool attached;
	uint32_t cid[2];
};

// ---- processes

static void app_pin(unsigned side)
{
	int cpus[CPUS_ALL] = {0}, count = pin_cpus(cpus, CPUS_ALL);
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpus[count == CPUS_ALL ? 2 + side : side], &one);
	sched_setaffinity(0, sizeof(one), &one);
}

bool apps_own_cpus(void)
{
	int cpus[CPUS_ALL];

	return pin_cpus(cpus, CPUS_ALL) == CPUS_ALL;
}

// Nothing of the parent's but its page and the socket: whoever ends is noticed by all others.
static _Noreturn void app_process(unsigned side, int socket, struct app_page *page)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(socket, APP_FD);
	close_range(APP_FD + 1, ~0u, 0);
	app_pin(side);
	app_main(page, APP_FD);
}

static int side_start(struct apps *a, unsigned side)
{
	struct apps_side *s = &a->side[side];
	int ends[2];

	s->page = mmap(
		NULL, sizeof(*s->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->page == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	s->pid = fork();
	if (s->pid == 0)
		app_process(side, ends[1], s->page);
	close(ends[1]);
	s->socket = ends[0];
	a->processes++;
	return s->pid > 0 ? 0 : -1;
}

struct apps *apps_new(void)
{
	struct apps *a = calloc(1, sizeof(*a));

	if (a && (side_start(a, 0) < 0 || side_start(a, 1) < 0)) {
		apps_free(a);
		a = NULL;
	}
	return a;
}

void apps_free(struct apps *a)
{
	for (unsigned i = 0; a && i < a->processes; i++) {
		struct apps_side *s = &a->side[i];

		// Both ends of what it may wait for, then it goes.
		close(s->socket);
		if (s->door)
			door_free(s->door);
		if (s->pid > 0)
			waitpid(s->pid, NULL, 0);
		munmap(s->page, sizeof(*s->page));
	}
	free(a);
}

// ---- the door's hooks

static enum ipc_result on_app_attached(
	void *context, struct app_channel *channel, char text[REASON_SIZE])
{
	struct apps_side *s = context;
	const struct mail mail = {
		.type = MAIL_APP_ATTACH, .index = channel->index, .object = channel};

	channel->worker = 0;
	s->app = (struct door_app){channel->index, channel->generation};
	if (mailbox_give(s->node->w.inbox, &mail))
		return IPC_OK;
	snprintf(text, REASON_SIZE, "the worker takes no letters");
	return IPC_REFUSED_FULL;
}

static void on_app_gone(void *context, struct app_channel *channel)
{
	struct apps_side *s = context;
	const struct mail mail = {
		.type = MAIL_APP_DETACH, .index = channel->index, .object = channel};

	mailbox_give(s->node->w.inbox, &mail);
}

static enum ipc_result on_control_attached(
	void *context, pid_t pid, int region_fd, struct door_welcome *welcome)
{
	(void)context, (void)pid;
	close(region_fd);
	snprintf(welcome->text, sizeof(welcome->text), "a measurement has its own control");
	return IPC_REFUSED_FULL;
}

static void on_nothing(void *context)
{
	(void)context;
}

static enum ipc_result on_connect(
	void *context, const struct door_connect *connect, char text[REASON_SIZE])
{
	struct apps_side *s = context;

	(void)text;
	s->request = connect->request;
	return IPC_OK;
}

static const struct door_hooks hooks = {
	.on_app_attached = on_app_attached,
	.on_app_gone = on_app_gone,
	.on_control_attached = on_control_attached,
	.on_control_gone = on_nothing,
	.on_doorbell = on_nothing,
	.on_connect = on_connect,
	.on_tables = on_nothing,
};

static int door_make(struct apps_side *s, struct pair *p, unsigned side)
{
	char path[sizeof(s->page->socket)], why[REASON_SIZE];
	const struct door_config config = {.path = path,
		.gid = (gid_t)-1,
		.boot_id = side + 1,
		.workers = 1,
		.hooks = &hooks,
		.context = s};

	snprintf(path, sizeof(path), "%s/door%u", p->link.directory, side);
	s->node = &p->node[side];
	if (door_new(&s->door, &config, why) != 0) {
		snprintf(p->error, sizeof(p->error), "%.190s", why);
		return -1;
	}
	snprintf(s->page->socket, sizeof(s->page->socket), "%s", path);
	return 0;
}

// ---- orders

// -1 with the application's sentence, if it has one.
static int side_failed(const struct apps_side *s, struct pair *p)
{
	snprintf(p->error, sizeof(p->error), "%.150s",
		s->page->error[0] ? s->page->error : "an application's process ended");
	return -1;
}

static int order(struct apps_side *s, struct pair *p, enum app_job job)
{
	char byte = 0;

	s->page->job = job;
	atomic_store(&s->page->until, APP_GO);
	if (send(s->socket, &byte, 1, MSG_NOSIGNAL) != 1 || read(s->socket, &byte, 1) != 1)
		return side_failed(s, p);
	return 0;
}

// It rests again.
static int done(struct apps_side *s, struct pair *p)
{
	char byte;

	return read(s->socket, &byte, 1) != 1 || s->page->error[0] ? side_failed(s, p) : 0;
}

static bool says_something(const struct apps_side *s)
{
	struct pollfd pollfd = {.fd = s->socket, .events = POLLIN};

	return poll(&pollfd, 1, 0) != 0;
}

// The session of a request, between the two that attached.
static int session_make(struct apps *a, struct pair *p)
{
	const struct pair_owner owner[2] = {
		{a->side[0].app.index, a->side[0].app.generation, a->side[0].request},
		{a->side[1].app.index, a->side[1].app.generation, 0}};

	a->side[0].request = 0;
	return pair_open(p, owner, (uint32_t *[2]){&a->cid[0], &a->cid[1]});
}

// Its door is served, and its session made when it asks, until it is done.
static int side_attach(struct apps *a, struct pair *p, unsigned side, enum app_job job)
{
	struct apps_side *s = &a->side[side];

	if (door_make(s, p, side) < 0 || order(s, p, job) < 0)
		return -1;
	for (unsigned i = 0; i < ATTACH_STEPS && !says_something(s); i++) {
		if (door_poll(s->door, 1) < 0)
			break;
		if (s->request && session_make(a, p) < 0)
			return -1;
		if (a->cid[side])
			pair_run(p, STEP_NS);
	}
	if (says_something(s))
		return done(s, p);
	snprintf(p->error, sizeof(p->error), "an application does not attach");
	return -1;
}

int apps_attach(struct apps *a, struct pair *p)
{
	if (a && a->attached)
		return 0;
	if (!a || a->side[0].door || a->side[1].door) {
		snprintf(p->error, sizeof(p->error), "no processes for applications");
		return -1;
	}
	if (side_attach(a, p, 1, APP_SERVE) < 0 || side_attach(a, p, 0, APP_CONNECT) < 0)
		return -1;
	a->attached = true;
	return 0;
}

int apps_begin(struct apps *a, struct pair *p, enum app_job job, uint32_t size, uint64_t gap_ns)
{
	struct app_page *page = a->side[0].page;

	page->size = size;
	page->gap_ns = gap_ns;
	histogram_clear(&page->latency);
	return order(&a->side[1], p, APP_RECEIVE) < 0 || order(&a->side[0], p, job) < 0 ? -1 : 0;
}

static bool settled(const struct apps *a)
{
	return atomic_load(&a->side[0].page->sent) == atomic_load(&a->side[1].page->received);
}

int apps_end(struct apps *a, struct pair *p)
{
	int result = 0;

	atomic_store(&a->side[0].page->until, APP_SETTLE);
	for (unsigned i = 0; i < SETTLE_STEPS; i++) {
		pair_run(p, STEP_NS);
		if (settled(a))
			break;
	}
	for (unsigned i = 0; i < 2; i++)
		atomic_store(&a->side[i].page->until, APP_LEAVE);
	for (unsigned i = 0; i < 2; i++)
		result |= done(&a->side[i], p);
	return result;
}

const struct app_page *apps_page(const struct apps *a, unsigned side)
{
	return a->side[side].page;
}

uint64_t apps_cpu_ns(const struct apps *a)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct timespec t;
		clockid_t clock;

		if (clock_getcpuclockid(a->side[i].pid, &clock) == 0 &&
			clock_gettime(clock, &t) == 0)
			sum += (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
	}
	return sum;
}

uint32_t apps_cid(const struct apps *a)
{
	return a->cid[0];
}
