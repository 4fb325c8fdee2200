// Levels by SO_PEERCRED and SO_PEERGROUPS.
#include "control/admin/level.h"

#include <errno.h>
#include <sys/socket.h>

int level_caller_get(struct level_caller *caller, int fd)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
		return -errno;
	caller->pid = cred.pid;
	caller->uid = cred.uid;
	caller->gid = cred.gid;

	// Without its groups (an old kernel, or more groups than fit) a caller is judged by
	// its own group alone.
	size = sizeof(caller->groups);
	caller->groups_count = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, caller->groups, &size) == 0)
		caller->groups_count = (unsigned)(size / sizeof(gid_t));
	return 0;
}

static bool level_in_group(const struct level_caller *caller, gid_t gid)
{
	if (caller->gid == gid)
		return true;
	for (unsigned i = 0; i < caller->groups_count; i++)
		if (caller->groups[i] == gid)
			return true;
	return false;
}

enum admin_level level_of(const struct level_caller *caller, uid_t daemon_uid, gid_t socket_gid)
{
	if (caller->uid == 0 || caller->uid == daemon_uid)
		return LEVEL_ADMIN;
	if (level_in_group(caller, socket_gid))
		return LEVEL_OPERATOR;
	return LEVEL_NONE;
}
