// Finding things in the configuration, and addresses as text.
#include "control/config.h"

#include <assert.h>
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

int config_link_find(const struct config *config, uint32_t address)
{
	for (uint32_t i = 0; i < config->links_count; i++) {
		const struct setup_link *link = &config->links[i];

		if ((link->address ^ address) >> (32 - link->prefix) == 0)
			return (int)i;
	}
	return -1;
}

const char *config_address_text(char text[CONFIG_ADDRESS_TEXT], uint32_t address, uint16_t port)
{
	int used = snprintf(text, CONFIG_ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24,
		address >> 16 & 255, address >> 8 & 255, address & 255);

	assert(used > 0);
	if (port)
		snprintf(text + used, CONFIG_ADDRESS_TEXT - (size_t)used, ":%u", port);
	return text;
}
