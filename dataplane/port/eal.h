// DPDK's environment: its command line, its memory, its threads. One per process.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eal;

enum eal_memory {
	EAL_HUGEPAGES, // 2 MiB pages from the system's pool; a failure names what is missing
	EAL_NO_HUGE,   // ordinary memory: slower, needs no preparation
	EAL_AUTO, // hugepages when enough are free, else ordinary memory; eal_hugepages() tells
};

struct eal_config {
	const char
		*name; // of the node: shown in logs, names DPDK's files. Letters, digits, '-', '_'
	enum eal_memory memory;
	uint32_t memory_mb;     // for all ports together: eal_memory_mb(); 0: 256
	bool verbose;           // DPDK's own messages on standard error
	const char *const *pci; // addresses of the devices that DPDK may have, NULL at the end;
				// NULL: none
};

// NULL on failure, with a sentence in `error`. Called once, on the main thread, before any other
// thread starts. The main thread keeps the CPU affinity it had (DPDK would pin it).
struct eal *eal_start(const struct eal_config *config, char *error, size_t error_size);
// All ports are closed, all threads have left. Takes `eal`.
void eal_stop(struct eal *eal);

bool eal_hugepages(const struct eal *eal);

// Workers are plain threads, made and joined by their owner. Each calls eal_thread_join first
// (packet buffer caches and rings want a thread number; with a CPU >= 0 it is pinned there, -1 lets
// it float so that two nodes can share two cores) and eal_thread_leave last. Also sets the thread's
// timer slack to 1 ns: short idle sleeps are exact. 0, or -1 with a sentence.
int eal_thread_join(const char *name, int cpu, char *error, size_t error_size);
void eal_thread_leave(void);

// The slow work of all ports, on the main thread: memif and virtio-user connect and disconnect,
// link state. Call it when due and at least as often as the returned time (monotonic, nanoseconds)
// says; a call may take a few milliseconds, and up to a second while a virtio-user link connects.
uint64_t eal_step(struct eal *eal, uint64_t now_ns);
