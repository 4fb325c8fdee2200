// What a device does for us, chosen from what it says it can. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port.h"

struct rte_mbuf;

struct offload {
	uint64_t rx, tx; // RTE_ETH_RX_OFFLOAD_*, RTE_ETH_TX_OFFLOAD_*
	uint64_t mark;   // RTE_MBUF_F_TX_* of every datagram that we send
};

// Of the capabilities of a device, those that a link so configured uses. `memory`: no sums are
// written there, nor looked at.
struct offload offload_choose(
	const struct port_config *config, bool memory, uint64_t rx_capa, uint64_t tx_capa);
// As people are told: enum port_offload.
uint32_t offload_bits(const struct offload *offload);

// A datagram whose headers are in place, and have no tag yet.
void offload_mark(const struct offload *offload, bool v4, struct rte_mbuf *mbuf);
// What the device says of a frame and was asked to look at: enum net_good. Only "good" counts.
uint32_t offload_good(const struct offload *offload, const struct rte_mbuf *mbuf);
