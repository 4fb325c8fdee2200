// sluice serve --dir DIR: receives files, as an ordinary application of libsluice.
// Outlives the dataplane: attaches again.
#include "control/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "control/cli/clock.h"
#include "control/cli/format.h"
#include "control/cli/receiver.h"
#include "control/cli/settler.h"
#include "control/cli/signals.h"
#include "lib/client/sluice.h"

enum serve_limits {
	SERVE_SESSIONS_MAX = 64, // the dataplane gives an application no more
	SERVE_ANSWERS_MAX = 8,   // of one session in flight: more is a peer that does not take them
	SERVE_EVENTS_TURN = 64,
	SERVE_WAIT_MS = 250,
	SERVE_BACKOFF_MS = 100, // doubling to ...
	SERVE_BACKOFF_MS_MAX = 2000,
	SERVE_GOODBYE_MS = 500,
	SERVE_PATH_SIZE = 4096,
	SERVE_BUFFERS = 1024,    // a receiver has several sessions, their windows come out of these
	SERVE_BUFFERS_MIN = 256, // of each attachment but the first
};

#define STREAM_CONTROL SLUICE_STREAM(TRANSFER_STREAM_CONTROL, SLUICE_ORDERED)
#define STREAM_BLOCKS  SLUICE_STREAM(TRANSFER_STREAM_BLOCKS, SLUICE_UNORDERED)

const struct schema_method serve_method = {
	.name = "serve",
	.sentence = "receives files that sluice send sends, until it is stopped",
	.params =
		{
			{.name = "dir",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = SERVE_PATH_SIZE - 1,
				.standard = ".",
				.sentence = "folder to receive into"},
			{.name = "overwrite",
				.type = SCHEMA_BOOLEAN,
				.sentence = "replace files that exist"},
			{.name = "fallback",
				.type = SCHEMA_BOOLEAN,
				.sentence = "yield to any other sluice serve of the node"},
			{.name = "once",
				.type = SCHEMA_BOOLEAN,
				.sentence = "end after the first sender"},
			{.name = "service",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = SLUICE_NAME_SIZE - 1,
				.standard = TRANSFER_SERVICE,
				.sentence = "service to listen for"},
		},
};

static const char note_busy[] =
	"It takes 56 senders at once (their windows share its 1,024 receive buffers); one more is "
	"refused and may try again when one of them has ended.";
static const char note_names[] =
	"Until a file is verified and flushed it is named .NAME.sluice-XXXXXX.part. What a killed "
	"serve left of these, the next one in the same folder removes.";
static const char note_end[] =
	"It ends by SIGINT or SIGTERM, and survives a restart of the dataplane.";

const struct command_text serve_text = {
	.operands = "",
	.notes = {note_busy, note_names, note_end},
	.exits =
		{
			"stopped; with --once: every file of the sender arrived",
			"refused; with --once: a file failed",
			"wrong usage",
			"the dataplane of this node cannot be reached",
		},
};

struct serve;

struct serve_session {
	bool used;
	bool ending; // aborted or told to stop; waits for CLOSED
	bool left;   // CLOSED came while its last file was being settled: there is nobody to tell
	uint32_t session;
	uint32_t answers; // in flight
	struct serve *serve;
	struct sluice *sluice; // the attachment it belongs to
	struct receiver receiver;
	struct settler_job job;
};

struct serve {
	const struct cli *cli;
	const char *data_socket, *path, *service;
	bool overwrite, fallback, once;
	int dir;
	// One attachment to each worker of the dataplane, so that sessions spread over them.
	struct sluice *sluice[TRANSFER_STRIPES_MAX];
	uint32_t attached;
	bool detached;
	bool once_over; // --once: the first sender has left
	uint64_t received, failed;
	struct settler settler;
	struct serve_session sessions[SERVE_SESSIONS_MAX];
};

// ---- lines -------------------------------------------------------------------------------------

// What happens to the service itself, not to a file.
static void say(const struct serve *serve, const char *event, const char *text)
{
	char plain[512];

	format_plain(plain, sizeof(plain), text);
	if (serve->cli->json) {
		(void)cli_print_json(json_pack("{s:s, s:s}", "event", event, "text", plain));
	} else {
		printf("%s\n", plain);
		fflush(stdout);
	}
}

