// Somebody is alive, it is said. Overrides what has a lower incarnation, whatever it is.
#include "control/cluster/swim/core.h"

static bool same_place(const struct identity *a, const struct identity_want *b)
{
	return a->port == b->port && address_equal(a->address, b->address);
}

static bool same_meta(const struct identity *a, const struct identity_want *b)
{
	return a->meta_version == b->meta_version && a->meta_size == b->meta_size &&
	       (a->meta_size == 0 || memcmp(a->meta, b->meta, a->meta_size) == 0);
}

static void conflict(
	struct swim *swim, uint32_t member, const struct record *record, struct swim_output *out)
{
	swim->report.conflicts++;
	if (out->conflicts == SWIM_CONFLICTS_MAX)
		return;
	out->conflict[out->conflicts++] = (struct swim_conflict){.member = member,
		.address = record->identity.address,
		.port = record->identity.port};
}

// What is said of us: of another at our place, of us before a restart, or an echo.
static enum swim_result on_self(
	struct swim *swim, const struct record *record, struct swim_output *out)
{
	const struct member *self = &swim->members[SWIM_SELF];
	const struct identity *identity = member_identity(swim, self);

	if (!same_place(identity, &record->identity)) {
		conflict(swim, SWIM_SELF, record, out);
		return SWIM_OK;
	}
	if (record->incarnation < self->incarnation ||
		(record->incarnation == self->incarnation &&
			same_meta(identity, &record->identity)))
		return SWIM_OK;
	swim->accused_now = true;
	refute_meta(swim, record->identity.meta_version);
	refute(swim, record->incarnation);
	return SWIM_OK;
}

static enum swim_result on_stranger(
	struct swim *swim, const struct record *record, struct swim_output *out)
{
	uint32_t member = roster_add(swim, &record->identity, record->incarnation);

	if (member == SWIM_NONE && troubled_evict(swim, out))
		member = roster_add(swim, &record->identity, record->incarnation);
	if (member == SWIM_NONE)
		return SWIM_FULL;
	change_add(out, member, SWIM_ABSENT, SWIM_ALIVE, record->identity.meta_size > 0);
	// who joins learns of thousands at once, and they are news to nobody else
	if (swim->by_sync)
		updates_add_late(swim, member);
	else
		updates_add(swim, member);
	return SWIM_OK;
}

// Not news. Of a member that started again with the incarnation that we know: it must hear that.
static enum swim_result stale(struct swim *swim, uint32_t member, const struct record *record)
{
	const struct member *of = &swim->members[member];

	if (of->state == SWIM_ALIVE && record->incarnation == of->incarnation &&
		!same_meta(member_identity(swim, of), &record->identity))
		updates_add(swim, member);
	return SWIM_OK;
}

enum swim_result on_alive(struct swim *swim, const struct record *record, struct swim_output *out)
{
	uint32_t member = roster_find(swim, record->name);
	struct member *of;
	enum swim_state from;
	bool meta, place;

	if (member == SWIM_SELF)
		return on_self(swim, record, out);
	if (member == SWIM_NONE)
		return on_stranger(swim, record, out);
	of = &swim->members[member];
	from = (enum swim_state)of->state;
	place = same_place(member_identity(swim, of), &record->identity);
	meta = !same_meta(member_identity(swim, of), &record->identity);
	if (!place && (from == SWIM_ALIVE || from == SWIM_SUSPECT)) {
		conflict(swim, member, record, out);
		return SWIM_OK;
	}
	if (record->incarnation <= of->incarnation)
		return stale(swim, member, record);
	if ((meta || !place) && !member_identify(swim, member, &record->identity))
		return SWIM_FULL;
	of->incarnation = record->incarnation;
	member_set(swim, member, SWIM_ALIVE);
	if (from != SWIM_ALIVE || meta)
		change_add(out, member, from, SWIM_ALIVE, meta);
	updates_add(swim, member);
	return SWIM_OK;
}
