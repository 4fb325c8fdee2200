// The gossip queue: one update for each member at most, sent a limited number of times, what was
// sent least first. An update says the member's state when it is sent, so that a newer one takes
// the place of an older one by itself.
#include "control/cluster/swim/core.h"

enum { FILL_MAX = 160, MISFITS_MAX = 8 };

void updates_init(struct swim *swim)
{
	memset(swim->level_first, 0xff, sizeof(swim->level_first));
	memset(swim->level_last, 0xff, sizeof(swim->level_last));
	for (uint32_t i = 0; i < swim->config.updates_max; i++)
		swim->updates[i].after =
			i + 1 < swim->config.updates_max ? (uint16_t)(i + 1) : NO_UPDATE;
	swim->update_free = 0;
}

static void unlink_update(struct swim *swim, uint32_t at)
{
	const struct update *update = &swim->updates[at];

	if (update->before == NO_UPDATE)
		swim->level_first[update->sent] = update->after;
	else
		swim->updates[update->before].after = update->after;
	if (update->after == NO_UPDATE)
		swim->level_last[update->sent] = update->before;
	else
		swim->updates[update->after].before = update->before;
}

static void link_update(struct swim *swim, uint32_t at, uint8_t sent)
{
	struct update *update = &swim->updates[at];
	uint16_t last = swim->level_last[sent];

	update->sent = sent;
	update->before = last;
	update->after = NO_UPDATE;
	swim->level_last[sent] = (uint16_t)at;
	if (last == NO_UPDATE)
		swim->level_first[sent] = (uint16_t)at;
	else
		swim->updates[last].after = (uint16_t)at;
}

void updates_remove(struct swim *swim, uint32_t member)
{
	uint16_t at = swim->members[member].update;

	if (at == NO_UPDATE)
		return;
	unlink_update(swim, at);
	swim->members[member].update = NO_UPDATE;
	swim->updates[at].after = (uint16_t)swim->update_free;
	swim->update_free = at;
	swim->updates_count--;
}

// What was sent most often is missed least.
static void make_room(struct swim *swim)
{
	for (uint32_t level = LEVELS; level--;) {
		uint16_t at = swim->level_first[level];

		if (at == NO_UPDATE)
			continue;
		updates_remove(swim, swim->updates[at].member);
		swim->report.updates_dropped++;
		return;
	}
}

static void add(struct swim *swim, uint32_t member, uint32_t sent)
{
	uint32_t at;

	updates_remove(swim, member);
	if (swim->update_free == NO_UPDATE)
		make_room(swim);
	if (swim->updates_count == 0)
		gossip_schedule(swim);
	at = swim->update_free;
	swim->update_free = swim->updates[at].after;
	swim->updates[at].member = (uint16_t)member;
	swim->members[member].update = (uint16_t)at;
	link_update(swim, at, (uint8_t)sent);
	swim->updates_count++;
}

void updates_add(struct swim *swim, uint32_t member)
{
	add(swim, member, 0);
}

void updates_add_late(struct swim *swim, uint32_t member)
{
	// of a full cluster: the limit grows while a whole cluster comes in
	uint32_t limit = swim->config.retransmit * log10_ceil(swim->config.members_max);
	uint32_t last = swim->config.gossip_fanout;

	add(swim, member, limit > last ? limit - last : 0);
}

uint32_t updates_limit(const struct swim *swim)
{
	uint32_t limit = swim->config.retransmit * log10_ceil(swim_count(swim) + 1);

	return limit < 1 ? 1 : limit > LEVELS ? LEVELS : limit;
}

static const char *accuser(const struct swim *swim, const struct member *member)
{
	uint16_t by = member->accused ? member->accusers[member->accused - 1] : NO_MEMBER;

	if (by == NO_MEMBER || swim->members[by].identity == IDENTITIES_NONE)
		return member_identity(swim, member)->name; // hearsay
	return member_identity(swim, &swim->members[by])->name;
}

static void name_copy(char to[NAME_SIZE], const char *from)
{
	memcpy(to, from, NAME_SIZE);
}

bool update_write(const struct swim *swim, uint32_t member, struct writer *writer)
{
	const struct member *of = &swim->members[member];
	const struct identity *identity = member_identity(swim, of);
	struct rumour rumour = {.incarnation = of->incarnation};
	enum message_kind kind = SWIM_SAY_DEAD;

	if (of->state == SWIM_ALIVE)
		return alive_write(writer, identity, of->incarnation);
	name_copy(rumour.name, identity->name);
	name_copy(rumour.from, swim->config.name);
	if (of->state == SWIM_SUSPECT) {
		kind = SWIM_SAY_SUSPECT;
		name_copy(rumour.from, accuser(swim, of));
	} else if (of->state == SWIM_LEFT) {
		kind = SWIM_SAY_LEFT;
	}
	return rumour_write(writer, kind, &rumour);
}

// What was written waits aside, or a later level would offer it again.
void updates_fill(struct swim *swim, struct writer *writer)
{
	uint32_t limit = updates_limit(swim), taken = 0, misfits = 0;
	uint16_t written[FILL_MAX];

	for (uint32_t level = 0; level < LEVELS && misfits < MISFITS_MAX; level++) {
		uint16_t at = swim->level_first[level], after;

		for (; at != NO_UPDATE && taken < FILL_MAX && misfits < MISFITS_MAX; at = after) {
			after = swim->updates[at].after;
			if (!update_write(swim, swim->updates[at].member, writer)) {
				misfits++;
				continue;
			}
			unlink_update(swim, at);
			written[taken++] = at;
		}
	}
	for (uint32_t i = 0; i < taken; i++) {
		uint8_t sent = (uint8_t)(swim->updates[written[i]].sent + 1);

		link_update(swim, written[i], sent < LEVELS ? sent : LEVELS - 1);
		if (sent >= limit)
			updates_remove(swim, swim->updates[written[i]].member);
	}
}
