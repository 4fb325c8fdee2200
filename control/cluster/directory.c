// Peers by name: those of the configuration.
#include "control/cluster/directory.h"

#include <stdio.h>
#include <string.h>

bool directory_find(const struct directory *directory, const char *name, struct directory_peer *to)
{
	int index = config_peer_find(directory->config, name);
	const struct config_peer *peer;

	if (index < 0)
		return false;
	peer = &directory->config->peers[index];
	*to = (struct directory_peer){.control_address = peer->control_address,
		.control_port = peer->control_port,
		.address = peer->address,
		.link = peer->link};
	memcpy(to->name, peer->name, sizeof(to->name));
	return true;
}

bool directory_find_at(const struct directory *directory, const char *name, struct address address,
	struct directory_peer *to)
{
	return directory_find(directory, name, to) && address_equal(address, to->address);
}

const char *directory_names(const struct directory *directory, char *text, size_t size)
{
	const struct config *config = directory->config;
	size_t used = 0;

	text[0] = 0;
	for (uint32_t i = 0; i < config->peers_count; i++) {
		const char *name = config->peers[i].name;
		size_t more = strlen(name) + (used ? 2 : 0);

		if (used + more >= size)
			break;
		snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
		used += more;
	}
	return text;
}
