// A door and its guests: raw clients on the same thread, and what the hooks saw.
#pragma once

#include "dataplane/app/door.h"

struct door_host {
	uint16_t wanted; // worker, of the one attached last
	char folder[64];
	char path[80];
	struct door *door;
	int open; // descriptors before the door was made
	// What the hooks saw.
	struct app_channel *attached; // last
	struct app_channel *gone;     // last
	uint32_t gones, tables, doorbells, controls_gone;
	struct door_connect connect;
	enum ipc_result connect_result;
	enum ipc_result attach_result;
	int control_region;
};

extern const struct door_hooks host_hooks; // with a struct door_host as their context

int host_setup(void **state);
int host_teardown(void **state); // also: no socket file and no descriptor stays behind
int host_open_door(struct door_host *f, struct door **door, char text[REASON_SIZE]);
// Turns enough for a guest to be accepted, read, and answered.
void host_turn(struct door_host *f);

int guest_open(struct door_host *f);   // connected, has not said hello
int guest_attach(struct door_host *f); // said hello with an honest region, as request 5
void guest_send(int fd, struct door_message m);
// Receives what must be there; closes descriptors that come along.
struct door_message guest_expect(int fd, enum door_type type);
void guest_expect_refusal(int fd, enum ipc_result result, const char *part);
void guest_expect_hangup(int fd); // closes `fd`

// A DOOR_LISTEN of `service`.
struct door_message guest_listen(const char *service, uint32_t request, uint32_t flags);
