// Session set-up as stories: what happens goes in, one line per action comes out, and the whole text is compared.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cluster/session/session.h"
#include "lib/ipc/door.h"

#define SECOND 1000000000ull

struct stage {
	struct config config;
	struct plane_dataplane *shared;
	struct tables tables;
	struct session_core core;
	struct session_output out;
	struct session_turn turn;
	char story[8192];
};

static void add_peer(struct config *config, const char *name, uint32_t address, uint32_t link)
{
	struct config_peer *peer = &config->peers[config->peers_count++];

	strcpy(peer->name, name);
	peer->control_address = 0x7f000001;
	peer->control_port = (uint16_t)(7700 + config->peers_count);
	peer->address = address;
	peer->link = link;
}

static void add_port(struct plane_dataplane *shared, uint32_t index, const char *name, uint32_t segment)
{
	strcpy(shared->port[index].name, name);
	shared->port[index].segment_size = segment;
	shared->port[index].udp_port = 7654;
}

// Node a with two workers, links ab (jumbo) and ac; peers b and c. Application 3 (generation 9) lives on worker 1 and
// listens for "file".
static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	s->shared = aligned_alloc(64, sizeof(*s->shared));
	memset(s->shared, 0, sizeof(*s->shared));
	strcpy(s->config.node, "a");
	s->config.links_count = 2;
	strcpy(s->config.links[0].name, "ab");
	s->config.links[0].address = 0x0a4d0101;
	strcpy(s->config.links[1].name, "ac");
	s->config.links[1].address = 0x0a4d0201;
	add_peer(&s->config, "b", 0x0a4d0102, 0);
	add_peer(&s->config, "c", 0x0a4d0202, 1);
	s->shared->boot_id = 0xb007;
	s->shared->workers = 2;
	s->shared->ports = 2;
	add_port(s->shared, 0, "ac", 1408); // another order than the configuration's
	add_port(s->shared, 1, "ab", 8896);
	s->shared->app[3].pid = 100;
	s->shared->app[3].generation = 9;
	s->shared->app[3].worker = 1;
	strcpy(s->shared->listener[0].service, "file");
	s->shared->listener[0].app = 3;
	s->shared->listener[0].app_generation = 9;
	s->tables.shared = s->shared;
	s->turn.tables = &s->tables;
	s->turn.now_ns = 100 * SECOND;
	session_core_init(&s->core, &s->config);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	free(s->shared);
	free(s);
	return 0;
}

static const char *const command_names[] = {
	[PLANE_RESERVE] = "RESERVE", [PLANE_OPEN] = "OPEN", [PLANE_CLOSE] = "CLOSE", [PLANE_CONNECT_FAILED] = "FAILED"};

static void tell_command(char *line, size_t size, const struct session_action *action)
{
	const struct plane_command *c = &action->command;
	int used = snprintf(line, size, "ch%u %s", action->channel, command_names[c->type]);

	line += used;
	size -= (size_t)used;
	switch (c->type) {
	case PLANE_RESERVE:
		snprintf(line, size, " app %u.%u", c->app, c->app_generation);
		break;
	case PLANE_OPEN:
		snprintf(line, size, " %s cid %x peer %s %x at %x:%u link %u segment %u service %s app %u request %u codec %u",
			c->initiator ? "from here" : "from there", c->cid, c->peer, c->peer_cid, c->peer_address,
			c->peer_port, c->port, c->segment_size, c->service, c->app, c->connect_request, c->codec);
		break;
	case PLANE_CLOSE:
		snprintf(line, size, " cid %x%s", c->cid, c->flags & 1 ? " at once" : "");
		break;
	default:
		snprintf(line, size, " app %u.%u request %u result %u: %s", c->app, c->app_generation, c->request, c->result,
			c->text);
	}
}

