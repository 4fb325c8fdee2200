// Names of the congestion controllers.
#include "lib/ipc/controller_names.h"

#include <stddef.h>
#include <string.h>

const char *const controller_choices[] = {
	[CONTROLLER_AIMD] = "aimd",
	[CONTROLLER_AIMD_SS] = "aimd-ss",
	[CONTROLLER_CUBIC] = "cubic",
	[CONTROLLER_COUNT] = NULL,
};

const char *controller_name(uint32_t id)
{
	return id < CONTROLLER_COUNT ? controller_choices[id] : "unknown";
}

int controller_find(const char *name)
{
	for (int id = 0; id < CONTROLLER_COUNT; id++)
		if (strcmp(controller_choices[id], name) == 0)
			return id;
	return -1;
}
