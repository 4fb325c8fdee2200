// overload: many applications in one process, for tests of what a node does with too much.
//
// overload SOCKET serve APPS: application i listens for "load-i"; the first also for "deaf", whose
// records it takes and never gives back.
// overload SOCKET open NODE APPS SESSIONS: each opens so many sessions with load-i. They stay open
// until standard input ends; then each sends a record and closes.
// overload SOCKET push NODE APPS MS all|deaf: each sends without end over one session, the last one
// perhaps to "deaf"; says what each delivered.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/client/sluice.h"

enum { APPS = 64, RECORD = 20000 };
enum { ASKED_MAX = 32, ASKED_EACH = 8 }; // and not answered, of all and of one

struct app {
	struct sluice *sluice;
	uint32_t sessions[APPS];
	uint32_t asked, opened, refused, sent, answered, lost, closed;
};

static struct app apps[APPS];
static bool keep_sending; // a record answered is followed by the next
static uint32_t deaf_sessions[APPS], deaf_count;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "overload: %s: %s\n", what, why);
	exit(1);
}

static void attach(struct app *app, const char *socket)
{
	const struct sluice_options options = {
		.socket = socket, .buffers = 32, .spin_us = SLUICE_SPIN_NEVER};

	if (sluice_attach(&app->sluice, &options) != 0)
		die("attach", sluice_error(NULL));
}

static void send_one(struct app *app, uint32_t session)
{
	void *buffer = sluice_buffer_get(app->sluice);

	if (!buffer)
		die("send", "no buffer is left");
	memset(buffer, (int)session, RECORD);
	if (sluice_send(app->sluice, session, SLUICE_STREAM(0, SLUICE_ORDERED), buffer, RECORD,
		    true, 0) != 0)
		die("send", sluice_error(app->sluice));
	app->sent++;
}

static bool is_deaf(uint32_t session)
{
	for (uint32_t i = 0; i < deaf_count; i++)
		if (deaf_sessions[i] == session)
			return true;
	return false;
}

static void on_opened(struct app *app, const struct sluice_event *event)
{
	if (!event->accepted)
		app->sessions[app->opened] = event->session;
	else if (strcmp(event->service, "deaf") == 0 && deaf_count < APPS)
		deaf_sessions[deaf_count++] = event->session;
	app->opened++;
}

static void on_event(struct app *app, const struct sluice_event *event)
{
	switch (event->type) {
	case SLUICE_OPENED:
		on_opened(app, event);
		break;
	case SLUICE_FAILED:
		app->refused++;
		fprintf(stderr, "refused: %s\n", event->text);
		break;
	case SLUICE_DATA:
		if (!is_deaf(event->session))
			sluice_buffer_put(app->sluice, event->data);
		break;
	case SLUICE_SENT:
		sluice_buffer_put(app->sluice, event->data);
		app->answered += event->ok;
		app->lost += !event->ok;
		if (keep_sending && event->ok)
			send_one(app, event->session);
		break;
	case SLUICE_CLOSED:
		app->closed++;
		break;
	case SLUICE_DETACHED:
		die("the dataplane", event->text);
		break;
	case SLUICE_MESSAGE:
		break;
	}
}

// Looks at every application once; sleeps a little when none had anything.
static void look(uint32_t count)
{
	struct sluice_event events[16];
	int found = 0;

	for (uint32_t i = 0; i < count; i++) {
		int n = sluice_receive(apps[i].sluice, events, 16);

		for (int k = 0; k < n; k++)
			on_event(&apps[i], &events[k]);
		found += n > 0 ? n : 0;
	}
	if (found == 0)
		usleep(1000);
}

static void serve(uint32_t count)
{
	char name[32];

	for (uint32_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "load-%u", i);
		if (sluice_listen(apps[i].sluice, name, 0) != 0)
			die(name, sluice_error(apps[i].sluice));
	}
	if (sluice_listen(apps[0].sluice, "deaf", 0) != 0)
		die("deaf", sluice_error(apps[0].sluice));
	printf("listening\n");
	fflush(stdout);
	for (;;)
		look(count);
}

