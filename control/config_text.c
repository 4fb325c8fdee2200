// Finding things in the configuration, and addresses as text.
#include "control/config.h"

#include <stdio.h>
#include <string.h>

int config_peer_find(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->peers_count; i++) {
		if (strcmp(config->peers[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int config_link_find(const struct config *config, struct address address)
{
	for (uint32_t i = 0; i < config->links_count; i++) {
		const struct setup_link *link = &config->links[i];

		if (address_same_network(link->address, address, link->prefix))
			return (int)i;
	}
	return -1;
}

const char *config_address_text(
	char text[CONFIG_ADDRESS_TEXT], struct address address, uint16_t port)
{
	char host[ADDRESS_TEXT_SIZE];
	const char *format = address_is_ipv4(address) ? "%s:%u" : "[%s]:%u";

	if (port)
		snprintf(text, CONFIG_ADDRESS_TEXT, format, address_text(host, address), port);
	else
		address_text(text, address);
	return text;
}

// "127.0.0.1:7701" or "[::1]:7701": the address without brackets, and where the port begins.
const char *config_endpoint_split(const char *text, struct address *address)
{
	const char *colon = strrchr(text, ':');
	size_t size = colon ? (size_t)(colon - text) : 0;
	bool brackets = size >= 2 && text[0] == '[' && text[size - 1] == ']';
	char host[ADDRESS_TEXT_SIZE] = "";

	if (!colon || size - 2 * brackets >= sizeof(host))
		return NULL;
	memcpy(host, text + brackets, size - 2 * brackets);
	if (!address_parse(address, host) || address_is_ipv4(*address) == brackets)
		return NULL;
	return colon + 1;
}

// Control traffic without TLS may only go where nobody else listens.
bool config_trusted(struct address address)
{
	static const struct address loopback = {{[15] = 1}};
	uint32_t ip = address_ipv4(address);

	return ip >> 24 == 127 || ip >> 16 == (10u << 8 | 78) || address_equal(address, loopback);
}