static void tell_message(char *line, size_t size, const struct session_action *action)
{
	const struct message *m = &action->message;
	int used = action->type == SESSION_OFFER ? snprintf(line, size, "to peer %u: ", action->peer)
						 : snprintf(line, size, "to link %llu: ", (unsigned long long)action->link);

	line += used;
	size -= (size_t)used;
	if (m->type == MESSAGE_OFFER)
		snprintf(line, size, "offer %s cid %x boot %llx at %x:%u segment %u within %u ms", m->service, m->cid,
			(unsigned long long)m->boot_id, m->address, m->udp_port, m->segment_size, m->timeout_ms);
	else if (m->type == MESSAGE_ACCEPT)
		snprintf(line, size, "accept %u cid %x boot %llx port %u segment %u", m->request, m->cid,
			(unsigned long long)m->boot_id, m->udp_port, m->segment_size);
	else
		snprintf(line, size, "refuse %u result %u: %s", m->request, m->result, m->text);
}

// Writes down what the core decided, and forgets it.
static void tell(struct stage *s)
{
	char line[512];

	for (uint32_t i = 0; i < s->out.count; i++) {
		const struct session_action *action = &s->out.actions[i];

		if (action->type == SESSION_COMMAND)
			tell_command(line, sizeof(line), action);
		else if (action->type == SESSION_REPORT)
			snprintf(line, sizeof(line), "report result %u cid %x %s", action->result, action->cid, action->text);
		else if (action->type == SESSION_LOG)
			snprintf(line, sizeof(line), "log %s", action->text);
		else
			tell_message(line, sizeof(line), action);
		strcat(s->story, line);
		strcat(s->story, "\n");
	}
	s->out.count = 0;
}

// The number of the newest attempt at `step`.
static uint32_t request_at(const struct stage *s, enum attempt_step step)
{
	for (uint32_t i = SESSION_ATTEMPTS_MAX; i-- > 0;) {
		if (s->core.attempts[i].step == step)
			return s->core.attempts[i].request;
	}
	fail_msg("no attempt is at step %d", step);
	return 0;
}

static uint32_t attempts(const struct stage *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++)
		count += s->core.attempts[i].step != ATTEMPT_FREE;
	return count;
}

static void wanted(struct stage *s, const char *node, const char *service, uint32_t request)
{
	struct plane_event event = {.type = PLANE_CONNECT_WANTED, .request = request, .app = 3, .app_generation = 9,
		.worker = 1, .codec = CODEC_LZ4, .level = 1, .timeout_ms = 5000};

	strcpy(event.node, node);
	strcpy(event.service, service);
	session_on_event(&s->core, &s->turn, &event, &s->out);
	tell(s);
}

static void event(struct stage *s, enum plane_event_type type, uint32_t request, uint32_t cid, uint32_t result,
	const char *text)
{
	struct plane_event e = {.type = (uint16_t)type, .request = request, .cid = cid, .result = result};

	strcpy(e.text, text);
	session_on_event(&s->core, &s->turn, &e, &s->out);
	tell(s);
}

static void peer_up(struct stage *s, uint32_t peer)
{
	session_on_peer_up(&s->core, &s->turn, peer, &s->out);
	tell(s);
}

static void accepted(struct stage *s, uint32_t request, uint32_t segment)
{
	struct message accept = {.type = MESSAGE_ACCEPT, .request = request, .cid = 0x00000501, .segment_size = segment,
		.udp_port = 7654, .boot_id = 0xbeef};

	session_on_accept(&s->core, &s->turn, 0, &accept, &s->out);
	tell(s);
}

static struct message offer_from_b(const char *service)
{
	struct message offer = {.type = MESSAGE_OFFER, .request = 55, .cid = 0x00000301, .segment_size = 1408,
		.address = 0x0a4d0102, .timeout_ms = 4000, .udp_port = 7655, .codec = CODEC_LZ4, .boot_id = 0xbeef,
		.session_id = {1, 2, 3}};

	strcpy(offer.service, service);
	return offer;
}

