// Frames over connections as bytes. Of anti-entropy: a digest is a hash for each bucket of members,
// records are what one end knows of the members in the buckets that differ, page by page. And
// pings. Fields: docs/wire.md, "SWIM".
#pragma once

#include "control/cluster/swim/codec.h"

#define FRAME_END UINT32_MAX // as a cursor: nothing is left

enum frame_kind { FRAME_DIGEST = 1, FRAME_RECORDS, FRAME_PING, FRAME_PONG };

enum frame_limits {
	FRAME_BUCKETS_MIN = 16,
	FRAME_BUCKETS_MAX = 1024, // powers of two
	FRAME_ROUNDS_MAX = 1000,  // frames of one exchange
};

struct digest {
	uint32_t buckets;
	uint64_t hash[FRAME_BUCKETS_MAX];
};

// The head of a page; `count` records follow.
struct page {
	uint32_t buckets;
	uint8_t differ[FRAME_BUCKETS_MAX / 8];
	uint16_t round;
	uint32_t yours; // where the reader of this page goes on, or FRAME_END
	uint32_t mine;  // where its writer goes on after it, or FRAME_END
	uint16_t count;
};

// PING, and PONG. Both ends are named: nobody can send it back, or have another node answer.
struct stream_ping {
	char to[NAME_SIZE], from[NAME_SIZE];
};

static inline bool page_differs(const struct page *page, uint32_t bucket)
{
	return page->differ[bucket / 8] >> bucket % 8 & 1;
}

// Behind the header that datagrams have, too. SWIM_MALFORMED and the like: nothing was read.
enum swim_result frame_read(struct reader *reader, uint64_t cluster, enum frame_kind *kind);
void frame_start(struct writer *writer, uint64_t cluster, enum frame_kind kind);
bool digest_write(struct writer *writer, const struct digest *digest);
bool digest_read(struct reader *reader, struct digest *digest);
bool page_write(struct writer *writer, const struct page *page);
bool page_read(struct reader *reader, struct page *page);
bool stream_ping_write(struct writer *writer, const struct stream_ping *ping);
bool stream_ping_read(struct reader *reader, struct stream_ping *ping);
