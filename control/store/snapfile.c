// The bytes of a snapshot's file.
#include "control/store/snapfile.h"

#include <string.h>

#include "control/cluster/raft/conf.h"
#include "lib/base/bytes.h"
#include "lib/base/crc32c.h"

#define HEADER_MAGIC  0x534c5549534e4131ull // "SLUISNA1"
#define TRAILER_MAGIC 0x534c5549534e5a31ull // "SLUISNZ1"

enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_CRC = 12,
	AT_CLUSTER = 16,
	AT_NODE = 32,
	AT_INDEX = 40,
	AT_TERM = 48,
	AT_CONF_SIZE = 56,
	AT_SIZE = 56,
	AT_CHAIN = 64,
	AT_CONF = 4096
};

// Of a unit's last bytes.
enum { TAIL_INDEX = 0, TAIL_NUMBER = 8, TAIL_USED = 16, TAIL_CRC = 28 };

static uint32_t crc_without(const uint8_t *bytes, uint32_t size)
{
	return crc32c_more(crc32c(bytes, AT_CRC), bytes + AT_CRC + 4, size - (AT_CRC + 4));
}

static void put_identity(uint8_t *bytes, uint64_t magic, const struct snapfile *file)
{
	be64_put(bytes + AT_MAGIC, magic);
	be16_put(bytes + AT_VERSION, SNAPFILE_VERSION);
	memcpy(bytes + AT_CLUSTER, file->cluster, SNAPFILE_CLUSTER_SIZE);
	be64_put(bytes + AT_NODE, file->node);
	be64_put(bytes + AT_INDEX, file->index);
	be64_put(bytes + AT_TERM, file->term);
}

void snapfile_seal_header(uint8_t bytes[SNAPFILE_HEADER_SIZE], const struct snapfile *file,
	const struct raft_conf *conf)
{
	memset(bytes, 0, SNAPFILE_HEADER_SIZE);
	put_identity(bytes, HEADER_MAGIC, file);
	if (conf->members > 0)
		be32_put(bytes + AT_CONF_SIZE, conf_write(conf, bytes + AT_CONF));
	be32_put(bytes + AT_CRC, crc_without(bytes, SNAPFILE_HEADER_SIZE));
}

bool snapfile_parse_header(
	struct snapfile *file, struct raft_conf *conf, const uint8_t bytes[SNAPFILE_HEADER_SIZE])
{
	uint32_t conf_size = be32_get(bytes + AT_CONF_SIZE);

	*file = (struct snapfile){0};
	*conf = (struct raft_conf){0};
	if (be64_get(bytes + AT_MAGIC) != HEADER_MAGIC ||
		be16_get(bytes + AT_VERSION) != SNAPFILE_VERSION ||
		be32_get(bytes + AT_CRC) != crc_without(bytes, SNAPFILE_HEADER_SIZE))
		return false;
	memcpy(file->cluster, bytes + AT_CLUSTER, SNAPFILE_CLUSTER_SIZE);
	file->node = be64_get(bytes + AT_NODE);
	file->index = be64_get(bytes + AT_INDEX);
	file->term = be64_get(bytes + AT_TERM);
	return conf_size == 0 ||
	       (conf_size <= RAFT_CONF_MAX && conf_read(conf, bytes + AT_CONF, conf_size));
}

static uint32_t unit_crc(const uint8_t *unit)
{
	return crc32c(unit, SNAPFILE_UNIT_DATA + TAIL_CRC);
}

uint32_t snapfile_seal_unit(
	uint8_t unit[SNAPFILE_UNIT_SIZE], uint64_t index, uint64_t number, uint32_t used)
{
	uint8_t *tail = unit + SNAPFILE_UNIT_DATA;

	memset(unit + used, 0, SNAPFILE_UNIT_SIZE - used);
	be64_put(tail + TAIL_INDEX, index);
	be64_put(tail + TAIL_NUMBER, number);
	be32_put(tail + TAIL_USED, used);
	be32_put(tail + TAIL_CRC, unit_crc(unit));
	return be32_get(tail + TAIL_CRC);
}

bool snapfile_parse_unit(const uint8_t unit[SNAPFILE_UNIT_SIZE], uint64_t index, uint64_t number,
	uint32_t *used, uint32_t *crc)
{
	const uint8_t *tail = unit + SNAPFILE_UNIT_DATA;

	*used = be32_get(tail + TAIL_USED);
	*crc = be32_get(tail + TAIL_CRC);
	return *crc == unit_crc(unit) && be64_get(tail + TAIL_INDEX) == index &&
	       be64_get(tail + TAIL_NUMBER) == number && *used <= SNAPFILE_UNIT_DATA;
}

uint32_t snapfile_chain(uint32_t chain, uint32_t crc)
{
	uint8_t bytes[4];

	be32_put(bytes, crc);
	return crc32c_more(chain, bytes, sizeof(bytes));
}

void snapfile_seal_trailer(uint8_t bytes[SNAPFILE_TRAILER_SIZE], const struct snapfile *file)
{
	memset(bytes, 0, SNAPFILE_TRAILER_SIZE);
	put_identity(bytes, TRAILER_MAGIC, file);
	be64_put(bytes + AT_SIZE, file->size);
	be32_put(bytes + AT_CHAIN, file->chain);
	be32_put(bytes + AT_CRC, crc_without(bytes, SNAPFILE_TRAILER_SIZE));
}

bool snapfile_parse_trailer(const uint8_t bytes[SNAPFILE_TRAILER_SIZE],
	const struct snapfile *header, uint64_t *size, uint32_t *chain)
{
	*size = be64_get(bytes + AT_SIZE);
	*chain = be32_get(bytes + AT_CHAIN);
	return be64_get(bytes + AT_MAGIC) == TRAILER_MAGIC &&
	       be16_get(bytes + AT_VERSION) == SNAPFILE_VERSION &&
	       be32_get(bytes + AT_CRC) == crc_without(bytes, SNAPFILE_TRAILER_SIZE) &&
	       memcmp(bytes + AT_CLUSTER, header->cluster, SNAPFILE_CLUSTER_SIZE) == 0 &&
	       be64_get(bytes + AT_NODE) == header->node &&
	       be64_get(bytes + AT_INDEX) == header->index &&
	       be64_get(bytes + AT_TERM) == header->term;
}

uint64_t snapfile_units(uint64_t size)
{
	return size / SNAPFILE_UNIT_DATA + (size % SNAPFILE_UNIT_DATA != 0);
}

uint64_t snapfile_bytes(uint64_t size)
{
	return SNAPFILE_HEADER_SIZE + snapfile_units(size) * SNAPFILE_UNIT_SIZE +
	       SNAPFILE_TRAILER_SIZE;
}
