// What a device does for us, chosen from what it says it can. Pure.
#pragma once

#include <stdint.h>

#include "dataplane/port/port.h"

struct offload {
	uint64_t rx, tx; // RTE_ETH_RX_OFFLOAD_*, RTE_ETH_TX_OFFLOAD_*
};

// Of the capabilities of a device, those that a link so configured uses.
struct offload offload_choose(const struct port_config *config, uint64_t rx_capa, uint64_t tx_capa);
