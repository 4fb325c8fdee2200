// Whom to ask for the cluster: the configuration's seeds and peers, an address that somebody gave,
// and after a leave the members that were here.
#include <assert.h>
#include <string.h>

#include "control/log.h"
#include "control/net/gossip_internal.h"

enum { KNOWN_MAX = 8 }; // of the members that were here: a few are enough

static bool is_self(const struct gossip *gossip, struct address address, uint16_t port)
{
	struct swim_view self;

	return swim_member(gossip->swim, SWIM_SELF, &self) && port == self.port &&
	       address_equal(address, self.address);
}

static void seeds_add(const struct gossip *gossip, struct gossip_seeds *seeds,
	struct address address, uint16_t port)
{
	if (is_self(gossip, address, port) || seeds->count == SWIM_SEEDS_MAX)
		return;
	for (uint32_t i = 0; i < seeds->count; i++) {
		if (seeds->seed[i].port == port && address_equal(seeds->seed[i].address, address))
			return;
	}
	seeds->seed[seeds->count++] = (struct config_seed){.address = address, .port = port};
}

// Whoever is named first is asked first.
static void seeds_of_config(const struct gossip *gossip, struct gossip_seeds *seeds)
{
	const struct config *config = gossip->config;

	for (uint32_t i = 0; i < config->membership.seeds_count; i++)
		seeds_add(gossip, seeds, config->membership.seeds[i].address,
			config->membership.seeds[i].port);
	for (uint32_t i = 0; i < config->peers_count && i < SWIM_SEEDS_MAX / 2; i++)
		seeds_add(gossip, seeds, config->peers[i].control_address,
			config->peers[i].control_port);
}

// False: it is not here.
static bool seeds_add_member(
	const struct gossip *gossip, struct gossip_seeds *seeds, uint32_t member)
{
	struct swim_view view;

	if (member == SWIM_SELF || !swim_member(gossip->swim, member, &view) ||
		(view.state != SWIM_ALIVE && view.state != SWIM_SUSPECT))
		return false;
	seeds_add(gossip, seeds, view.address, view.port);
	return true;
}

// The core heard nothing any more after the good-bye: its members are those that were here then.
// They are taken from all over the list, for neighbours may have one fate.
static void seeds_of_members(const struct gossip *gossip, struct gossip_seeds *seeds)
{
	uint32_t end = swim_end(gossip->swim), step = end / KNOWN_MAX + 1, known = 0;

	for (uint32_t first = 0; first < step; first++) {
		for (uint32_t i = first; i < end && known < KNOWN_MAX; i += step)
			known += seeds_add_member(gossip, seeds, i);
	}
}

static void seeds_ask(struct gossip *gossip, const struct gossip_seeds *seeds)
{
	char text[CONFIG_ADDRESS_TEXT];

	for (uint32_t i = 0; i < seeds->count; i++) {
		const struct config_seed *seed = &seeds->seed[i];

		if (!swim_join(gossip->swim, loop_now_ns(gossip->loop), seed->address, seed->port))
			log_warning("Seed %s is one too many and is not asked.",
				config_address_text(text, seed->address, seed->port));
	}
}

void gossip_seeds_start(struct gossip *gossip)
{
	struct gossip_seeds seeds = {0};

	seeds_of_config(gossip, &seeds);
	seeds_ask(gossip, &seeds);
}

// With a new core when this node has left.
static void seeds_join(struct gossip *gossip, const struct gossip_seeds *seeds)
{
	if (swim_left(gossip->swim))
		gossip_come_back(gossip);
	gossip_begin(gossip);
	seeds_ask(gossip, seeds);
	gossip_carry(gossip);
}

int gossip_join(struct gossip *gossip, struct address address, uint16_t port)
{
	struct gossip_seeds seeds = {0};
	bool added;

	assert(!gossip_is_leaving(gossip)); // the seed would be forgotten with the core
	if (swim_left(gossip->swim)) {
		seeds_add(gossip, &seeds, address, port);
		seeds_of_config(gossip, &seeds);
		seeds_of_members(gossip, &seeds);
		seeds_join(gossip, &seeds);
		return 0;
	}
	gossip_begin(gossip);
	added = swim_join(gossip->swim, loop_now_ns(gossip->loop), address, port);
	gossip_carry(gossip);
	return added ? 0 : -1;
}

void gossip_join_known(struct gossip *gossip, struct gossip_seeds *asked)
{
	assert(!gossip_is_leaving(gossip));
	asked->count = 0;
	seeds_of_config(gossip, asked);
	if (swim_left(gossip->swim))
		seeds_of_members(gossip, asked);
	if (asked->count)
		seeds_join(gossip, asked);
}
