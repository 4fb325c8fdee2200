// The dataplane's end of data.sock: one poll loop on the main thread, never blocked by a client.
// Applications and control attach here; hang-up is death. What follows from a message is done by
// hooks that main.c fills in.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dataplane/app/channel.h"
#include "lib/ipc/door.h"

struct door;

enum door_limits {
	DOOR_LISTENS_MAX = 8,             // services of one application
	DOOR_LISTENERS_MAX = 64,          // of the node (PLANE_LISTENERS_MAX)
	DOOR_CLIENTS_MAX = APPS_MAX + 16, // control, and those that have not said hello
	DOOR_MESSAGES_TURN = 8,           // read from one client per door_poll
	DOOR_HELLO_TIMEOUT_MS = 2000,
	DOOR_CONNECT_TIMEOUT_MS = 10000, // default
	DOOR_CONNECT_TIMEOUT_MAX_MS = 60000,
	DOOR_CONNECT_GRACE_MS = 1000, // control answers a timeout itself; after this the door does
};

// Names an application for good: a reused index has another generation.
struct door_app {
	uint16_t index;
	uint16_t generation;
};

// A session that an application asks for. Its name for control is (app, request).
struct door_connect {
	struct door_app app;
	uint16_t worker;  // channel->worker
	uint32_t request; // the application's, not 0
	uint8_t codec, level, controller, dictionary;
	uint32_t timeout_ms; // never 0
	char node[NAME_SIZE];
	char service[NAME_SIZE];
};

struct door_listener {
	struct door_app app;
	uint32_t flags;          // enum door_flag
	char service[NAME_SIZE]; // empty: the row is free
};

// What control's HELLO is answered with. The descriptors
// are borrowed: the door sends, the integrator owns.
struct door_welcome {
	int region_fd;
	uint64_t region_size;
	int wake_fd;
	char text[REASON_SIZE]; // a refusal's sentence
};

// Called on the main thread inside door_poll. `context` is config.context. enum ipc_result where a
// result is returned; anything but IPC_OK is sent to the client with `text`.
struct door_hooks {
	// Give the channel to a worker: the one that channel->worker asks for, or any if that is
	// APP_NONE; set it.
	// On refusal the door frees the channel.
	enum ipc_result (*on_app_attached)(
		void *context, struct app_channel *channel, char text[REASON_SIZE]);
	// Hung up, or dropped: tell the worker to end its
	// sessions. The channel lives until door_app_released.
	void (*on_app_gone)(void *context, struct app_channel *channel);
	// Takes `region_fd` in any case.
	enum ipc_result (*on_control_attached)(
		void *context, pid_t pid, int region_fd, struct door_welcome *welcome);
	void (*on_control_gone)(void *context);
	void (*on_doorbell)(void *context);
	// Pass it to control. IPC_NO_CONTROL: refused at once.
	enum ipc_result (*on_connect)(
		void *context, const struct door_connect *connect, char text[REASON_SIZE]);
	// Applications or listeners changed: publish the tables (door_channel, door_listeners).
	void (*on_tables)(void *context);
};

struct door_config {
	const char *path; // <run>/data.sock, at most 107 bytes; its folder is made (0700) or must
			  // be ours
	gid_t gid;        // members may attach applications; (gid_t)-1: only our uid and root
	uint64_t boot_id;
	uint16_t workers; // told to applications
	const struct door_hooks *hooks;
	void *context;
};

// 0, or negative errno with a sentence in `text`. -EADDRINUSE: a living dataplane answers at
// `path`.
int door_new(struct door **door, const struct door_config *config, char text[REASON_SIZE]);
// Hangs up on everybody without calling hooks, removes the socket file, frees every channel:
// workers must have stopped.
void door_free(struct door *door);
// Waits up to `timeout_ms` (-1: for ever) and serves what is ready. 0, or negative errno.
int door_poll(struct door *door, int timeout_ms);

// The worker has let go of this channel (on_app_gone was called before): frees it, and its index.
void door_app_released(struct door *door, struct app_channel *channel);
// The worker reports that the application broke the
// contract: hangs up; on_app_gone follows from within.
void door_app_drop(struct door *door, struct app_channel *channel);
// NULL: no such application, or one that is gone.
struct app_channel *door_channel(const struct door *door, struct door_app app);
// By index, for the tables; NULL: free or gone.
struct app_channel *door_channel_at(const struct door *door, uint16_t index);

// DOOR_LISTENERS_MAX rows.
const struct door_listener *door_listeners(const struct door *door);
// Who accepts sessions for `service`: an ordinary listener before a fallback one. NULL: nobody.
const struct door_listener *door_listener_find(const struct door *door, const char *service);

// Control says that this request failed. Ignored when it is answered already.
void door_connect_failed(struct door *door, struct door_app app, uint32_t request,
	enum ipc_result result, const char *text);
// Every request that still waits, for a control process that attaches anew.
void door_connects_each(struct door *door,
	void (*each)(void *context, const struct door_connect *connect), void *context);
