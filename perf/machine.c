// What /proc and the system say of this machine.
#include "perf/machine.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

// The value of the first line of /proc/cpuinfo that starts with `key`; "unknown".
static void cpuinfo_get(const char *key, char *value, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[4096];

	snprintf(value, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) != 0 || !colon)
			continue;
		snprintf(value, size, "%s", colon + 2);
		value[strcspn(value, "\n")] = 0;
		break;
	}
	if (f)
		fclose(f);
}

json_t *machine_json(int pinned_to)
{
	struct utsname name;
	char processor[128], flags[4096];
	double load[1] = {0};

	uname(&name);
	cpuinfo_get("model name", processor, sizeof(processor));
	cpuinfo_get("flags", flags, sizeof(flags));
	(void)getloadavg(load, 1);
	return json_pack("{s:s, s:s, s:s, s:I, s:i, s:I, s:b, s:f}", "kernel", name.release,
		"architecture", name.machine, "processor", processor, "cpus",
		(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "pinned_to", pinned_to, "memory_bytes",
		(json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE), "hypervisor",
		strstr(flags, " hypervisor") != NULL, "load", load[0]);
}
