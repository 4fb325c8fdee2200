// Which requests were applied already.
#include "control/cluster/kv/origins.h"

#include "control/cluster/kv/hash.h"

uint64_t origin_hash(const struct origin *origin)
{
	uint64_t hash = hash_word(origin->origin, origin->boot);

	hash = hash_word(hash_word(hash, origin->highest), origin->applied);
	for (uint32_t i = 0; i < KV_WINDOW / 64; i++)
		hash = hash_word(hash, origin->seen[i]);
	return hash;
}

static bool origin_is(const struct origin *origin, uint64_t id, uint64_t boot)
{
	return origin->origin == id && origin->boot == boot;
}

static struct origin *origins_find(struct origins *origins, uint64_t id, uint64_t boot)
{
	if (origins->latest < origins->count &&
		origin_is(&origins->origin[origins->latest], id, boot))
		return &origins->origin[origins->latest];
	for (uint32_t i = 0; i < origins->count; i++) {
		if (origin_is(&origins->origin[i], id, boot))
			return &origins->origin[i];
	}
	return NULL;
}

// A new one, instead of the one that proposed nothing for the longest time when there is no room.
static struct origin *origins_add(struct origins *origins, uint64_t id, uint64_t boot)
{
	struct origin *place = &origins->origin[0];

	if (origins->count < KV_ORIGINS_MAX) {
		place = &origins->origin[origins->count++];
	} else {
		for (uint32_t i = 1; i < origins->count; i++) {
			if (origins->origin[i].applied < place->applied)
				place = &origins->origin[i];
		}
		origins->hash -= origin_hash(place);
	}
	*place = (struct origin){.origin = id, .boot = boot};
	origins->hash += origin_hash(place);
	return place;
}

static uint64_t *word_of(struct origin *origin, uint64_t sequence)
{
	return &origin->seen[sequence % KV_WINDOW / 64];
}

static void origin_advance(struct origin *origin, uint64_t sequence)
{
	uint64_t steps = sequence - origin->highest;

	for (uint64_t i = 1; i <= steps && i <= KV_WINDOW; i++)
		*word_of(origin, origin->highest + i) &= ~(1ull << (origin->highest + i) % 64);
	origin->highest = sequence;
}

static enum kv_status origin_admit(struct origin *origin, uint64_t sequence)
{
	uint64_t bit = 1ull << sequence % 64;

	if (sequence > origin->highest)
		origin_advance(origin, sequence);
	if (origin->highest - sequence >= KV_WINDOW)
		return KV_EXPIRED;
	if (*word_of(origin, sequence) & bit)
		return KV_REPEATED;
	*word_of(origin, sequence) |= bit;
	return KV_OK;
}

enum kv_status origins_admit(
	struct origins *origins, const struct kv_request *request, uint64_t index)
{
	struct origin *origin;
	enum kv_status status;

	if (request->sequence == 0)
		return KV_OK;
	origin = origins_find(origins, request->origin, request->boot);
	if (!origin)
		origin = origins_add(origins, request->origin, request->boot);
	origins->hash -= origin_hash(origin);
	status = origin_admit(origin, request->sequence);
	origin->applied = index;
	origins->hash += origin_hash(origin);
	origins->latest = (uint32_t)(origin - origins->origin);
	return status;
}

bool origins_restore(struct origins *origins, const struct origin *origin, uint64_t applied)
{
	if (origins->count == KV_ORIGINS_MAX || origin->applied > applied || origin->highest == 0 ||
		origins_find(origins, origin->origin, origin->boot))
		return false;
	origins->origin[origins->count++] = *origin;
	origins->hash += origin_hash(origin);
	return true;
}
