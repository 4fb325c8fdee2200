// Links without DPDK's drivers: what one port takes, the port at its other end receives, in order.
// Linked in place of the port library, so that a whole worker runs in a test, in virtual time, and
// every packet buffer that does not come back is noticed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port.h"

#define FAKE_QUEUE 4096u

struct port {
	struct port_config config;
	struct port *peer;
	bool up;        // link state
	bool resolves;  // the neighbour answers
	uint32_t room;  // packets that port_tx still takes; the rest is back-pressure
	uint32_t mbufs; // buffers that port_mbuf_get still gives
	uint32_t asked; // calls of port_tx
	struct rte_mbuf *queue[FAKE_QUEUE]; // arrived, not received yet
	uint32_t head, count;
	// Called for every packet that this port takes, before its peer sees it. False: it is lost.
	bool (*on_tx)(void *context, const uint8_t *payload, uint32_t size);
	void *context;
	struct port_counters counters;
};

void fake_port_init(struct port *port, struct port *peer, uint32_t ipv4);
void fake_port_fini(struct port *port); // frees what has arrived and was not received
// A packet that nobody sent arrives next.
void fake_port_inject(struct port *to, const uint8_t *payload, uint32_t size);
// Buffers of all ports that somebody holds.
int64_t fake_mbufs(void);
