// Frames of anti-entropy as bytes. A digest is a hash for each bucket of members; records are what
// one end knows of the members in the buckets that differ, page by page. Fields: docs/wire.md,
// "SWIM".
#pragma once

#include "control/cluster/swim/codec.h"

#define FRAME_END UINT32_MAX // as a cursor: nothing is left

enum frame_kind { FRAME_DIGEST = 1, FRAME_RECORDS };

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
