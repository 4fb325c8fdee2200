// A client's lines become calls, results become lines.
// A client that stalls, floods or vanishes costs only itself.
#include "control/admin/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/admin/admin.h"
#include "control/admin/method.h"
#include "control/admin/rpc.h"
#include "control/log.h"

static void client_run(struct client *client);

static void client_on_time(void *owner);

static void client_patience(struct client *client, uint64_t ms)
{
	loop_timer_start(client->node->loop, &client->timer, ms * 1000000, client_on_time, client);
}

// ---- out ---------------------------------------------------------------------------------------

// True when the answer is out (or there was none);
// false while it waits, or after the client was dropped.
static bool client_flush(struct client *client)
{
	while (client->out_sent < client->out_size) {
		ssize_t n = send(client->fd, client->out + client->out_sent,
			client->out_size - client->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_watch_events(client->node->loop, &client->ready, POLLOUT);
			return false;
		}
		if (n < 0) {
			client_close(client);
			return false;
		}
		client->out_sent += (size_t)n;
		client_patience(client, ADMIN_STALL_MS);
	}
	free(client->out);
	client->out = NULL;
	client->out_size = client->out_sent = 0;
	if (client->closing) {
		client_close(client);
		return false;
	}
	return true;
}

// Takes `line` (NULL: out of memory, the client is told nothing and dropped).
static void client_send(struct client *client, char *line)
{
	if (!line) {
		client->closing = true;
		return;
	}
	client->out = line;
	client->out_size = strlen(line);
	client->out_sent = 0;
	client_patience(client, ADMIN_STALL_MS);
}

// Changes are named with who asked: the audit trail.
static void client_audit(const struct client *client, const char *outcome)
{
	if (!client->method->change)
		return;
	log_info("audit: pid %d uid %u (%s) asked for %s: %s", client->caller.pid,
		client->caller.uid, schema_level_name(client->level), client->method->name,
		outcome);
}

static void client_finish(struct client *client, json_t *result, const struct rpc_error *error)
{
	if (client->method)
		client_audit(client, result ? "done" : error->text);
	client_send(client,
		result ? rpc_frame_result(client->id, result) : rpc_frame_error(client->id, error));
	json_decref(client->id);
	client->id = NULL;
	client->method = NULL;
	client->pending = NULL;
	client->request = 0;
	client->busy = false;
}

// ---- requests ----------------------------------------------------------------------------------

static void client_on_answer(void *owner, json_t *result, const struct rpc_error *error)
{
	struct client *client = owner;

	client_finish(client, result, error);
	if (!client->calling)
		client_run(client);
}

static void client_on_opened(void *owner, uint32_t ipc_result, uint32_t cid, const char *text)
{
	struct client *client = owner;
	struct rpc_error error;

	rpc_error_set(&error, method_code_of(ipc_result), "%s", text);
	client_on_answer(client,
		ipc_result == IPC_OK ? method_session_opened(client->node, cid) : NULL, &error);
}

static void client_on_pong(void *owner, bool ok, uint64_t rtt_ns)
{
	struct client *client = owner;
	struct rpc_error error;

	rpc_error_set(&error, RPC_TIMEOUT, "no answer: sluice members says how it is seen");
	client_on_answer(
		client, ok ? json_pack("{s:I}", "rtt_ns", (json_int_t)rtt_ns) : NULL, &error);
}

// Whatever becomes of it, nobody here is told.
static void client_forget(struct client *client)
{
	if (client->request)
		node_session_forget(client->node, client->request);
	gossip_ping_forget(&client->node->gossip, client);
	if (client->pending)
		client->pending->on_answer = NULL;
	client->pending = NULL;
}

static void client_call(struct client *client, const json_t *params)
{
	struct method_call call = {
		.node = client->node,
		.method = client->method,
		.params = params,
		.now_ns = loop_now_ns(client->node->loop),
		.on_opened = client_on_opened,
		.on_pong = client_on_pong,
		.answer = {.on_answer = client_on_answer, .owner = client},
		.owner = client,
		.stream = &client->stream,
		.feed = client->feed,
		.watch = &client->watch,
	};
	struct rpc_error error = {.code = RPC_INTERNAL, .text = "out of memory"};
	json_t *result;

	client->busy = client->calling = true;
	result = method_find(client->method->name)(&call, &error);
	client->calling = false;
	if (!call.later) {
		client_finish(client, result, &error);
		return;
	}
	client->request = client->busy ? call.request : 0;
	client->pending = client->busy ? call.pending : NULL;
	if (client->busy && !client->stream.on)
		client_patience(
			client, (uint64_t)schema_integer(call.method, params, "timeout_ms") +
					ADMIN_GRACE_MS);
}

