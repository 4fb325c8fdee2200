// Receive side scaling: a card's own choice of the queue, made to be the owner's.
#pragma once

#include <rte_ethdev.h>

#include "dataplane/port/port.h"

#define RSS_KEY_MAX   64u
#define RSS_TABLE_MIN 16u // = WORKERS_MAX: entries that a device's table must have

// What a device is told: a Toeplitz key, and for each value of its hash a queue.
struct rss {
	bool possible; // the device can; else it spreads as it likes, and steer.h does the rest
	uint64_t types;
	uint32_t key_size, table_size;
	uint8_t key[RSS_KEY_MAX];
	uint16_t table[RTE_ETH_RSS_RETA_SIZE_512];
};

// Pure. `info`: what the device says of itself.
void rss_choose(
	struct rss *rss, const struct port_config *config, const struct rte_eth_dev_info *info);
// To a started device. False: it did not take the table.
bool rss_table_set(uint16_t device, const struct rss *rss);
