// Virtual time: the next thing that happens anywhere,
// until every connection is closed; then the account.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/seal.h"

void sim_init(struct sim *sim, struct plan *plan, FILE *story)
{
	*sim = (struct sim){.plan = plan, .story = story, .rng = {rng_mix(plan->seed + 0xa1)}};
	for (uint32_t p = 0; p < plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			end_init(&sim->ends[p][e], sim, p, e);
	for (uint32_t n = 0; n < plan->nodes; n++) {
		sim->nodes[n].index = n;
		sim->nodes[n].clock_offset_ns = plan->clock_ns[n];
		node_start(sim, &sim->nodes[n]);
	}
}

void sim_fini(struct sim *sim)
{
	for (uint32_t n = 0; n < sim->plan->nodes; n++)
		if (sim->nodes[n].transport)
			node_die(sim, &sim->nodes[n]);
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			end_die(&sim->ends[p][e]);
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			seal_stop(&sim->ends[p][e]);
	for (uint32_t i = 0; i < OLD_FRAMES; i++)
		free(sim->old[i]);
	while (sim->nflying)
		free(link_take(sim));
	free(sim->flying);
}

struct end *sim_end_of(struct sim *sim, uint32_t node, const struct conn *conn)
{
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			if (sim->ends[p][e].node == node && conn && sim->ends[p][e].conn == conn)
				return &sim->ends[p][e];
	return NULL;
}

static bool all_done(const struct sim *sim)
{
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			if (!end_done(&sim->ends[p][e]))
				return false;
	return true;
}

// The node that looks next; NULL: nobody will.
static struct node *next_node(struct sim *sim)
{
	struct node *next = NULL;
	for (uint32_t n = 0; n < sim->plan->nodes; n++) {
		struct node *node = &sim->nodes[n];
		if (node->transport && node->wake_ns != UINT64_MAX &&
			(!next || node->wake_ns < next->wake_ns))
			next = node;
	}
	return next;
}

void sim_step(struct sim *sim)
{
	struct node *node = next_node(sim);
	uint64_t wake_ns = node ? node->wake_ns : UINT64_MAX;
	uint64_t arrival_ns = link_deadline(sim), fault_ns = fault_deadline(sim);
	if (wake_ns == UINT64_MAX && arrival_ns == UINT64_MAX && fault_ns == UINT64_MAX) {
		sim_fail(sim, "connections are open, and nothing will ever happen again");
		return;
	}
	if (fault_ns <= arrival_ns && fault_ns <= wake_ns) {
		sim->now_ns = fault_ns > sim->now_ns ? fault_ns : sim->now_ns;
		fault_step(sim);
	} else if (arrival_ns <= wake_ns) {
		struct frame *frame = link_take(sim);
		sim->now_ns = frame->at_ns > sim->now_ns ? frame->at_ns : sim->now_ns;
		node_arrive(sim, &sim->nodes[steer_queue(sim, frame->to)], frame);
	} else {
		sim->now_ns = wake_ns > sim->now_ns ? wake_ns : sim->now_ns;
		sim->turns++;
		node_turn(sim, node);
	}
}

// ---- the account ------------------------------------------------------------------------------

static bool close_reason_peaceful(enum close_reason reason)
{
	return reason == CLOSE_LOCAL || reason == CLOSE_PEER || reason == CLOSE_PN_SPENT;
}

static void check_undisturbed(struct sim *sim, struct end *end)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < end->plan->nstreams; i++)
		total += end->plan->streams[i].count;
	if (!close_reason_peaceful(end->reason))
		sim_fail(sim, "%c: connection %u closed for no reason: %s", node_letter(end->node),
			end->pair, close_reason_sentence(end->reason));
	if (end_peer(end)->delivered != total)
		sim_fail(sim, "%c: connection %u: %llu records of %llu were delivered",
			node_letter(end->node), end->pair,
			(unsigned long long)end_peer(end)->delivered, (unsigned long long)total);
	if (end->reported_ok != total)
		sim_fail(sim, "%c: connection %u: %llu records of %llu were reported ok",
			node_letter(end->node), end->pair, (unsigned long long)end->reported_ok,
			(unsigned long long)total);
}

static void account(struct sim *sim)
{
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++) {
			struct end *end = &sim->ends[p][e];
			if (end->blocks_out)
				sim_fail(sim, "%c: connection %u: %u blocks never came back",
					node_letter(end->node), p, end->blocks_out);
			if (!end->disturbed && sim_strict(sim))
				check_undisturbed(sim, end);
			// Graceful: what was submitted before the close is delivered first.
			bool asked = end->close_asked && end->reason == CLOSE_LOCAL;
			bool graceful = (asked || end->reason == CLOSE_PN_SPENT) && sim_strict(sim);
			if (end->reason == CLOSE_PN_SPENT && end->law.next_pn < PN_SPENT)
				sim_fail(sim, "%c: connection %u has packet numbers left",
					'a' + end->node, p);
			if (graceful && end->reported_ok != end->submitted)
				sim_fail(sim,
					"%c: connection %u closed gracefully and gave up %llu "
					"records",
					node_letter(end->node), p,
					(unsigned long long)(end->submitted - end->reported_ok));
		}
}

// A checksum that lets corruption pass may leave two sides that talk
// and do not agree (a forged credit is never taken back). No packet
// can mend that, an operator can: everything must still close cleanly.
static void stall(struct sim *sim)
{
	if (sim_strict(sim) || sim->gave_up) {
		sim_fail(sim, "nothing was delivered, acknowledged, or closed for 60 s");
		return;
	}
	sim_say(sim, "nothing moves: the operator gives up every connection");
	sim->gave_up = true;
	sim->progress_ns = sim->now_ns;
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			end_abort(&sim->ends[p][e], CLOSE_LOCAL);
}

bool sim_run(struct sim *sim)
{
	while (!sim->failed && !all_done(sim)) {
		sim_step(sim);
		if (sim->turns > (uint64_t)TURNS_MAX * sim->plan->workers)
			sim_fail(sim, "%llu turns and no end", (unsigned long long)sim->turns);
		if (sim->now_ns > sim->progress_ns + 60 * S && fault_deadline(sim) == UINT64_MAX)
			stall(sim);
	}
	if (!sim->failed)
		account(sim);
	if (!sim->failed)
		steer_account(sim);
	sim_say(sim,
		"%s: %llu frames, %llu lost, %llu doubled, %llu late, %llu corrupted, %llu turns",
		sim->failed ? "failed" : "done", (unsigned long long)sim->frames,
		(unsigned long long)sim->lost, (unsigned long long)sim->duplicated,
		(unsigned long long)sim->reordered, (unsigned long long)sim->corrupted,
		(unsigned long long)sim->turns);
	return !sim->failed;
}
