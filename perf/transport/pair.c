// Two nodes and their sessions. See pair.h.
#include "perf/transport/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS      1000000ull
#define OPEN_STEPS   2000u
#define SETTLE_STEPS 500u
#define BOOT_ID      1000u // of node 0; node 1's is one more

struct pair *pair_new(enum link_kind kind, uint32_t mtu, char *error, size_t error_size)
{
	struct pair *p = aligned_alloc(64, (sizeof(*p) + 63) / 64 * 64);

	if (!p) {
		snprintf(error, error_size, "no memory");
		return NULL;
	}
	memset(p, 0, sizeof(*p));
	if (link_open(&p->link, kind, mtu) < 0) {
		snprintf(error, error_size, "%s", p->link.error);
		goto failed;
	}
	for (; p->nodes < 2; p->nodes++)
		if (node_init(&p->node[p->nodes], p->link.port[p->nodes], p->nodes ? "b" : "a",
			    BOOT_ID + p->nodes, error, error_size) < 0)
			goto failed;
	p->duo = duo_new(error, error_size);
	if (p->duo)
		return p;
failed:
	pair_free(p);
	return NULL;
}

void pair_free(struct pair *p)
{
	duo_free(p->duo);
	for (unsigned side = 0; side < p->nodes; side++)
		node_fini(&p->node[side]);
	link_close(&p->link);
	free(p);
}

uint64_t pair_run(struct pair *p, uint64_t duration_ns)
{
	return duo_run(p->duo, node_run, &p->node[0], node_run, &p->node[1], duration_ns);
}

// Runs both until control of `side` hears `type`; false: it does not.
static bool expect(
	struct pair *p, unsigned side, enum plane_event_type type, struct plane_event *event)
{
	for (unsigned i = 0; i < OPEN_STEPS; i++) {
		do {
			*event = node_event(&p->node[side]);
			if (event->type == type)
				return true;
		} while (event->type != 0 && event->type != PLANE_REFUSED);
		if (event->type == PLANE_REFUSED)
			break;
		pair_run(p, STEP_NS);
	}
	snprintf(p->error, sizeof(p->error), "no session: %.150s",
		event->type == PLANE_REFUSED ? event->text : "the other node does not answer");
	return false;
}

static struct plane_command command_for(
	const struct pair *p, unsigned side, const struct pair_owner *owner)
{
	struct plane_command command = {.type = PLANE_RESERVE,
		.app = owner->app,
		.app_generation = owner->generation,
		.connect_request = owner->request,
		.session_id = {'p', 'e', 'r', 'f', (uint8_t)p->opened},
		.segment_size = wire_segment_size(port_config(p->link.port[side])->mtu),
		.peer_address = link_address(!side),
		.peer_port = WIRE_UDP_PORT,
		.peer_boot_id = BOOT_ID + !side,
		.initiator = side == 0,
		.peer = "perf",
		.service = "perf",
		.codec = p->codec,
		.cipher = p->cipher};

	if (p->cipher != CIPHER_NULL) {
		memset(command.secret_send, 1 + (int)side, sizeof(command.secret_send));
		memset(command.secret_receive, 2 - (int)side, sizeof(command.secret_receive));
		command.secret_send[0] = command.secret_receive[0] = (uint8_t)p->opened;
	}
	return command;
}

// As control does it: RESERVE here, OPEN there, OPEN here.
int pair_open(struct pair *p, const struct pair_owner owner[2], uint32_t *const cid[2])
{
	struct plane_command here = command_for(p, 0, &owner[0]);
	struct plane_command there = command_for(p, 1, &owner[1]);
	struct plane_event event;

	node_command(&p->node[0], &here);
	if (!expect(p, 0, PLANE_RESERVED, &event))
		return -1;
	*cid[0] = there.peer_cid = here.cid = event.cid;
	there.type = here.type = PLANE_OPEN;
	node_command(&p->node[1], &there);
	if (!expect(p, 1, PLANE_RESERVED, &event))
		return -1;
	*cid[1] = here.peer_cid = event.cid;
	node_command(&p->node[0], &here);
	p->opened++;
	return expect(p, 0, PLANE_OPENED, &event) && expect(p, 1, PLANE_OPENED, &event) ? 0 : -1;
}

static struct endpoint_session *end_new(struct node *node)
{
	struct endpoint_session *end = &node->endpoint.session[node->endpoint.sessions++];

	*end = (struct endpoint_session){.streams = 1};
	return end;
}

static int session_open(struct pair *p)
{
	struct pair_session *session = &p->session[p->sessions];
	const struct pair_owner owner[2] = {{.request = p->sessions % APP_CONNECTS_MAX + 1}};

	for (unsigned side = 0; side < 2; side++)
		session->end[side] = end_new(&p->node[side]);
	if (pair_open(p, owner, (uint32_t *[2]){&session->end[0]->cid, &session->end[1]->cid}) < 0)
		return -1;
	for (unsigned i = 0; i < OPEN_STEPS && !(session->end[0]->open && session->end[1]->open);
		i++)
		pair_run(p, STEP_NS);
	p->sessions++;
	if (session->end[0]->open && session->end[1]->open)
		return 0;
	snprintf(p->error, sizeof(p->error), "the endpoint is not told of its session");
	return -1;
}

int pair_sessions(struct pair *p, unsigned sessions)
{
	while (p->sessions < sessions)
		if (session_open(p) < 0)
			return -1;
	return 0;
}

void pair_settle(struct pair *p)
{
	for (unsigned side = 0; side < 2; side++)
		p->node[side].endpoint.quiet = true;
	for (unsigned i = 0; i < SETTLE_STEPS; i++) {
		pair_run(p, STEP_NS);
		if (endpoint_in_flight(&p->node[0].endpoint) == 0 &&
			endpoint_in_flight(&p->node[1].endpoint) == 0)
			break;
	}
	pair_run(p, STEP_NS); // the last acknowledgements
}
