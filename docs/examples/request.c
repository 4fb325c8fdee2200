// Requests and responses with messages of libsluice: a service that sends every message back, and a
// client that tells how many a second and how long one took.
//
// What to see here: a message is copied when it is given, so nothing comes back for it; messages of
// one turn of the loop share a record, and so packets; SLUICE_E_AGAIN is the peer's slowness and is
// answered by keeping what came until there is room.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sluice.h"

#define SERVICE "request"
#define STREAM  SLUICE_STREAM(0, SLUICE_ORDERED)
// Responses without room that a server keeps; a session that makes more of them is ended.
#define HELD       65536
#define WINDOW_MAX 4096
#define COUNT_MAX  10000000

static const char usage[] =
	"usage: request serve [--busy]\n"
	"       request NODE [--count N] [--size N] [--window N] [--busy] [--json]\n"
	"\n"
	"Sends messages to a service on NODE that sends each back, checks them, and tells how many "
	"a\n"
	"second and how long one took. The service: request serve, on that node.\n"
	"\n"
	"  --count N    requests, 1 to 10000000 (default 100000)\n"
	"  --size N     bytes of each, 8 to 65532 (default 64)\n"
	"  --window N   requests on their way at once, 1 to 4096 (default 1: a round trip after "
	"the\n"
	"               other; with more the time of one holds its wait behind the others)\n"
	"  --busy       never sleep: takes a CPU, saves the wake-ups\n"
	"  --json       one JSON object on standard output, errors too\n"
	"  --help       this text\n"
	"\n"
	"The node is that of $SLUICE_DATA (its data.sock), else $SLUICE_NODE (its control.sock), "
	"else\n"
	"/run/sluice.\n"
	"\n"
	"exit: 0 done, 1 refused or wrong, 2 usage, 3 no dataplane\n";

struct options {
	unsigned long count, size, window;
	int busy, json;
};

static int fail(const struct options *o, int error, const char *why)
{
	if (o->json) {
		printf("{\"error\":{\"code\":%d,\"message\":\"", -error);
		for (; *why; why++)
			if ((unsigned char)*why >= ' ' && *why != '"' && *why != '\\')
				putchar(*why);
		puts("\"}}");
	} else {
		fprintf(stderr, "request: %s\n", why);
	}
	return error == SLUICE_E_UNREACHABLE ? 3 : 1;
}

// One turn: what is there, or with `busy` perhaps nothing.
static int turn(struct sluice *sluice, const struct options *o, struct sluice_event *event)
{
	int n = sluice_receive(sluice, event, 1);

	if (n == 0 && !o->busy)
		sluice_wait(sluice, -1);
	return n;
}

// ---- the service ------------------------------------------------------------------------------

// Requests whose response found no room, oldest first. Their `data` is still ours: until we give it
// back the peer gets no credit for more.
struct held {
	struct sluice_event requests[HELD];
	unsigned int first, count;
};

static void hold(struct sluice *sluice, struct held *held, const struct sluice_event *request)
{
	if (held->count < HELD) {
		held->requests[(held->first + held->count++) % HELD] = *request;
		return;
	}
	sluice_abort(sluice, request->session);
	sluice_buffer_put(sluice, request->data);
}

// False: no room now. A session that ended meanwhile wants no response.
static bool respond(struct sluice *sluice, const struct sluice_event *request)
{
	if (sluice_message(sluice, request->session, request->stream, request->data,
		    request->size) == SLUICE_E_AGAIN)
		return false;
	sluice_buffer_put(sluice, request->data);
	return true;
}

static void respond_held(struct sluice *sluice, struct held *held)
{
	while (held->count > 0 && respond(sluice, &held->requests[held->first])) {
		held->first = (held->first + 1) % HELD;
		held->count--;
	}
}

static int serve(struct sluice *sluice, const struct options *o)
{
	static struct held held;
	struct sluice_event event;
	int rc = sluice_listen(sluice, SERVICE, 0);

	if (rc != 0)
		return fail(o, rc, sluice_error(sluice));
	for (;;) {
		if (turn(sluice, o, &event) != 1) {
			respond_held(sluice, &held);
			continue;
		}
		if (event.type == SLUICE_DETACHED)
			return fail(o, SLUICE_E_UNREACHABLE, event.text);
		if (event.type == SLUICE_DATA)
			sluice_buffer_put(sluice, event.data); // a record: no request
		if (event.type == SLUICE_MESSAGE && (held.count > 0 || !respond(sluice, &event)))
			hold(sluice, &held, &event);
	}
}

// ---- the client -------------------------------------------------------------------------------

