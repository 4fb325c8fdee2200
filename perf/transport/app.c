// The application's loop, and its jobs. See app.h.
#include "perf/transport/app.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/client/sluice.h"
#include "perf/clock.h"
#include "perf/count.h"

#define SERVICE "perf"

enum {
	BUFFERS = 128, // of 64 KiB, as an endpoint has: larger than a core's cache
	AHEAD = 64,    // records in flight, as of an endpoint
	EVENTS = 32,
	PATIENCE_MS = 10, // of one wait; how late the end of a job may be seen
	MESSAGES_TURN = 1024,
	// A stream is of one kind for good.
	RECORD_STREAM = 0,
	PING_STREAM = 1,
	MESSAGE_STREAM = 2,
	STREAMS = 3,
};

struct app {
	struct sluice *sluice;
	struct app_page *page;
	bool serves;      // sends pings back
	uint32_t session; // 0: none
	uint32_t in_flight;
	uint64_t stamp[STREAMS], expected[STREAMS];
	uint64_t ping_ns; // when the one that is out should have gone; 0: none is
};

static void app_fail(struct app *a, const char *why)
{
	if (!a->page->error[0])
		snprintf(a->page->error, sizeof(a->page->error), "an application: %.100s", why);
}

static uint32_t until(const struct app *a)
{
	return atomic_load_explicit(&a->page->until, memory_order_relaxed);
}

static void count(_Atomic uint64_t *total, uint64_t more)
{
	// Only we write it: no locked instruction.
	atomic_store_explicit(total, atomic_load_explicit(total, memory_order_relaxed) + more,
		memory_order_relaxed);
}

// False: no buffer, or no room now.
static bool send_record(
	struct app *a, uint32_t session, uint32_t stream, uint32_t size, uint64_t stamp)
{
	void *buffer = sluice_buffer_get(a->sluice);

	if (!buffer)
		return false;
	memcpy(buffer, &stamp, sizeof(stamp));
	if (sluice_send(a->sluice, session, SLUICE_STREAM(stream, SLUICE_ORDERED), buffer, size,
		    true, 0) == 0) {
		a->in_flight++;
		return true;
	}
	sluice_buffer_put(a->sluice, buffer);
	return false;
}

static void check(struct app *a, uint32_t stream, uint64_t stamp)
{
	if (stamp != a->expected[stream])
		count(&a->page->wrong, 1);
	a->expected[stream] = stamp + 1;
}

static void on_data(struct app *a, const struct sluice_event *event)
{
	uint32_t stream = event->stream >> 2;
	uint64_t stamp;

	memcpy(&stamp, event->data, sizeof(stamp));
	count(&a->page->received, 1);
	count(&a->page->bytes, event->size);
	if (stream != PING_STREAM)
		check(a, stream, stamp);
	else if (a->serves)
		send_record(a, event->session, PING_STREAM, event->size, stamp);
	else if (stamp == a->ping_ns) { // not the answer to an earlier job's last one
		histogram_record(&a->page->latency, clock_ns() - stamp);
		a->ping_ns = 0;
	}
	sluice_buffer_put(a->sluice, event->data);
}

static void on_event(struct app *a, const struct sluice_event *event)
{
	switch (event->type) {
	case SLUICE_OPENED:
		a->session = event->session;
		break;
	case SLUICE_DATA:
	case SLUICE_MESSAGE:
		on_data(a, event);
		break;
	case SLUICE_SENT:
		a->in_flight--;
		sluice_buffer_put(a->sluice, event->data);
		break;
	case SLUICE_FAILED:
	case SLUICE_CLOSED:
	case SLUICE_DETACHED:
	default:
		app_fail(a, event->text);
	}
}

// Events that were there.
static int turn(struct app *a)
{
	struct sluice_event events[EVENTS];
	int n = sluice_receive(a->sluice, events, EVENTS);

	for (int i = 0; i < n; i++)
		on_event(a, &events[i]);
	if (n < 0)
		app_fail(a, sluice_error(a->sluice));
	return n;
}

// ---- jobs

