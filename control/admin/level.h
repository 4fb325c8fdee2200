// Who is at the other end of the control socket, and what that one may do.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "control/admin/schema.h"

enum level_limits {
	LEVEL_GROUPS_MAX = 256, // supplementary groups looked at
};

struct level_caller {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	unsigned groups_count;
	gid_t groups[LEVEL_GROUPS_MAX];
};

// Credentials of a connected Unix socket as they were when it connected. 0 or negative errno.
int level_caller_get(struct level_caller *caller, int fd);

// Root and the daemon's own user: admin. Members of the socket's group: operator. Others: none.
enum admin_level level_of(const struct level_caller *caller, uid_t daemon_uid, gid_t socket_gid);
