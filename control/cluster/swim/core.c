// One node: its memory, its numbers, and what it says of itself.
#include "control/cluster/swim/core.h"

static size_t aligned(size_t size)
{
	return (size + 63) & ~(size_t)63;
}

static uint32_t names_count(uint32_t members_max)
{
	uint32_t count = 16;

	while (count < members_max + members_max / 3)
		count *= 2;
	return count;
}

size_t swim_size(const struct swim_config *config)
{
	uint32_t members = config->members_max;

	return aligned(sizeof(struct swim)) + aligned(members * sizeof(struct member)) +
	       aligned(names_count(members) * sizeof(uint16_t)) +
	       2 * aligned(members * sizeof(uint16_t)) +
	       aligned(config->updates_max * sizeof(struct update));
}

static void lay_out(struct swim *swim, uint8_t *at)
{
	uint32_t members = swim->config.members_max;

	swim->members = (struct member *)(at += aligned(sizeof(*swim)));
	swim->names = (uint16_t *)(at += aligned(members * sizeof(struct member)));
	swim->names_mask = names_count(members) - 1;
	swim->order = (uint16_t *)(at += aligned((swim->names_mask + 1) * sizeof(uint16_t)));
	swim->troubled = (uint16_t *)(at += aligned(members * sizeof(uint16_t)));
	swim->updates = (struct update *)(at + aligned(members * sizeof(uint16_t)));
}

// Nodes that start together do not all act at once.
static void timers_init(struct swim *swim)
{
	const struct swim_config *config = &swim->config;
	uint64_t now = swim->now_ns;

	swim->probe_ns = now + swim_random(swim) % SWIM_MS(config->probe_interval_ms);
	swim->gossip_ns = now + swim_random(swim) % SWIM_MS(config->gossip_interval_ms);
	swim->rejoin_ns = now + swim_random(swim) % SWIM_MS(config->rejoin_interval_ms);
	swim->sync_ns = now + swim_random(swim) % SWIM_MS(config->sync_interval_ms);
	swim->expiry_ns = NEVER;
}

struct swim *swim_init(void *memory, const struct swim_config *config,
	struct identities *identities, uint64_t now_ns)
{
	struct swim *swim = memory;
	struct identity_want self = {.name = swim->config.name, .meta_version = 1};

	assert(!swim_config_check(config));
	memset(swim, 0, sizeof(*swim));
	swim->config = *config;
	swim->identities = identities;
	swim->random = config->seed ^ 0x9e3779b97f4a7c15ull;
	swim->cluster = codec_cluster(config->cluster);
	swim->now_ns = now_ns;
	lay_out(swim, memory);
	roster_init(swim);
	updates_init(swim);
	timers_init(swim);
	self.address = config->address;
	self.port = config->port;
	return roster_add(swim, &self, config->incarnation) == SWIM_SELF ? swim : NULL;
}

void swim_fini(struct swim *swim)
{
	for (uint32_t i = 0; i < swim->end; i++)
		if (swim->members[i].identity != IDENTITIES_NONE)
			identities_put(swim->identities, swim->members[i].identity);
}

void swim_output_clear(struct swim_output *out)
{
	out->sends = out->stream_pings = out->changes = out->pongs = out->conflicts = 0;
	out->sync.size = out->answer.size = 0;
	out->probed.rtt_ns = 0;
}

// splitmix64: one addition of state, and every seed is a good one.
uint64_t swim_random(struct swim *swim)
{
	uint64_t z = swim->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t swim_random_below(struct swim *swim, uint32_t bound)
{
	return (uint32_t)((swim_random(swim) >> 32) * bound >> 32);
}

uint32_t swim_number(struct swim *swim)
{
	uint32_t number = (uint32_t)swim_random(swim);

	return number ? number : 1;
}

// log2 by its integer part and a straight line between powers of two (at most 0.09 too small).
uint32_t log10_milli(uint32_t n)
{
	uint32_t whole = 31u - (uint32_t)__builtin_clz(n);
	uint32_t part = (uint32_t)(((uint64_t)n << 10 >> whole) - 1024); // of 1024

	return (uint32_t)((whole * 1024ull + part) * 30103 / (1024 * 100));
}

uint32_t log10_ceil(uint32_t n)
{
	uint32_t digits = 0;

	for (uint64_t power = 1; power < n; power *= 10)
		digits++;
	return digits;
}

bool swim_meta_set(struct swim *swim, uint64_t now_ns, const uint8_t *meta, size_t size)
{
	struct member *self = &swim->members[SWIM_SELF];
	const struct identity *old = member_identity(swim, self);
	struct identity_want want = {.name = swim->config.name,
		.address = swim->config.address,
		.port = swim->config.port,
		.meta_version = old->meta_version + 1,
		.meta_size = (uint16_t)size,
		.meta = meta};

	swim_wake(swim, now_ns);
	if (size > SWIM_META_MAX || !member_identify(swim, SWIM_SELF, &want))
		return false;
	if (self->incarnation < UINT32_MAX) // it must not begin at 0 again
		self->incarnation++;
	updates_add(swim, SWIM_SELF);
	return true;
}

void swim_leave(struct swim *swim, uint64_t now_ns)
{
	swim_wake(swim, now_ns);
	if (swim->leaving)
		return;
	swim->leaving = true;
	swim->leave_ns = now_ns + SWIM_MS(swim->config.leave_ms);
	member_set(swim, SWIM_SELF, SWIM_LEFT);
	updates_add(swim, SWIM_SELF);
	swim->gossip_ns = now_ns;
}

bool swim_left(const struct swim *swim)
{
	return swim->left;
}
