// The door's poll loop: accepts, reads a bounded number
// of messages from each client, drops who misbehaves.
#include "dataplane/app/door_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define DOOR_EVENTS   32
#define DOOR_SWEEP_MS 100 // how exact time-outs are
#define DOOR_ACCEPTS  8   // per turn
#define LISTEN_TOKEN  UINT64_MAX
#define GROUPS_MAX    64 // supplementary groups of a client that are looked at

uint64_t door_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

bool door_reply(
	struct door_client *client, uint32_t request, enum ipc_result result, const char *text)
{
	struct door_message m = door_message_init(DOOR_RESULT);

	m.request = request;
	m.result = result;
	snprintf(m.text, sizeof(m.text), "%s", text);
	return door_send(client->fd, &m, NULL, 0) == 0;
}

// ---- clients come and go ----------------------------------------------------------------------

static void client_drop_app(struct door *door, struct door_client *client)
{
	struct app_channel *channel = client->channel;

	door->app[channel->index].client = NULL;
	door_listen_forget(door, door_app_of(channel));
	memset(client->pending, 0, sizeof(client->pending));
	client->channel = NULL;
	door->config.hooks->on_app_gone(door->config.context, channel); // may release it at once
	door->config.hooks->on_tables(door->config.context);
}

static void client_drop(struct door *door, struct door_client *client)
{
	enum door_kind kind = client->kind;

	close(client->fd); // leaves the epoll set: nobody else has this descriptor
	client->fd = -1;
	client->kind = DOOR_KIND_NEW;
	if (kind == DOOR_KIND_APP)
		client_drop_app(door, client);
	if (kind == DOOR_KIND_CONTROL) {
		door->control = NULL;
		door->config.hooks->on_control_gone(door->config.context);
	}
}

