// Attempts and actions: the ground that the on_<event>.c files stand on.
#include "control/cluster/session/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert((uint32_t)PLANE_RESERVED_MS > (uint32_t)SESSION_TIMEOUT_MS_MAX,
	"a worker waits longer than an attempt");

void session_core_init(
	struct session_core *core, const struct config *config, const struct directory *directory)
{
	memset(core, 0, sizeof(*core));
	core->config = config;
	core->directory = directory;
	core->orphans_ns = UINT64_MAX;
}

// A request names its slot and, above, a generation: an answer that comes too late finds nobody.
struct attempt *attempt_new(
	struct session_core *core, const struct session_turn *turn, uint32_t timeout_ms)
{
	if (timeout_ms == 0)
		timeout_ms = SESSION_TIMEOUT_MS;
	if (timeout_ms > SESSION_TIMEOUT_MS_MAX)
		timeout_ms = SESSION_TIMEOUT_MS_MAX;
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &core->attempts[i];

		if (attempt->step != ATTEMPT_FREE)
			continue;
		core->generation = core->generation % 0xffffff + 1;
		*attempt = (struct attempt){
			.request = core->generation << 8 | i,
			.deadline_ns = turn->now_ns + SESSION_MS(timeout_ms),
		};
		return attempt;
	}
	return NULL;
}

void attempt_free(struct attempt *attempt)
{
	memset(attempt, 0, sizeof(*attempt));
}

struct attempt *attempt_find(struct session_core *core, uint32_t request)
{
	struct attempt *attempt = &core->attempts[request % SESSION_ATTEMPTS_MAX];

	return attempt->step != ATTEMPT_FREE && attempt->request == request ? attempt : NULL;
}

struct attempt *attempt_by_cid(struct session_core *core, uint32_t cid)
{
	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		if (core->attempts[i].step != ATTEMPT_FREE && core->attempts[i].cid == cid &&
			cid != 0)
			return &core->attempts[i];
	}
	return NULL;
}

bool out_room(const struct session_output *out, uint32_t actions)
{
	return out->count + actions <= SESSION_OUTPUT_MAX;
}

struct session_action *out_add(struct session_output *out, enum session_action_type type)
{
	struct session_action *action;

	if (!out_room(out, 1))
		return NULL;
	action = &out->actions[out->count++];
	memset(action, 0, sizeof(*action));
	action->type = type;
	return action;
}

struct plane_command *out_command(
	struct session_output *out, uint32_t channel, enum plane_command_type type)
{
	struct session_action *action = out_add(out, SESSION_COMMAND);

	if (!action)
		return NULL;
	action->channel = channel;
	action->command.type = (uint16_t)type;
	return &action->command;
}

// Without a request number: if it cannot be delivered, nobody is told, and the transport's own
// timeout ends the session.
void out_close_because(struct session_output *out, uint32_t cid, uint32_t reason)
{
	struct plane_command *close = out_command(out, 1 + (cid >> 24), PLANE_CLOSE);

	if (!close)
		return;
	close->cid = cid;
	close->flags = 1;
	close->result = reason;
}

void out_close(struct session_output *out, uint32_t cid)
{
	out_close_because(out, cid, 0);
}

void out_log(struct session_output *out, const char *format, ...)
{
	struct session_action *action = out_add(out, SESSION_LOG);
	va_list arguments;

	if (!action)
		return;
	va_start(arguments, format);
	vsnprintf(action->text, sizeof(action->text), format, arguments);
	va_end(arguments);
}

static void fail_application(const struct attempt *attempt, uint32_t result, const char *text,
	struct session_output *out)
{
	struct plane_command *failed = out_command(out, 0, PLANE_CONNECT_FAILED);

	failed->request = attempt->asked;
	failed->app = attempt->app;
	failed->app_generation = attempt->app_generation;
	failed->result = result;
	snprintf(failed->text, sizeof(failed->text), "%s", text);
}

static void fail_opener(const struct attempt *attempt, uint32_t result, const char *text,
	struct session_output *out)
{
	struct session_action *answer = out_add(out, SESSION_ANSWER);

