// Where things lie in a packet buffer: 14 + 20 + 8 bytes of Ethernet, IPv4 and UDP, 22 of Sluice,
// then the payload, which therefore begins on a cache line (buffers are cache aligned and the
// headroom is a multiple of 64).
#pragma once

#include <rte_mbuf.h>

#include "dataplane/wire/net.h"
#include "dataplane/wire/wire.h"

_Static_assert(NET_HEADERS_SIZE + WIRE_HEADER_SIZE == 64, "headers fill one cache line");
_Static_assert(RTE_PKTMBUF_HEADROOM % 64 == 0, "payload must start on a cache line");

// The Sluice header of a buffer from port_mbuf_get (a
// received packet says it in port_packet.payload).
static inline uint8_t *mbuf_header(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, NET_HEADERS_SIZE);
}

static inline uint8_t *mbuf_payload(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, NET_HEADERS_SIZE + WIRE_HEADER_SIZE);
}
