// How large buffers and rings of a port are, and why.
#pragma once

#include "dataplane/port/port.h"

#define SIZES_HEADROOM   128u // RTE_PKTMBUF_HEADROOM, asserted in vdev.c
#define SIZES_MBUF       128u // sizeof(struct rte_mbuf)
#define SIZES_OBJECT     64u  // mempool's own header of an element
#define SIZES_POOL_CACHE 256u

// One frame as the driver lays it out. memif: bsize. af_packet:
// framesz, kernel's header included. af_xdp: data room.
uint32_t sizes_frame(const struct port_config *c);
uint32_t sizes_ring(const struct port_config *c); // slots per queue and direction
uint32_t sizes_buffer_count_min(const struct port_config *c);
uint32_t sizes_buffer_count(const struct port_config *c); // of the port's pool
uint32_t sizes_element(const struct port_config *c); // memory of one buffer, all headers included
