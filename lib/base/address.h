// One address of a host, IPv4 or IPv6. One representation everywhere: the 16 bytes of IPv6 as they
// are on the wire, an IPv4 address mapped into them as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). The
// length of a prefix is what people write: 24 of an IPv4 address, 64 of an IPv6 address.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/bytes.h"

struct address {
	uint8_t bytes[16]; // all zero: none
};

#define ADDRESS_TEXT_SIZE 46 // INET6_ADDRSTRLEN

// An initializer, of an IPv4 address in host order.
#define ADDRESS_IPV4(ip)                                                                     \
	{                                                                                    \
		{                                                                            \
			[10] = 0xff, 0xff, (uint8_t)((uint32_t)(ip) >> 24),                  \
			(uint8_t)((uint32_t)(ip) >> 16), (uint8_t)((ip) >> 8), (uint8_t)(ip) \
		}                                                                            \
	}

static inline struct address address_from_ipv4(uint32_t ip)
{
	struct address a = {0};

	// in one piece: what is loaded again at once was stored as wide
	be64_put(a.bytes + 8, 0xffffull << 32 | ip);
	return a;
}

static inline struct address address_load(const uint8_t bytes[16])
{
	struct address a;

	memcpy(a.bytes, bytes, sizeof(a.bytes));
	return a;
}

static inline bool address_equal(struct address a, struct address b)
{
	return be64_get(a.bytes) == be64_get(b.bytes) &&
	       be64_get(a.bytes + 8) == be64_get(b.bytes + 8);
}

static inline bool address_is_none(struct address a)
{
	return be64_get(a.bytes) == 0 && be64_get(a.bytes + 8) == 0;
}

static inline bool address_is_ipv4(struct address a)
{
	return be64_get(a.bytes) == 0 && be32_get(a.bytes + 8) == 0xffff;
}

// The IPv4 address in host order; 0 of an IPv6 address.
static inline uint32_t address_ipv4(struct address a)
{
	return address_is_ipv4(a) ? be32_get(a.bytes + 12) : 0;
}

static inline bool address_is_multicast(struct address a)
{
	return address_is_ipv4(a) ? a.bytes[12] >> 4 == 0xe : a.bytes[0] == 0xff;
}

// fe80::/10: means something on its own link only.
static inline bool address_is_link_local(struct address a)
{
	return a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;
}

// Two addresses of one kind whose first `prefix` bits are the same.
static inline bool address_same_network(struct address a, struct address b, uint32_t prefix)
{
	uint32_t bits = address_is_ipv4(a) ? 96 + prefix : prefix, whole = bits / 8;

	if (memcmp(a.bytes, b.bytes, whole) != 0)
		return false;
	return bits % 8 == 0 || (a.bytes[whole] ^ b.bytes[whole]) >> (8 - bits % 8) == 0;
}

// 32 bits of it for names: the IPv4 address itself, or a hash (FNV-1a) of an IPv6 address.
static inline uint32_t address_tag(struct address a)
{
	uint32_t hash = 2166136261u;

	if (address_is_ipv4(a))
		return address_ipv4(a);
	for (size_t i = 0; i < sizeof(a.bytes); i++)
		hash = (hash ^ a.bytes[i]) * 16777619u;
	return hash;
}

// address.c

// One that a host may have, under a prefix of this length. Not, of IPv4: 0.x, 127.x, multicast and
// above, the network's own address or its broadcast; of IPv6: ::, ::1, multicast, the routers'
// anycast address (host part 0).
bool address_is_host(struct address a, uint32_t prefix);
// "10.77.1.1" or "fd00::1"; not "::ffff:10.77.1.1", which would be a second way to write the first.
bool address_parse(struct address *a, const char *text);
// Returns `text`.
const char *address_text(char text[ADDRESS_TEXT_SIZE], struct address a);
