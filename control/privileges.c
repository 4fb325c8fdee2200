// What a process that talks to strangers need not be able to do.
#include "control/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The leak checker of a build with AddressSanitizer looks at its own process from outside.
#ifdef __SANITIZE_ADDRESS__
#define PRIVILEGES_DUMPABLE 1
#else
#define PRIVILEGES_DUMPABLE 0
#endif

void privileges_close_memory(void)
{
	prctl(PR_SET_DUMPABLE, PRIVILEGES_DUMPABLE, 0, 0, 0);
}

int privileges_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -1 : 0;
}
