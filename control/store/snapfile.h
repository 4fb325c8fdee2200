// The bytes of a snapshot's file. PURE. Two blocks of header with the configuration, units of
// 64 KiB that carry their own CRC, and a block at the end with the CRC over all CRCs: a file
// without it is none.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"

enum snapfile_layout {
	SNAPFILE_HEADER_SIZE = 8192,
	SNAPFILE_UNIT_SIZE = 65536,
	SNAPFILE_UNIT_TAIL = 32,
	SNAPFILE_UNIT_DATA = SNAPFILE_UNIT_SIZE - SNAPFILE_UNIT_TAIL,
	SNAPFILE_TRAILER_SIZE = 4096,
	SNAPFILE_VERSION = 1,
	SNAPFILE_CLUSTER_SIZE = 16,
};

struct snapfile {
	uint8_t cluster[SNAPFILE_CLUSTER_SIZE];
	uint64_t node;
	uint64_t index, term;
	uint64_t size; // bytes of the caller's; in the trailer
	uint32_t chain;
};

void snapfile_seal_header(uint8_t bytes[SNAPFILE_HEADER_SIZE], const struct snapfile *file,
	const struct raft_conf *conf);
bool snapfile_parse_header(
	struct snapfile *file, struct raft_conf *conf, const uint8_t bytes[SNAPFILE_HEADER_SIZE]);
// `used` of the unit's data are the caller's. Returns its CRC.
uint32_t snapfile_seal_unit(
	uint8_t unit[SNAPFILE_UNIT_SIZE], uint64_t index, uint64_t number, uint32_t used);
// False: rot, or another's. used: the caller's bytes in it.
bool snapfile_parse_unit(const uint8_t unit[SNAPFILE_UNIT_SIZE], uint64_t index, uint64_t number,
	uint32_t *used, uint32_t *crc);
uint32_t snapfile_chain(uint32_t chain, uint32_t crc);
void snapfile_seal_trailer(uint8_t bytes[SNAPFILE_TRAILER_SIZE], const struct snapfile *file);
bool snapfile_parse_trailer(const uint8_t bytes[SNAPFILE_TRAILER_SIZE],
	const struct snapfile *header, uint64_t *size, uint32_t *chain);
uint64_t snapfile_units(uint64_t size);
uint64_t snapfile_bytes(uint64_t size); // of the whole file
