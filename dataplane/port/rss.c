// Receive side scaling: the hash is made to depend on nothing but the last four bits of the UDP
// port that a packet goes to, and that port names the worker that owns the connection.
//
// The Toeplitz hash is the XOR of the key's bits i..i+31 over all set bits i of its input:
// addresses, source port, destination port. A key with a single one, at bit k, lets input bit i
// reach hash bit i + 31 - k and no other; with k 28 behind the input's last bit only the last four
// have one, mirrored. So 16 entries of the table say it all, whatever the peers' addresses and
// ports are: nothing has to be agreed on, and the first packet of a connection arrives right
// (docs/adr/0014-rss-by-our-own-port.md).
#include "dataplane/port/rss.h"

#include <string.h>

#define PORT_BITS       4u
#define INPUT_BITS_IPV4 96u  // addresses 2 x 32, ports 2 x 16
#define INPUT_BITS_IPV6 288u // addresses 2 x 128, ports 2 x 16

_Static_assert(1u << PORT_BITS == RSS_TABLE_MIN && RSS_TABLE_MIN == WORKERS_MAX, "limits.h");

static uint32_t mirror(uint32_t bits)
{
	return (bits & 1) << 3 | (bits & 2) << 1 | (bits & 4) >> 1 | (bits & 8) >> 3;
}

void rss_choose(
	struct rss *rss, const struct port_config *config, const struct rte_eth_dev_info *info)
{
	bool ipv4 = address_is_ipv4(config->address);
	uint16_t base = config->udp_base_port;
	uint32_t one = (ipv4 ? INPUT_BITS_IPV4 : INPUT_BITS_IPV6) - 1 + 32 - PORT_BITS;

	*rss = (struct rss){
		.types = ipv4 ? RTE_ETH_RSS_NONFRAG_IPV4_UDP : RTE_ETH_RSS_NONFRAG_IPV6_UDP,
		.key_size = info->hash_key_size,
		.table_size = info->reta_size,
	};
	rss->possible = config->queues > 1 &&
			(info->flow_type_rss_offloads & rss->types) == rss->types &&
			rss->key_size <= RSS_KEY_MAX && one < rss->key_size * 8 &&
			rss->table_size >= RSS_TABLE_MIN && rss->table_size <= RTE_DIM(rss->table);
	if (!rss->possible)
		return;
	rss->key[one / 8] = (uint8_t)(0x80 >> one % 8);
	for (uint32_t i = 0; i < rss->table_size; i++)
		rss->table[i] = (uint16_t)(i % config->queues);
	for (uint16_t w = 0; w < config->queues; w++)
		rss->table[mirror((base + w) % RSS_TABLE_MIN)] = w;
}

bool rss_table_set(uint16_t device, const struct rss *rss)
{
	struct rte_eth_rss_reta_entry64 groups[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];

	memset(groups, 0, sizeof(groups));
	for (uint32_t i = 0; i < rss->table_size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &groups[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = rss->table[i];
	}
	return rte_eth_dev_rss_reta_update(device, groups, (uint16_t)rss->table_size) == 0;
}
