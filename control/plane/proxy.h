// The only place that writes commands to the dataplane.
#pragma once

#include <stdint.h>

#include "lib/ipc/plane.h"

enum proxy_error {
	PROXY_E_DETACHED = 1, // no dataplane is attached
	PROXY_E_FULL,         // the worker does not take commands: its ring is full
};

struct proxy {
	int door;          // data.sock, borrowed; -1: detached
	uint32_t channels; // 1 + workers
	struct ring_producer producer[PLANE_CHANNELS];
	uint32_t wiped[PLANE_CHANNELS]; // slots ever wiped, as ring_producer.tail counts
};

void proxy_init(struct proxy *proxy);
// Both regions must stay mapped until proxy_detach.
void proxy_attach(struct proxy *proxy, int door, uint32_t workers, struct plane_control *mine,
	const struct plane_dataplane *peer);
void proxy_detach(struct proxy *proxy);

// Channel 0 is the main thread, 1 + w is worker w. Copies `command`. 0 or PROXY_E_*.
int proxy_put(struct proxy *proxy, uint32_t channel, const struct plane_command *command);
// Slots that carried secrets and that the dataplane has taken are zeroed: only we may write them.
// What it answers to such a command comes after it took it, so call this on every event.
void proxy_wipe(struct proxy *proxy);
const char *proxy_strerror(int error);
