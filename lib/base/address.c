// Addresses as people write them, and which of them a host may have.
#include "lib/base/address.h"

#include <arpa/inet.h>

bool address_is_host(struct address a, uint32_t prefix)
{
	static const struct address none, loopback = {{[15] = 1}};
	struct address host = a;
	uint32_t ip = address_ipv4(a), host_mask = prefix < 32 ? UINT32_MAX >> prefix : 0;

	if (address_is_ipv4(a)) {
		if (ip >> 24 == 0 || ip >> 24 == 127 || ip >> 28 >= 0xe)
			return false;
		// of a /31 both are hosts (RFC 3021)
		return prefix >= 31 || ((ip & host_mask) != 0 && (ip & host_mask) != host_mask);
	}
	if (address_equal(a, none) || address_equal(a, loopback) || address_is_multicast(a))
		return false;
	for (uint32_t bit = 0; bit < prefix && bit < 128; bit++)
		host.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return prefix >= 127 || !address_equal(host, none); // of a /127 both (RFC 6164)
}

bool address_parse(struct address *a, const char *text)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*a = address_from_ipv4(ntohl(v4.s_addr));
		return true;
	}
	return inet_pton(AF_INET6, text, a->bytes) == 1 && !address_is_ipv4(*a);
}

const char *address_text(char text[ADDRESS_TEXT_SIZE], struct address a)
{
	int family = address_is_ipv4(a) ? AF_INET : AF_INET6;

	inet_ntop(family, family == AF_INET ? a.bytes + 12 : a.bytes, text, ADDRESS_TEXT_SIZE);
	return text;
}
