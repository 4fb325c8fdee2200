// The dataplane's reading of a command line, for tests of control: each has a `struct config`.
#include "tests/unit/control/plane/dataplane_parse.h"

#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/config.h"

bool dataplane_parse(int argc, char **argv, char *said, size_t size)
{
	static struct config config;
	int file = memfd_create("stderr", MFD_CLOEXEC), before = dup(STDERR_FILENO);
	enum config_result result;
	ssize_t got;

	dup2(file, STDERR_FILENO);
	result = config_parse(&config, argc, argv);
	dup2(before, STDERR_FILENO);
	got = pread(file, said, size - 1, 0);
	said[got > 0 ? got : 0] = 0;
	close(before);
	close(file);
	return result == CONFIG_OK;
}
