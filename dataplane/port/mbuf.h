// Where things lie in a packet buffer: 14 + 20 + 8 bytes of Ethernet, IPv4 and UDP, 22 of Sluice,
// then the payload, which therefore begins on a cache line (buffers are cache aligned and the
// headroom is a multiple of 64). The 20 bytes that IPv6 has more lie in the headroom; port_frame
// begins the frame there.
#pragma once

#include <rte_mbuf.h>

#include "dataplane/wire/net.h"
#include "dataplane/wire/wire.h"

#define MBUF_OWN_MAX 2048u

_Static_assert(NET_HEADERS_SIZE + WIRE_HEADER_SIZE == 64, "headers fill one cache line");
_Static_assert(RTE_PKTMBUF_HEADROOM % 64 == 0, "payload must start on a cache line");

// The Sluice header of a buffer from port_mbuf_get, until port_frame (a
// received packet says it in port_packet.payload).
static inline uint8_t *mbuf_header(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, NET_HEADERS_SIZE);
}

static inline uint8_t *mbuf_payload(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, NET_HEADERS_SIZE + WIRE_HEADER_SIZE);
}

// Asks for the cache lines of the headers and of `size` bytes of payload, to write them soon. No
// more than a core's cache can ask for at once.
static inline void mbuf_own(struct rte_mbuf *mbuf, uint32_t size)
{
	uint8_t *line = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint32_t all = NET_HEADERS_SIZE + WIRE_HEADER_SIZE + size;
	uint32_t end = all < MBUF_OWN_MAX ? all : MBUF_OWN_MAX;

	for (uint32_t at = 0; at < end; at += 64) {
#ifdef __x86_64__
		__asm__ volatile("prefetchw %0" : : "m"(line[at])); // every x86-64 takes it
#else
		__builtin_prefetch(line + at, 1);
#endif
	}
}
