// Which CPUs a measurement runs on.
#pragma once

// Pins the calling thread to the last of the CPUs that the process may use (the first ones serve
// interrupts). The CPU, or -1: the system refused.
int pin(void);
// CPUs that the process might use before it was pinned, in order; for threads of a sample. Returns
// how many, at most `max`.
int pin_cpus(int *cpus, int max);