static void offered(struct stage *s, const struct message *offer)
{
	session_on_offer(&s->core, &s->turn, 0, 42, offer, &s->out);
	tell(s);
}

static void tick(struct stage *s, uint64_t after_ns)
{
	s->turn.now_ns += after_ns;
	session_on_tick(&s->core, &s->turn, &s->out);
	tell(s);
}

static void row(struct stage *s, uint32_t worker, uint32_t slot, enum session_state at, const char *peer,
	uint64_t peer_boot_id)
{
	struct session_stats *stats = &s->shared->session[worker][slot].stats;

	stats->session = worker << 24 | slot << 8 | 1;
	stats->state = at;
	stats->app = 3;
	stats->peer_boot_id = peer_boot_id;
	strcpy(stats->peer, peer);
}

// ---- opening ------------------------------------------------------------------------------------------------------

static void open__a_life(void **state)
{
	struct stage *s = *state;

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	accepted(s, request_at(s, ATTEMPT_OFFERED), 1408);
	assert_int_equal(attempts(s), 1);
	event(s, PLANE_OPENED, 0, 0x01000101, 0, "");
	assert_int_equal(attempts(s), 0);
	assert_string_equal(s->story,
		"ch2 RESERVE app 3.9\n"
		"to peer 0: offer file cid 1000101 boot b007 at a4d0101:7655 segment 8896 within 5000 ms\n"
		"ch2 OPEN from here cid 1000101 peer b 501 at a4d0102:7654 link 1 segment 1408 service file app 3 request 7 "
		"codec 1\n");
}

static void open__unknown_node(void **state)
{
	struct stage *s = *state;

	wanted(s, "zebra", "file", 7);
	wanted(s, "a", "file", 8);
	assert_string_equal(s->story,
		"ch0 FAILED app 3.9 request 7 result 6: node 'zebra' is not known here; the peers of node a are: b, c\n"
		"ch0 FAILED app 3.9 request 8 result 6: 'a' is this node itself; name a peer\n");
	assert_int_equal(attempts(s), 0);
}

static void open__worker_refuses_the_reservation(void **state)
{
	struct stage *s = *state;

	wanted(s, "b", "file", 7);
	event(s, PLANE_REFUSED, request_at(s, ATTEMPT_RESERVING), 0, IPC_REFUSED_FULL, "full");
	assert_string_equal(s->story, "ch2 RESERVE app 3.9\nch0 FAILED app 3.9 request 7 result 2: full\n");
	assert_int_equal(attempts(s), 0);
}

static void open__peer_refuses(void **state)
{
	struct stage *s = *state;
	struct message refuse = {.type = MESSAGE_REFUSE, .result = IPC_REFUSED_SERVICE, .text = "nobody listens"};

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	refuse.request = request_at(s, ATTEMPT_OFFERED);
	session_on_refuse(&s->core, &s->turn, 1, &refuse, &s->out); // another peer has no say
	tell(s);
	assert_int_equal(attempts(s), 1);
	session_on_refuse(&s->core, &s->turn, 0, &refuse, &s->out);
	tell(s);
	assert_non_null(strstr(s->story, "ch0 FAILED app 3.9 request 7 result 5: nobody listens\n"
					 "ch2 CLOSE cid 1000101 at once\n"));
	assert_int_equal(attempts(s), 0);
}

static void open__peer_not_reachable(void **state)
{
	struct stage *s = *state;

	session_on_peer_down(&s->core, &s->turn, 0, "node b does not answer at 127.0.0.1:7701: Connection refused",
		&s->out);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	assert_true(session_next_ns(&s->core) == s->turn.now_ns + 1500000000);
	tick(s, SECOND);
	assert_int_equal(attempts(s), 1);
	tick(s, SECOND);
	assert_string_equal(s->story,
		"ch2 RESERVE app 3.9\n"
		"ch0 FAILED app 3.9 request 7 result 8: node b does not answer at 127.0.0.1:7701: Connection refused\n"
		"ch2 CLOSE cid 1000101 at once\n");
	assert_true(session_next_ns(&s->core) == UINT64_MAX);
}

