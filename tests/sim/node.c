// A node's turn: receive, deliver, timers, application, send; and its port, which may refuse.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/seal.h"

uint64_t node_clock(const struct sim *sim, const struct node *node)
{
	return sim->now_ns + node->clock_offset_ns;
}

// The moment a node that waits for `due_ns` really looks: its loop takes time and it may sleep.
static uint64_t wake_at(struct sim *sim, const struct node *node, uint64_t due_ns)
{
	uint64_t soonest_ns = node->turn_ns + sim->plan->loop_ns;
	if (due_ns == UINT64_MAX)
		return UINT64_MAX;
	if (due_ns > soonest_ns)
		due_ns += rng_below(&sim->rng, sim->plan->sleep_ns + 1);
	if (due_ns < soonest_ns)
		due_ns = soonest_ns;
	return due_ns < node->paused_until_ns ? node->paused_until_ns : due_ns;
}

void node_wake(struct sim *sim, struct node *node)
{
	uint64_t wake_ns = wake_at(sim, node, sim->now_ns);
	if (wake_ns < node->wake_ns)
		node->wake_ns = wake_ns;
}

void node_arrive(struct sim *sim, struct node *node, struct frame *frame)
{
	sim->arrived++;
	if (!node->transport || node->rx_count == RX_RING) {
		sim->rx_full++;
		free(frame);
		return;
	}
	node->rx[(node->rx_head + node->rx_count++) % RX_RING] = frame;
	node_wake(sim, node);
}

static void take_frame(struct sim *sim, struct node *node, struct frame *frame)
{
	node->worked = true;
	sim->walked++;
	walk_in(sim, node, frame);
	free(frame);
}

static void take_arrivals(struct sim *sim, struct node *node)
{
	for (uint32_t n = 0; n < BURST && node->rx_count && !sim->failed; n++) {
		struct frame *frame = node->rx[node->rx_head];
		node->rx_head = (node->rx_head + 1) % RX_RING;
		node->rx_count--;
		if (!steer_give(sim, node, frame))
			take_frame(sim, node, frame);
	}
	for (uint32_t n = 0; n < BURST && !sim->failed; n++) {
		struct frame *frame = steer_take(sim, node);
		if (!frame)
			break;
		take_frame(sim, node, frame);
	}
}

static void take_records(struct sim *sim, struct node *node)
{
	struct recv_record record;
	while (!sim->failed && transport_take_record(node->transport, &record)) {
		node->worked = true;
		end_on_record(conn_owner(record.conn), &record);
	}
}

static void take_sent(struct sim *sim, struct node *node)
{
	struct sent_record sent;
	while (!sim->failed && transport_take_sent(node->transport, &sent)) {
		node->worked = true;
		end_on_sent(conn_owner(sent.conn), &sent);
	}
}

static void take_events(struct sim *sim, struct node *node)
{
	struct transport_event event;
	while (!sim->failed && transport_take_event(node->transport, &event)) {
		node->worked = true;
		if (event.type == TRANSPORT_CLOSED)
			take_sent(sim, node);
		end_on_event(conn_owner(event.conn), &event);
	}
}

static void for_each_end(struct sim *sim, struct node *node, void (*visit)(struct end *, uint64_t))
{
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			if (sim->ends[p][e].node == node->index)
				visit(&sim->ends[p][e], node_clock(sim, node));
}

static void port_drain(struct sim *sim, struct node *node)
{
	uint32_t takes = node->backlog_count;
	if (sim->now_ns < node->refuse_until_ns && takes > node->refuse_takes) {
		takes = node->refuse_takes;
		sim->refused++;
	}
	for (uint32_t i = 0; i < takes; i++)
		link_send(sim, node->backlog[i]);
	node->backlog_count -= takes;
	memmove(node->backlog, node->backlog + takes, node->backlog_count * sizeof(struct frame *));
}

