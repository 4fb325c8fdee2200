// The invariants: what must hold in every view after every event.
#include <stdlib.h>

#include "tests/cluster/cluster.h"

enum { SELDOM = 4096 }; // large clusters are looked at as a whole after so many events

static bool in(enum swim_state state)
{
	return state == SWIM_ALIVE || state == SWIM_SUSPECT;
}

// What may follow what in one view. Forgotten is forgotten.
static const char *forbidden(struct seen old, struct seen new)
{
	if (old.state == SWIM_ABSENT || new.state == SWIM_ABSENT)
		return NULL;
	if (new.incarnation < old.incarnation)
		return "goes back";
	if (new.incarnation > old.incarnation)
		return NULL;
	if (old.state == SWIM_LEFT && in(new.state))
		return "comes back after it left";
	if (old.state == SWIM_DEAD && in(new.state))
		return "comes back from the dead";
	if (old.state == SWIM_SUSPECT && new.state == SWIM_ALIVE)
		return "is no longer suspect";
	return NULL;
}

static void note(struct world *w, struct node *node, uint32_t subject, struct seen new)
{
	struct seen old = node->seen[subject];
	const char *what = forbidden(old, new);

	if (what)
		world_fail(w, "node %u: node %u %s: %s, incarnation %u, was %s, incarnation %u",
			node->index, subject, what, swim_state_name(new.state), new.incarnation,
			swim_state_name(old.state), old.incarnation);
	if (new.incarnation > w->nodes[subject].incarnation && subject != node->index)
		world_fail(w, "node %u knows node %u as of incarnation %u, which it never had",
			node->index, subject, new.incarnation);
	node->seen[subject] = new;
}

// Whoever runs, is not slow, and has not said good-bye, was declared dead by mistake.
static bool mistaken(const struct node *subject)
{
	return node_is_in(subject) && !subject->paused && !subject->stall_ns;
}

void check_change(struct world *w, struct node *node, const struct swim_change *change)
{
	struct swim_view view;
	uint32_t subject;
	struct seen new = {0};

	if (change->member >= w->config.members_max) {
		world_fail(w, "node %u: a change of member %u", node->index, change->member);
		return;
	}
	if (swim_member(node->swim, change->member, &view)) {
		subject = node_of(w, view.address);
		new.incarnation = view.incarnation & 0xfffffff;
		new.state = view.state & 15u;
	} else {
		subject = node->subjects[change->member];
	}
	if (subject >= w->options.members) {
		world_fail(w, "node %u: a member at an address that nobody has", node->index);
		return;
	}
	node->subjects[change->member] = (uint16_t)subject;
	world_hash(w, (uint64_t)subject << 32 ^ (uint64_t)change->to << 8 ^ change->from);
	world_trace(w, "node %u: node %u is %s, incarnation %u%s", node->index, subject,
		swim_state_name(change->to), new.incarnation, change->meta ? ", metadata" : "");
	w->falsely_dead += change->to == SWIM_DEAD && change->from != SWIM_DEAD &&
			   mistaken(&w->nodes[subject]);
	note(w, node, subject, new);
	if (w->on_change)
		w->on_change(w, node, subject, change);
}

static void check_self(struct world *w, struct node *node)
{
	struct swim_view view;

	if (!swim_member(node->swim, SWIM_SELF, &view) ||
		(view.state != SWIM_ALIVE && !node->leaves))
		world_fail(w, "node %u does not know itself as alive", node->index);
	else if (view.incarnation < node->seen[node->index].incarnation)
		world_fail(w, "node %u: its own incarnation goes back", node->index);
	else if (view.incarnation > node->incarnation)
		node->incarnation = view.incarnation;
	node->seen[node->index] = (struct seen){view.incarnation & 0xfffffff, view.state & 15u};
}

static void check_view(struct world *w, struct node *node)
{
	uint32_t members = 0, known = 0;
	struct swim_view view;
	struct swim_report report;

	for (uint32_t i = 0; i < swim_end(node->swim); i++) {
		uint32_t subject;

		if (!swim_member(node->swim, i, &view))
			continue;
		subject = node_of(w, view.address);
		members += in(view.state);
		known++;
		if (node->seen[subject].state != view.state)
			world_fail(w, "node %u: node %u is %s, and no change said so", node->index,
				subject, swim_state_name(view.state));
		note(w, node, subject,
			(struct seen){view.incarnation & 0xfffffff, view.state & 15u});
	}
	for (uint32_t i = 0; i < w->options.members; i++)
		known -= node->seen[i].state != SWIM_ABSENT;
	if (known)
		world_fail(w, "node %u knows a node twice, or no longer", node->index);
	if (members != swim_count(node->swim))
		world_fail(w, "node %u counts %u members, and has %u", node->index,
			swim_count(node->swim), members);
	swim_report(node->swim, &report);
	if (report.updates > w->config.updates_max)
		world_fail(w, "node %u: %u updates under way", node->index, report.updates);
}

void check_node(struct world *w, struct node *node)
{
	check_self(w, node);
	if (w->options.members <= SCAN_MAX || w->events % SELDOM == 0)
		check_view(w, node);
}

void check_views(struct world *w)
{
	for (uint32_t i = 0; i < w->options.members && !w->failure[0]; i++)
		if (w->nodes[i].swim)
			check_view(w, &w->nodes[i]);
}
