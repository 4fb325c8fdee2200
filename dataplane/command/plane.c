// Control, as the main thread sees it: it attaches with its memory, gets ours, sends commands, and
// may die at any time.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/command/report.h"
#include "dataplane/dataplane.h"
#include "lib/shm/seqlock.h"

// Workers answer within a turn; one that sleeps, within 1 ms. A whole second is a stuck machine.
#define WORKERS_ANSWER_NS 1000000000ull

// Every worker lets go of the old rings, or takes the new ones, before the main thread goes on.
static bool plane_workers(struct dataplane *dp, struct mail *mail)
{
	uint64_t deadline_ns = clock_now() + WORKERS_ANSWER_NS;

	mail->index = ++dp->control_letter;
	dp->control_done = 0;
	for (uint16_t i = 0; i < dp->workers; i++)
		while (!mailbox_give(dp->worker[i].inbox, mail))
			if (clock_now() > deadline_ns)
				return false;
	while (dp->control_done < dp->workers) {
		hooks_letters(dp);
		if (clock_now() > deadline_ns)
			return false;
		usleep(50);
	}
	return true;
}

void plane_detach(struct dataplane *dp)
{
	struct mail mail = {.type = MAIL_CONTROL_DETACH};

	if (!dp->control_attached)
		return;
	dp->control_attached = false;
	dp->plane.attached = false;
	close(dp->wake_peer_fd);
	if (!plane_workers(dp, &mail)) {
		// It may use both yet; and the number of a closed
		// descriptor would soon be another file's.
		fprintf(stderr, "sluice-dataplane: a worker does not answer; control's memory "
				"stays mapped\n");
		dp->control_region = (struct region){.fd = -1};
		return;
	}
	region_fini(&dp->control_region);
	close(dp->wake_fd);
}

static enum ipc_result plane_map(struct dataplane *dp, int region_fd, char *text)
{
	const struct plane_control *control;
	int error = region_attach(&dp->control_region, region_fd, sizeof(*control), 16u << 20);

	if (error) {
		snprintf(text, REASON_SIZE, "control's memory: %s", region_strerror(error));
		return IPC_REFUSED_REGION;
	}
	control = (const struct plane_control *)dp->control_region.base;
	if (control->magic == PLANE_CONTROL_MAGIC && control->version == PLANE_VERSION)
		return IPC_OK;
	region_fini(&dp->control_region);
	snprintf(text, REASON_SIZE,
		"control speaks another version; this is sluice-dataplane " SLUICE_VERSION);
	return IPC_REFUSED_VERSION;
}

// A new control process begins every ring at 0. Nobody uses them now: the workers let go of the
// last one in plane_detach.
static void plane_rings_reset(struct dataplane *dp)
{
	for (uint32_t c = 0; c <= dp->workers; c++) {
		atomic_store_explicit(
			&dp->tables->channels[c].event_tail.tail, 0, memory_order_release);
		atomic_store_explicit(
			&dp->tables->channels[c].command_head.head, 0, memory_order_release);
	}
}