static void look_before_sending(struct end *end, uint64_t now_ns)
{
	(void)now_ns;
	law_step(end, false);
}

static void look_after_sending(struct end *end, uint64_t now_ns)
{
	(void)now_ns;
	law_step(end, true);
}

static void send_burst(struct sim *sim, struct node *node)
{
	struct send_packet packets[BURST];
	uint32_t room = TX_BACKLOG_MAX - node->backlog_count;
	uint32_t max = room < BURST ? room : BURST;
	uint32_t n = max ? transport_send(node->transport, packets, max, node_clock(sim, node)) : 0;
	if (n > max)
		sim_fail(sim, "transport_send gives %u packets where %u were asked", n, max);
	for (uint32_t i = 0; i < n && !sim->failed; i++) {
		node->worked = true;
		walk_out(sim, node, &packets[i]);
	}
	port_drain(sim, node);
}

static void min_deadline(uint64_t *due_ns, uint64_t other_ns)
{
	if (other_ns < *due_ns)
		*due_ns = other_ns;
}

static bool steer_waits(const struct sim *sim, const struct node *node)
{
	for (uint32_t w = 0; w < sim->plan->workers; w++)
		if (node->steered[w].count)
			return true;
	return false;
}

// When to look again. A deadline that is due turn after
// turn, with nothing done, is a worker that spins.
static void set_wake(struct sim *sim, struct node *node)
{
	uint64_t due_ns = transport_deadline(node->transport);
	bool blocked = node->backlog_count == TX_BACKLOG_MAX;
	if (blocked)
		due_ns = sim->now_ns + 20 * US;
	else if (due_ns != UINT64_MAX)
		due_ns = due_ns > node->clock_offset_ns ? due_ns - node->clock_offset_ns : 0;

	bool due = due_ns <= sim->now_ns && !blocked;
	node->idle_turns = due && !node->worked ? node->idle_turns + 1 : 0;
	if (node->idle_turns > 1000)
		sim_fail(sim, "%c: transport_deadline is due, and 1,000 turns do nothing",
			node_letter(node->index));
	// As worker_run: a turn that did something is followed by another one.
	if (node->rx_count || node->worked || steer_waits(sim, node))
		due_ns = 0;
	if (node->backlog_count)
		min_deadline(&due_ns, sim->now_ns + 20 * US);
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			if (sim->ends[p][e].node == node->index)
				min_deadline(&due_ns, end_deadline(&sim->ends[p][e]));
	node->wake_ns = wake_at(sim, node, due_ns);
}

// As transport.md has it: an average of the time between turns, of at most a millisecond each.
static void measure_loop(const struct sim *sim, struct node *node)
{
	uint64_t now_ns = node_clock(sim, node);
	uint64_t took_ns = now_ns - node->clock_seen_ns;
	took_ns = took_ns < 1 * MS ? took_ns : 1 * MS;
	node->clock_seen_ns = now_ns;
	node->loop_ns = node->loop_ns ? (7 * node->loop_ns + took_ns) / 8 : 10 * US;
}

// The order of the worker's worker_turn.
void node_turn(struct sim *sim, struct node *node)
{
	node->turn_ns = sim->now_ns;
	node->worked = false;
	take_arrivals(sim, node);
	take_records(sim, node);
	take_sent(sim, node);
	take_events(sim, node);
	if (sim->failed)
		return;
	for_each_end(sim, node, end_step);
	measure_loop(sim, node);
	transport_on_time(node->transport, node_clock(sim, node));
	for_each_end(sim, node, look_before_sending);
	for_each_end(sim, node, seal_ahead);
	take_sent(sim, node);
	take_events(sim, node);
	if (sim->failed)
		return;
	send_burst(sim, node);
	for_each_end(sim, node, look_after_sending);
	const char *broken = transport_check(node->transport);
	if (broken)
		sim_fail(sim, "%c: transport_check: %s", node_letter(node->index), broken);
	set_wake(sim, node);
}
