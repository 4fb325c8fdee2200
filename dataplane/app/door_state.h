// What the files of the door share. Main thread only, like everything of the door.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dataplane/app/door.h"

enum door_kind {
	DOOR_KIND_NEW, // has not said hello
	DOOR_KIND_APP,
	DOOR_KIND_CONTROL,
};

struct door_pending {
	struct door_connect connect; // request 0: free
	uint64_t deadline_ns;
};

struct door_client {
	int fd;          // -1: free
	uint32_t serial; // of the whole door: tells an event of an earlier client in this row
	enum door_kind kind;
	struct ucred peer;
	uint64_t hello_deadline_ns;                    // NEW
	struct app_channel *channel;                   // APP
	struct door_pending pending[APP_CONNECTS_MAX]; // APP
};

struct door_slot {                   // one per application index
	struct app_channel *channel; // NULL: free
	struct door_client *client;  // NULL: gone; the worker has not let go yet
	uint16_t generation;
};

struct door {
	struct door_config config;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev; // of our socket file: only that one is removed
	ino_t ino;
	int listen_fd;
	int epoll_fd;
	uint32_t serial;
	uint64_t swept_ns; // when time-outs were last looked at
	struct door_client client[DOOR_CLIENTS_MAX];
	struct door_slot app[APPS_MAX];
	struct door_listener listener[DOOR_LISTENERS_MAX];
	struct door_client *control; // NULL: none attached
};

// door_socket.c: folder, stale file, bind, listen. 0, or negative errno with a sentence.
int door_socket_open(struct door *door, char text[REASON_SIZE]);
void door_socket_close(struct door *door);

// door.c. A reply that does not go out means the client does not read, or is gone: false, drop it.
bool door_reply(
	struct door_client *client, uint32_t request, enum ipc_result result, const char *text);
uint64_t door_now_ns(void);

// One message each. False: drop the client. The descriptors of a hello are taken.
bool door_on_hello_app(
	struct door *door, struct door_client *client, const struct door_message *m, int region_fd);
bool door_on_hello_control(
	struct door *door, struct door_client *client, const struct door_message *m, int region_fd);
bool door_on_listen(struct door *door, struct door_client *client, const struct door_message *m);
bool door_on_unlisten(struct door *door, struct door_client *client, const struct door_message *m);
bool door_on_connect(struct door *door, struct door_client *client, const struct door_message *m);

// door_listen.c, door_connect.c: an application goes; time passes.
void door_listen_forget(struct door *door, struct door_app app);
void door_connect_reap(struct door_client *client);
bool door_connect_expire(struct door_client *client, uint64_t now_ns);

static inline struct door_app door_app_of(const struct app_channel *channel)
{
	return (struct door_app){.index = channel->index, .generation = channel->generation};
}

static inline bool door_app_same(struct door_app a, struct door_app b)
{
	return a.index == b.index && a.generation == b.generation;
}
