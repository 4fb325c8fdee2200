// Timed faults: what happens to nodes, ports, applications and connections at a moment of the plan.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

void node_start(struct sim *sim, struct node *node)
{
	struct transport_config config = {
		.worker = (uint8_t)(sim->plan->workers > 1 ? node->index % sim->plan->workers
							   : node->index),
		.conns = SLOTS,
		.boot_id = rng_next(&sim->rng) | 1,
		.keepalive_ns = 1 * S,
		.idle_timeout_ns = 10 * S,
		.seed = rng_next(&sim->rng),
		.env = {.context = sim,
			.block_get = end_block_get,
			.block_put = end_block_put,
			.trace = law_on_trace},
	};
	size_t size = (transport_size(&config) + 63) & ~(size_t)63;
	node->memory = aligned_alloc(64, size);
	if (!node->memory)
		abort();
	memset(node->memory, 0, size);
	node->boot_id = config.boot_id;
	node->restart_ns = 0;
	node->transport = transport_init(node->memory, &config, node_clock(sim, node));
	node->wake_ns = sim->now_ns;
	node->clock_seen_ns = node_clock(sim, node);
	node->loop_ns = 0;
}

void node_die(struct sim *sim, struct node *node)
{
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++) {
			struct end *end = &sim->ends[p][e];
			bool alive = end->conn || (end->state == END_CLOSED && end->nheld);
			if (end->node != node->index || !alive)
				continue;
			end->disturbed = end_peer(end)->disturbed = true;
			end_die(end);
		}
	for (; node->rx_count; node->rx_count--, node->rx_head = (node->rx_head + 1) % RX_RING) {
		free(node->rx[node->rx_head]);
		sim->died++;
	}
	steer_clear(sim, node);
	for (; node->backlog_count; node->backlog_count--)
		free(node->backlog[node->backlog_count - 1]);
	free(node->memory);
	node->memory = NULL;
	node->transport = NULL;
	node->wake_ns = UINT64_MAX;
	node->idle_turns = 0;
}

static void raise_to(uint64_t *value, uint64_t other)
{
	*value = other > *value ? other : *value;
}

static void links_set(struct sim *sim, uint32_t node, bool down)
{
	for (uint32_t other = 0; other < sim->plan->nodes; other++)
		sim->links[node][other].down = sim->links[other][node].down = down;
}

static void end_fault(struct sim *sim, const struct fault *fault)
{
	struct end *end = &sim->ends[fault->argument][fault->node];
	struct node *node = &sim->nodes[end->node];
	if (!end->conn || end->state == END_WAITING || !node->transport)
		return;
	end->disturbed = end_peer(end)->disturbed = true;
	if (fault->type == FAULT_ABORT) {
		end->abort_asked = true;
		transport_abort(
			node->transport, end->conn, CLOSE_APPLICATION, node_clock(sim, node));
	} else {
		end->close_asked = true;
		transport_close(node->transport, end->conn, node_clock(sim, node));
	}
	node->wake_ns = sim->now_ns;
}

static void fault_start(struct sim *sim, const struct fault *fault)
{
	struct node *node = &sim->nodes[fault->node];
	uint64_t until_ns = sim->now_ns + fault->duration_ns;
	switch (fault->type) {
	case FAULT_APP_STALL:
		raise_to(&node->stall_until_ns, until_ns);
		break;
	case FAULT_PORT_REFUSE:
		raise_to(&node->refuse_until_ns, until_ns);
		node->refuse_takes = fault->argument;
		break;
	case FAULT_POOL_EMPTY:
		raise_to(&node->pool_empty_until_ns, until_ns);
		break;
	case FAULT_PAUSE:
		raise_to(&node->paused_until_ns, until_ns);
		break;
	case FAULT_CLOCK_JUMP:
		node->clock_offset_ns += fault->duration_ns;
		break;
	case FAULT_LINK_DOWN:
		links_set(sim, fault->node, true);
		raise_to(&sim->down_until_ns[fault->node], until_ns);
		break;
	case FAULT_PATH_NARROW:
		sim->narrow[fault->node] = fault->argument;
		raise_to(&sim->narrow_until_ns[fault->node], until_ns);
		break;
	case FAULT_RESTART:
		if (node->transport)
			node_die(sim, node);
		node->restart_ns = until_ns;
		break;
	case FAULT_ABORT:
	case FAULT_CLOSE:
		end_fault(sim, fault);
		break;
	case FAULT_TYPE_COUNT:
		break;
	}
}

void fault_step(struct sim *sim)
{
	for (; sim->nfault < sim->plan->nfaults; sim->nfault++) {
		const struct fault *fault = &sim->plan->faults[sim->nfault];
		if (fault->at_ns > sim->now_ns)
			break;
		sim_say(sim, "fault: %s (%u, %u) for %.3f ms", fault_name(fault->type), fault->node,
			fault->argument, (double)fault->duration_ns / 1e6);
		fault_start(sim, fault);
	}
	for (uint32_t n = 0; n < sim->plan->nodes; n++) {
		struct node *node = &sim->nodes[n];
		if (node->restart_ns && node->restart_ns <= sim->now_ns) {
			sim_say(sim, "%c: starts again with another boot id", node_letter(n));
			node_start(sim, node);
		}
		if (sim->down_until_ns[n] && sim->down_until_ns[n] <= sim->now_ns) {
			sim_say(sim, "the links of %c are up again", node_letter(n));
			sim->down_until_ns[n] = 0;
			links_set(sim, n, false);
		}
	}
}

uint64_t fault_deadline(const struct sim *sim)
{
	uint64_t due_ns = UINT64_MAX;
	if (sim->nfault < sim->plan->nfaults)
		due_ns = sim->plan->faults[sim->nfault].at_ns;
	for (uint32_t n = 0; n < sim->plan->nodes; n++) {
		uint64_t restart_ns = sim->nodes[n].restart_ns, up_ns = sim->down_until_ns[n];
		due_ns = restart_ns && restart_ns < due_ns ? restart_ns : due_ns;
		due_ns = up_ns && up_ns < due_ns ? up_ns : due_ns;
	}
	return due_ns;
}
