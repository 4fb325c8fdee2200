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
