// Names of the configuration's choices, and finding things in it.
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
		const struct config_link *link = &config->links[i];
		uint32_t mask = link->prefix == 0 ? 0 : ~0u << (32 - link->prefix);

		if ((link->address & mask) == (address & mask))
			return (int)i;
	}
	return -1;
}

const char *config_driver_name(enum config_driver driver)
{
	static const char *const names[] = {"memif", "af_packet", "af_xdp"};

	return names[driver];
}

const char *config_role_name(enum config_role role)
{
	static const char *const names[] = {"server", "client"};

	return names[role];
}

const char *config_idle_name(enum config_idle idle)
{
	static const char *const names[] = {"adaptive", "busy"};

	return names[idle];
}

const char *config_hugepages_name(enum config_hugepages hugepages)
{
	static const char *const names[] = {"auto", "require", "off"};

	return names[hugepages];
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
