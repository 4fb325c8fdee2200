// The stage of the session stories.
#include "tests/unit/control/cluster/session/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/session/core.h"

static void add_peer(struct config *config, const char *name, uint32_t ip, uint32_t link)
{
	struct config_peer *peer = &config->peers[config->peers_count++];

	snprintf(peer->name, sizeof(peer->name), "%s", name);
	peer->control_address = address_from_ipv4(0x7f000001);
	peer->control_port = (uint16_t)(7700 + config->peers_count);
	peer->address = address_from_ipv4(ip);
	peer->link = link;
}

static void add_port(
	struct plane_dataplane *shared, uint32_t index, const char *name, uint32_t segment)
{
	snprintf(shared->port[index].name, sizeof(shared->port[index].name), "%s", name);
	shared->port[index].segment_size = segment;
	shared->port[index].udp_port = 7654;
}

int stage_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	s->shared = aligned_alloc(64, sizeof(*s->shared));
	memset(s->shared, 0, sizeof(*s->shared));
	snprintf(s->config.node, sizeof(s->config.node), "%s", "a");
	s->config.links_count = 2;
	snprintf(s->config.links[0].name, sizeof(s->config.links[0].name), "%s", "ab");
	s->config.links[0].address = address_from_ipv4(0x0a4d0101);
	snprintf(s->config.links[1].name, sizeof(s->config.links[1].name), "%s", "ac");
	s->config.links[1].address = address_from_ipv4(0x0a4d0201);
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
	snprintf(s->shared->listener[0].service, sizeof(s->shared->listener[0].service), "%s",
		"files");
	s->shared->listener[0].app = 3;
	s->shared->listener[0].app_generation = 9;
	s->tables.shared = s->shared;
	s->turn.tables = &s->tables;
	s->turn.now_ns = 100 * SECOND;
	members_init(&s->members);
	s->directory = (struct directory){.config = &s->config, .members = s->members.own};
	session_core_init(&s->core, &s->config, &s->directory);
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	members_fini(&s->members);
	free(s->shared);
	free(s);
	return 0;
}

static const char *const command_names[] = {[PLANE_RESERVE] = "RESERVE",
	[PLANE_OPEN] = "OPEN",
	[PLANE_CLOSE] = "CLOSE",
	[PLANE_CONNECT_FAILED] = "FAILED"};

static void tell_command(char *line, size_t size, const struct session_action *action)
{
	const struct plane_command *c = &action->command;
	char host[ADDRESS_TEXT_SIZE];
	int used = snprintf(line, size, "ch%u %s", action->channel, command_names[c->type]);

	line += used;
	size -= (size_t)used;
	switch (c->type) {
	case PLANE_RESERVE:
		snprintf(line, size, " app %u.%u", c->app, c->app_generation);
		break;
	case PLANE_OPEN:
		if (c->cipher != CIPHER_NULL) {
			used = snprintf(line, size, " cipher %u by the secrets of link %llu,",
				c->cipher, (unsigned long long)action->link);
			line += used;
			size -= (size_t)used;
		}
		snprintf(line, size,
			" %s cid %x peer %s %x at %s:%u link %u segment %u service %s app %u "
			"request %u codec %u controller %u",
			c->initiator ? "from here" : "from there", c->cid, c->peer, c->peer_cid,
			address_text(host, c->peer_address), c->peer_port, c->port, c->segment_size,
			c->service, c->app, c->connect_request, c->codec, c->controller);
		if (c->dictionary)
			snprintf(line + strlen(line), size - strlen(line),
				" dictionary %u state %u sha256 %02x...", c->dictionary,
				c->dictionary_state, c->dictionary_sha256[0]);
		break;
	case PLANE_CLOSE:
		snprintf(line, size, " cid %x%s%s", c->cid, c->flags & 1 ? " at once" : "",
			c->result == CLOSE_REASON_PEER_RESTARTED ? ", peer restarted" : "");
		break;
	default:
		snprintf(line, size, " app %u.%u request %u result %u: %s", c->app,
			c->app_generation, c->request, c->result, c->text);
	}
}

static void tell_message(char *line, size_t size, const struct session_action *action)
{
	const struct message *m = &action->message;
	char host[ADDRESS_TEXT_SIZE];
	int used =
		action->type == SESSION_OFFER
			? snprintf(line, size, "to peer %s: ", action->peer.name)
			: snprintf(line, size, "to link %llu: ", (unsigned long long)action->link);

	line += used;
	size -= (size_t)used;
	if (m->type == MESSAGE_OFFER)
		snprintf(line, size, "offer %s cid %x boot %llx at %s:%u segment %u within %u ms",
			m->service, m->cid, (unsigned long long)m->boot_id,
			address_text(host, m->address), m->udp_port, m->segment_size,
			m->timeout_ms);
	if (m->type == MESSAGE_OFFER && m->dictionary)
		snprintf(line + strlen(line), size - strlen(line), " dictionary %u sha256 %02x...",
			m->dictionary, m->dictionary_sha256[0]);
	if (m->type == MESSAGE_ACCEPT)
		snprintf(line, size, "accept %u cid %x boot %llx port %u segment %u", m->request,
			m->cid, (unsigned long long)m->boot_id, m->udp_port, m->segment_size);
	if (m->type == MESSAGE_ACCEPT && m->dictionary_state)
		snprintf(line + strlen(line), size - strlen(line), " dictionary state %u",
			m->dictionary_state);
	if (m->type == MESSAGE_REFUSE)
		snprintf(line, size, "refuse %u result %u: %s", m->request, m->result, m->text);
}