static void report_json(
	const struct receiver_report *r, const char *event, const char *name, const char *text)
{
	json_t *line = json_pack("{s:s, s:s, s:s, s:I, s:f}", "event", event, "file", name, "peer",
		r->peer, "bytes", (json_int_t)r->bytes, "seconds", (double)r->duration_ns / 1e9);
	char sha256[65];

	if (r->sha256) {
		json_object_set_new(line, "sha256", json_string(format_hex(sha256, r->sha256, 32)));
		json_object_set_new(line, "verified", json_true());
	} else {
		json_object_set_new(line, "text", json_string(text));
	}
	(void)cli_print_json(line);
}

static void on_report(void *owner, const struct receiver_report *r)
{
	static const char *const events[] = {"received", "refused", "failed"};
	struct serve *serve = ((struct serve_session *)owner)->serve;
	char name[TRANSFER_NAME_MAX * 4 + 1], text[TRANSFER_TEXT_MAX * 4 + 1], bytes[FORMAT_SIZE],
		duration[FORMAT_SIZE];
	char rate[FORMAT_SIZE], sha256[65];

	format_plain(name, sizeof(name), r->name);
	format_plain(text, sizeof(text), r->text);
	serve->received += r->what == RECEIVER_RECEIVED;
	serve->failed += r->what != RECEIVER_RECEIVED;
	if (serve->cli->json)
		report_json(r, events[r->what], name, text);
	else if (r->what == RECEIVER_RECEIVED)
		printf("received %s from %s: %s in %s, %s, sha256 %s\n", name, r->peer,
			format_bytes(bytes, r->bytes), format_duration(duration, r->duration_ns),
			format_bits_rate(
				rate, (double)r->bytes * 8e9 /
					      (double)(r->duration_ns ? r->duration_ns : 1)),
			format_hex(sha256, r->sha256, 32));
	else
		printf("%s %s from %s: %s\n", events[r->what], name, r->peer, text);
	fflush(stdout);
}

// ---- sessions ----------------------------------------------------------------------------------

static struct serve_session *session_find(struct serve *serve, uint32_t session)
{
	for (int i = 0; i < SERVE_SESSIONS_MAX; i++)
		if (serve->sessions[i].used && !serve->sessions[i].left &&
			serve->sessions[i].session == session)
			return &serve->sessions[i];
	return NULL;
}

static int on_tell(void *owner, const struct transfer_message *message)
{
	struct serve_session *s = owner;
	struct sluice *sluice = s->sluice;
	uint8_t *buffer = s->answers < SERVE_ANSWERS_MAX ? sluice_buffer_get(sluice) : NULL;

	if (!buffer)
		return -1;
	size_t size = transfer_frame(buffer, message);

	if (sluice_send(sluice, s->session, STREAM_CONTROL, buffer, (uint32_t)size, true, 0) != 0) {
		sluice_buffer_put(sluice, buffer);
		return -1;
	}
	s->answers++;
	return 0;
}

static void on_settle(void *owner)
{
	struct serve_session *s = owner;

	settler_start(&s->serve->settler, &s->job, &s->receiver.in);
}

// The folder was removed and is there again: what comes next goes into the new one.
static void serve_folder_again(struct serve *serve)
{
	int dir = incoming_dir_gone(serve->dir) ? incoming_dir_open(serve->path) : -1;

	if (dir < 0)
		return;
	// In place: files that were under way in the old one have lost their names with it.
	(void)dup3(dir, serve->dir, O_CLOEXEC);
	close(dir);
}

// A stripe comes from the node that its main comes from.
static struct receiver *on_join(void *owner, const uint8_t token[TRANSFER_TOKEN_SIZE])
{
	const struct serve_session *stripe = owner;
	struct serve *serve = stripe->serve;

	for (int i = 0; i < SERVE_SESSIONS_MAX; i++) {
		struct serve_session *s = &serve->sessions[i];

		if (s->used && !s->ending && !s->left && s != stripe && !s->receiver.main &&
			memcmp(s->receiver.token, token, TRANSFER_TOKEN_SIZE) == 0 &&
			strcmp(s->receiver.peer, stripe->receiver.peer) == 0)
			return &s->receiver;
	}
	return NULL;
}

