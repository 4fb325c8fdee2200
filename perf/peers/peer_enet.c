// ENet as a peer: reliable packets of one channel, its host served by the loop that sends or takes.
#include <enet/enet.h>
#include <string.h>

#include "perf/peers/driver.h"

// ENet queues without bound; more than its window (64 KiB) in the queue gains nothing.
#define QUEUED_MAX 16
#define OPEN_MS    5000

static ENetHost *host;
static ENetPeer *peer;
static ENetPacket *taken; // what the last take gave out
static unsigned int queued;

static int enet_open(struct driver *d)
{
	struct sockaddr_in where = driver_address(d);
	ENetAddress address = {.host = where.sin_addr.s_addr, .port = d->port};
	ENetEvent event;

	if (enet_initialize() != 0)
		return driver_fail("enet", "no initialisation");
	host = enet_host_create(d->receiver ? &address : NULL, 1, 1, 0, 0);
	if (!host)
		return driver_fail("enet", "no host (is the port free?)");
	driver_buffers(host->socket, DRIVER_DATAGRAMS);
	host->mtu =
		d->mtu - 28 < ENET_PROTOCOL_MAXIMUM_MTU ? d->mtu - 28 : ENET_PROTOCOL_MAXIMUM_MTU;
	if (d->receiver)
		driver_ready();
	else
		enet_host_connect(host, &address, 1, 0);
	if (enet_host_service(host, &event, OPEN_MS) <= 0 || event.type != ENET_EVENT_TYPE_CONNECT)
		return driver_fail("enet", "no connection");
	peer = event.peer;
	return 0;
}

static void sent(ENetPacket *packet)
{
	(void)packet;
	queued--;
}

// One round of the host: 1 a packet came, 0 nothing, -1 over.
static int service(ENetPacket **packet, unsigned int wait_ms)
{
	ENetEvent event;
	int rc = enet_host_service(host, &event, wait_ms);

	if (rc < 0 || (rc > 0 && event.type == ENET_EVENT_TYPE_DISCONNECT))
		return driver_fail("enet", "the connection is lost");
	if (rc == 0 || event.type != ENET_EVENT_TYPE_RECEIVE)
		return 0;
	*packet = event.packet;
	return 1;
}

// The payload outlives every packet, so a goodput is sent from it without a copy; a message is not.
static ssize_t enet_send(struct driver *d, const uint8_t *data, size_t size)
{
	unsigned int flags =
		ENET_PACKET_FLAG_RELIABLE | (d->rtt ? 0 : ENET_PACKET_FLAG_NO_ALLOCATE);
	ENetPacket *packet, *unasked;

	while (queued >= QUEUED_MAX)
		if (service(&unasked, 1) < 0)
			return -1;
	packet = enet_packet_create(data, size, flags);
	if (!packet)
		return driver_fail("enet", "no memory");
	packet->freeCallback = sent;
	queued++;
	if (enet_peer_send(peer, 0, packet) < 0)
		return driver_fail("enet", "cannot send");
	if (d->rtt)
		enet_host_flush(host);
	return (ssize_t)size;
}

static ssize_t enet_take(struct driver *d, uint8_t *room, size_t size, const uint8_t **data)
{
	int rc;

	(void)room;
	if (taken)
		enet_packet_destroy(taken);
	taken = NULL;
	while ((rc = service(&taken, d->rtt ? 0 : 1)) == 0)
		;
	if (rc < 0 || taken->dataLength > size)
		return rc < 0 ? -1 : driver_fail("enet", "a longer packet than was sent");
	*data = taken->data;
	return (ssize_t)taken->dataLength;
}

int main(int argc, char **argv)
{
	static const struct driver_peer ops = {"enet", enet_open, enet_send, enet_take};

	return driver_main(argc, argv, &ops);
}
