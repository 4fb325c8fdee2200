// An echo service on libsluice, and its client.
//
//	echo serve          on one node: sends every record back
//	echo NODE COUNT     on another: sends COUNT records to NODE, checks what comes back, prints
// rate and time
//
// What to see here: buffers belong to exactly one side at a time, every call returns at once but
// sluice_wait, and everything that happens is an event. Exit: 0 done, 1 refused or wrong, 2 usage,
// 3 no dataplane.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sluice.h"

#define SERVICE "echo"
#define STREAM  SLUICE_STREAM(0, SLUICE_ORDERED)
#define WINDOW  32 // records that the client has on their way
// Received records a server may have to hold: as many as there are receive buffers at most.
#define HELD 1024

static int fail(const char *what, int error, const char *why)
{
	fprintf(stderr, "echo: %s: %s\n", what, why);
	return error == SLUICE_E_UNREACHABLE ? 3 : 1;
}

// ---- the server -------------------------------------------------------------------------------

// Records that wait for a send buffer, oldest first. `data` is still
// ours: as long as we do not give it back the peer gets no credit
// for more, so a slow reader slows its senders down and nobody else.
struct held {
	struct sluice_event records[HELD];
	unsigned int first, count;
};

static void hold(struct held *held, const struct sluice_event *record)
{
	held->records[(held->first + held->count++) % HELD] = *record;
}

static void echo_held(struct sluice *sluice, struct held *held)
{
	while (held->count > 0) {
		const struct sluice_event *record = &held->records[held->first];
		void *buffer = sluice_buffer_get(sluice);

		if (buffer == NULL)
			return; // all in flight: SLUICE_SENT brings one back
		memcpy(buffer, record->data, record->size);
		// When the session ended meanwhile the buffer stays ours.
		if (sluice_send(sluice, record->session, record->stream, buffer, record->size,
			    record->message_end, 0) != 0)
			sluice_buffer_put(sluice, buffer);
		sluice_buffer_put(sluice, record->data);
		held->first = (held->first + 1) % HELD;
		held->count--;
	}
}

static int serve(struct sluice *sluice)
{
	static struct held held;
	struct sluice_event event;
	int rc = sluice_listen(sluice, SERVICE, 0);

	if (rc != 0)
		return fail("listen", rc, sluice_error(sluice));
	for (;;) {
		sluice_wait(sluice, -1);
		while (sluice_receive(sluice, &event, 1) == 1) {
			if (event.type == SLUICE_OPENED)
				printf("session %08x from %s\n", event.session, event.peer);
			else if (event.type == SLUICE_DATA)
				hold(&held, &event);
			else if (event.type == SLUICE_SENT)
				sluice_buffer_put(sluice, event.data);
			else if (event.type == SLUICE_CLOSED)
				printf("session %08x: %s\n", event.session, event.text);
			else if (event.type == SLUICE_DETACHED)
				return fail("serve", SLUICE_E_UNREACHABLE, event.text);
			echo_held(sluice, &held);
		}
		fflush(stdout);
	}
}

// ---- the client -------------------------------------------------------------------------------

struct client {
	struct sluice *sluice;
	uint32_t session;
	bool open;
	uint64_t count; // records to send ...
	uint64_t sent;
	uint64_t echoed;
	uint64_t bytes;
};

// Sizes from 1 to 65536 bytes, contents that tell one record from another.
static uint32_t record_size(uint64_t number)
{
	return (uint32_t)(number * 7919 % SLUICE_BUFFER_SIZE) + 1;
}

static uint8_t record_byte(uint64_t number, uint32_t at)
{
	return (uint8_t)(number * 31 + at);
}

static void client_send(struct client *c)
{
	while (c->open && c->sent < c->count && c->sent - c->echoed < WINDOW) {
		uint8_t *buffer = sluice_buffer_get(c->sluice);
		uint32_t size = record_size(c->sent);

		if (buffer == NULL)
			return;
		for (uint32_t i = 0; i < size; i++)
			buffer[i] = record_byte(c->sent, i);
		if (sluice_send(c->sluice, c->session, STREAM, buffer, size, true, c->sent) != 0) {
			sluice_buffer_put(
				c->sluice, buffer); // no room, or closed: an event will tell
			return;
		}
		c->sent++;
	}
}

static bool client_check(struct client *c, const struct sluice_event *record)
{
	const uint8_t *data = record->data;
	bool right = record->size == record_size(c->echoed);

	for (uint32_t i = 0; right && i < record->size; i++)
		right = data[i] == record_byte(c->echoed, i);
	c->bytes += record->size;
	c->echoed++;
	sluice_buffer_put(c->sluice, data);
	return right;
}

// -1: go on; else the exit code.
static int client_on_event(struct client *c, const struct sluice_event *event)
{
	switch (event->type) {
	case SLUICE_OPENED:
		c->session = event->session;
		c->open = true;
		return -1;
	case SLUICE_SENT:
		sluice_buffer_put(c->sluice, event->data);
		return -1;
	case SLUICE_DATA:
		if (!client_check(c, event))
			return fail(
				"echo", SLUICE_E_REFUSED, "something else came back than was sent");
		if (c->echoed == c->count)
			sluice_close(c->sluice, c->session);
		return -1;
	case SLUICE_CLOSED:
		return c->echoed == c->count ? 0 : fail("session", SLUICE_E_REFUSED, event->text);
	case SLUICE_FAILED:
		return fail("connect", event->error, event->text);
	case SLUICE_DETACHED:
		return fail("echo", SLUICE_E_UNREACHABLE, event->text);
	case SLUICE_MESSAGE: // nobody here sends messages
	default:
		return -1;
	}
}

static int ask(struct sluice *sluice, const char *node, uint64_t count)
{
	struct client c = {.sluice = sluice, .count = count};
	struct timespec start, end;
	struct sluice_event event;
	int code = -1;
	int rc = sluice_connect(sluice, node, SERVICE, NULL);

	if (rc < 0)
		return fail("connect", rc, sluice_error(sluice));
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (code < 0) {
		sluice_wait(sluice, -1);
		while (code < 0 && sluice_receive(sluice, &event, 1) == 1)
			code = client_on_event(&c, &event);
		client_send(&c);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (code == 0) {
		double seconds = (double)(end.tv_sec - start.tv_sec) +
				 (double)(end.tv_nsec - start.tv_nsec) / 1e9;

		printf("%llu records, %llu bytes there and back in %.3f s: %.1f MB/s each way\n",
			(unsigned long long)c.echoed, (unsigned long long)c.bytes, seconds,
			(double)c.bytes / 1e6 / seconds);
	}
	return code;
}

int main(int argc, char **argv)
{
	bool server = argc == 2 && strcmp(argv[1], "serve") == 0;
	struct sluice *sluice;
	int rc;

	if (!server && (argc != 3 || atoll(argv[2]) < 1)) {
		fprintf(stderr, "usage: echo serve | echo NODE COUNT\n");
		return 2;
	}
	rc = sluice_attach(&sluice, NULL); // SLUICE_DATA or SLUICE_NODE says where
	if (rc != 0)
		return fail("attach", rc, sluice_error(NULL));
	rc = server ? serve(sluice) : ask(sluice, argv[1], (uint64_t)atoll(argv[2]));
	sluice_detach(sluice);
	return rc;
}
