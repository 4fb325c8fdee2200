// The bytes of the metadata.
#include "control/store/meta.h"

#include <string.h>

#include "control/store/group.h"
#include "lib/base/bytes.h"
#include "lib/base/crc32c.h"

#define META_MAGIC 0x534c55494d455431ull // "SLUIMET1"

enum {
	AT_MAGIC = 0,
	AT_VERSION = 8,
	AT_CRC = 12,
	AT_CLUSTER = 16,
	AT_NODE = 32,
	AT_SEQUENCE = 40,
	AT_TERM = 48,
	AT_VOTE = 56,
	AT_DURABLE = 64,
	AT_DURABLE_INDEX = 72,
	AT_DURABLE_TERM = 80
};

static uint32_t slot_crc(const uint8_t *slot)
{
	return crc32c_more(crc32c(slot, AT_CRC), slot + AT_CRC + 4, META_SLOT_SIZE - (AT_CRC + 4));
}

void meta_seal(uint8_t slot[META_SLOT_SIZE], const struct meta *meta)
{
	memset(slot, 0, META_SLOT_SIZE);
	be64_put(slot + AT_MAGIC, META_MAGIC);
	be16_put(slot + AT_VERSION, META_VERSION);
	memcpy(slot + AT_CLUSTER, meta->cluster, META_CLUSTER_SIZE);
	be64_put(slot + AT_NODE, meta->node);
	be64_put(slot + AT_SEQUENCE, meta->sequence);
	be64_put(slot + AT_TERM, meta->term);
	be64_put(slot + AT_VOTE, meta->vote);
	be64_put(slot + AT_DURABLE, meta->durable_sequence);
	be64_put(slot + AT_DURABLE_INDEX, meta->durable_index);
	be64_put(slot + AT_DURABLE_TERM, meta->durable_term);
	be32_put(slot + AT_CRC, slot_crc(slot));
}

enum meta_state meta_parse(struct meta *meta, const uint8_t slot[META_SLOT_SIZE])
{
	*meta = (struct meta){0};
	if (group_is_zero(slot, META_SLOT_SIZE))
		return META_ZERO;
	if (be64_get(slot + AT_MAGIC) != META_MAGIC || be32_get(slot + AT_CRC) != slot_crc(slot))
		return META_DAMAGED;
	if (be16_get(slot + AT_VERSION) != META_VERSION)
		return META_NEWER;
	memcpy(meta->cluster, slot + AT_CLUSTER, META_CLUSTER_SIZE);
	meta->node = be64_get(slot + AT_NODE);
	meta->sequence = be64_get(slot + AT_SEQUENCE);
	meta->term = be64_get(slot + AT_TERM);
	meta->vote = be64_get(slot + AT_VOTE);
	meta->durable_sequence = be64_get(slot + AT_DURABLE);
	meta->durable_index = be64_get(slot + AT_DURABLE_INDEX);
	meta->durable_term = be64_get(slot + AT_DURABLE_TERM);
	return META_WHOLE;
}
