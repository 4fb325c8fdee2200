// sluice members --watch: a table that is drawn anew, or a line for every change.
#include "control/cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "control/cli/clock.h"
#include "control/cli/connect.h"
#include "control/cli/format.h"
#include "control/cli/members_model.h"
#include "control/cli/members_table.h"
#include "control/cli/signals.h"
#include "control/cli/terminal.h"

enum {
	LINE_FIRST = 65536,
	LINE_MAX_BYTES = 16 << 20, // the list of as many members as there may be
	DRAW_MS = 100,             // between two drawings of what changes
	AGE_MS = 1000,             // ages go on
	RETRY_MS = 500,
};

struct watch {
	const struct cli *cli;
	struct members_model model;
	bool table, down;
	int fd; // -1: nobody answers
	char *in;
	size_t used, room;
	bool dirty;
	uint64_t drawn_ms, tried_ms, lost_ms; // lost: since when nobody answers
	int code;
	bool over;
};

static uint64_t now_ms(void)
{
	return clock_now_ns() / 1000000;
}

static const char *clock_text(char text[16], time_t at)
{
	struct tm local;

	strftime(text, 16, "%H:%M:%S", localtime_r(&at, &local));
	return text;
}

// ---- lines -------------------------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "none";
}

static void change_print(const json_t *params, const json_t *was)
{
	const char *from = text_of(params, "from"), *to = text_of(params, "to");
	bool moved = strcmp(from, to) != 0;
	char clock[16], name[256], address[128], words[512] = "", plain[1024];

	if (!moved)
		members_model_differs(words, sizeof(words), was, params);
	printf("%s  %-20s %s%s%s  %s%s%s\n",
		clock_text(clock, json_integer_value(json_object_get(params, "time_s"))),
		format_plain(name, sizeof(name), text_of(params, "name")), from,
		moved ? " -> " : "", moved ? to : "",
		format_plain(address, sizeof(address), text_of(params, "address")),
		words[0] ? "  " : "", format_plain(plain, sizeof(plain), words));
}

// Each line is out before the next is looked at: a pipe hears it at once.
static void on_event(void *owner, const char *event, const json_t *params, const json_t *was)
{
	struct watch *w = owner;

	w->dirty = true;
	if (w->table)
		return;
	if (w->cli->json && strcmp(event, "resync") == 0)
		(void)cli_print_json(json_pack("{s:s, s:O*, s:O*, s:O*}", "event", event, "lost",
			json_object_get(params, "lost"), "generation",
			json_object_get(params, "generation"), "time_s",
			json_object_get(params, "time_s")));
	else if (w->cli->json)
		(void)cli_print_json(json_incref((json_t *)params));
	else if (strcmp(event, "resync") == 0)
		printf("%" JSON_INTEGER_FORMAT " changes were lost: this reader was too slow\n",
			json_integer_value(json_object_get(params, "lost")));
	else
		change_print(params, was);
	fflush(stdout);
}

// ---- the table ---------------------------------------------------------------------------------

static char *frame(const struct watch *w, uint32_t columns, uint32_t lines)
{
	struct members_screen screen = {.columns = columns,
		.lines = lines,
		.color = w->cli->color,
		.down = w->down,
		.now_s = (double)now_ms() / 1e3};
	char clock[16], notice[256];

	screen.clock = clock_text(clock, time(NULL));
	if (w->fd < 0) {
		snprintf(notice, sizeof(notice),
			"sluice-control has not answered for %llu s, and is asked again (%s)",
			(unsigned long long)(now_ms() - w->lost_ms) / 1000, cli_socket(w->cli));
		screen.notice = notice;
	}
	return members_table(&w->model, &screen);
}

static void draw(struct watch *w)
{
	uint32_t columns, lines;
	char *text;

	terminal_size(&columns, &lines);
	text = frame(w, columns, lines);
	w->over |= !terminal_draw(text);
	free(text);
	w->dirty = false;
	w->drawn_ms = now_ms();
}

// The last table stays where the prompt is.
static void table_end(struct watch *w)
{
	uint32_t columns, lines;
	char *text;

	terminal_end();
	terminal_size(&columns, &lines);
	text = frame(w, columns, lines);
	fputs(text, stdout);
	free(text);
}

// ---- the node ----------------------------------------------------------------------------------

static void watch_hang_up(struct watch *w)
{
	close(w->fd);
	w->fd = -1;
	w->used = 0;
	w->dirty = true;
	w->lost_ms = now_ms();
}

