// Frames of anti-entropy as bytes, big-endian.
#include "control/cluster/swim/frame.h"

#include <string.h>

enum swim_result frame_read(struct reader *reader, uint64_t cluster, enum frame_kind *kind)
{
	enum swim_result result = header_read(reader, cluster);
	uint8_t number = read_u8(reader);

	if (result != SWIM_OK)
		return result;
	if (reader->bad)
		return SWIM_SHORT;
	if (number < FRAME_DIGEST || number > FRAME_PONG)
		return SWIM_MALFORMED;
	*kind = (enum frame_kind)number;
	return SWIM_OK;
}

void frame_start(struct writer *writer, uint64_t cluster, enum frame_kind kind)
{
	header_write(writer, cluster);
	write_u8(writer, (uint8_t)kind);
}

static uint32_t read_buckets(struct reader *reader)
{
	uint32_t buckets = read_u16(reader);

	if (buckets < FRAME_BUCKETS_MIN || buckets > FRAME_BUCKETS_MAX ||
		(buckets & (buckets - 1)) != 0) {
		reader->bad = true;
		return FRAME_BUCKETS_MIN;
	}
	return buckets;
}

bool digest_write(struct writer *writer, const struct digest *digest)
{
	bool whole = write_u16(writer, (uint16_t)digest->buckets);

	for (uint32_t i = 0; whole && i < digest->buckets; i++)
		whole = write_u64(writer, digest->hash[i]);
	return whole;
}

bool digest_read(struct reader *reader, struct digest *digest)
{
	digest->buckets = read_buckets(reader);
	for (uint32_t i = 0; i < digest->buckets; i++)
		digest->hash[i] = read_u64(reader);
	return !reader->bad;
}

bool page_write(struct writer *writer, const struct page *page)
{
	bool whole = write_u16(writer, page->round) && write_u32(writer, page->yours) &&
		     write_u32(writer, page->mine) && write_u16(writer, page->count) &&
		     write_u16(writer, (uint16_t)page->buckets);

	for (uint32_t i = 0; whole && i < page->buckets / 8; i++)
		whole = write_u8(writer, page->differ[i]);
	return whole;
}

bool page_read(struct reader *reader, struct page *page)
{
	memset(page->differ, 0, sizeof(page->differ));
	page->round = read_u16(reader);
	page->yours = read_u32(reader);
	page->mine = read_u32(reader);
	page->count = read_u16(reader);
	page->buckets = read_buckets(reader);
	for (uint32_t i = 0; i < page->buckets / 8; i++)
		page->differ[i] = read_u8(reader);
	return !reader->bad;
}

bool stream_ping_write(struct writer *writer, const struct stream_ping *ping)
{
	return write_name(writer, ping->to) && write_name(writer, ping->from);
}

bool stream_ping_read(struct reader *reader, struct stream_ping *ping)
{
	read_name(reader, ping->to, false);
	read_name(reader, ping->from, false);
	return !reader->bad;
}