static void on_opened(struct serve *serve, struct sluice *sluice, const struct sluice_event *e)
{
	struct serve_session *s = serve->sessions;

	while (s < serve->sessions + SERVE_SESSIONS_MAX && s->used)
		s++;
	if (!e->accepted || s == serve->sessions + SERVE_SESSIONS_MAX) {
		(void)sluice_abort(sluice, e->session);
		return;
	}
	serve_folder_again(serve);
	*s = (struct serve_session){
		.used = true, .session = e->session, .serve = serve, .sluice = sluice};
	receiver_init(&s->receiver, serve->dir, serve->overwrite, e->peer);
	s->receiver.stripes = serve->attached;
	if (getrandom(s->receiver.token, TRANSFER_TOKEN_SIZE, 0) == TRANSFER_TOKEN_SIZE)
		s->receiver.join = on_join;
	s->receiver.settle = on_settle;
	s->receiver.tell = on_tell;
	s->receiver.report = on_report;
	s->receiver.owner = s;
}

// Graceful, so that the last sentence arrives; what the peer still sends is thrown away.
static void session_end(struct serve_session *s)
{
	receiver_stop(&s->receiver, "the session broke the rules of the file transfer");
	s->ending = true;
	(void)sluice_close(s->sluice, s->session);
}

// Its stripes have nobody any more to bring blocks to.
static void session_forget_stripes(struct serve *serve, const struct serve_session *s)
{
	for (int i = 0; i < SERVE_SESSIONS_MAX; i++) {
		struct serve_session *stripe = &serve->sessions[i];

		if (!stripe->used || stripe->receiver.main != &s->receiver)
			continue;
		stripe->receiver.main = NULL;
		session_end(stripe);
	}
}

static void on_data(struct serve *serve, struct sluice *sluice, const struct sluice_event *e)
{
	struct serve_session *s = session_find(serve, e->session);
	int result = 0;

	if (s && !s->ending && e->stream == STREAM_BLOCKS)
		result = receiver_on_block(&s->receiver, e->data, e->size, clock_now_ns());
	else if (s && !s->ending && e->stream == STREAM_CONTROL)
		result = receiver_on_message(&s->receiver, e->data, e->size, clock_now_ns());
	else if (s && !s->ending)
		result = -1;
	sluice_buffer_put(sluice, e->data);
	if (result != 0)
		session_end(s);
}

// Files whose flushing is over. `wait`: all of them, as long as the disk takes.
static void serve_settled(struct serve *serve, bool wait)
{
	for (int i = 0; i < SERVE_SESSIONS_MAX; i++) {
		struct serve_session *s = &serve->sessions[i];

		if (!s->used || !settler_take(&s->job, wait))
			continue;
		if (receiver_on_settled(&s->receiver, s->job.result == 0 ? NULL : &s->job.error,
			    clock_now_ns()) != 0)
			session_end(s);
		s->used = !s->left;
	}
}

static void on_closed(struct serve *serve, const struct sluice_event *e)
{
	struct serve_session *s = session_find(serve, e->session);
	char text[TRANSFER_TEXT_MAX + 1];
	bool stripe;

	if (!s)
		return;
	stripe = s->receiver.main != NULL;
	session_forget_stripes(serve, s);
	snprintf(text, sizeof(text), "the sender is gone: %s", e->text);
	receiver_stop(&s->receiver, e->ok ? "the sender left before the end of the file" : text);
	s->left = s->job.running;
	s->used = s->left;
	serve->once_over |= serve->once && !stripe;
}

static void on_event(struct serve *serve, struct sluice *sluice, const struct sluice_event *e)
{
	struct serve_session *s;

	switch (e->type) {
	case SLUICE_OPENED:
		on_opened(serve, sluice, e);
		break;
	case SLUICE_DATA:
		on_data(serve, sluice, e);
		break;
	case SLUICE_SENT:
		s = session_find(serve, e->session);
		if (s)
			s->answers--;
		sluice_buffer_put(sluice, e->data);
		break;
	case SLUICE_CLOSED:
		on_closed(serve, e);
		break;
	case SLUICE_DETACHED:
		serve->detached = true;
		break;
	case SLUICE_MESSAGE: // whoever sends these sends no files
		sluice_buffer_put(sluice, e->data);
		sluice_abort(sluice, e->session);
		break;
	case SLUICE_FAILED:
		break; // we ask for no sessions
	}
}

static void serve_receive(struct serve *serve, struct sluice *sluice)
{
	struct sluice_event events[SERVE_EVENTS_TURN];
	int count = 0;

	// In every turn: the traffic of others may have no gap.
	if (sluice_wait(sluice, 0) != 0)
		count = sluice_receive(sluice, events, SERVE_EVENTS_TURN);
	if (count < 0)
		serve->detached = true;
	for (int i = 0; i < count; i++)
		on_event(serve, sluice, &events[i]);
}

