// The members of the cluster, given to the dataplane.
#include "control/plane/share.h"

#include <string.h>

#include "lib/ipc/members.h"

_Static_assert((int)MEMBERS_MAX <= (int)PLANE_MEMBERS_MAX, "every member has a row");

static struct plane_member row_of(const struct member *member)
{
	struct plane_member row = {.address = member->address,
		.boot_id = member->meta.boot_id,
		.incarnation = member->incarnation,
		.port = member->port,
		.state = member->state};

	memcpy(row.name, member->name, sizeof(row.name));
	if (member->meta.links_count) {
		row.dataplane = member->meta.links[0].address;
		row.prefix = member->meta.links[0].prefix;
	}
	return row;
}

void share_members(struct plane *plane, const struct members_view *view)
{
	struct plane_control *shared = (struct plane_control *)plane->mine.base;
	struct plane_member *list;

	if (!plane->tables.shared)
		return;
	list = plane_members_begin(&shared->members);
	for (uint32_t i = 0; i < view->count; i++)
		list[i] = row_of(&view->member[i]);
	plane_members_end(&shared->members, view->count);
}
