// Who this node knows: slots with stable indexes, found by name; the only place that changes a
// member's state.
#include "control/cluster/swim/core.h"

void roster_init(struct swim *swim)
{
	memset(swim->names, 0xff, (swim->names_mask + 1) * sizeof(uint16_t));
	swim->end = 0;
	swim->free = SWIM_NONE;
}

static uint32_t name_home(const struct swim *swim, uint32_t hash)
{
	return (hash ^ hash >> 15) & swim->names_mask;
}

static bool name_equal(const char a[NAME_SIZE], const char *b)
{
	for (uint32_t i = 0; i < NAME_SIZE; i++) {
		if (a[i] != b[i])
			return false;
		if (a[i] == 0)
			return true;
	}
	return false;
}

uint32_t roster_find(const struct swim *swim, const char *name)
{
	uint32_t hash = identity_name_hash(name), at = name_home(swim, hash);

	for (; swim->names[at] != NO_MEMBER; at = (at + 1) & swim->names_mask) {
		const struct identity *identity =
			member_identity(swim, &swim->members[swim->names[at]]);

		if (identity->name_hash == hash && name_equal(identity->name, name))
			return swim->names[at];
	}
	return SWIM_NONE;
}

static void names_add(struct swim *swim, uint32_t hash, uint32_t member)
{
	uint32_t at = name_home(swim, hash);

	while (swim->names[at] != NO_MEMBER)
		at = (at + 1) & swim->names_mask;
	swim->names[at] = (uint16_t)member;
}

// Whoever stands behind and would be missed at its home moves up (Knuth 6.4, algorithm R).
static void names_remove(struct swim *swim, uint32_t hash, uint32_t member)
{
	uint32_t mask = swim->names_mask, at = name_home(swim, hash), next;

	while (swim->names[at] != member)
		at = (at + 1) & mask;
	for (next = (at + 1) & mask; swim->names[next] != NO_MEMBER; next = (next + 1) & mask) {
		const struct member *of = &swim->members[swim->names[next]];
		uint32_t home = name_home(swim, member_identity(swim, of)->name_hash);

		if (((next - home) & mask) >= ((next - at) & mask)) {
			swim->names[at] = swim->names[next];
			at = next;
		}
	}
	swim->names[at] = NO_MEMBER;
}

static uint32_t slot_take(struct swim *swim)
{
	uint32_t slot = swim->free;

	if (slot == SWIM_NONE)
		return swim->end < swim->config.members_max ? swim->end++ : SWIM_NONE;
	swim->free = swim->members[slot].incarnation;
	return slot;
}

uint32_t roster_add(struct swim *swim, const struct identity_want *want, uint32_t incarnation)
{
	uint32_t slot, identity;

	if (swim->free == SWIM_NONE && swim->end == swim->config.members_max)
		return SWIM_NONE;
	identity = identities_get(swim->identities, want);
	if (identity == IDENTITIES_NONE)
		return SWIM_NONE;
	slot = slot_take(swim);
	swim->members[slot] = (struct member){.identity = identity,
		.incarnation = incarnation,
		.since_ns = swim->now_ns,
		.state = SWIM_ALIVE,
		.update = NO_UPDATE};
	swim->counts[SWIM_ALIVE]++;
	names_add(swim, member_identity(swim, &swim->members[slot])->name_hash, slot);
	if (slot != SWIM_SELF)
		order_add(swim, slot);
	return slot;
}

void roster_forget(struct swim *swim, uint32_t member)
{
	struct member *of = &swim->members[member];

	assert(member != SWIM_SELF);
	updates_remove(swim, member);
	names_remove(swim, member_identity(swim, of)->name_hash, member);
	identities_put(swim->identities, of->identity);
	swim->counts[of->state]--;
	of->identity = IDENTITIES_NONE;
	of->state = SWIM_ABSENT;
	of->listed = false;
	of->incarnation = swim->free;
	swim->free = member;
}

bool member_identify(struct swim *swim, uint32_t member, const struct identity_want *want)
{
	uint32_t identity = identities_get(swim->identities, want);

	if (identity == IDENTITIES_NONE)
		return false;
	identities_put(swim->identities, swim->members[member].identity);
	swim->members[member].identity = identity;
	return true;
}

bool changes_room(const struct swim_output *out)
{
	return out->changes < SWIM_CHANGES_MAX;
}

void change_add(struct swim_output *out, uint32_t member, enum swim_state from, enum swim_state to,
	bool meta)
{
	assert(changes_room(out));
	out->change[out->changes++] = (struct swim_change){
		.member = (uint16_t)member, .from = (uint8_t)from, .to = (uint8_t)to, .meta = meta};
}

void member_set(struct swim *swim, uint32_t member, enum swim_state state)
{
	struct member *of = &swim->members[member];

	if (of->state == state)
		return;
	swim->counts[of->state]--;
	swim->counts[state]++;
	of->state = (uint8_t)state;
	of->since_ns = swim->now_ns;
	of->accused = 0;
	if (state != SWIM_ALIVE && !of->listed) {
		of->listed = true;
		swim->troubled[swim->troubled_count++] = (uint16_t)member;
	}
}

// Only where it seldom happens: it looks at all.
uint32_t roster_by_address(const struct swim *swim, struct address address, uint16_t port)
{
	for (uint32_t i = 0; i < swim->end; i++) {
		const struct member *of = &swim->members[i];

		if (of->identity == IDENTITIES_NONE)
			continue;
		if (member_identity(swim, of)->port == port &&
			address_equal(member_identity(swim, of)->address, address))
			return i;
	}
	return SWIM_NONE;
}