// 0, or -1 with `error`: who may, and with which parameters.
static int client_check(
	struct client *client, const struct rpc_request *request, struct rpc_error *error)
{
	char text[SCHEMA_TEXT_SIZE];

	client->method = schema_find(request->method);
	if (!client->method) {
		rpc_error_set(error, RPC_METHOD,
			"no method \"%.64s\"; the method \"help\" lists them", request->method);
		return -1;
	}
	if (client->level < client->method->level) {
		rpc_error_set(error, RPC_PERMISSION, "this needs level %s; yours is %s",
			schema_level_name(client->method->level), schema_level_name(client->level));
		return -1;
	}
	if (schema_check(client->method, request->params, text) != 0) {
		rpc_error_set(error, RPC_PARAMS, "%s", text);
		return -1;
	}
	return 0;
}

static void client_on_line(struct client *client, const char *line, size_t size)
{
	struct rpc_request request;
	struct rpc_error error;
	int broken = rpc_parse(&request, line, size, &error);

	client->id = json_incref(request.id);
	if (broken || client_check(client, &request, &error) != 0)
		client_finish(client, NULL, &error);
	else
		client_call(client, request.params);
	rpc_request_fini(&request);
}

// ---- in ----------------------------------------------------------------------------------------

static bool line_is_blank(const char *line, size_t size)
{
	while (size && strchr(" \t\r\n", line[size - 1]))
		size--;
	return size == 0;
}

// Size of the first line with its newline;
// at the end of input what is left counts as a line. 0: none yet.
static size_t client_line(const struct client *client)
{
	const char *end = memchr(client->in, '\n', client->in_used);

	if (end)
		return (size_t)(end - client->in) + 1;
	return client->in_ended ? client->in_used : 0;
}

// ---- lines before the answer -------------------------------------------------------------------

static void client_look_again(struct client *client, uint64_t after_ns)
{
	loop_timer_start(client->node->loop, &client->timer, after_ns, client_on_time, client);
}

// The next batch of a trace, or its answer, is on its way out; false: there is nothing now.
static bool client_stream(struct client *client)
{
	char *text = malloc(TRACE_STREAM_BATCH);
	size_t used = 0;

	if (text)
		used = trace_stream_take(
			&client->stream, loop_now_ns(client->node->loop), text, TRACE_STREAM_BATCH);
	else
		client->stream.ended = "out of memory";
	if (used) {
		client_send(client, text);
		return true;
	}
	free(text);
	if (client->stream.ended) {
		client_finish(client, trace_stream_result(&client->stream), NULL);
		return true;
	}
	client_look_again(client, TRACE_STREAM_POLL_NS);
	return false;
}

// The same of changes of members.
static bool client_watch(struct client *client)
{
	uint64_t wait_ns;
	char *text = members_feed_take(
		client->feed, &client->watch, loop_now_ns(client->node->loop), &wait_ns);

	if (text)
		client_send(client, text);
	else if (wait_ns)
		client_look_again(client, wait_ns);
	else
		loop_timer_stop(client->node->loop, &client->timer);
	return text != NULL;
}

static void client_on_news(void *owner)
{
	struct client *client = owner;

	if (!client->out) // else it is looked at when that is read
		client_look_again(client, 0);
}

