// Does this machine have what the configuration asks for? Apart from config_load, which says the
// same everywhere.
#include "control/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// The kernel keeps of a mask with every CPU those that exist and that our cpuset allows: more than
// the CPUs that we happen to run on now, which a dataplane may leave.
static void machine_cpus(cpu_set_t *cpus)
{
	cpu_set_t before, all;

	CPU_ZERO(cpus);
	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		return;
	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	if (sched_getaffinity(0, sizeof(*cpus), cpus) < 0)
		*cpus = before;
	sched_setaffinity(0, sizeof(before), &before);
}

void config_machine_read(struct config_machine *machine)
{
	char line[128];
	uint64_t kib;
	FILE *file = fopen("/proc/meminfo", "re");

	*machine = (struct config_machine){0};
	machine_cpus(&machine->cpus);
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %" SCNu64, &kib) == 1)
			machine->memory_mb = kib / 1024;
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			machine->available_mb = kib / 1024;
	}
	if (file)
		fclose(file);
}

// "0-1,4"
static void machine_cpus_text(const cpu_set_t *cpus, char *text, size_t size)
{
	size_t used = 0;

	text[0] = 0;
	for (int first = 0, last; first < CPU_SETSIZE && used < size; first = last + 1) {
		last = first;
		if (!CPU_ISSET(first, cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		used += (size_t)snprintf(text + used, size - used, "%s%d", used ? "," : "", first);
		if (last > first && used < size)
			used += (size_t)snprintf(text + used, size - used, "-%d", last);
	}
}

int config_machine_check(const struct config *config, const struct config_machine *machine,
	char *error, size_t error_size)
{
	const struct setup_dataplane *dataplane = &config->dataplane;
	char cpus[64];

	// What the machine does not tell is not held against the configuration.
	if (machine->memory_mb && dataplane->memory_mb > machine->memory_mb) {
		snprintf(error, error_size,
			"%s: dataplane.memory_mb: %u MiB do not fit: this machine has %" PRIu64
			" MiB, %" PRIu64 " of them available",
			config->file, dataplane->memory_mb, machine->memory_mb,
			machine->available_mb);
		return -1;
	}
	machine_cpus_text(&machine->cpus, cpus, sizeof(cpus));
	for (uint16_t i = 0; cpus[0] && i < dataplane->cores_count; i++) {
		if (CPU_ISSET(dataplane->core[i], &machine->cpus))
			continue;
		snprintf(error, error_size,
			"%s: dataplane.cores: there is no CPU %u here; this machine lets us run on "
			"%s",
			config->file, dataplane->core[i], cpus);
		return -1;
	}
	return 0;
}
