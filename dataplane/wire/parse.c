// Bytes of our own protocol to views: header, ACK block, HELLO, block header. Accepts only what
// frame.c writes, so that parse and frame are inverses; what needs state (known stream, open
// window) is judged by the transport.
#include "dataplane/wire/wire.h"

#include <string.h>

#include "lib/base/bytes.h"

// Codec ids with a meaning in version 1: none, lz4, zstd, deflate, brotli, snappy. Whether this
// build has the codec is the codec table's question.
#define CODEC_ID_COUNT 6u

bool wire_header_parse(struct wire_header *view, const uint8_t *bytes, uint32_t size)
{
	if (size < WIRE_HEADER_SIZE || bytes[0] >> 5 != WIRE_VERSION)
		return false;
	view->type = bytes[0] & 0x1f;
	if (view->type >= WIRE_TYPE_COUNT)
		return false;

	view->flags = bytes[1];
	view->cid = be32_get(bytes + 2);
	view->pn = be48_get(bytes + 6);
	view->stream = be32_get(bytes + 12);
	view->offset = be48_get(bytes + 16);
	return true;
}

// A bit that would name a packet number below zero. Refused
// here so that no subtraction behind the parser can wrap.
static bool ack_names_negative(const struct wire_ack *ack)
{
	for (uint32_t w = 0; w < ack->nwords; w++) {
		uint64_t first = 64ull * w; // distance of the word's bit 0 below the largest
		uint64_t allowed;           // bits of this word at or above pn 0
		if (ack->largest < first)
			allowed = 0;
		else if (ack->largest - first >= 63)
			allowed = ~0ull;
		else
			allowed = (1ull << (ack->largest - first + 1)) - 1;
		if (ack->words[w] & ~allowed)
			return true;
	}
	return false;
}

uint32_t wire_ack_parse(struct wire_ack *view, const uint8_t *bytes, uint32_t size)
{
	if (size < WIRE_ACK_FIXED)
		return 0;
	view->largest = be48_get(bytes);
	view->delay_us = be16_get(bytes + 6);
	view->nwords = bytes[8];
	view->nlimits = bytes[9];
	view->ce = be16_get(bytes + 10);
	view->credit = be64_get(bytes + 12);
	if (view->nwords > ACK_WORDS_MAX || view->nlimits > ACK_LIMITS_MAX)
		return 0;
	uint32_t used = WIRE_ACK_FIXED + 8u * view->nwords + 8u * view->nlimits;
	if (size < used)
		return 0;

	const uint8_t *at = bytes + WIRE_ACK_FIXED;
	for (uint32_t i = 0; i < view->nwords; i++, at += 8)
		view->words[i] = be64_get(at);
	for (uint32_t i = 0; i < view->nlimits; i++, at += 8) {
		view->limits[i].stream = be32_get(at);
		view->limits[i].records = be32_get(at + 4);
	}
	return ack_names_negative(view) ? 0 : used;
}

bool wire_hello_parse(struct wire_hello *view, const uint8_t *bytes, uint32_t size)
{
	if (size < WIRE_HELLO_SIZE)
		return false;
	memcpy(view->session_id, bytes, sizeof(view->session_id));
	view->boot_id = be64_get(bytes + 16);
	view->credit = be64_get(bytes + 24);
	view->segment_size = be16_get(bytes + 32);
	view->flags = be16_get(bytes + 34);
	view->records = be32_get(bytes + 36);
	return (view->flags & ~(WIRE_HELLO_REPLY | WIRE_HELLO_MEMORY)) == 0;
}

bool wire_hint_parse(uint32_t *cid, const uint8_t *bytes, uint32_t size)
{
	if (size < WIRE_HINT_SIZE)
		return false;
	*cid = be32_get(bytes);
	return true;
}

bool block_header_parse(struct block_header *view, const uint8_t *bytes, uint32_t size)
{
	if (size < BLOCK_HEADER_SIZE || bytes[0] >> 4 != BLOCK_VERSION)
		return false;
	view->flags = bytes[0] & 0xf;
	view->codec = bytes[1];
	view->level = bytes[2];
	view->dictionary = bytes[3];
	view->raw_size = be32_get(bytes + 4);
	view->stored_size = be32_get(bytes + 8);
	view->crc32c = be32_get(bytes + 12);

	if (view->flags > BLOCK_PACKED || view->codec >= CODEC_ID_COUNT)
		return false;
	if (view->raw_size > RECORD_RAW_MAX || view->stored_size > RECORD_RAW_MAX)
		return false;
	return view->codec != 0 || view->raw_size == view->stored_size;
}
