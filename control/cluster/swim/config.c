// The numbers of the presets, and what a configuration may be.
#include "control/cluster/swim/core.h"

void swim_config_init(struct swim_config *config, enum swim_preset preset)
{
	*config = (struct swim_config){
		.incarnation = 1,
		.members_max = SWIM_MEMBERS_MAX,
		.updates_max = 4096,
		.probe_interval_ms = 500,
		.probe_timeout_ms = 200,
		.indirect = 3,
		.suspicion_multiplier = 3,
		.suspicion_max_factor = 6,
		.confirmations = 3,
		.gossip_interval_ms = 200,
		.gossip_fanout = 3,
		.gossip_to_dead_ms = 30000,
		.retransmit = 4,
		.sync_interval_ms = 30000,
		.rejoin_interval_ms = 5000,
		.dead_remember_ms = 24 * 3600 * 1000,
		.left_remember_ms = 3600 * 1000,
		.leave_ms = 5000,
		.lifeguard = true,
	};
	if (preset == SWIM_LAN)
		return;
	config->probe_interval_ms = 3000;
	config->probe_timeout_ms = 1500;
	config->suspicion_multiplier = 4;
	config->gossip_interval_ms = 500;
	config->gossip_fanout = 4;
	config->gossip_to_dead_ms = 60000;
	config->sync_interval_ms = 60000;
	config->rejoin_interval_ms = 15000;
	config->leave_ms = 10000;
}

static bool name_ok(const char *name)
{
	size_t length = 0;

	while (length < NAME_SIZE && name[length] > ' ' && name[length] <= '~')
		length++;
	return length > 0 && length < NAME_SIZE && name[length] == 0;
}

const char *swim_config_check(const struct swim_config *config)
{
	if (!name_ok(config->name))
		return "a node's name is 1 to 63 printable characters without blanks";
	if (!name_ok(config->cluster))
		return "a cluster's name is 1 to 63 printable characters without blanks";
	if (address_is_none(config->address) || address_is_multicast(config->address) ||
		config->port == 0)
		return "the other nodes need an address and a port to reach this one";
	if (config->members_max < 2 || config->members_max > SWIM_MEMBERS_MAX)
		return "a node can remember 2 to 16384 members";
	if (config->updates_max < 2 || config->updates_max > config->members_max)
		return "the gossip queue holds 2 updates to one for each member";
	if (config->incarnation == 0)
		return "the first incarnation is 1 or more";
	if (config->probe_interval_ms == 0 || config->gossip_interval_ms == 0 ||
		config->sync_interval_ms == 0 || config->rejoin_interval_ms == 0)
		return "an interval is 1 ms or more";
	if (config->probe_timeout_ms == 0 || config->probe_timeout_ms >= config->probe_interval_ms)
		return "the probe timeout must be shorter than the probe interval";
	if (config->indirect > INDIRECT_MAX || config->gossip_fanout < 1 ||
		config->gossip_fanout > FANOUT_MAX)
		return "indirect probes are 0 to 8, the gossip fan-out is 1 to 16";
	if (config->suspicion_multiplier == 0 || config->suspicion_max_factor == 0)
		return "a suspicion needs time: multiplier and maximum are 1 or more";
	if (config->confirmations >= ACCUSERS_MAX)
		return "a suspicion counts 0 to 3 confirmations";
	if (config->retransmit == 0 || config->retransmit > 12)
		return "an update is sent 1 to 12 times the decimal digits of the cluster's size";
	return NULL;
}