	answer->link = attempt->link;
	answer->message = (struct message){
		.type = MESSAGE_REFUSE, .request = attempt->asked, .result = result};
	snprintf(answer->message.text, sizeof(answer->message.text), "%s", text);
}

static void fail_admin(const struct attempt *attempt, uint32_t result, const char *text,
	struct session_output *out)
{
	struct session_action *report = out_add(out, SESSION_REPORT);

	report->request = attempt->request;
	report->result = result;
	snprintf(report->text, sizeof(report->text), "%s", text);
}

void attempt_fail(struct session_core *core, struct attempt *attempt, uint32_t result,
	const char *text, struct session_output *out)
{
	(void)core;
	if (!out_room(out, 2)) {
		attempt->deadline_ns = 0;
		return;
	}
	if (attempt->step == ATTEMPT_ACCEPTING)
		fail_opener(attempt, result, text, out);
	else if (attempt->by_admin)
		fail_admin(attempt, result, text, out);
	else
		fail_application(attempt, result, text, out);
	if (attempt->cid)
		out_close(out, attempt->cid);
	attempt_free(attempt);
}

void attempt_reserve(const struct attempt *attempt, struct session_output *out)
{
	struct plane_command *reserve = out_command(out, 1u + attempt->worker, PLANE_RESERVE);

	if (!reserve)
		return; // the deadline ends the attempt
	reserve->request = attempt->request;
	reserve->app = attempt->app;
	reserve->app_generation = attempt->app_generation;
	memcpy(reserve->session_id, attempt->session_id, sizeof(reserve->session_id));
}

void attempt_open(const struct attempt *attempt, bool initiator, struct session_output *out)
{
	struct session_action *action = out_add(out, SESSION_COMMAND);
	struct plane_command *open;

	if (!action)
		return; // the deadline ends the attempt
	action->channel = 1u + attempt->worker;
	action->link = attempt->link;
	open = &action->command;
	open->type = PLANE_OPEN;
	open->request = attempt->request;
	open->cid = attempt->cid;
	open->app = attempt->app;
	open->app_generation = attempt->app_generation;
	open->connect_request = initiator ? attempt->asked : 0;
	open->peer_cid = attempt->peer_cid;
	open->peer_boot_id = attempt->peer_boot_id;
	memcpy(open->session_id, attempt->session_id, sizeof(open->session_id));
	open->segment_size = attempt->segment_size;
	open->peer_address = attempt->peer_address;
	open->peer_port = attempt->peer_port;
	open->port = attempt->port;
	open->initiator = initiator;
	open->codec = attempt->codec;
	open->level = attempt->level;
	open->controller = attempt->controller;
	open->cipher = attempt->cipher;
	open->dictionary = attempt->dictionary;
	open->dictionary_state = attempt->dictionary_state;
	memcpy(open->dictionary_sha256, attempt->dictionary_sha256,
		sizeof(open->dictionary_sha256));
	memcpy(open->peer, attempt->peer.name, sizeof(open->peer));
	memcpy(open->service, attempt->service, sizeof(open->service));
}

bool core_port(const struct session_core *core, const struct session_turn *turn, uint32_t link,
	uint16_t *index, struct plane_port *row)
{
	const char *name = core->config->links[link].name;

	for (uint32_t i = 0; i < PLANE_PORTS_MAX; i++) {
		if (!tables_port(turn->tables, i, row) || strcmp(row->name, name) != 0)
			continue;
		*index = (uint16_t)i;
		return true;
	}
	return false;
}

uint16_t core_worker(struct session_core *core, const struct session_turn *turn)
{
	struct tables_info info;

	tables_info(turn->tables, &info);
	return info.workers ? (uint16_t)(core->next_worker++ % info.workers) : 0;
}

uint64_t session_next_ns(const struct session_core *core)
{
	uint64_t next_ns = core->orphans_ns;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &core->attempts[i];
		uint64_t at_ns = attempt->deadline_ns;

		if (attempt->step == ATTEMPT_FREE)
			continue;
		if (attempt->step == ATTEMPT_WAITING)
			at_ns = 0;
		if (at_ns < next_ns)
			next_ns = at_ns;
	}
	return next_ns;
}
