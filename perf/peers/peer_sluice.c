// Sluice as its own peer: two applications on libsluice, as any other would be. The mode is the
// name of the receiver's node; which node is ours SLUICE_NODE says. Address and port are not used.
#include <string.h>

#include "lib/client/sluice.h"
#include "perf/peers/driver.h"

#define SERVICE "peers"
#define STREAM  SLUICE_STREAM(0, SLUICE_ORDERED)
enum { BUFFERS = DRIVER_PAYLOAD / DRIVER_CHUNK };

static struct sluice *sluice;
static uint32_t session;

// All send buffers, filled with the payload once: an application of Sluice makes its data where it
// is sent from. They go out in turn and come back in the same order.
static uint8_t *buffers[BUFFERS];
static uint64_t sent, back;
static struct sluice_event taken; // its data is ours until the next take

// Takes one event; 1 when it is of `type`, 0 when it was a buffer that came back.
static int event_take(enum sluice_event_type type, struct sluice_event *event)
{
	int n;

	while ((n = sluice_receive(sluice, event, 1)) == 0)
		sluice_wait(sluice, -1);
	if (n < 0)
		return driver_fail("sluice", sluice_error(sluice));
	if (event->type == SLUICE_SENT && event->data != buffers[back++ % BUFFERS])
		return driver_fail("sluice", "buffers came back in another order");
	if (event->type == type || event->type == SLUICE_SENT)
		return event->type == type;
	return driver_fail("sluice", event->text);
}

static int event_wait(enum sluice_event_type type, struct sluice_event *event)
{
	int rc;

	while ((rc = event_take(type, event)) == 0)
		;
	return rc < 0 ? -1 : 0;
}

static int peer_open(struct driver *d)
{
	struct sluice_options options = {.buffers = BUFFERS, .receive_buffers = BUFFERS};
	int rc = sluice_attach(&sluice, &options);

	if (rc != 0)
		return driver_fail("attach", sluice_error(NULL));
	for (size_t i = 0; i < BUFFERS; i++) {
		buffers[i] = sluice_buffer_get(sluice);
		if (!buffers[i])
			return driver_fail("sluice", "fewer buffers than were asked for");
		memcpy(buffers[i], d->payload + i * DRIVER_CHUNK, DRIVER_CHUNK);
	}
	rc = d->receiver ? sluice_listen(sluice, SERVICE, 0)
			 : sluice_connect(sluice, d->mode, SERVICE, NULL);
	if (rc < 0)
		return driver_fail("sluice", sluice_error(sluice));
	if (d->receiver)
		driver_ready();
	if (event_wait(SLUICE_OPENED, &taken) < 0)
		return -1;
	session = taken.session;
	taken.data = NULL;
	return 0;
}

// A goodput is what lies in the buffers already; a message is written into one.
static ssize_t peer_send(struct driver *d, const uint8_t *data, size_t size)
{
	struct sluice_event event;
	uint8_t *buffer = buffers[sent % BUFFERS];
	int rc;

	while (sent - back == BUFFERS)
		if (event_take(SLUICE_SENT, &event) < 0)
			return -1;
	if (d->rtt)
		memcpy(buffer, data, size);
	while ((rc = sluice_send(sluice, session, STREAM, buffer, (uint32_t)size, true, sent)) != 0)
		if (rc != SLUICE_E_AGAIN || event_take(SLUICE_SENT, &event) < 0)
			return driver_fail("send", sluice_error(sluice));
	sent++;
	return (ssize_t)size;
}

static ssize_t peer_take(struct driver *d, uint8_t *room, size_t size, const uint8_t **data)
{
	(void)d, (void)room;
	if (taken.data)
		sluice_buffer_put(sluice, taken.data);
	taken.data = NULL;
	if (event_wait(SLUICE_DATA, &taken) < 0)
		return -1;
	if (taken.size > size)
		return driver_fail("sluice", "a longer record than was sent");
	*data = taken.data;
	return (ssize_t)taken.size;
}

int main(int argc, char **argv)
{
	static const struct driver_peer peer = {"sluice", peer_open, peer_send, peer_take};

	return driver_main(argc, argv, &peer);
}
