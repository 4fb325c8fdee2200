// The bytes of a group: seal and examine.
#include "control/store/group.h"

#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/crc32c.h"

#define GROUP_MAGIC   0x534c55494c4f4731ull // "SLUILOG1"
#define TRAILER_MAGIC 0x534c5549454e4431ull // "SLUIEND1"

// Positions in the header.
enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_HEADER_SIZE = 10,
	AT_CRC = 12,
	AT_CLUSTER = 16,
	AT_NODE = 32,
	AT_SEGMENT = 40,
	AT_OFFSET = 48,
	AT_SEQUENCE = 56,
	AT_DURABLE = 64,
	AT_BEFORE_INDEX = 72,
	AT_BEFORE_TERM = 80,
	AT_LAST_INDEX = 88,
	AT_LAST_TERM = 96,
	AT_SIZE = 104,
	AT_PAYLOAD = 108,
	AT_RECORDS = 112,
	AT_CHAIN = 116,
	AT_TAIL_CRC = 120
};

// In the trailer.
enum {
	END_MAGIC = 0,
	END_SEGMENT = 8,
	END_OFFSET = 16,
	END_SEQUENCE = 24,
	END_LAST_INDEX = 32,
	END_LAST_TERM = 40,
	END_SIZE = 48,
	END_CHAIN = 52,
	END_CRC = 60
};

// In a record.
enum {
	RECORD_AT_SIZE = 0,
	RECORD_AT_CRC = 4,
	RECORD_AT_INDEX = 8,
	RECORD_AT_TERM = 16,
	RECORD_AT_TYPE = 24,
	RECORD_AT_KIND = 25
};

uint32_t group_record_size(uint32_t size)
{
	return GROUP_RECORD_SIZE + ((size + 7) & ~7u);
}

// Sectors at the end that hold the CRCs of the ones before and the trailer.
static uint32_t tail_sectors(uint32_t sectors)
{
	return (sectors * 4 + GROUP_TRAILER_SIZE + GROUP_SECTOR - 1) / GROUP_SECTOR;
}

uint32_t group_room(uint32_t size)
{
	uint32_t sectors = size / GROUP_BLOCK * (GROUP_BLOCK / GROUP_SECTOR);

	return (sectors - tail_sectors(sectors)) * GROUP_SECTOR - GROUP_HEADER_SIZE;
}

uint32_t group_size(uint32_t payload)
{
	uint32_t size = (payload + GROUP_HEADER_SIZE + GROUP_BLOCK - 1) & ~(GROUP_BLOCK - 1u);

	if (size == 0)
		size = GROUP_BLOCK;
	while (group_room(size) < payload)
		size += GROUP_BLOCK;
	return size;
}

static uint32_t record_crc(const uint8_t *header, const uint8_t *data, uint32_t size)
{
	uint32_t crc = crc32c(header, RECORD_AT_CRC);

	crc = crc32c_more(crc, header + RECORD_AT_INDEX, GROUP_RECORD_SIZE - RECORD_AT_INDEX);
	return crc32c_more(crc, data, size);
}

uint32_t group_add(uint8_t *bytes, uint32_t payload, const struct record *record)
{
	uint8_t *at = bytes + GROUP_HEADER_SIZE + payload;
	uint32_t all = group_record_size(record->size);

	memset(at, 0, GROUP_RECORD_SIZE);
	be32_put(at + RECORD_AT_SIZE, record->size);
	be64_put(at + RECORD_AT_INDEX, record->index);
	be64_put(at + RECORD_AT_TERM, record->term);
	at[RECORD_AT_TYPE] = (uint8_t)record->type;
	at[RECORD_AT_KIND] = record->kind;
	if (record->size > 0)
		memcpy(at + GROUP_RECORD_SIZE, record->data, record->size);
	memset(at + GROUP_RECORD_SIZE + record->size, 0, all - GROUP_RECORD_SIZE - record->size);
	be32_put(at + RECORD_AT_CRC, record_crc(at, at + GROUP_RECORD_SIZE, record->size));
	return payload + all;
}

// The first sector without its CRC.
static uint32_t first_crc(const uint8_t *bytes)
{
	return crc32c_more(crc32c(bytes, AT_CRC), bytes + AT_CRC + 4, GROUP_SECTOR - (AT_CRC + 4));
}