void stage_tell(struct stage *s)
{
	char line[512];

	for (uint32_t i = 0; i < s->out.count; i++) {
		const struct session_action *action = &s->out.actions[i];

		if (action->type == SESSION_OFFER)
			s->offer = *action;
		if (action->type == SESSION_COMMAND)
			tell_command(line, sizeof(line), action);
		else if (action->type == SESSION_REPORT)
			snprintf(line, sizeof(line), "report result %u cid %x %s", action->result,
				action->cid, action->text);
		else if (action->type == SESSION_LOG)
			snprintf(line, sizeof(line), "log %s", action->text);
		else
			tell_message(line, sizeof(line), action);
		size_t used = strlen(s->story);

		snprintf(s->story + used, sizeof(s->story) - used, "%s\n", line);
	}
	s->out.count = 0;
}

uint32_t stage_request_at(const struct stage *s, enum attempt_step step)
{
	for (uint32_t i = SESSION_ATTEMPTS_MAX; i-- > 0;) {
		if (s->core.attempts[i].step == step)
			return s->core.attempts[i].request;
	}
	fail_msg("no attempt is at step %d", step);
	return 0;
}

uint32_t stage_attempts(const struct stage *s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++)
		count += s->core.attempts[i].step != ATTEMPT_FREE;
	return count;
}

void stage_wanted(struct stage *s, const char *node, const char *service, uint32_t request)
{
	struct plane_event event = {.type = PLANE_CONNECT_WANTED,
		.request = request,
		.app = 3,
		.app_generation = 9,
		.worker = 1,
		.codec = CODEC_LZ4,
		.level = 1,
		.controller = CONTROLLER_AIMD_SS,
		.timeout_ms = 5000};

	snprintf(event.node, sizeof(event.node), "%s", node);
	snprintf(event.service, sizeof(event.service), "%s", service);
	session_on_event(&s->core, &s->turn, &event, &s->out);
	stage_tell(s);
}

void stage_dictionary(struct stage *s, uint32_t id, uint8_t sha256)
{
	s->shared->dictionary[1] =
		(struct plane_dictionary){.id = id, .size = 16384, .sha256 = {sha256}};
}

void stage_wanted_with(struct stage *s, enum codec_id codec, uint8_t level, uint8_t dictionary)
{
	struct plane_event event = {.type = PLANE_CONNECT_WANTED,
		.request = 8,
		.app = 3,
		.app_generation = 9,
		.worker = 1,
		.codec = (uint8_t)codec,
		.level = level,
		.dictionary = dictionary,
		.timeout_ms = 5000,
		.node = "b",
		.service = "files"};

	session_on_event(&s->core, &s->turn, &event, &s->out);
	stage_tell(s);
}

void stage_event(struct stage *s, enum plane_event_type type, uint32_t request, uint32_t cid,
	uint32_t result, const char *text)
{
	struct plane_event e = {
		.type = (uint16_t)type, .request = request, .cid = cid, .result = result};

	snprintf(e.text, sizeof(e.text), "%s", text);
	session_on_event(&s->core, &s->turn, &e, &s->out);
	stage_tell(s);
}

void stage_accepted(struct stage *s, uint32_t request, uint32_t segment)
{
	stage_accepted_with(s, request, segment, DICTIONARY_NONE);
}

void stage_accepted_with(
	struct stage *s, uint32_t request, uint32_t segment, enum dictionary_state state)
{
	struct message accept = {.type = MESSAGE_ACCEPT,
		.request = request,
		.cid = 0x00000501,
		.segment_size = segment,
		.udp_port = 7654,
		.cipher = (uint8_t)s->config.security.cipher,
		.dictionary_state = (uint8_t)state,
		.boot_id = 0xbeef};

	session_on_accept(&s->core, &s->turn, "b", 17, &accept, &s->out);
	stage_tell(s);
}

struct message stage_offer_from_b(const char *service)
{
	struct message offer = {.type = MESSAGE_OFFER,
		.request = 55,
		.cid = 0x00000301,
		.segment_size = 1408,
		.address = ADDRESS_IPV4(0x0a4d0102),
		.timeout_ms = 4000,
		.udp_port = 7655,
		.codec = CODEC_LZ4,
		.controller = CONTROLLER_CUBIC,
		.boot_id = 0xbeef,
		.session_id = {1, 2, 3}};

	snprintf(offer.service, sizeof(offer.service), "%s", service);
	return offer;
}

void stage_offered(struct stage *s, const struct message *offer)
{
	session_on_offer(&s->core, &s->turn, "b", 42, offer, &s->out);
	stage_tell(s);
}

void stage_tick(struct stage *s, uint64_t after_ns)
{
	s->turn.now_ns += after_ns;
	session_on_tick(&s->core, &s->turn, &s->out);
	stage_tell(s);
}

void stage_member(struct stage *s, const char *name, uint64_t boot_id, uint64_t gone_id)
{
	struct member member = {.index = (uint32_t)name[0],
		.state = MEMBER_ALIVE,
		.meta = {.boot_id = boot_id, .gone_id = gone_id}};

	snprintf(member.name, sizeof(member.name), "%s", name);
	assert_int_equal(members_set(&s->members, &member), 0);
	assert_int_equal(members_publish(&s->members), 0);
}

void stage_row(struct stage *s, uint32_t worker, uint32_t slot, enum session_state at,
	const char *peer, uint64_t peer_boot_id)
{
	struct session_stats *stats = &s->shared->session[worker][slot].stats;

	stats->session = worker << 24 | slot << 8 | 1;
	stats->state = at;
	stats->app = 3;
	stats->peer_boot_id = peer_boot_id;
	snprintf(stats->peer, sizeof(stats->peer), "%s", peer);
}
