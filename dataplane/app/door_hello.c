// HELLO: an application or control attaches, memory changes hands.
#include "dataplane/app/door_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct door_slot *hello_find_slot(struct door *door)
{
	for (int i = 0; i < APPS_MAX; i++) {
		if (door->app[i].channel == NULL)
			return &door->app[i];
	}
	return NULL;
}

// Name of the process for people; what it says about itself is not believed beyond that.
static void hello_read_name(pid_t pid, char name[NAME_SIZE])
{
	char path[32];
	ssize_t size = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = read(fd, name, NAME_SIZE - 1);
		close(fd);
	}
	if (size <= 0) {
		snprintf(name, NAME_SIZE, "?");
		return;
	}
	name[size] = '\0';
	name[strcspn(name, "\n")] = '\0';
	for (char *c = name; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
}

static bool hello_welcome_app(
	const struct door *door, const struct door_client *client, uint32_t request)
{
	struct app_channel *channel = client->channel;
	struct door_message m = door_message_init(DOOR_WELCOME);
	int fds[2] = {channel->arena.fd, channel->peer_wake_fd};
	int rc;

	m.request = request;
	m.app = channel->index;
	m.blocks = channel->blocks_count;
	m.region_size = channel->arena.size;
	m.boot_id = door->config.boot_id;
	m.worker = (uint8_t)(channel->worker + 1);
	m.workers = (uint8_t)door->config.workers;
	rc = door_send(client->fd, &m, fds, 2);
	close(channel->peer_wake_fd);
	channel->peer_wake_fd = -1;
	return rc == 0;
}

bool door_on_hello_app(
	struct door *door, struct door_client *client, const struct door_message *m, int region_fd)
{
	struct door_slot *slot = hello_find_slot(door);
	char text[REASON_SIZE] = "refused";
	struct app_channel *channel;
	const char *reason;
	enum ipc_result result;
	int rc;

	if (slot == NULL) {
		close(region_fd);
		door_reply(client, m->request, IPC_REFUSED_FULL,
			"the dataplane has as many applications as it can");
		return false;
	}
	rc = app_channel_new(&channel, region_fd, m->blocks, &reason);
	if (rc != 0) {
		door_reply(client, m->request, IPC_REFUSED_REGION, reason);
		return false;
	}
	channel->index = (uint16_t)(slot - door->app);
	channel->generation = slot->generation;
	channel->worker = m->worker ? (uint16_t)(m->worker - 1) : APP_NONE;
	channel->pid = (uint32_t)client->peer.pid;
	channel->uid = client->peer.uid;
	hello_read_name(client->peer.pid, channel->name);

	result = door->config.hooks->on_app_attached(door->config.context, channel, text);
	if (result != IPC_OK) {
		app_channel_free(channel);
		door_reply(client, m->request, result, text);
		return false;
	}
	slot->channel = channel;
	slot->client = client;
	client->kind = DOOR_KIND_APP; // from here on dropping it calls on_app_gone
	client->channel = channel;
	door->config.hooks->on_tables(door->config.context);
	return hello_welcome_app(door, client, m->request);
}

bool door_on_hello_control(
	struct door *door, struct door_client *client, const struct door_message *m, int region_fd)
{
	struct door_welcome welcome = {.region_fd = -1, .wake_fd = -1};
	struct door_message reply = door_message_init(DOOR_WELCOME);
	enum ipc_result result;

	// Members of the group may bring applications, not steer the node.
	if (client->peer.uid != 0 && client->peer.uid != geteuid()) {
		close(region_fd);
		door_reply(client, m->request, IPC_REFUSED_PERMISSION,
			"control runs as the dataplane's user or as root");
		return false;
	}
	if (door->control != NULL) {
		char text[REASON_SIZE];

		close(region_fd);
		snprintf(text, sizeof(text), "process %d is attached as control already",
			(int)door->control->peer.pid);
		door_reply(client, m->request, IPC_REFUSED_FULL, text);
		return false;
	}
	result = door->config.hooks->on_control_attached(
		door->config.context, client->peer.pid, region_fd, &welcome);
	if (result != IPC_OK) {
		door_reply(client, m->request, result, welcome.text);
		return false;
	}
	client->kind = DOOR_KIND_CONTROL;
	door->control = client;
	reply.request = m->request;
	reply.region_size = welcome.region_size;
	reply.boot_id = door->config.boot_id;
	return door_send(client->fd, &reply, (int[]){welcome.region_fd, welcome.wake_fd}, 2) == 0;
}
