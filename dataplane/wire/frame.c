// Views of our own protocol to bytes: header, ACK block, HELLO, block header. Inverse of parse.c.
#include "dataplane/wire/wire.h"

#include <assert.h>
#include <string.h>

#include "lib/base/bytes.h"

uint32_t wire_header_frame(uint8_t *bytes, const struct wire_header *view)
{
	bytes[0] = (uint8_t)(WIRE_VERSION << 5 | view->type);
	bytes[1] = view->flags;
	be32_put(bytes + 2, view->cid);
	be48_put(bytes + 6, view->pn);
	be32_put(bytes + 12, view->stream);
	be48_put(bytes + 16, view->offset);
	return WIRE_HEADER_SIZE;
}

uint32_t wire_ack_frame(uint8_t *bytes, const struct wire_ack *view)
{
	// Counts come from our own transport; past these bounds the caller's room would be overrun.
	assert(view->nwords <= ACK_WORDS_MAX && view->nlimits <= ACK_LIMITS_MAX);

	be48_put(bytes, view->largest);
	be16_put(bytes + 6, view->delay_us);
	bytes[8] = view->nwords;
	bytes[9] = view->nlimits;
	be16_put(bytes + 10, view->ce);
	be64_put(bytes + 12, view->credit);

	uint8_t *at = bytes + WIRE_ACK_FIXED;
	for (uint32_t i = 0; i < view->nwords; i++, at += 8)
		be64_put(at, view->words[i]);
	for (uint32_t i = 0; i < view->nlimits; i++, at += 8) {
		be32_put(at, view->limits[i].stream);
		be32_put(at + 4, view->limits[i].records);
	}
	return (uint32_t)(at - bytes);
}

uint32_t wire_hello_frame(uint8_t *bytes, const struct wire_hello *view)
{
	memcpy(bytes, view->session_id, sizeof(view->session_id));
	be64_put(bytes + 16, view->boot_id);
	be64_put(bytes + 24, view->credit);
	be16_put(bytes + 32, view->segment_size);
	be16_put(bytes + 34, view->flags);
	be32_put(bytes + 36, view->records);
	return WIRE_HELLO_SIZE;
}

uint32_t wire_hint_frame(uint8_t *bytes, uint32_t cid)
{
	be32_put(bytes, cid);
	return WIRE_HINT_SIZE;
}

uint32_t block_header_frame(uint8_t *bytes, const struct block_header *view)
{
	bytes[0] = (uint8_t)(BLOCK_VERSION << 4 | (view->flags & 0xf));
	bytes[1] = view->codec;
	bytes[2] = view->level;
	bytes[3] = view->dictionary;
	be32_put(bytes + 4, view->raw_size);
	be32_put(bytes + 8, view->stored_size);
	be32_put(bytes + 12, view->crc32c);
	return BLOCK_HEADER_SIZE;
}
