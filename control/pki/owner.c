// Whose a file or a folder is that this process believes.
#include "control/pki/owner.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool owner_is_believed(const struct stat *status)
{
	return status->st_uid == geteuid() || status->st_uid == 0;
}

int owner_check(const char *path, char *error)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return 0;
	if (owner_is_believed(&status) && S_ISLNK(status.st_mode) && stat(path, &status) < 0)
		return 0;
	if (owner_is_believed(&status))
		return 0;
	snprintf(error, PKI_ERROR_SIZE,
		"%.*s belongs to user %u, who can exchange it, and this is user %u; chown%s %u it",
		PKI_PATH_SIZE - 1, path, status.st_uid, geteuid(),
		S_ISLNK(status.st_mode) ? " -h" : "", geteuid());
	return -1;
}

int owner_check_file(const char *path, char *error)
{
	char folder[PKI_PATH_SIZE];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0; // of what lies in /, that
	return owner_check(slash ? folder : ".", error) < 0 ? -1 : owner_check(path, error);
}