// Takes requests until one must wait, an answer must wait, or there are no more.
static void client_run(struct client *client)
{
	int batches = 0;
	size_t size;

	while (client_flush(client)) {
		if (client->stream.on) {
			if (batches++ == TRACE_STREAM_BATCHES)
				client_look_again(client, 0);
			else if (client_stream(client))
				continue;
			break;
		}
		if (client->watch.on) {
			if (client_watch(client))
				continue;
			break;
		}
		size = client->busy ? 0 : client_line(client);
		if (size == 0)
			break;
		if (!line_is_blank(client->in, size))
			client_on_line(client, client->in, size);
		client->in_used -= size;
		memmove(client->in, client->in + size, client->in_used);
	}
	if (client->fd < 0 || client->out)
		return;
	// While busy only a hang-up is of interest: that keeps one client to one request.
	loop_watch_events(client->node->loop, &client->ready,
		client->busy || client->watch.on || client->in_ended ? 0 : POLLIN);
	if (client->busy || client->watch.on)
		return;
	if (client->in_ended)
		client_close(client);
	else
		client_patience(client, client->in_used ? ADMIN_STALL_MS : ADMIN_IDLE_MS);
}

static void client_refuse_long_line(struct client *client)
{
	struct rpc_error error;

	rpc_error_set(&error, RPC_INVALID, "a request line has at most %u bytes", RPC_LINE_MAX);
	client->in_used = 0;
	client->closing = true;
	client_finish(client, NULL, &error);
}

static void client_read(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_used, RPC_LINE_MAX - client->in_used,
		MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		client_close(client);
		return;
	}
	client->in_ended = n == 0;
	client->in_used += (size_t)n;
	if (client->in_used == RPC_LINE_MAX && client_line(client) == 0)
		client_refuse_long_line(client);
	client_run(client);
}

static void client_on_ready(void *owner, short events)
{
	struct client *client = owner;

	if (events & POLLOUT)
		client_run(client);
	else if (events & POLLIN)
		client_read(client);
	else if (events & (POLLHUP | POLLERR))
		client_close(client);
}

static void client_on_time(void *owner)
{
	struct client *client = owner;
	struct rpc_error error;

	// There may be lines by now. A client that does not read loses lines, not its place.
	if (client->stream.on || client->watch.on) {
		client_patience(client, ADMIN_STALL_MS);
		client_run(client);
		return;
	}
	if (!client->busy) {
		log_debug("admin: pid %d stalled or idle, dropped", client->caller.pid);
		client_close(client);
		return;
	}
	client_forget(client);
	rpc_error_set(&error, RPC_TIMEOUT, "no answer within the deadline");
	client_finish(client, NULL, &error);
	client_run(client);
}

// ---- life --------------------------------------------------------------------------------------

void client_turn_away(int fd, int code, const char *text)
{
	struct rpc_error error;
	char *line;

	rpc_error_set(&error, code, "%s", text);
	line = rpc_frame_error(NULL, &error);
	// Best effort: a fresh socket has room for it.
	if (line && send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("admin: could not tell a refused client: %s", strerror(errno));
	free(line);
	close(fd);
}

void client_open(struct client *client, struct node *node, struct members_feed *feed, int fd,
	gid_t socket_gid)
{
	int error = level_caller_get(&client->caller, fd);

	client->level = error ? LEVEL_NONE : level_of(&client->caller, geteuid(), socket_gid);
	if (client->level == LEVEL_NONE) {
		client_turn_away(fd, RPC_PERMISSION,
			"only root, the daemon's user, and the socket's group may connect");
		return;
	}
	client->in = malloc(RPC_LINE_MAX);
	if (!client->in) {
		close(fd);
		return;
	}
	client->node = node;
	client->feed = feed;
	client->watch = (struct members_stream){.on_news = client_on_news, .owner = client};
	client->fd = fd;
	client->in_used = client->out_size = client->out_sent = 0;
	client->in_ended = client->closing = client->busy = false;
	error = loop_watch_start(node->loop, &client->ready, fd, POLLIN, client_on_ready, client);
	if (error) {
		log_warning("admin: cannot watch a client: %s", strerror(-error));
		client_close(client);
		return;
	}
	client_patience(client, ADMIN_IDLE_MS);
}

void client_close(struct client *client)
{
	if (client->fd < 0)
		return;
	client_forget(client);
	trace_stream_stop(&client->stream);
	members_feed_remove(client->feed, &client->watch);
	if (client->busy && client->method)
		client_audit(client, "the asker left before the answer");
	loop_watch_stop(client->node->loop, &client->ready);
	loop_timer_stop(client->node->loop, &client->timer);
	close(client->fd);
	json_decref(client->id);
	free(client->in);
	free(client->out);
	*client = (struct client){.fd = -1};
}
