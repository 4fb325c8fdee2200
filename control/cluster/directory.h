// The peers of a node by name: where their control process listens, and which of our links leads to
// their dataplane. PURE.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/members/members.h"
#include "control/config.h"

#define DIRECTORY_NO_LINK UINT32_MAX

// A copy: it stays true to what was known when it was looked up.
struct directory_peer {
	char name[NAME_SIZE];
	struct address control_address;
	uint16_t control_port;
	struct address address; // of its dataplane
	uint32_t link; // index into config.links: leads to `address`. DIRECTORY_NO_LINK: none does
};

struct directory {
	const struct config *config;    // borrowed
	struct members_reader *members; // borrowed; NULL: only the configuration is known
};

// False: nobody of that name is known, or it is this node.
bool directory_find(const struct directory *directory, const char *name, struct directory_peer *to);
// The same peer, by the address at which it says that its dataplane is. False: that is no address
// of its dataplane, or no link of ours leads there; `to` is what directory_find says.
bool directory_find_at(const struct directory *directory, const char *name, struct address address,
	struct directory_peer *to);
// Which dataplanes of a peer there are, as its control process says; 0: not known. `gone` died.
void directory_boots(
	const struct directory *directory, const char *name, uint64_t *boot, uint64_t *gone);
// Whom it knows, for people: "b, c". Whole names only; returns `text`.
const char *directory_names(const struct directory *directory, char *text, size_t size);