static void trailer_seal(uint8_t *at, const struct group *group)
{
	memset(at, 0, GROUP_TRAILER_SIZE);
	be64_put(at + END_MAGIC, TRAILER_MAGIC);
	be64_put(at + END_SEGMENT, group->segment);
	be64_put(at + END_OFFSET, group->offset);
	be64_put(at + END_SEQUENCE, group->sequence);
	be64_put(at + END_LAST_INDEX, group->last_index);
	be64_put(at + END_LAST_TERM, group->last_term);
	be32_put(at + END_SIZE, group->size);
	be32_put(at + END_CHAIN, group->chain);
	be32_put(at + END_CRC, crc32c(at, END_CRC));
}

// CRCs of the sectors between the first one and the tail, and the trailer. Its own CRC.
static uint32_t tail_seal(uint8_t *bytes, const struct group *group)
{
	uint32_t sectors = group->size / GROUP_SECTOR, tail = tail_sectors(sectors);
	uint8_t *at = bytes + (sectors - tail) * GROUP_SECTOR;

	memset(at, 0, tail * GROUP_SECTOR);
	for (uint32_t i = 1; i < sectors - tail; i++)
		be32_put(at + (i - 1) * 4, crc32c(bytes + i * GROUP_SECTOR, GROUP_SECTOR));
	trailer_seal(bytes + group->size - GROUP_TRAILER_SIZE, group);
	return crc32c(at, tail * GROUP_SECTOR);
}

void group_seal(uint8_t *bytes, struct group *group)
{
	uint32_t end = GROUP_HEADER_SIZE + group->payload;

	group->size = group_size(group->payload);
	memset(bytes, 0, GROUP_HEADER_SIZE);
	memset(bytes + end, 0, group->size - end);
	be64_put(bytes + AT_MAGIC, GROUP_MAGIC);
	be16_put(bytes + AT_VERSION, GROUP_VERSION);
	be16_put(bytes + AT_HEADER_SIZE, GROUP_HEADER_SIZE);
	memcpy(bytes + AT_CLUSTER, group->cluster, GROUP_CLUSTER_SIZE);
	be64_put(bytes + AT_NODE, group->node);
	be64_put(bytes + AT_SEGMENT, group->segment);
	be64_put(bytes + AT_OFFSET, group->offset);
	be64_put(bytes + AT_SEQUENCE, group->sequence);
	be64_put(bytes + AT_DURABLE, group->durable_sequence);
	be64_put(bytes + AT_BEFORE_INDEX, group->before_index);
	be64_put(bytes + AT_BEFORE_TERM, group->before_term);
	be64_put(bytes + AT_LAST_INDEX, group->last_index);
	be64_put(bytes + AT_LAST_TERM, group->last_term);
	be32_put(bytes + AT_SIZE, group->size);
	be32_put(bytes + AT_PAYLOAD, group->payload);
	be32_put(bytes + AT_RECORDS, group->records);
	be32_put(bytes + AT_CHAIN, group->chain);
	be32_put(bytes + AT_TAIL_CRC, tail_seal(bytes, group));
	group->crc = first_crc(bytes);
	be32_put(bytes + AT_CRC, group->crc);
}

bool group_is_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

bool group_parse(struct group *group, const uint8_t sector[GROUP_SECTOR])
{
	*group = (struct group){0};
	if (be64_get(sector + AT_MAGIC) != GROUP_MAGIC ||
		be32_get(sector + AT_CRC) != first_crc(sector))
		return false;
	if (be16_get(sector + AT_VERSION) != GROUP_VERSION ||
		be16_get(sector + AT_HEADER_SIZE) != GROUP_HEADER_SIZE)
		return false;
	memcpy(group->cluster, sector + AT_CLUSTER, GROUP_CLUSTER_SIZE);
	group->node = be64_get(sector + AT_NODE);
	group->segment = be64_get(sector + AT_SEGMENT);
	group->offset = be64_get(sector + AT_OFFSET);
	group->sequence = be64_get(sector + AT_SEQUENCE);
	group->durable_sequence = be64_get(sector + AT_DURABLE);
	group->before_index = be64_get(sector + AT_BEFORE_INDEX);
	group->before_term = be64_get(sector + AT_BEFORE_TERM);
	group->last_index = be64_get(sector + AT_LAST_INDEX);
	group->last_term = be64_get(sector + AT_LAST_TERM);
	group->size = be32_get(sector + AT_SIZE);
	group->payload = be32_get(sector + AT_PAYLOAD);
	group->records = be32_get(sector + AT_RECORDS);
	group->chain = be32_get(sector + AT_CHAIN);
	group->crc = be32_get(sector + AT_CRC);
	if (group->size % GROUP_BLOCK != 0 || group->size == 0 || group->size > 1u << 30 ||
		group->payload > group_room(group->size)) {
		*group = (struct group){0};
		return false;
	}
	return true;
}

