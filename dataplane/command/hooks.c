// What follows from a message at the door, and from a worker's letter. Main thread.
#include <sched.h>
#include <stdio.h>

#include "dataplane/dataplane.h"

static void hooks_give(struct worker *w, const struct mail *mail)
{
	while (!mailbox_give(w->inbox, mail)) // the worker takes letters every turn
		sched_yield();
}

// The worker that has the fewest applications.
static uint16_t hooks_idlest(const struct dataplane *dp)
{
	uint16_t best = 0;

	for (uint16_t i = 1; i < dp->workers; i++)
		if (dp->apps_of[i] < dp->apps_of[best])
			best = i;
	return best;
}

// An application lives on one worker; one that wants several attaches to each.
static enum ipc_result on_app_attached(
	void *context, struct app_channel *channel, char text[REASON_SIZE])
{
	struct dataplane *dp = context;
	const struct mail mail = {
		.type = MAIL_APP_ATTACH, .index = channel->index, .object = channel};

	if (channel->worker == APP_NONE)
		channel->worker = hooks_idlest(dp);
	if (channel->worker >= dp->workers) {
		snprintf(text, REASON_SIZE, "there is no worker %u: this dataplane has %u",
			channel->worker + 1u, dp->workers);
		return IPC_INVALID;
	}
	dp->apps_of[channel->worker]++;
	hooks_give(&dp->worker[channel->worker], &mail);
	return IPC_OK;
}

static void on_app_gone(void *context, struct app_channel *channel)
{
	struct dataplane *dp = context;
	const struct mail mail = {
		.type = MAIL_APP_DETACH, .index = channel->index, .object = channel};

	hooks_give(&dp->worker[channel->worker], &mail);
}

static enum ipc_result on_control_attached(
	void *context, pid_t pid, int region_fd, struct door_welcome *welcome)
{
	return plane_attach(context, pid, region_fd, welcome);
}

static void on_control_gone(void *context)
{
	plane_detach(context);
}

static void on_doorbell(void *context)
{
	plane_commands(context);
}

static enum ipc_result on_connect(
	void *context, const struct door_connect *connect, char text[REASON_SIZE])
{
	return plane_connect_wanted(context, connect, text);
}

static void on_tables(void *context)
{
	tables_apps(context);
}

const struct door_hooks dataplane_hooks = {
	.on_app_attached = on_app_attached,
	.on_app_gone = on_app_gone,
	.on_control_attached = on_control_attached,
	.on_control_gone = on_control_gone,
	.on_doorbell = on_doorbell,
	.on_connect = on_connect,
	.on_tables = on_tables,
};

// Only counts and sorts: this may run inside a hook, where the door must not be called back.
void hooks_letters(struct dataplane *dp)
{
	struct mail mail;

	for (uint16_t i = 0; i < dp->workers; i++)
		while (dp->deferred_count < DEFERRED_MAX &&
			mailbox_take(dp->worker[i].outbox, &mail)) {
			// A late answer to an earlier letter would tell that a mapping may go while
			// the worker still uses it.
			if (mail.type == MAIL_CONTROL_DONE)
				dp->control_done += mail.index == dp->control_letter;
			else
				dp->deferred[dp->deferred_count++] = mail;
		}
}

void hooks_deferred(struct dataplane *dp)
{
	hooks_letters(dp);
	for (uint32_t i = 0; i < dp->deferred_count; i++) {
		struct mail mail = dp->deferred[i];
		struct app_channel *channel = mail.object;

		if (mail.type == MAIL_APP_BROKEN) {
			fprintf(stderr,
				"sluice-dataplane: application %s (pid %u) is detached: %s\n",
				channel->name, channel->pid, app_broken_sentence(channel->broken));
			door_app_drop(dp->door, channel);
		}
		if (mail.type == MAIL_APP_DETACHED) {
			dp->apps_of[channel->worker]--;
			door_app_released(dp->door, channel);
		}
	}
	dp->deferred_count = 0;
}