static void attach(struct app *a)
{
	const struct sluice_options options = {.socket = a->page->socket, .buffers = BUFFERS};
	uint8_t *buffers[BUFFERS];
	uint64_t word = 20261121;
	int rc = sluice_attach(&a->sluice, &options);

	if (rc != 0) {
		app_fail(a, sluice_error(NULL));
		return;
	}
	// Bytes that no cache can guess, in every buffer.
	for (unsigned i = 0; i < BUFFERS; i++) {
		buffers[i] = sluice_buffer_get(a->sluice);
		for (uint32_t at = 0; at < SLUICE_BUFFER_SIZE; at += 8) {
			word = word * 6364136223846793005ull + 1442695040888963407ull;
			memcpy(buffers[i] + at, &word, 8);
		}
	}
	for (unsigned i = 0; i < BUFFERS; i++)
		sluice_buffer_put(a->sluice, buffers[i]);
	a->serves = a->page->job == APP_SERVE;
	rc = a->serves ? sluice_listen(a->sluice, SERVICE, 0)
		       : sluice_connect(a->sluice, "b", SERVICE, NULL);
	if (rc < 0)
		app_fail(a, sluice_error(a->sluice));
	while (!a->serves && !a->session && !a->page->error[0])
		if (turn(a) == 0)
			sluice_wait(a->sluice, PATIENCE_MS);
}

static bool send_records(struct app *a)
{
	uint64_t before = a->stamp[RECORD_STREAM];

	while (a->in_flight < AHEAD &&
		send_record(a, a->session, RECORD_STREAM, a->page->size, a->stamp[RECORD_STREAM]))
		a->stamp[RECORD_STREAM]++;
	count(&a->page->sent, a->stamp[RECORD_STREAM] - before);
	return a->stamp[RECORD_STREAM] != before;
}

static bool send_messages(struct app *a)
{
	static uint8_t message[SLUICE_MESSAGE_MAX];
	uint64_t *number = &a->stamp[MESSAGE_STREAM], before = *number;

	for (; *number - before < MESSAGES_TURN; ++*number) {
		memcpy(message, number, sizeof(*number));
		if (sluice_message(a->sluice, a->session,
			    SLUICE_STREAM(MESSAGE_STREAM, SLUICE_ORDERED), message,
			    a->page->size) != 0)
			break;
	}
	count(&a->page->sent, *number - before);
	return *number != before;
}

// The next ping at its time, in `next_ns`. Until then the core is the worker's.
static bool send_ping(struct app *a, uint64_t *next_ns)
{
	if (a->ping_ns)
		return false;
	if (clock_ns() < *next_ns) {
		sched_yield();
		return true;
	}
	if (!send_record(a, a->session, PING_STREAM, a->page->size, *next_ns))
		return false;
	a->ping_ns = *next_ns;
	*next_ns += a->page->gap_ns;
	count(&a->page->sent, 1);
	return true;
}

static void work(struct app *a)
{
	uint64_t next_ns = clock_ns() + a->page->gap_ns;

	a->ping_ns = 0;
	while (until(a) != APP_LEAVE && !a->page->error[0]) {
		bool busy = turn(a) > 0;

		if (until(a) == APP_GO && a->page->job == APP_RECORDS)
			busy |= send_records(a);
		if (until(a) == APP_GO && a->page->job == APP_MESSAGES)
			busy |= send_messages(a);
		if (until(a) == APP_GO && a->page->job == APP_PING)
			busy |= send_ping(a, &next_ns);
		if (!busy)
			sluice_wait(a->sluice, PATIENCE_MS);
	}
}

static void job(struct app *a)
{
	if (a->page->job == APP_SERVE || a->page->job == APP_CONNECT)
		attach(a);
	else if (a->sluice)
		work(a);
	else
		app_fail(a, "not attached");
}

_Noreturn void app_main(struct app_page *page, int socket)
{
	static struct app app;
	struct count counted;
	char byte = 0;

	app.page = page;
	while (read(socket, &byte, 1) == 1) {
		count_start(&counted);
		if (write(socket, &byte, 1) != 1)
			break;
		job(&app);
		count_stop(&counted);
		page->allocs = counted.allocs;
		page->syscalls = counted.syscalls;
		if (write(socket, &byte, 1) != 1)
			break;
	}
	sluice_detach(app.sluice);
	_exit(0);
}