bool group_parse_trailer(struct group *group, const uint8_t sector[GROUP_SECTOR])
{
	const uint8_t *at = sector + GROUP_SECTOR - GROUP_TRAILER_SIZE;

	*group = (struct group){0};
	if (be64_get(at + END_MAGIC) != TRAILER_MAGIC ||
		be32_get(at + END_CRC) != crc32c(at, END_CRC))
		return false;
	group->segment = be64_get(at + END_SEGMENT);
	group->offset = be64_get(at + END_OFFSET);
	group->sequence = be64_get(at + END_SEQUENCE);
	group->last_index = be64_get(at + END_LAST_INDEX);
	group->last_term = be64_get(at + END_LAST_TERM);
	group->size = be32_get(at + END_SIZE);
	group->chain = be32_get(at + END_CHAIN);
	return true;
}

static bool any_sector_zero(const uint8_t *bytes, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++)
		if (group_is_zero(bytes + i * GROUP_SECTOR, GROUP_SECTOR))
			return true;
	return false;
}

bool group_owns(const uint8_t *bytes, const struct group *group, uint32_t sector)
{
	uint32_t sectors = group->size / GROUP_SECTOR, tail = tail_sectors(sectors);
	const uint8_t *table = bytes + (sectors - tail) * GROUP_SECTOR;

	if (sector == 0 || sector >= sectors - tail ||
		crc32c(table, tail * GROUP_SECTOR) != be32_get(bytes + AT_TAIL_CRC))
		return false;
	return crc32c(bytes + sector * GROUP_SECTOR, GROUP_SECTOR) ==
	       be32_get(table + (sector - 1) * 4);
}

// The first sector is right; what of the others?
static enum group_state body_state(const struct group *group, const uint8_t *bytes)
{
	uint32_t sectors = group->size / GROUP_SECTOR, tail = tail_sectors(sectors);
	const uint8_t *table = bytes + (sectors - tail) * GROUP_SECTOR;
	enum group_state state = GROUP_WHOLE;

	if (crc32c(table, tail * GROUP_SECTOR) != be32_get(bytes + AT_TAIL_CRC))
		return any_sector_zero(bytes, sectors - tail, sectors) ? GROUP_TORN : GROUP_ROTTEN;
	for (uint32_t i = 1; i < sectors - tail; i++) {
		const uint8_t *sector = bytes + i * GROUP_SECTOR;

		if (crc32c(sector, GROUP_SECTOR) == be32_get(table + (i - 1) * 4))
			continue;
		if (group_is_zero(sector, GROUP_SECTOR))
			return GROUP_TORN; // it was not all there: never flushed
		state = GROUP_ROTTEN;
	}
	return state;
}

enum group_state group_examine(
	struct group *group, const uint8_t *bytes, size_t room, const struct group *identity)
{
	*group = (struct group){0};
	if (room < GROUP_BLOCK)
		return GROUP_ABSENT;
	if (group_is_zero(bytes, GROUP_SECTOR))
		return GROUP_ABSENT;
	if (!group_parse(group, bytes))
		return GROUP_ROTTEN;
	if (memcmp(group->cluster, identity->cluster, GROUP_CLUSTER_SIZE) != 0 ||
		group->node != identity->node || group->segment != identity->segment ||
		group->offset != identity->offset || group->size > room)
		return GROUP_ROTTEN;
	return body_state(group, bytes);
}

bool group_record(
	struct record *record, const uint8_t *bytes, const struct group *group, uint32_t *at)
{
	const uint8_t *header = bytes + GROUP_HEADER_SIZE + *at;
	uint32_t size;

	if (*at == group->payload)
		return false;
	if (*at > group->payload || group->payload - *at < GROUP_RECORD_SIZE)
		goto malformed;
	size = be32_get(header + RECORD_AT_SIZE);
	if (size > group->payload - *at - GROUP_RECORD_SIZE ||
		group_record_size(size) > group->payload - *at)
		goto malformed;
	if (be32_get(header + RECORD_AT_CRC) !=
		record_crc(header, header + GROUP_RECORD_SIZE, size))
		goto malformed;
	*record = (struct record){
		.type = (enum record_type)header[RECORD_AT_TYPE],
		.kind = header[RECORD_AT_KIND],
		.index = be64_get(header + RECORD_AT_INDEX),
		.term = be64_get(header + RECORD_AT_TERM),
		.size = size,
		.data = header + GROUP_RECORD_SIZE,
	};
	if (record->type < RECORD_ENTRY || record->type >= RECORD_TYPE_END)
		goto malformed;
	*at += group_record_size(size);
	return true;

malformed:
	*at = UINT32_MAX;
	return false;
}