static void open__peer_appears_in_time(void **state)
{
	struct stage *s = *state;

	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	s->turn.now_ns += SECOND;
	peer_up(s, 0);
	assert_non_null(strstr(s->story, "to peer 0: offer file"));
	assert_non_null(strstr(s->story, "within 4000 ms"));
}

static void open__peer_breaks_away_after_the_offer(void **state)
{
	struct stage *s = *state;

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	session_on_peer_down(&s->core, &s->turn, 0, "node b is gone", &s->out);
	tell(s);
	assert_non_null(strstr(s->story, "FAILED app 3.9 request 7 result 8: node b is gone\nch2 CLOSE cid 1000101 at once\n"));
}

static void open__no_answer(void **state)
{
	struct stage *s = *state;

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	tick(s, 5 * SECOND);
	assert_non_null(strstr(s->story, "result 9: the control process of node b did not answer the offer in time\n"
					 "ch2 CLOSE cid 1000101 at once\n"));
}

static void open__hello_is_not_answered(void **state)
{
	struct stage *s = *state;

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	accepted(s, request_at(s, ATTEMPT_OFFERED), 8896);
	event(s, PLANE_CLOSED, 0, 0x01000101, 0, "the peer's dataplane never answered");
	assert_non_null(strstr(s->story, "ch0 FAILED app 3.9 request 7 result 8: the session with node b (10.77.1.2) did not "
					 "open: the peer's dataplane never answered\n"));
	assert_null(strstr(s->story, "CLOSE"));
	assert_int_equal(attempts(s), 0);
}

static void open__answer_too_large(void **state)
{
	struct stage *s = *state;

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	accepted(s, request_at(s, ATTEMPT_OFFERED), 8897);
	assert_non_null(strstr(s->story, "result 7: the peer's answer makes no sense\nch2 CLOSE cid 1000101 at once\n"));
}

static void open__late_answers_find_nobody(void **state)
{
	struct stage *s = *state;
	uint32_t request;

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	request = request_at(s, ATTEMPT_RESERVING);
	tick(s, 6 * SECOND);
	s->story[0] = 0;
	event(s, PLANE_RESERVED, request, 0x01000101, 0, "");
	accepted(s, request, 1408);
	assert_string_equal(s->story, "ch2 CLOSE cid 1000101 at once\n");
}

static void open__asked_again_by_the_dataplane(void **state)
{
	struct stage *s = *state;

	wanted(s, "b", "file", 7);
	wanted(s, "b", "file", 7);
	wanted(s, "b", "file", 8);
	assert_string_equal(s->story, "ch2 RESERVE app 3.9\nch2 RESERVE app 3.9\n");
	assert_int_equal(attempts(s), 2);
}

static void open__too_many(void **state)
{
	struct stage *s = *state;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		s->story[0] = 0;
		wanted(s, "b", "file", i + 1);
	}
	s->story[0] = 0;
	wanted(s, "b", "file", 9999);
	assert_string_equal(s->story,
		"ch0 FAILED app 3.9 request 9999 result 2: 256 sessions are being set up already; try again\n");
	// More fail in one tick than one output holds: nobody is forgotten.
	for (int i = 0; i < 10 && attempts(s); i++) {
		s->turn.now_ns += 10 * SECOND;
		session_on_tick(&s->core, &s->turn, &s->out);
		assert_true(s->out.count > 0 && s->out.count <= SESSION_OUTPUT_MAX);
		s->out.count = 0;
	}
	assert_int_equal(attempts(s), 0);
}

static void open__command_undelivered(void **state)
{
	struct stage *s = *state;
	struct plane_command command = {.type = PLANE_RESERVE};

	wanted(s, "b", "file", 7);
	command.request = request_at(s, ATTEMPT_RESERVING);
	session_on_undelivered(&s->core, &s->turn, &command, "ring full", &s->out);
	tell(s);
	assert_non_null(strstr(s->story, "FAILED app 3.9 request 7 result 8: ring full\n"));
	assert_int_equal(attempts(s), 0);
}

