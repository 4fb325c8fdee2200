// The command line of sluice-dataplane, parsed once into one const struct. No configuration
// language here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/limits.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "dataplane/transform/keys.h"
#include "lib/ipc/names.h"
#include "lib/ipc/setup.h"

enum idle_policy {
	IDLE_ADAPTIVE, // sleep when nothing happens: under 1 ms late on the first packet, a few
	// percent of a core
	IDLE_BUSY, // never sleep: one whole core per worker, always
};

struct config {
	char node[NAME_SIZE];                // in logs and DPDK's file names
	char run_dir[SETUP_RUN_DIR_MAX + 1]; // absolute; data.sock and dataplane.lock lie in it
	uint16_t workers;
	enum idle_policy idle;
	enum eal_memory memory;
	uint32_t memory_mb;     // at least; the links' needs are added up
	int cores[WORKERS_MAX]; // worker w runs on cores[w]; -1 floats
	uint16_t cores_count;   // 0: not given, all float
	enum cipher_backend cipher_backend;
	uint64_t rekey_packets; // a key is asked to end after so many; 0: as keys.h says
	uint32_t dictionaries;
	struct setup_dictionary dictionary[DICTIONARIES_MAX];
	uint16_t links;
	struct port_config link[PORTS_MAX];
};

enum config_result {
	CONFIG_OK = 0,
	CONFIG_HELP,    // printed; exit 0
	CONFIG_INVALID, // a sentence was printed; exit 2
};

enum config_result config_parse(struct config *config, int argc, char **argv);