// Control is gone. Who looks at a table wants to see it come back; who reads lines must know that
// there is a gap.
static void watch_lost(struct watch *w, const char *why)
{
	watch_hang_up(w);
	if (w->table)
		return;
	w->code = connect_fail(w->cli, why);
	w->over = true;
}

// A refusal: not one that goes away by itself.
static void watch_refused(struct watch *w, const char *line)
{
	if (w->table)
		terminal_end();
	w->table = false;
	json_decref(connect_result(w->cli, "members.watch", line, &w->code));
	w->over = true;
}

static void line_take(struct watch *w, const char *line, size_t size)
{
	json_t *message = json_loadb(line, size, 0, NULL);

	if (!json_object_get(message, "error") &&
		members_model_take(
			&w->model, message, (double)now_ms() / 1e3, time(NULL), on_event, w)) {
		json_decref(message);
		return;
	}
	json_decref(message);
	char *text = strndup(line, size);

	watch_refused(w, text ? text : "");
	free(text);
}

static void lines_take(struct watch *w)
{
	char *line = w->in, *end;

	while (!w->over && (end = memchr(line, '\n', w->used))) {
		line_take(w, line, (size_t)(end - line));
		w->used -= (size_t)(end + 1 - line);
		line = end + 1;
	}
	memmove(w->in, line, w->used);
}

static bool room_make(struct watch *w)
{
	size_t room = w->room ? 2 * w->room : LINE_FIRST;
	char *wider;

	if (w->used < w->room)
		return true;
	wider = room <= LINE_MAX_BYTES ? realloc(w->in, room) : NULL;
	if (!wider)
		return false;
	w->in = wider;
	w->room = room;
	return true;
}

static void watch_read(struct watch *w)
{
	ssize_t n;

	if (!room_make(w)) {
		watch_lost(w, "what it says is too long for this program");
		return;
	}
	n = recv(w->fd, w->in + w->used, w->room - w->used, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		watch_lost(w, n ? strerror(errno) : "it hung up");
		return;
	}
	w->used += (size_t)n;
	lines_take(w);
}

static void watch_ask(struct watch *w, const struct cli *cli)
{
	json_t *params = json_pack("{s:b}", "rtt", w->table);

	w->fd = connect_ask(cli, "members.watch", params, &w->code);
	w->tried_ms = now_ms();
	json_decref(params);
}

// The same question again, and no word about it: the table says it.
static void watch_ask_again(struct watch *w)
{
	struct cli quiet = *w->cli;

	quiet.quiet = true;
	watch_ask(w, &quiet);
	w->code = CLI_OK;
	w->dirty |= w->fd >= 0;
}

// ---- all of it ---------------------------------------------------------------------------------

static int until_ms(uint64_t then_ms)
{
	uint64_t now = now_ms();

	return then_ms > now ? (int)(then_ms - now) : 0;
}

static int patience_ms(const struct watch *w)
{
	int draw = w->table ? until_ms(w->drawn_ms + (w->dirty ? DRAW_MS : AGE_MS)) : AGE_MS;
	int retry = w->fd < 0 ? until_ms(w->tried_ms + RETRY_MS) : AGE_MS;

	return draw < retry ? draw : retry;
}

static void watch_turn(struct watch *w)
{
	// Of our output only whether somebody still reads it.
	struct pollfd ends[2] = {{w->fd, POLLIN, 0}, {STDOUT_FILENO, 0, 0}};

	if (poll(ends, 2, patience_ms(w)) < 0)
		return; // a signal: the loop looks at it
	w->over |= (ends[1].revents & (POLLERR | POLLHUP)) != 0;
	if (w->fd >= 0 && ends[0].revents)
		watch_read(w);
	else if (w->fd < 0 && until_ms(w->tried_ms + RETRY_MS) == 0)
		watch_ask_again(w);
	if (w->table && until_ms(w->drawn_ms + (w->dirty ? DRAW_MS : AGE_MS)) == 0)
		draw(w);
}

int members_watch(const struct cli *cli, bool table, bool down)
{
	struct watch w = {.cli = cli, .table = table, .down = down};

	watch_ask(&w, cli);
	if (w.fd < 0)
		return w.code;
	members_model_init(&w.model);
	signals_start();
	if (w.table)
		terminal_start();
	while (!w.over && !signals_stop() && !ferror(stdout))
		watch_turn(&w);
	if (w.table)
		table_end(&w);
	if (w.fd >= 0)
		close(w.fd);
	free(w.in);
	members_model_fini(&w.model);
	return w.code;
}