static void open__by_hand(void **state)
{
	struct stage *s = *state;
	const struct session_want want = {.node = "b"};
	uint32_t request;

	peer_up(s, 0);
	request = session_on_admin_open(&s->core, &s->turn, &want, &s->out);
	tell(s);
	event(s, PLANE_RESERVED, request, 0x00000101, 0, "");
	accepted(s, request, 1408);
	event(s, PLANE_OPENED, request, 0x00000101, 0, "");
	assert_string_equal(s->story,
		"ch1 RESERVE app 65535.0\n"
		"to peer 0: offer sluice.idle cid 101 boot b007 at a4d0101:7654 segment 8896 within 10000 ms\n"
		"ch1 OPEN from here cid 101 peer b 501 at a4d0102:7654 link 1 segment 1408 service sluice.idle app 65535 "
		"request 0 codec 0\n"
		"report result 0 cid 101 \n");
}

static void open__by_hand_without_a_dataplane(void **state)
{
	struct stage *s = *state;
	const struct session_want want = {.node = "b"};

	s->tables.shared = NULL;
	assert_int_not_equal(session_on_admin_open(&s->core, &s->turn, &want, &s->out), 0);
	tell(s);
	assert_string_equal(s->story, "report result 8 cid 0 the dataplane of this node is not running\n");
}

// ---- accepting ----------------------------------------------------------------------------------------------------

static void accept__a_life(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	offered(s, &offer);
	event(s, PLANE_RESERVED, request_at(s, ATTEMPT_ACCEPTING), 0x01000201, 0, "");
	assert_string_equal(s->story,
		"ch2 OPEN from there cid 0 peer b 301 at a4d0102:7655 link 1 segment 1408 service file app 3 request 0 codec 1\n"
		"to link 42: accept 55 cid 1000201 boot b007 port 7655 segment 1408\n");
	assert_int_equal(attempts(s), 0);
}

static void accept__segment_is_the_smaller(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	offer.segment_size = 9999;
	offered(s, &offer);
	assert_non_null(strstr(s->story, "segment 8896"));
}

static void accept__nobody_listens(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("chat");

	offered(s, &offer);
	s->shared->listener[0].app_generation = 8; // the row of an application that left
	offer = offer_from_b("file");
	offered(s, &offer);
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 5: no application on node a listens for 'chat'\n"
		"to link 42: refuse 55 result 5: no application on node a listens for 'file'; start one with: sluice serve "
		"--dir DIR\n");
	assert_int_equal(attempts(s), 0);
}

static void accept__ordinary_before_fallback(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	s->shared->listener[0].flags = DOOR_LISTEN_FALLBACK;
	offered(s, &offer);
	assert_non_null(strstr(s->story, "app 3 "));
	s->shared->app[5] = (struct plane_app){.pid = 101, .generation = 2, .worker = 0};
	s->shared->listener[9] = (struct plane_listener){.app = 5, .app_generation = 2, .service = "file"};
	s->shared->app[6] = (struct plane_app){.pid = 102, .generation = 1, .worker = 0};
	s->shared->listener[11] =
		(struct plane_listener){.app = 6, .app_generation = 1, .service = "file", .flags = DOOR_LISTEN_FALLBACK};
	s->story[0] = 0;
	offered(s, &offer);
	assert_non_null(strstr(s->story, "ch1 OPEN"));
	assert_non_null(strstr(s->story, "app 5 "));
}

static void accept__idle_needs_no_listener(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b(SESSION_SERVICE_IDLE);

	offered(s, &offer);
	offered(s, &offer);
	assert_non_null(strstr(s->story, "ch1 OPEN"));
	assert_non_null(strstr(s->story, "ch2 OPEN")); // spread over the workers
	assert_non_null(strstr(s->story, "app 65535 "));
}

