// A worker, its application and its control in one thread. See node.h.
#include "perf/transport/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/clock.h"

static int control_join(struct node *n)
{
	const struct mail attach = {.type = MAIL_CONTROL_ATTACH, .object = n->control, .value = -1};

	ring_producer_init(&n->commands, n->control->channels[1].command_slots,
		&n->control->channels[1].command_tail, &n->tables->channels[1].command_head,
		sizeof(struct plane_command), PLANE_COMMAND_SLOTS);
	ring_consumer_init(&n->events, n->tables->channels[1].event_slots,
		&n->tables->channels[1].event_tail, &n->control->channels[1].event_head,
		sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	return mailbox_give(n->w.inbox, &attach) ? 0 : -1;
}

int node_init(struct node *n, struct port *port, const char *name, uint64_t boot_id, char *error,
	size_t error_size)
{
	struct mail attach = {.type = MAIL_APP_ATTACH, .value = -1};
	const char *why = "no memory";

	memset(n, 0, sizeof(*n));
	n->port[0] = port;
	n->config = (struct config){.workers = 1, .links = 1, .idle = IDLE_BUSY};
	snprintf(n->config.node, sizeof(n->config.node), "%s", name);
	n->tables = aligned_alloc(64, (sizeof(*n->tables) + 63) / 64 * 64);
	n->control = aligned_alloc(64, (sizeof(*n->control) + 63) / 64 * 64);
	if (!n->tables || !n->control)
		goto failed;
	memset(n->tables, 0, sizeof(*n->tables));
	memset(n->control, 0, sizeof(*n->control));
	if (worker_init(&n->w, 0, &n->config, n->port, NULL, n->tables, boot_id) < 0) {
		why = n->w.error;
		goto failed;
	}
	if (endpoint_init(&n->endpoint, &why) == 0) {
		attach.object = n->endpoint.channel;
		if (control_join(n) == 0 && mailbox_give(n->w.inbox, &attach))
			return 0;
		why = "a mailbox is full";
		endpoint_fini(&n->endpoint);
	}
	worker_fini(&n->w);
failed:
	snprintf(error, error_size, "node %s: %s", name, why);
	free(n->tables);
	free(n->control);
	return -1;
}

void node_fini(struct node *n)
{
	worker_fini(&n->w);
	endpoint_fini(&n->endpoint);
	free(n->tables);
	free(n->control);
}

uint64_t node_now(const struct node *n)
{
	return clock_ns() - n->paused_ns;
}

static uint32_t node_turn(struct node *n, uint64_t now_ns)
{
	uint32_t work = worker_turn(&n->w, now_ns);

	watch_turn(n);
	work += endpoint_turn(&n->endpoint, now_ns);
	if (n->on_turn)
		work += n->on_turn(n);
	n->w.counters.turns++;
	n->w.counters.busy_turns += work > 0;
	return work;
}

void node_run(void *state, const atomic_bool *stop)
{
	struct node *n = state;

	if (n->left_ns)
		n->paused_ns += clock_ns() - n->left_ns;
	while (!atomic_load_explicit(stop, memory_order_relaxed)) {
		uint64_t now_ns = node_now(n);

		if (node_turn(n, now_ns) > 0)
			n->w.last_work_ns = now_ns;
		else
			idle_rest(&n->w, now_ns, transport_deadline(n->w.transport));
	}
	n->left_ns = clock_ns();
}

bool node_command(struct node *n, const struct plane_command *command)
{
	return ring_put(&n->commands, command, 1) == 1;
}

struct plane_event node_event(struct node *n)
{
	struct plane_event event = {0};

	if (ring_take(&n->events, &event, 1) != 1)
		event.type = 0;
	return event;
}