struct client {
	struct sluice *sluice;
	const struct options *o;
	uint32_t session; // 0: not open yet
	uint64_t asked, answered;
	uint64_t asked_ns[WINDOW_MAX]; // of the requests on their way, by number
	uint32_t *took_ns;             // of each request
	uint8_t message[SLUICE_MESSAGE_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// The number, then bytes that tell one request from another.
static void message_make(struct client *c, uint64_t number)
{
	memcpy(c->message, &number, sizeof(number));
	memset(c->message + sizeof(number), (int)(number % 251), c->o->size - sizeof(number));
}

static void client_ask(struct client *c)
{
	while (c->session && c->asked < c->o->count && c->asked - c->answered < c->o->window) {
		message_make(c, c->asked);
		c->asked_ns[c->asked % WINDOW_MAX] = now_ns();
		if (sluice_message(
			    c->sluice, c->session, STREAM, c->message, (uint32_t)c->o->size) != 0)
			break; // no room, or closed: an event will tell
		c->asked++;
	}
	// They would go by themselves when sluice_receive finds nothing more; we have no more.
	sluice_flush(c->sluice);
}

static bool client_answer(struct client *c, const struct sluice_event *response)
{
	uint64_t took = now_ns() - c->asked_ns[c->answered % WINDOW_MAX];
	bool right;

	message_make(c, c->answered);
	right = c->answered < c->asked && response->size == c->o->size &&
		memcmp(response->data, c->message, response->size) == 0;
	if (right)
		c->took_ns[c->answered++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
	sluice_buffer_put(c->sluice, response->data);
	return right;
}

// -1: go on; else the exit code.
static int client_on_event(struct client *c, const struct sluice_event *event)
{
	if (event->type == SLUICE_OPENED)
		c->session = event->session;
	if (event->type == SLUICE_FAILED)
		return fail(c->o, event->error, event->text);
	if (event->type == SLUICE_DETACHED)
		return fail(c->o, SLUICE_E_UNREACHABLE, event->text);
	if (event->type == SLUICE_CLOSED)
		return fail(c->o, SLUICE_E_CLOSED, event->text);
	if (event->type == SLUICE_DATA ||
		(event->type == SLUICE_MESSAGE && !client_answer(c, event)))
		return fail(c->o, SLUICE_E_REFUSED, "something else came back than was sent");
	return c->answered == c->o->count ? 0 : -1;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double microseconds(const struct client *c, double percent)
{
	return c->took_ns[(size_t)((double)(c->o->count - 1) * percent / 100)] / 1e3;
}

static void print(const struct client *c, double seconds)
{
	double rate = (double)c->o->count / seconds;

	qsort(c->took_ns, c->o->count, sizeof(*c->took_ns), by_size);
	printf(c->o->json ? "{\"requests\":%lu,\"size\":%lu,\"window\":%lu,\"seconds\":%.6f,"
			    "\"requests_per_second\":%.1f,"
			    "\"us\":{\"p50\":%.3f,\"p99\":%.3f,\"p99.9\":%.3f,\"max\":%.3f}}\n"
			  : "%lu requests of %lu bytes, %lu at once, in %.3f s: %.0f a second\n"
			    "one took p50 %.1f, p99 %.1f, p99.9 %.1f, max %.1f us\n",
		c->o->count, c->o->size, c->o->window, seconds, rate, microseconds(c, 50),
		microseconds(c, 99), microseconds(c, 99.9), microseconds(c, 100));
}

static int client_run(struct client *c)
{
	struct sluice_event event;
	uint64_t first = 0;
	int code = -1, n;

	while (code < 0) {
		n = turn(c->sluice, c->o, &event);
		if (n < 0)
			return fail(c->o, n, sluice_error(c->sluice));
		if (n == 1)
			code = client_on_event(c, &event);
		if (c->session && first == 0)
			first = now_ns(); // what opening takes is no part of it
		if (code < 0)
			client_ask(c);
	}
	if (code == 0)
		print(c, (double)(now_ns() - first) / 1e9);
	return code;
}

static int ask(struct sluice *sluice, const struct options *o, const char *node)
{
	static struct client client;
	int rc = sluice_connect(sluice, node, SERVICE, NULL);

	if (rc < 0)
		return fail(o, rc, sluice_error(sluice));
	client.sluice = sluice;
	client.o = o;
	client.took_ns = calloc(o->count, sizeof(*client.took_ns));
	if (!client.took_ns)
		return fail(o, SLUICE_E_NOMEM, "no memory for so many requests");
	rc = client_run(&client);
	free(client.took_ns);
	return rc;
}

// ---- the command line ---------------------------------------------------------------------------

static bool number(const char *text, unsigned long min, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (errno == 0 && *text >= '0' && *text <= '9' && !*end && *value >= min && *value <= max)
		return true;
	fprintf(stderr, "request: '%s' is not a number from %lu to %lu (request --help)\n", text,
		min, max);
	return false;
}

// -1: go on; else the exit code.
static int parse(struct options *o, int argc, char **argv)
{
	const struct option words[] = {{"count", required_argument, NULL, 'c'},
		{"size", required_argument, NULL, 's'}, {"window", required_argument, NULL, 'w'},
		{"busy", no_argument, &o->busy, 1}, {"json", no_argument, &o->json, 1},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

	for (int c; (c = getopt_long(argc, argv, "", words, NULL)) != -1;) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c == '?' || (c == 'c' && !number(optarg, 1, COUNT_MAX, &o->count)) ||
			(c == 's' && !number(optarg, 8, SLUICE_MESSAGE_MAX, &o->size)) ||
			(c == 'w' && !number(optarg, 1, WINDOW_MAX, &o->window)))
			return 2;
	}
	if (optind + 1 == argc)
		return -1;
	fputs("request: one word, serve or the name of a node (request --help)\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct options o = {.count = 100000, .size = 64, .window = 1};
	int rc = parse(&o, argc, argv);
	struct sluice *sluice;

	if (rc >= 0)
		return rc;
	rc = sluice_attach(&sluice, NULL);
	if (rc != 0)
		return fail(&o, rc, sluice_error(NULL));
	rc = strcmp(argv[optind], "serve") == 0 ? serve(sluice, &o) : ask(sluice, &o, argv[optind]);
	sluice_detach(sluice);
	return rc;
}
