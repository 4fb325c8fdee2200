// The configuration of a node: read from YAML, checked, then constant. Every string is bounded,
// every number in range.
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/pool/pool.h"
#include "lib/ipc/names.h"
#include "lib/ipc/setup.h"

enum config_backend { CONFIG_BACKEND_AUTO, CONFIG_BACKEND_IMB, CONFIG_BACKEND_EVP };
extern const char *const config_backend_names[]; // by enum, NULL at the end

enum config_pq { CONFIG_PQ_OFF, CONFIG_PQ_PREFER, CONFIG_PQ_REQUIRE };

enum config_limits {
	CONFIG_PEERS_MAX = 64,
	CONFIG_SEEDS_MAX = 16,
	CONFIG_SOCKET_SIZE = SETUP_SOCKET_SIZE,
	CONFIG_PATH_SIZE = 256,
	CONFIG_MEMORY_MB = 256,   // when it is not written
	CONFIG_ERROR_SIZE = 1024, // enough for every sentence of config_load
};

struct config_peer {
	char name[NAME_SIZE];
	struct address control_address;
	uint16_t control_port;
	struct address address; // of its dataplane, inside the prefix of links[link]
	uint32_t link;
};

struct config_security {
	enum cipher_id cipher;       // of packets, the same on both ends of a session
	enum config_backend backend; // library of the ciphers
	enum config_pq pq;           // of the TLS key exchange
	// PEM files of this node; all empty: control connections are plain
	char ca[CONFIG_PATH_SIZE], certificate[CONFIG_PATH_SIZE], key[CONFIG_PATH_SIZE];
	char keyring[CONFIG_PATH_SIZE]; // of membership's datagrams; empty: they go in the clear
};

enum config_preset { CONFIG_LAN, CONFIG_WAN };

struct config_seed {
	struct address address; // of a control process
	uint16_t port;
};

struct config_membership {
	char cluster[NAME_SIZE];
	enum config_preset preset;
	bool clear;               // datagrams are not encrypted
	struct address advertise; // where others reach this node, at its listen_port
	// 0: the preset's
	uint32_t probe_interval_ms, probe_timeout_ms, gossip_interval_ms, sync_interval_ms,
		suspicion_multiplier;
	uint32_t seeds_count;
	struct config_seed seeds[CONFIG_SEEDS_MAX];
};

// Of Raft: what the cluster decides together.
struct config_consensus {
	char folder[CONFIG_PATH_SIZE]; // of log and snapshots; empty: this node takes no part
	bool join;                     // a node without a log becomes a member by itself
	bool lease;                    // reads without a round of messages
	uint32_t election_ms, heartbeat_ms;
	uint32_t segment_mb; // of the log, of which there are two at least
};

struct config {
	char file[CONFIG_PATH_SIZE];
	char node[NAME_SIZE];
	char run_dir[SETUP_RUN_DIR_MAX + 1];
	struct address listen_address;
	uint16_t listen_port;           // 0: any, for tests
	char program[CONFIG_PATH_SIZE]; // sluice-dataplane, absolute
	struct setup_dataplane dataplane;
	struct config_security security;
	struct config_membership membership;
	struct config_consensus consensus;
	struct pool_config pool; // of control connections: the preset's, and what is written
	uint32_t links_count, peers_count, dictionaries_count;
	struct setup_link links[SETUP_LINKS_MAX];
	struct config_peer peers[CONFIG_PEERS_MAX];
	struct setup_dictionary dictionaries[DICTIONARIES_MAX];
};

// 0, or -1 with one sentence in `error` that names file, key and what is allowed.
int config_load(struct config *config, const char *file, char *error, size_t error_size);

// What of a machine a configuration asks for.
struct config_machine {
	uint64_t memory_mb, available_mb;
	cpu_set_t cpus; // that exist and that this process may give to another
};

void config_machine_read(struct config_machine *machine);
// Does the machine have it? 0, or -1 with one sentence, as config_load's.
int config_machine_check(const struct config *config, const struct config_machine *machine,
	char *error, size_t error_size);

// Index into peers or links, or -1.
int config_peer_find(const struct config *config, const char *name);
int config_link_find(const struct config *config, struct address address);

#define CONFIG_ADDRESS_TEXT (ADDRESS_TEXT_SIZE + 8)
// "10.77.1.1" or "fd00::1"; with port != 0 "10.77.1.1:7701" or "[fd00::1]:7701". Returns `text`.
const char *config_address_text(
	char text[CONFIG_ADDRESS_TEXT], struct address address, uint16_t port);
// The address of "127.0.0.1:7701" or "[::1]:7701" without brackets, and where the port begins;
// NULL: it is neither.
const char *config_endpoint_split(const char *text, struct address *address);
// May control traffic without TLS go there?
bool config_trusted(struct address address);
