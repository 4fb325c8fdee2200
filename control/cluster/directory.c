// Peers by name: those of the configuration, and members of the cluster.
#include "control/cluster/directory.h"

#include <stdio.h>
#include <string.h>

// Who left, or has not been heard of for a while, is still known: what becomes of a connection to
// it says more than "unknown".
static const struct member *directory_member(const struct directory *directory, const char *name)
{
	const struct member *member;
	struct members_view view;

	if (!directory->members)
		return NULL;
	members_get(directory->members, &view);
	member = members_find(&view, name);
	return member && !member->self ? member : NULL;
}

// The first of its addresses that a link of ours leads to.
static void directory_reach(
	const struct directory *directory, const struct meta *meta, struct directory_peer *to)
{
	for (uint32_t i = 0; i < meta->links_count; i++) {
		int link = config_link_find(directory->config, meta->links[i].address);

		if (link < 0)
			continue;
		to->address = meta->links[i].address;
		to->link = (uint32_t)link;
		return;
	}
}

bool directory_find(const struct directory *directory, const char *name, struct directory_peer *to)
{
	const struct member *member = directory_member(directory, name);
	int index = config_peer_find(directory->config, name);
	const struct config_peer *peer = index < 0 ? NULL : &directory->config->peers[index];

	*to = (struct directory_peer){.link = DIRECTORY_NO_LINK};
	if (!member && !peer)
		return false;
	snprintf(to->name, sizeof(to->name), "%s", name);
	// It says itself where it listens; of its dataplane the configuration has the last word.
	to->control_address = member ? member->address : peer->control_address;
	to->control_port = member ? member->port : peer->control_port;
	if (peer) {
		to->address = peer->address;
		to->link = peer->link;
	} else {
		directory_reach(directory, &member->meta, to);
	}
	return true;
}

bool directory_find_at(const struct directory *directory, const char *name, struct address address,
	struct directory_peer *to)
{
	const struct member *member = directory_member(directory, name);
	int link = config_link_find(directory->config, address);

	if (!directory_find(directory, name, to))
		return false;
	if (to->link != DIRECTORY_NO_LINK && address_equal(to->address, address))
		return true;
	if (!member || link < 0 || config_peer_find(directory->config, name) >= 0)
		return false;
	for (uint32_t i = 0; i < member->meta.links_count; i++) {
		if (!address_equal(member->meta.links[i].address, address))
			continue;
		to->address = address;
		to->link = (uint32_t)link;
		return true;
	}
	return false;
}

void directory_boots(
	const struct directory *directory, const char *name, uint64_t *boot, uint64_t *gone)
{
	const struct member *member = directory_member(directory, name);

	*boot = member ? member->meta.boot_id : 0;
	*gone = member ? member->meta.gone_id : 0;
}

// False: no room.
static bool names_add(char *text, size_t size, const char *name)
{
	size_t used = strlen(text), more = strlen(name) + (used ? 2 : 0);

	if (used + more >= size)
		return false;
	snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
	return true;
}

const char *directory_names(const struct directory *directory, char *text, size_t size)
{
	const struct config *config = directory->config;
	struct members_view view = {0};
	bool room = true;

	text[0] = 0;
	for (uint32_t i = 0; i < config->peers_count && room; i++)
		room = names_add(text, size, config->peers[i].name);
	if (directory->members)
		members_get(directory->members, &view);
	for (uint32_t i = 0; i < view.count && room; i++) {
		const struct member *member = &view.member[i];

		if (!member->self && member->state != MEMBER_LEFT &&
			config_peer_find(config, member->name) < 0)
			room = names_add(text, size, member->name);
	}
	return text;
}