static bool client_in_group(int fd, const struct ucred *peer, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(groups);

	if (gid == (gid_t)-1)
		return false;
	if (peer->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		return false; // more groups than we look at
	for (socklen_t i = 0; i < size / sizeof(groups[0]); i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

static struct door_client *client_find_free(struct door *door)
{
	for (int i = 0; i < DOOR_CLIENTS_MAX; i++) {
		if (door->client[i].fd < 0)
			return &door->client[i];
	}
	return NULL;
}

static void client_refuse(int fd, enum ipc_result result, const char *text)
{
	struct door_client refused = {.fd = fd};

	door_reply(&refused, 0, result, text);
	close(fd);
}

static void client_accept(struct door *door, int fd)
{
	struct door_client *client = client_find_free(door);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (client == NULL) {
		client_refuse(fd, IPC_REFUSED_FULL, "the dataplane has too many clients");
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
		close(fd);
		return;
	}
	if (peer.uid != 0 && peer.uid != geteuid() &&
		!client_in_group(fd, &peer, door->config.gid)) {
		client_refuse(fd, IPC_REFUSED_PERMISSION,
			"neither the dataplane's user nor a member of its group");
		return;
	}
	*client = (struct door_client){
		.fd = fd,
		.serial = ++door->serial,
		.peer = peer,
		.hello_deadline_ns = door_now_ns() + DOOR_HELLO_TIMEOUT_MS * 1000000ull,
	};
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)(client - door->client) << 32 | client->serial,
	};
	if (epoll_ctl(door->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		client_drop(door, client);
}

static void door_accept(struct door *door)
{
	for (int i = 0; i < DOOR_ACCEPTS; i++) {
		int fd = accept4(door->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return; // nobody; or no descriptor left: the next turn tries again
		client_accept(door, fd);
	}
}

// ---- messages ---------------------------------------------------------------------------------

static bool client_on_hello(struct door *door, struct door_client *client,
	const struct door_message *m, int *fds, int fds_count)
{
	if (client->kind != DOOR_KIND_NEW || fds_count != 1) {
		while (fds_count > 0)
			close(fds[--fds_count]);
		door_reply(client, m->request, IPC_INVALID,
			"a hello comes first, once, with one descriptor");
		return false;
	}
	if (m->type == DOOR_HELLO_APP)
		return door_on_hello_app(door, client, m, fds[0]);
	return door_on_hello_control(door, client, m, fds[0]);
}

static bool client_on_message(struct door *door, struct door_client *client,
	const struct door_message *m, int *fds, int fds_count)
{
	if (m->type == DOOR_HELLO_APP || m->type == DOOR_HELLO_CONTROL)
		return client_on_hello(door, client, m, fds, fds_count);
	if (fds_count > 0) {
		while (fds_count > 0)
			close(fds[--fds_count]);
		return false;
	}
	if (client->kind == DOOR_KIND_APP && m->type == DOOR_LISTEN)
		return door_on_listen(door, client, m);
	if (client->kind == DOOR_KIND_APP && m->type == DOOR_UNLISTEN)
		return door_on_unlisten(door, client, m);
	if (client->kind == DOOR_KIND_APP && m->type == DOOR_CONNECT)
		return door_on_connect(door, client, m);
	if (client->kind == DOOR_KIND_CONTROL && m->type == DOOR_DOORBELL) {
		door->config.hooks->on_doorbell(door->config.context);
		return true;
	}
	door_reply(client, m->request, IPC_INVALID, "a message that this client may not send now");
	return false;
}

// False: drop the client.
static bool client_read(struct door *door, struct door_client *client)
{
	for (int i = 0; i < DOOR_MESSAGES_TURN;
		i++) { // what remains keeps the socket readable: others first
		struct door_message m;
		int fds[DOOR_FDS_MAX];
		int fds_count;
		int rc = door_receive(client->fd, &m, fds, &fds_count);

		if (rc == -EAGAIN)
			return true;
		if (rc == DOOR_E_VERSION)
			door_reply(client, m.request, IPC_REFUSED_VERSION,
				"the dataplane speaks another version");
		else if (rc == DOOR_E_MALFORMED)
			door_reply(client, 0, IPC_INVALID, "not a message of this socket");
		if (rc != 0)
			return false;
		if (!client_on_message(door, client, &m, fds, fds_count))
			return false;
	}
	return true;
}

// ---- the loop ---------------------------------------------------------------------------------

static void door_sweep(struct door *door)
{
	uint64_t now = door_now_ns();

	if (now - door->swept_ns < DOOR_SWEEP_MS * 1000000ull)
		return;
	door->swept_ns = now;
	for (int i = 0; i < DOOR_CLIENTS_MAX; i++) {
		struct door_client *client = &door->client[i];
		bool keep = true;

		if (client->fd < 0)
			continue;
		if (client->kind == DOOR_KIND_NEW)
			keep = now < client->hello_deadline_ns;
		if (client->kind == DOOR_KIND_APP)
			keep = door_connect_expire(client, now);
		if (!keep)
			client_drop(door, client);
	}
}

int door_poll(struct door *door, int timeout_ms)
{
	struct epoll_event events[DOOR_EVENTS];
	int wait_ms = timeout_ms < 0 || timeout_ms > DOOR_SWEEP_MS ? DOOR_SWEEP_MS : timeout_ms;
	int count = epoll_wait(door->epoll_fd, events, DOOR_EVENTS, wait_ms);

	if (count < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 == LISTEN_TOKEN) {
			door_accept(door);
			continue;
		}
		struct door_client *client = &door->client[events[i].data.u64 >> 32];

		// An earlier event of this turn may have dropped it, or put another in its place.
		if (client->fd < 0 || client->serial != (uint32_t)events[i].data.u64)
			continue;
		if (!client_read(door, client))
			client_drop(door, client);
	}
	door_sweep(door);
	return 0;
}

int door_new(struct door **out, const struct door_config *config, char text[REASON_SIZE])
{
	struct door *door = calloc(1, sizeof(*door));
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = LISTEN_TOKEN};
	int rc;

	*out = NULL;
	snprintf(text, REASON_SIZE, "no memory for the door");
	if (door == NULL)
		return -ENOMEM;
	door->config = *config;
	door->listen_fd = -1;
	for (int i = 0; i < DOOR_CLIENTS_MAX; i++)
		door->client[i].fd = -1;
	for (int i = 0; i < APPS_MAX; i++)
		door->app[i].generation = 1;
	door->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	rc = door->epoll_fd < 0 ? -errno : door_socket_open(door, text);
	if (rc == 0 && epoll_ctl(door->epoll_fd, EPOLL_CTL_ADD, door->listen_fd, &event) != 0)
		rc = -errno;
	if (rc != 0) {
		door_free(door);
		return rc;
	}
	text[0] = '\0';
	*out = door;
	return 0;
}

void door_free(struct door *door)
{
	if (door == NULL)
		return;
	for (int i = 0; i < DOOR_CLIENTS_MAX; i++) {
		if (door->client[i].fd >= 0)
			close(door->client[i].fd);
	}
	for (int i = 0; i < APPS_MAX; i++)
		app_channel_free(door->app[i].channel);
	door_socket_close(door);
	if (door->epoll_fd >= 0)
		close(door->epoll_fd);
	free(door);
}

// ---- applications -----------------------------------------------------------------------------

void door_app_released(struct door *door, struct app_channel *channel)
{
	struct door_slot *slot = &door->app[channel->index];

	assert(slot->channel == channel && slot->client == NULL);
	slot->channel = NULL;
	slot->generation++;
	app_channel_free(channel);
}

void door_app_drop(struct door *door, struct app_channel *channel)
{
	struct door_slot *slot = &door->app[channel->index];

	assert(slot->channel == channel);
	if (slot->client == NULL) // hung up meanwhile
		return;
	door_reply(slot->client, 0, IPC_INVALID, app_broken_sentence(channel->broken));
	client_drop(door, slot->client);
}

struct app_channel *door_channel_at(const struct door *door, uint16_t index)
{
	if (index >= APPS_MAX || door->app[index].client == NULL)
		return NULL;
	return door->app[index].channel;
}

struct app_channel *door_channel(const struct door *door, struct door_app app)
{
	struct app_channel *channel = door_channel_at(door, app.index);

	return channel != NULL && channel->generation == app.generation ? channel : NULL;
}