static void ask(struct app *app, const char *node, const char *service)
{
	const struct sluice_session_options options = {.timeout_ms = 60000};

	if (sluice_connect(app->sluice, node, service, &options) < 0)
		die("connect", sluice_error(app->sluice));
	app->asked++;
}

static uint32_t sum(uint32_t count, size_t member)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += *(uint32_t *)(void *)((char *)&apps[i] + member);
	return total;
}

#define SUM(count, member) sum(count, offsetof(struct app, member))

static void open_all(const char *node, uint32_t count, uint32_t sessions)
{
	char name[32];

	while (SUM(count, opened) + SUM(count, refused) < count * sessions) {
		uint32_t waiting = SUM(count, asked) - SUM(count, opened) - SUM(count, refused);

		for (uint32_t i = 0; i < count && waiting < ASKED_MAX; i++) {
			if (apps[i].asked == sessions ||
				apps[i].asked - apps[i].opened - apps[i].refused == ASKED_EACH)
				continue;
			snprintf(name, sizeof(name), "load-%u", i);
			ask(&apps[i], node, name);
			waiting++;
		}
		look(count);
	}
}

static int open_many(const char *node, uint32_t count, uint32_t sessions)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	open_all(node, count, sessions);
	printf("{\"opened\": %u, \"refused\": %u}\n", SUM(count, opened), SUM(count, refused));
	fflush(stdout);
	while (poll(&input, 1, 0) == 0 || read(STDIN_FILENO, &byte, 1) > 0)
		look(count);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t s = 0; s < apps[i].opened; s++)
			send_one(&apps[i], apps[i].sessions[s]);
	while (SUM(count, answered) + SUM(count, lost) < SUM(count, sent))
		look(count);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t s = 0; s < apps[i].opened; s++)
			sluice_close(apps[i].sluice, apps[i].sessions[s]);
	while (SUM(count, closed) < SUM(count, opened))
		look(count);
	printf("{\"delivered\": %u, \"lost\": %u}\n", SUM(count, answered), SUM(count, lost));
	return 0;
}

static int push(const char *node, uint32_t count, uint32_t milliseconds, bool deaf)
{
	char name[32];
	uint64_t end;

	for (uint32_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "load-%u", i);
		ask(&apps[i], node, deaf && i + 1 == count ? "deaf" : name);
	}
	while (SUM(count, opened) < count) {
		look(count);
		if (SUM(count, refused) > 0)
			return 1;
	}
	keep_sending = true;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t n = 0; n < 4; n++)
			send_one(&apps[i], apps[i].sessions[0]);
	for (end = now_ms() + milliseconds; now_ms() < end;)
		look(count);
	printf("{\"delivered\": [");
	for (uint32_t i = 0; i < count; i++)
		printf("%s%u", i ? ", " : "", apps[i].answered);
	printf("]}\n");
	return 0;
}

int main(int argc, char **argv)
{
	bool client = argc == 6 || argc == 7;
	uint32_t count = (uint32_t)strtoul(argc > 3 ? argv[client ? 4 : 3] : "0", NULL, 10);
	uint32_t value = client ? (uint32_t)strtoul(argv[5], NULL, 10) : 0;

	if (argc < 4 || count < 1 || count > APPS || value > 100000)
		die("usage", "see the first lines of overload.c");
	for (uint32_t i = 0; i < count; i++)
		attach(&apps[i], argv[1]);
	if (strcmp(argv[2], "serve") == 0)
		serve(count);
	if (strcmp(argv[2], "open") == 0 && argc == 6 && value <= APPS)
		return open_many(argv[3], count, value);
	if (strcmp(argv[2], "push") == 0 && argc == 7)
		return push(argv[3], count, value, strcmp(argv[6], "deaf") == 0);
	die("usage", "see the first lines of overload.c");
}