static void plane_link_main(struct dataplane *dp, const struct plane_control *control)
{
	ring_consumer_init(&dp->plane.commands, control->channels[0].command_slots,
		&control->channels[0].command_tail, &dp->tables->channels[0].command_head,
		sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
	ring_producer_init(&dp->plane.events, dp->tables->channels[0].event_slots,
		&dp->tables->channels[0].event_tail, &control->channels[0].event_head,
		sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	dp->plane.wake = dp->wake_fd;
	dp->plane.attached = true;
}

// Whether a former control process came as far as PLANE_OPEN: the worker answers the application,
// or the door's time-out does. Asked again, the new one would open a second session.
static bool plane_opening(const struct dataplane *dp, const struct door_connect *connect)
{
	struct session_stats row;

	for (uint32_t i = 0; i < PLANE_SESSIONS_MAX; i++) {
		const struct plane_session *shared = &dp->tables->session[connect->worker][i];

		if (seqlock_read(&shared->seq, &shared->stats, &row, sizeof(row), 1000) &&
			row.app == connect->app.index && row.state >= SESSION_CONNECTING &&
			row.connect_request == connect->request)
			return true;
	}
	return false;
}

static void plane_reconnect(void *context, const struct door_connect *connect)
{
	char text[REASON_SIZE];

	if (!plane_opening(context, connect))
		plane_connect_wanted(context, connect, text);
}

enum ipc_result plane_attach(
	struct dataplane *dp, pid_t pid, int region_fd, struct door_welcome *welcome)
{
	struct mail mail = {.type = MAIL_CONTROL_ATTACH};
	enum ipc_result result;
	int pair[2];

	if (dp->control_attached) {
		close(region_fd);
		snprintf(welcome->text, sizeof(welcome->text),
			"control process %d is attached already", dp->control_pid);
		return IPC_REFUSED_FULL;
	}
	result = plane_map(dp, region_fd, welcome->text);
	if (result != IPC_OK)
		return result;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
		region_fini(&dp->control_region);
		snprintf(welcome->text, sizeof(welcome->text), "no wake socket: %s",
			strerror(errno));
		return IPC_REFUSED_FULL;
	}
	dp->wake_fd = pair[0];
	dp->wake_peer_fd = pair[1];
	dp->control_pid = pid;
	dp->control_attached = true;
	mail.object = dp->control_region.base;
	mail.value = dp->wake_fd;
	plane_rings_reset(dp);
	plane_link_main(dp, mail.object);
	if (!plane_workers(dp, &mail)) {
		snprintf(welcome->text, sizeof(welcome->text), "a worker does not answer");
		plane_detach(dp);
		return IPC_TIMEOUT;
	}
	*welcome = (struct door_welcome){.region_fd = dp->tables_region.fd,
		.region_size = sizeof(*dp->tables),
		.wake_fd = dp->wake_peer_fd};
	door_connects_each(dp->door, plane_reconnect, dp); // what a former control left unanswered
	return IPC_OK;
}

enum ipc_result plane_connect_wanted(
	struct dataplane *dp, const struct door_connect *connect, char *text)
{
	struct plane_event event = {
		.type = PLANE_CONNECT_WANTED,
		.request = connect->request,
		.app = connect->app.index,
		.app_generation = connect->app.generation,
		.worker = connect->worker,
		.codec = connect->codec,
		.level = connect->level,
		.controller = connect->controller,
		.dictionary = connect->dictionary,
		.timeout_ms = connect->timeout_ms,
	};

	memcpy(event.node, connect->node, sizeof(event.node));
	memcpy(event.service, connect->service, sizeof(event.service));
	if (report_event(&dp->plane, &event))
		return IPC_OK;
	if (dp->control_attached)
		snprintf(text, REASON_SIZE, "the control process is overloaded; try again");
	else
		snprintf(text, REASON_SIZE,
			"the control process of this node is not running; sessions need it to "
			"open");
	return IPC_NO_CONTROL;
}

static void plane_command_apply(struct dataplane *dp, struct plane_command *command)
{
	struct door_app app = {command->app, command->app_generation};

	switch (command->type) {
	case PLANE_CONNECT_FAILED:
		command->text[sizeof(command->text) - 1] = '\0';
		door_connect_failed(dp->door, app, command->request,
			(enum ipc_result)command->result, command->text);
		break;
	case PLANE_SHUTDOWN:
		dp->stop = true;
		break;
	default:
		fprintf(stderr, "sluice-dataplane: unknown command %u from control\n",
			command->type);
	}
}

void plane_commands(struct dataplane *dp)
{
	struct plane_command command;

	for (uint32_t i = 0; dp->plane.attached && i < PLANE_COMMAND_SLOTS; i++) {
		uint32_t got = ring_take(&dp->plane.commands, &command, 1);

		if (got == RING_CORRUPT) {
			fprintf(stderr, "sluice-dataplane: control broke its command ring; it must "
					"attach anew\n");
			dp->plane.attached = false;
		}
		if (got != 1)
			return;
		plane_command_apply(dp, &command);
	}
}
