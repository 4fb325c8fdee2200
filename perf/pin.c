// Pinning.
#include "perf/pin.h"

#include <sched.h>

static cpu_set_t allowed;

int pin(void)
{
	cpu_set_t one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -1;
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &allowed)) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			return sched_setaffinity(0, sizeof(one), &one) < 0 ? -1 : cpu;
		}
	return -1;
}

int pin_cpus(int *cpus, int max)
{
	int count = 0;

	for (int cpu = 0; cpu < CPU_SETSIZE && count < max; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[count++] = cpu;
	return count;
}
