// The configuration of a node: read from YAML, checked, then constant. Every string is bounded,
// every number in range.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

enum config_limits {
	CONFIG_LINKS_MAX = 16,
	CONFIG_PEERS_MAX = 64,
	CONFIG_WORKERS_MAX = 16,
	CONFIG_SOCKET_SIZE = 108, // sun_path, with the zero
	CONFIG_PATH_SIZE = 256,
	CONFIG_CORES_SIZE = 64,
	CONFIG_ERROR_SIZE = 512, // enough for every sentence of config_load
};

#define CONFIG_RUN_DIR_MAX 90 // characters, so that every socket in it fits sun_path

enum config_driver { CONFIG_MEMIF, CONFIG_AF_PACKET, CONFIG_AF_XDP };
enum config_role { CONFIG_SERVER, CONFIG_CLIENT };
enum config_idle { CONFIG_ADAPTIVE, CONFIG_BUSY };
enum config_hugepages { CONFIG_HUGE_AUTO, CONFIG_HUGE_REQUIRE, CONFIG_HUGE_OFF };

struct config_link {
	char name[NAME_SIZE];
	enum config_driver driver;
	enum config_role role;           // memif
	char socket[CONFIG_SOCKET_SIZE]; // memif; empty otherwise
	char interface[16];              // af_packet, af_xdp; empty otherwise
	uint32_t address;                // IPv4, host order
	uint32_t prefix;                 // length, 8..31
	uint32_t mtu;
	bool mac_set;
	uint8_t mac[6];
};

struct config_peer {
	char name[NAME_SIZE];
	uint32_t control_address; // IPv4, host order
	uint16_t control_port;
	uint32_t address; // of its dataplane, inside the prefix of links[link]
	uint32_t link;
};

struct config {
	char file[CONFIG_PATH_SIZE];
	char node[NAME_SIZE];
	char run_dir[CONFIG_SOCKET_SIZE];
	uint32_t listen_address; // IPv4, host order
	uint16_t listen_port;    // 0: any, for tests
	struct {
		uint32_t workers;
		enum config_hugepages hugepages;
		uint32_t memory_mb;
		enum config_idle idle;
		char program[CONFIG_PATH_SIZE]; // absolute
		uint16_t udp_port;              // of worker 0
		char cores[CONFIG_CORES_SIZE];  // empty: the dataplane chooses
	} dataplane;
	uint32_t links_count, peers_count;
	struct config_link links[CONFIG_LINKS_MAX];
	struct config_peer peers[CONFIG_PEERS_MAX];
};

// 0, or -1 with one sentence in `error` that names file, key and what is allowed.
int config_load(struct config *config, const char *file, char *error, size_t error_size);

// Index into peers or links, or -1.
int config_peer_find(const struct config *config, const char *name);
int config_link_find(const struct config *config, uint32_t address);

const char *config_driver_name(enum config_driver driver);
const char *config_role_name(enum config_role role);
const char *config_idle_name(enum config_idle idle);
const char *config_hugepages_name(enum config_hugepages hugepages);

#define CONFIG_ADDRESS_TEXT 24
// "10.77.1.1" or, with port != 0, "10.77.1.1:7701". Returns `text`.
const char *config_address_text(char text[CONFIG_ADDRESS_TEXT], uint32_t address, uint16_t port);
