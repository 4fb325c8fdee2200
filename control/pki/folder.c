// The folder of private keys, which is 0700, and the paths in it.
#include "control/pki/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "control/pki/owner.h"

int folder_path(char path[PKI_PATH_SIZE], const char *folder, const char *name, char *error)
{
	if (snprintf(path, PKI_PATH_SIZE, "%s/%s", folder, name) < PKI_PATH_SIZE)
		return 0;
	snprintf(error, PKI_ERROR_SIZE, "the path of %s is longer than %d characters", name,
		PKI_PATH_SIZE - 1);
	return -1;
}

// With the folders that it is in, which anybody may enter. What cannot be made the last one tells.
static int folder_make_all(const char *folder)
{
	char path[PKI_PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *at = path; *at && (at = strchr(at + 1, '/'));) {
		*at = 0;
		mkdir(path, 0755);
		*at = '/';
	}
	return mkdir(folder, 0700);
}

void pki_say_init(const char *file, char *error)
{
	size_t used = strlen(error);
	struct stat status;

	if (lstat(file, &status) < 0 && errno == ENOENT)
		snprintf(error + used, PKI_ERROR_SIZE - used, "; sluice pki init makes one");
}

int folder_make(const char *folder, char *error)
{
	struct stat status;

	if (folder_make_all(folder) < 0 && errno != EEXIST) {
		snprintf(error, PKI_ERROR_SIZE, "the folder %s cannot be made: %s", folder,
			strerror(errno));
		return -1;
	}
	if (stat(folder, &status) < 0 || !S_ISDIR(status.st_mode)) {
		snprintf(error, PKI_ERROR_SIZE, "%s is not a folder", folder);
		return -1;
	}
	if (owner_check(folder, error) < 0)
		return -1;
	if (status.st_mode & 077) {
		snprintf(error, PKI_ERROR_SIZE,
			"others may enter %s (mode %03o), where private keys go; chmod 700 it or "
			"name another folder",
			folder, status.st_mode & 0777);
		return -1;
	}
	return 0;
}

int folder_may_write(const char *folder, const char *name, bool replace, char *error)
{
	char path[PKI_PATH_SIZE];
	struct stat status;

	if (folder_path(path, folder, name, error) < 0)
		return -1;
	if (lstat(path, &status) < 0 || replace)
		return 0;
	snprintf(error, PKI_ERROR_SIZE,
		"%s exists; --replace makes it anew (what the old one signed or opened is lost)",
		path);
	return -1;
}
