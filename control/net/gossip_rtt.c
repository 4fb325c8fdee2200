// Round trips of probes: counted by how long they took, and told to whoever shows them.
#include "control/net/gossip_internal.h"

#define US(us) ((uint64_t)(us)*1000)

const uint64_t gossip_rtt_bounds_ns[GOSSIP_RTT_BOUNDS] = {US(100), US(250), US(500), US(1000),
	US(2500), US(5000), US(10000), US(25000), US(50000), US(100000), US(250000), US(500000),
	US(1000000)};

void gossip_rtt_take(struct gossip *gossip, const struct swim_probed *probed)
{
	uint32_t bucket = 0;

	if (probed->rtt_ns == 0)
		return;
	while (bucket < GOSSIP_RTT_BOUNDS && probed->rtt_ns > gossip_rtt_bounds_ns[bucket])
		bucket++;
	gossip->rtt_count[bucket]++;
	gossip->rtt_sum_ns += probed->rtt_ns;
	if (gossip->on_rtt)
		gossip->on_rtt(gossip->rtt_owner, probed->member, probed->rtt_ns);
}