static void serve_turn(struct serve *serve, int wait_ms)
{
	struct pollfd ready[1 + TRANSFER_STRIPES_MAX] = {
		{.fd = serve->settler.event, .events = POLLIN}};

	for (uint32_t i = 0; i < serve->attached; i++) {
		ready[1 + i] = (struct pollfd){.fd = sluice_fd(serve->sluice[i]), .events = POLLIN};
		if (sluice_wait(serve->sluice[i], 0) != 0)
			wait_ms = 0;
	}
	if (poll(ready, 1 + serve->attached, wait_ms) > 0 && ready[0].revents) {
		settler_calm(&serve->settler);
		serve_settled(serve, false);
	}
	for (uint32_t i = 0; i < serve->attached; i++)
		serve_receive(serve, serve->sluice[i]);
}

// ---- life --------------------------------------------------------------------------------------

// To one more worker. 0, or a SLUICE_E_* with the sentence in sluice_error of sluice[attached]
// (NULL: not attached).
static int serve_attach_one(struct serve *serve, uint32_t workers)
{
	struct sluice **sluice = &serve->sluice[serve->attached];
	uint32_t share = SERVE_BUFFERS / workers;
	struct sluice_options options = {.socket = serve->data_socket,
		.receive_buffers = share > SERVE_BUFFERS_MIN ? share : SERVE_BUFFERS_MIN,
		.worker = serve->attached + 1};
	int result = sluice_attach(sluice, &options);

	if (result == 0)
		result = sluice_listen(*sluice, serve->service,
			SLUICE_LISTEN_SHARED | (serve->fallback ? SLUICE_LISTEN_FALLBACK : 0));
	serve->attached += result == 0;
	return result;
}

// To every worker of the dataplane.
static int serve_attach(struct serve *serve)
{
	uint32_t workers = 1;
	int result;

	serve->detached = false;
	do {
		result = serve_attach_one(serve, workers);
		if (result == 0)
			workers = sluice_workers(serve->sluice[0]);
	} while (
		result == 0 && serve->attached < workers && serve->attached < TRANSFER_STRIPES_MAX);
	return result;
}

static void serve_let_go(struct serve *serve)
{
	for (int i = 0; i < TRANSFER_STRIPES_MAX; i++) {
		sluice_detach(serve->sluice[i]);
		serve->sluice[i] = NULL;
	}
	serve->attached = 0;
}

// What ends now ends for all of them: no file fails because its stripe went a moment earlier.
static void serve_unstripe(struct serve *serve)
{
	for (int i = 0; i < SERVE_SESSIONS_MAX; i++)
		serve->sessions[i].receiver.main = NULL;
}

static void serve_detach(struct serve *serve, const char *why)
{
	serve_unstripe(serve);
	serve_settled(serve, true);
	for (int i = 0; i < SERVE_SESSIONS_MAX; i++) {
		if (serve->sessions[i].used)
			receiver_stop(&serve->sessions[i].receiver, why);
		serve->sessions[i].used = false;
	}
	serve_let_go(serve);
}

static int fail_attach(const struct serve *serve, int result)
{
	bool down = result == SLUICE_E_UNREACHABLE || result == SLUICE_E_TIMEOUT;
	bool gone = down || result == SLUICE_E_PERMISSION;
	const char *hint = down ? " (is sluice-dataplane running? sluice status tells)" : "";

	return cli_fail(serve->cli, gone ? CLI_UNREACHABLE : CLI_REFUSED,
		gone ? "unreachable" : "refused", "%s%s",
		sluice_error(serve->sluice[serve->attached]), hint);
}

// Until it is attached again, or refused for good, or asked to stop.
static int serve_attach_again(struct serve *serve)
{
	unsigned backoff_ms = SERVE_BACKOFF_MS;
	int result;

	serve_detach(serve, "the dataplane of this node went away");
	say(serve, "detached", "the dataplane went away; attaching again");
	while (!signals_stop()) {
		result = serve_attach(serve);
		if (result == 0) {
			say(serve, "attached", "attached again");
			return CLI_OK;
		}
		if (result == SLUICE_E_REFUSED || result == SLUICE_E_INVALID ||
			result == SLUICE_E_PERMISSION)
			return fail_attach(serve, result);
		serve_let_go(serve);
		usleep(backoff_ms * 1000);
		backoff_ms = backoff_ms * 2 < SERVE_BACKOFF_MS_MAX ? backoff_ms * 2
								   : SERVE_BACKOFF_MS_MAX;
	}
	return CLI_OK;
}