static void accept__refusals(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	offer.address = 0x0a4d0109;
	offered(s, &offer);
	offer = offer_from_b("file");
	offer.cid = 0;
	offered(s, &offer);
	offer = offer_from_b("file");
	s->tables.shared = NULL;
	offered(s, &offer);
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 7: node a knows node b at 10.77.1.2, but the offer says 10.77.1.9; check "
		"peers[].address\n"
		"to link 42: refuse 55 result 10: the offer lacks a connection id, a port, a size or a service\n"
		"to link 42: refuse 55 result 8: the dataplane of node a is not running\n");
}

static void accept__worker_refuses(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	offered(s, &offer);
	event(s, PLANE_REFUSED, request_at(s, ATTEMPT_ACCEPTING), 0, IPC_REFUSED_FULL, "no room");
	assert_non_null(strstr(s->story, "to link 42: refuse 55 result 2: no room\n"));
}

static void accept__opener_hangs_up(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");
	uint32_t request;

	offered(s, &offer);
	request = request_at(s, ATTEMPT_ACCEPTING);
	session_on_link_down(&s->core, &s->turn, 42, &s->out);
	s->story[0] = 0;
	event(s, PLANE_RESERVED, request, 0x01000201, 0, "");
	assert_string_equal(s->story, "ch2 CLOSE cid 1000201 at once\n");
}

static void accept__worker_is_silent(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	offered(s, &offer);
	tick(s, 5 * SECOND);
	assert_non_null(strstr(s->story, "to link 42: refuse 55 result 9: the dataplane of node a did not answer its control "
					 "process in time\n"));
}

// ---- dataplanes come and go -----------------------------------------------------------------------------------------

static void gone__only_sessions_with_that_boot(void **state)
{
	struct stage *s = *state;

	row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	row(s, 0, 2, SESSION_OPEN, "b", 0xcafe);   // with its new dataplane
	row(s, 1, 3, SESSION_OPEN, "c", 0xbeef);   // somebody else
	row(s, 1, 4, SESSION_CLOSED, "b", 0xbeef); // over
	row(s, 1, 5, SESSION_CONNECTING, "b", 0xbeef);
	row(s, 1, 6, SESSION_OPEN, "b", 0);        // not known
	session_on_gone(&s->core, &s->turn, 0, 0xbeef, &s->out);
	tell(s);
	assert_string_equal(s->story,
		"ch1 CLOSE cid 101 at once\n"
		"ch2 CLOSE cid 1000501 at once\n"
		"log The dataplane of node b is gone: 2 sessions with it are aborted.\n");
}

static void boot__another_one_ends_old_sessions(void **state)
{
	struct stage *s = *state;

	row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	row(s, 0, 2, SESSION_OPEN, "b", 0xbeef);
	s->shared->session[0][2].stats.opened_ns = s->turn.now_ns - SECOND; // younger than a ping may be late
	row(s, 0, 3, SESSION_OPEN, "b", 0xcafe);
	session_on_boot(&s->core, &s->turn, 0, 0xcafe, &s->out);
	tell(s);
	assert_string_equal(s->story, "ch1 CLOSE cid 101 at once\n"
				      "log The dataplane of node b is gone: 1 sessions with it are aborted.\n");
}

static void plane_up__leftover_reservations_are_closed(void **state)
{
	struct stage *s = *state;

	row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	row(s, 1, 2, SESSION_RESERVED, "", 0);
	session_on_plane_up(&s->core, &s->turn, &s->out);
	tell(s);
	assert_string_equal(s->story, "ch2 CLOSE cid 1000201 at once\n");
}

