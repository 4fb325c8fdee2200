// Seeds: addresses that are asked until somebody answers there.
#include "control/cluster/swim/core.h"

#define RETRY_MS 1000u

void hello_send(struct swim *swim, struct address address, uint16_t port, uint32_t member,
	uint32_t number, struct swim_output *out)
{
	struct control ping = {.kind = SWIM_PING, .number = number};
	struct writer writer = datagram_start(swim, out);

	memcpy(ping.from, swim->config.name, NAME_SIZE);
	if (member != SWIM_NONE)
		memcpy(ping.target, member_identity(swim, &swim->members[member])->name, NAME_SIZE);
	control_write(&writer, &ping);
	update_write(swim, SWIM_SELF, &writer);
	if (member != SWIM_NONE)
		update_write(swim, member, &writer);
	datagram_end(swim, &writer, address, port, out);
}

bool swim_join(struct swim *swim, uint64_t now_ns, struct address address, uint16_t port)
{
	struct seed *seed = swim->seeds;

	swim_wake(swim, now_ns);
	while (seed < swim->seeds + swim->seeds_count &&
		!(address_equal(seed->address, address) && seed->port == port))
		seed++;
	if (seed == swim->seeds + SWIM_SEEDS_MAX)
		return false;
	if (seed == swim->seeds + swim->seeds_count)
		swim->seeds_count++;
	*seed = (struct seed){
		.address = address, .port = port, .member = SWIM_NONE, .next_ns = swim->now_ns};
	return true;
}

static bool is_self(const struct swim *swim, const struct seed *seed)
{
	return seed->port == swim->config.port &&
	       address_equal(seed->address, swim->config.address);
}

// Soon again first, in the end as seldom as the dead.
static uint64_t retry_ns(const struct swim *swim, const struct seed *seed)
{
	uint64_t wait = SWIM_MS(RETRY_MS) << (seed->tries < 6 ? seed->tries : 6);
	uint64_t most = SWIM_MS(swim->config.rejoin_interval_ms);

	return swim->now_ns + (wait < most ? wait : most);
}

void join_tick(struct swim *swim, struct swim_output *out)
{
	for (uint32_t i = 0; i < swim->seeds_count && out->sends < SWIM_SENDS_MAX / 2; i++) {
		struct seed *seed = &swim->seeds[i];
		struct pending *pending;

		if (seed->answered || swim->now_ns < seed->next_ns)
			continue;
		if (is_self(swim, seed)) {
			seed->answered = true;
			continue;
		}
		seed->next_ns = retry_ns(swim, seed);
		seed->tries++;
		pending = pending_add(swim, PENDING_SEED, i);
		if (pending)
			hello_send(
				swim, seed->address, seed->port, SWIM_NONE, pending->number, out);
	}
}

uint64_t join_next_ns(const struct swim *swim)
{
	uint64_t next = NEVER;

	for (uint32_t i = 0; i < swim->seeds_count; i++)
		if (!swim->seeds[i].answered && swim->seeds[i].next_ns < next)
			next = swim->seeds[i].next_ns;
	return next;
}
