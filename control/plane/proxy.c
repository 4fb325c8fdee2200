// The only place that writes commands to the dataplane.
#include "control/plane/proxy.h"

#include <stddef.h>
#include <string.h>

#include "lib/ipc/door.h"

void proxy_init(struct proxy *proxy)
{
	*proxy = (struct proxy){.door = -1};
}

void proxy_attach(struct proxy *proxy, int door, uint32_t workers, struct plane_control *mine,
	const struct plane_dataplane *peer)
{
	proxy->door = door;
	proxy->channels = 1 + workers;
	for (uint32_t c = 0; c < proxy->channels; c++)
		ring_producer_init(&proxy->producer[c], mine->channels[c].command_slots,
			&mine->channels[c].command_tail, &peer->channels[c].command_head,
			sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
}

void proxy_detach(struct proxy *proxy)
{
	proxy_init(proxy);
}

// The main thread sleeps on its sockets and looks at its ring when it hears the bell. Workers poll
// theirs; one that says that it sleeps is woken the same way.
static void proxy_ring(struct proxy *proxy, uint32_t channel)
{
	struct door_message bell;

	if (channel != 0 && !ring_wake_needed(&proxy->producer[channel]))
		return;
	bell = door_message_init(DOOR_DOORBELL);
	bell.request = channel;
	// A full socket holds bells enough; a hang-up is seen by the loop.
	door_send(proxy->door, &bell, NULL, 0);
}

int proxy_put(struct proxy *proxy, uint32_t channel, const struct plane_command *command)
{
	if (channel >= proxy->channels)
		return PROXY_E_DETACHED;
	if (ring_put(&proxy->producer[channel], command, 1) != 1)
		return PROXY_E_FULL;
	proxy_ring(proxy, channel);
	return 0;
}

void proxy_wipe(struct proxy *proxy)
{
	for (uint32_t c = 0; c < proxy->channels; c++) {
		struct ring_producer *r = &proxy->producer[c];
		uint32_t head = atomic_load_explicit(&r->peer->head, memory_order_acquire);

		if (r->tail - head > PLANE_COMMAND_SLOTS)
			continue; // it broke its index: the next ring_put says so
		// A round later the slots are those of other commands, which may wait yet.
		if (r->tail - proxy->wiped[c] > PLANE_COMMAND_SLOTS)
			proxy->wiped[c] = r->tail - PLANE_COMMAND_SLOTS;
		if (head - proxy->wiped[c] > r->tail - proxy->wiped[c])
			continue; // it took less than before: what it gave back is zeroed already
		for (; proxy->wiped[c] != head; proxy->wiped[c]++)
			explicit_bzero(
				r->slots + (size_t)(proxy->wiped[c] & r->mask) * r->slot_size,
				r->slot_size);
	}
}

const char *proxy_strerror(int error)
{
	switch (error) {
	case 0:
		return "done";
	case PROXY_E_DETACHED:
		return "the dataplane of this node is not running";
	case PROXY_E_FULL:
		return "the dataplane does not take commands fast enough";
	default:
		return "the dataplane cannot be reached";
	}
}
