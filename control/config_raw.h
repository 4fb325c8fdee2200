// The configuration as it is written: every scalar a string, so that config_check.c can say what is
// allowed in its own words. NULL: not written. Private to config*.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config.h"
#include "control/net/calls_options.h"

struct raw_control {
	char *listen;
};

struct raw_dataplane {
	char *workers, *hugepages, *memory_mb, *idle, *program, *udp_port, *cores;
};

struct raw_security {
	char *cipher, *backend, *pq, *ca, *certificate, *key, *keyring;
	bool cipher_quoted; // as it is written
};

struct raw_membership {
	char *cluster, *preset, *advertise, *encryption;
	char *probe_interval_ms, *probe_timeout_ms, *gossip_interval_ms, *sync_interval_ms,
		*suspicion_multiplier;
	bool encryption_quoted; // as it is written
	char **seeds;
	uint32_t seeds_count;
};

struct raw_consensus {
	char *folder, *join, *lease, *election_ms, *heartbeat_ms, *segment_mb;
};

#define RAW_TEXT(key, ...) char *key;
#define RAW_TIME(key, ...) char *key##_ms;

struct raw_pool {
	char *preset;
	CALLS_OPTIONS(RAW_TEXT, RAW_TIME, RAW_TEXT)
};

struct raw_link {
	char *name, *driver, *role, *socket, *interface, *address, *mtu, *vlan, *mac;
};

struct raw_peer {
	char *name, *control, *address;
};

struct raw_dictionary {
	char *id, *file;
};

struct raw_config {
	char *node, *run_dir;
	struct raw_control *control;
	struct raw_dataplane *dataplane;
	struct raw_security *security;
	struct raw_membership *membership;
	struct raw_consensus *consensus;
	struct raw_pool *pool;
	struct raw_link *links;
	uint32_t links_count;
	struct raw_peer *peers;
	uint32_t peers_count;
	struct raw_dictionary *dictionaries;
	uint32_t dictionaries_count;
};

// Fills `config` from `raw`. 0, or -1 with "key: what is allowed" in `error`.
int config_check(
	struct config *config, const struct raw_config *raw, char *error, size_t error_size);

// True when the value of `key` in the mapping `part` was seen to be in quotes. `text`: of the file.
bool config_quoted(const char *text, size_t size, const char *part, const char *key);

// The file's text, to be freed; NULL with a sentence in `error`.
char *config_file_read(const char *file, size_t *size, char *error, size_t error_size);