// Tells every sender whose file is not complete, then those whose file still had to reach the disk.
static void serve_last_words(struct serve *serve, const char *why)
{
	struct transfer_message message = {.type = TRANSFER_ERROR, .reason = TRANSFER_CANCELLED};

	snprintf(message.text, sizeof(message.text), "%s", why);
	serve_unstripe(serve);
	for (int i = 0; i < SERVE_SESSIONS_MAX; i++) {
		struct serve_session *s = &serve->sessions[i];

		if (!s->used || s->receiver.settling)
			continue;
		message.transfer = s->receiver.transfer;
		if (s->receiver.active)
			(void)on_tell(s, &message);
		receiver_stop(&s->receiver, why);
		s->ending = true;
	}
	serve_settled(serve, true);
}

// Gives the last words a moment to leave.
static void serve_goodbye(struct serve *serve)
{
	static const char why[] = "the receiver was stopped";
	uint32_t waiting = 1;
	uint64_t end;

	serve_last_words(serve, why);
	end = clock_now_ns() + (uint64_t)SERVE_GOODBYE_MS * 1000000; // the disk took its own time
	while (waiting && !serve->detached && clock_now_ns() < end) {
		waiting = 0;
		for (int i = 0; i < SERVE_SESSIONS_MAX; i++)
			waiting += serve->sessions[i].used ? serve->sessions[i].answers : 0;
		if (waiting)
			serve_turn(serve, 20);
	}
	serve_detach(serve, why);
}

static int serve_loop(struct serve *serve)
{
	int code = CLI_OK;

	while (code == CLI_OK && !signals_stop() && !serve->once_over) {
		serve_turn(serve, SERVE_WAIT_MS);
		if (serve->detached)
			code = serve_attach_again(serve);
	}
	if (serve->attached)
		serve_goodbye(serve);
	if (code == CLI_OK && serve->once)
		code = serve->received && !serve->failed ? CLI_OK : CLI_REFUSED;
	return code;
}

static int serve_start(struct serve *serve)
{
	char text[SERVE_PATH_SIZE + 128];
	int result, stale;

	serve->dir = incoming_dir_open(serve->path);
	if (serve->dir < 0)
		return cli_fail(serve->cli, CLI_REFUSED, "refused",
			"cannot open the folder %.400s: %s", serve->path, strerror(errno));
	if (faccessat(serve->dir, ".", W_OK | X_OK, 0) != 0)
		return cli_fail(serve->cli, CLI_REFUSED, "refused",
			"cannot write into the folder %.400s: %s", serve->path, strerror(errno));
	result = serve_attach(serve);
	if (result != 0)
		return fail_attach(serve, result);
	stale = incoming_sweep(serve->dir);
	if (stale) {
		snprintf(text, sizeof(text),
			"removed %d incomplete file%s that an earlier serve left behind", stale,
			stale == 1 ? "" : "s");
		say(serve, "swept", text);
	}
	snprintf(text, sizeof(text), "receiving into %s as service %s%s", serve->path,
		serve->service, serve->fallback ? ", unless another serve of this node does" : "");
	say(serve, "serving", text);
	return CLI_OK;
}

int serve_run(struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	static struct serve serve; // too large for a stack
	const struct schema_method *m = command_method(command);
	char socket[SERVE_PATH_SIZE];
	int code;

	if (operands[0])
		return cli_fail(cli, CLI_USAGE, "usage",
			"serve takes options only; --dir names the folder");
	serve = (struct serve){
		.cli = cli,
		.data_socket = cli_data_socket(cli, socket, sizeof(socket)),
		.path = schema_string(m, params, "dir"),
		.service = schema_string(m, params, "service"),
		.overwrite = schema_boolean(params, "overwrite"),
		.fallback = schema_boolean(params, "fallback"),
		.once = schema_boolean(params, "once"),
		.dir = -1,
	};
	if (settler_init(&serve.settler) != 0)
		return cli_fail(
			cli, CLI_REFUSED, "refused", "no event descriptor: %s", strerror(errno));
	signals_start();
	code = serve_start(&serve);
	if (code == CLI_OK)
		code = serve_loop(&serve);
	else
		serve_let_go(&serve);
	settler_fini(&serve.settler);
	if (serve.dir >= 0)
		close(serve.dir);
	return code;
}