static void plane_down__everybody_is_told(void **state)
{
	struct stage *s = *state;
	const struct session_want want = {.node = "b"};
	struct message offer = offer_from_b("file");

	wanted(s, "b", "file", 7);
	session_on_admin_open(&s->core, &s->turn, &want, &s->out);
	offered(s, &offer);
	s->story[0] = 0;
	s->tables.shared = NULL;
	session_on_plane_down(&s->core, &s->turn, &s->out);
	tell(s);
	assert_string_equal(s->story, "report result 8 cid 0 the dataplane went away during the set-up\n"
				      "to link 42: refuse 55 result 8: the dataplane went away during the set-up\n");
	assert_int_equal(attempts(s), 0);
}

static void resync__what_the_events_would_have_said(void **state)
{
	struct stage *s = *state;
	struct message offer = offer_from_b("file");

	peer_up(s, 0);
	wanted(s, "b", "file", 7);
	offered(s, &offer);
	s->story[0] = 0;
	row(s, 1, 2, SESSION_RESERVED, "", 0);      // of the opener
	row(s, 1, 3, SESSION_CONNECTING, "b", 0xbeef); // of the acceptor, by its session id
	memcpy(s->shared->session[1][3].stats.session_id, offer.session_id, 16);
	session_on_resync(&s->core, &s->turn, &s->out);
	tell(s);
	assert_string_equal(s->story,
		"to peer 0: offer file cid 1000201 boot b007 at a4d0101:7655 segment 8896 within 5000 ms\n"
		"to link 42: accept 55 cid 1000301 boot b007 port 7655 segment 1408\n");
	accepted(s, request_at(s, ATTEMPT_OFFERED), 1408);
	s->story[0] = 0;
	s->shared->session[1][2].stats.state = SESSION_FREE; // opened and died unheard
	session_on_resync(&s->core, &s->turn, &s->out);
	tell(s);
	assert_string_equal(s->story, "ch0 FAILED app 3.9 request 7 result 8: the session ended before it opened\n");
	assert_int_equal(attempts(s), 0);
}

static void tables__a_row_under_a_dead_writer(void **state)
{
	struct stage *s = *state;
	struct session_stats stats;
	uint32_t cursor = 0;

	row(s, 0, 1, SESSION_OPEN, "b", 1);
	atomic_store(&s->shared->session[0][1].seq, 7); // odd for ever
	assert_false(tables_session(&s->tables, 0x101, &stats));
	assert_false(tables_session_next(&s->tables, &cursor, &stats));
	atomic_store(&s->shared->session[0][1].seq, 8);
	assert_true(tables_session(&s->tables, 0x101, &stats));
	assert_false(tables_session(&s->tables, 0x102, &stats));      // another generation
	assert_false(tables_session(&s->tables, 0x02000101, &stats)); // a worker that is not there
	assert_false(tables_session(&s->tables, 0x00ffff01, &stats));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(open__a_life),
		STORY(open__unknown_node),
		STORY(open__worker_refuses_the_reservation),
		STORY(open__peer_refuses),
		STORY(open__peer_not_reachable),
		STORY(open__peer_appears_in_time),
		STORY(open__peer_breaks_away_after_the_offer),
		STORY(open__no_answer),
		STORY(open__hello_is_not_answered),
		STORY(open__answer_too_large),
		STORY(open__late_answers_find_nobody),
		STORY(open__asked_again_by_the_dataplane),
		STORY(open__too_many),
		STORY(open__command_undelivered),
		STORY(open__by_hand),
		STORY(open__by_hand_without_a_dataplane),
		STORY(accept__a_life),
		STORY(accept__segment_is_the_smaller),
		STORY(accept__nobody_listens),
		STORY(accept__ordinary_before_fallback),
		STORY(accept__idle_needs_no_listener),
		STORY(accept__refusals),
		STORY(accept__worker_refuses),
		STORY(accept__opener_hangs_up),
		STORY(accept__worker_is_silent),
		STORY(gone__only_sessions_with_that_boot),
		STORY(boot__another_one_ends_old_sessions),
		STORY(plane_up__leftover_reservations_are_closed),
		STORY(plane_down__everybody_is_told),
		STORY(resync__what_the_events_would_have_said),
		STORY(tables__a_row_under_a_dead_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
