// Memory of exactly the size of what is parsed, so that a sanitizer sees any read beyond it.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/net.h"

// A copy of `size` bytes; the caller frees it.
static inline uint8_t *exact_copy(const uint8_t *frame, uint32_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, frame, size);
	return exact;
}

// The ICMP message in a frame that the caller then parses further. `exact` as exact_copy.
static inline enum verdict exact_icmp(
	struct net_icmp *icmp, uint8_t **exact, const uint8_t *frame, uint32_t size)
{
	*exact = exact_copy(frame, size);
	return net_icmp_parse(icmp, *exact, size);
}
