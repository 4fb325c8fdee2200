// Anti-entropy: now and then two members compare what they know, digest first. Neither end keeps
// anything between two frames: where to go on is in the frames.
#include "control/cluster/swim/core.h"
#include "control/cluster/swim/frame.h"

enum { SPREAD_ABOVE = 32, PICKS_MAX = 16, CHANGES_OF_A_RECORD = 3 };

static uint32_t bucket_of(const struct identity *identity, uint32_t buckets)
{
	return (identity->name_hash * 0x9e3779b1u >> 16) & (buckets - 1);
}

// The dead are not part of it: every node forgets them at a time of its own.
static bool counts(const struct member *member)
{
	return member->identity != IDENTITIES_NONE &&
	       (member->state == SWIM_ALIVE || member->state == SWIM_SUSPECT);
}

static void digest_make(const struct swim *swim, uint32_t buckets, struct digest *digest)
{
	memset(digest->hash, 0, buckets * sizeof(digest->hash[0]));
	digest->buckets = buckets;
	for (uint32_t i = 0; i < swim->end; i++) {
		const struct member *of = &swim->members[i];
		const struct identity *identity;
		uint64_t hash;

		if (!counts(of))
			continue;
		identity = member_identity(swim, of);
		hash = ((uint64_t)identity->hash << 32 | of->incarnation) * 0x9e3779b97f4a7c15ull;
		hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
		digest->hash[bucket_of(identity, buckets)] += hash ^ hash >> 32;
	}
}

// About eight members a bucket.
static uint32_t buckets_wanted(const struct swim *swim)
{
	uint32_t buckets = FRAME_BUCKETS_MIN;

	while (buckets < FRAME_BUCKETS_MAX && buckets * 8 < swim_count(swim))
		buckets *= 2;
	return buckets;
}

static uint32_t pick(struct swim *swim)
{
	for (int i = 0; i < PICKS_MAX && swim->order_count; i++) {
		uint32_t member = swim->order[swim_random_below(swim, swim->order_count)];

		if (swim->members[member].identity != IDENTITIES_NONE &&
			swim->members[member].state == SWIM_ALIVE)
			return member;
	}
	return SWIM_NONE;
}

static void frame_done(struct swim *swim, struct swim_frame *frame, const struct writer *writer)
{
	frame->size = (uint32_t)writer->size;
	swim->report.frames_out++;
	swim->report.frame_bytes_out += frame->size;
}

static void open_exchange(struct swim *swim, uint32_t member, struct swim_output *out)
{
	struct swim_frame *frame = &out->sync;
	struct writer writer = {.bytes = frame->bytes, .room = SWIM_FRAME_MAX};
	struct digest digest;

	frame->member = member;
	frame->address = swim->sync_address;
	frame->port = swim->sync_port;
	frame->last = false;
	if (member != SWIM_NONE) {
		const struct identity *identity = member_identity(swim, &swim->members[member]);

		frame->address = identity->address;
		frame->port = identity->port;
	}
	digest_make(swim, buckets_wanted(swim), &digest);
	frame_start(&writer, swim->cluster, FRAME_DIGEST);
	digest_write(&writer, &digest);
	frame_done(swim, frame, &writer);
}

// Above 32 members each doubling makes it one interval longer, so that all together do not load
// each of them more (as memberlist does).
static uint64_t interval(const struct swim *swim)
{
	uint64_t interval = SWIM_MS(swim->config.sync_interval_ms);
	uint32_t times = 1;

	for (uint32_t n = SPREAD_ABOVE; n < swim_count(swim); n *= 2)
		times++;
	return interval * times;
}

void sync_soon(struct swim *swim, struct address address, uint16_t port)
{
	swim->sync_soon = true;
	swim->sync_address = address;
	swim->sync_port = port;
}

void sync_tick(struct swim *swim, struct swim_output *out)
{
	uint32_t member;

	if (swim->sync_soon && out->sync.size == 0) {
		swim->sync_soon = false;
		member = roster_by_address(swim, swim->sync_address, swim->sync_port);
		if (member != SWIM_SELF)
			open_exchange(swim, member, out);
	}
	if (swim->now_ns < swim->sync_ns || out->sync.size)
		return;
	swim->sync_ns = swim->now_ns + interval(swim);
	member = pick(swim);
	if (member != SWIM_NONE)
		open_exchange(swim, member, out);
}

uint64_t sync_next_ns(const struct swim *swim)
{
	return swim->sync_soon ? swim->now_ns : swim->sync_ns;
}

// Fills a page from `cursor` on. Returns where the next one begins.
static uint32_t page_fill(const struct swim *swim, const struct page *page, uint32_t cursor,
	struct writer *writer, uint16_t *count)
{
	for (; cursor < swim->end; cursor++) {
		const struct member *of = &swim->members[cursor];
		const struct identity *identity;

		if (of->identity == IDENTITIES_NONE)
			continue;
		identity = member_identity(swim, of);
		if (!page_differs(page, bucket_of(identity, page->buckets)))
			continue;
		if (*count == SYNC_RECORDS_MAX || !record_write(writer, (enum swim_state)of->state,
							  identity, of->incarnation))
			return cursor;
		++*count;
	}
	return FRAME_END;
}

// Our page as an answer: `cursor` is where the other end asks us to go on, page->yours where it
// does.
static void answer(struct swim *swim, struct page *page, uint32_t cursor, struct swim_output *out)
{
	struct swim_frame *frame = &out->answer;
	struct writer writer = {.bytes = frame->bytes, .room = SWIM_FRAME_MAX}, head;

	page->count = 0;
	frame_start(&writer, swim->cluster, FRAME_RECORDS);
	head = writer;
	page_write(&writer, page);
	page->mine = cursor == FRAME_END ? FRAME_END
					 : page_fill(swim, page, cursor, &writer, &page->count);
	page_write(&head, page);
	frame->last = page->yours == FRAME_END && page->mine == FRAME_END;
	frame_done(swim, frame, &writer);
}

static enum swim_result on_digest(struct swim *swim, struct reader *reader, struct swim_output *out)
{
	struct digest theirs, ours;
	struct page page = {.round = 1, .yours = FRAME_END};
	uint32_t cursor = FRAME_END;

	if (!digest_read(reader, &theirs))
		return SWIM_MALFORMED;
	digest_make(swim, theirs.buckets, &ours);
	page.buckets = theirs.buckets;
	for (uint32_t i = 0; i < ours.buckets; i++) {
		if (ours.hash[i] == theirs.hash[i])
			continue;
		page.differ[i / 8] |= (uint8_t)(1u << i % 8);
		page.yours = cursor = 0;
	}
	answer(swim, &page, cursor, out);
	return SWIM_OK;
}

// Who is dead to the other end is only a suspect to us: it gets a chance to protest, and all the
// time that there is, for this is hearsay.
static enum swim_result merge(
	struct swim *swim, const struct record *record, struct swim_output *out)
{
	enum swim_result result = SWIM_OK;
	uint32_t member;

	if (out->changes + CHANGES_OF_A_RECORD > SWIM_CHANGES_MAX)
		return SWIM_FULL;
	if (record->state == SWIM_ALIVE || record->state == SWIM_SUSPECT)
		result = on_alive(swim, record, out);
	member = roster_find(swim, record->name);
	if (member == SWIM_NONE || record->state == SWIM_ALIVE)
		return result;
	if (record->state == SWIM_LEFT)
		on_dead(swim, member, record->incarnation, true, out);
	else
		on_suspect(swim, member, record->incarnation, SWIM_NONE, out);
	return result;
}

static enum swim_result on_page(struct swim *swim, struct reader *reader, struct swim_output *out)
{
	enum swim_result result = SWIM_OK, merged;
	struct record record;
	struct page page;
	uint32_t cursor;

	if (!page_read(reader, &page))
		return SWIM_MALFORMED;
	swim->by_sync = true;
	for (uint32_t i = 0; i < page.count && record_read(reader, &record); i++) {
		merged = merge(swim, &record, out);
		if (merged != SWIM_OK)
			result = merged;
	}
	swim->by_sync = false;
	if (reader->bad)
		return SWIM_MALFORMED;
	if ((page.yours == FRAME_END && page.mine == FRAME_END) || page.round >= FRAME_ROUNDS_MAX)
		return result;
	cursor = page.yours;
	page.yours = page.mine;
	page.round++;
	answer(swim, &page, cursor, out);
	return result;
}

static enum swim_result on_frame(
	struct swim *swim, enum frame_kind kind, struct reader *reader, struct swim_output *out)
{
	switch (kind) {
	case FRAME_DIGEST:
		return on_digest(swim, reader, out);
	case FRAME_RECORDS:
		return on_page(swim, reader, out);
	case FRAME_PING:
		return on_stream_ping(swim, reader, out);
	case FRAME_PONG:
		break; // swim_is_stream_pong: an answer, never a question
	}
	return SWIM_MALFORMED;
}

enum swim_result swim_on_sync(struct swim *swim, uint64_t now_ns, const uint8_t *bytes, size_t size,
	struct swim_output *out)
{
	struct reader reader = {.at = bytes, .left = size};
	enum swim_result result;
	enum frame_kind kind;

	swim_wake(swim, now_ns);
	swim->report.frames_in++;
	swim->report.frame_bytes_in += size;
	result = size > SWIM_FRAME_MAX || swim->left ? SWIM_MALFORMED
						     : frame_read(&reader, swim->cluster, &kind);
	if (result == SWIM_OK)
		result = on_frame(swim, kind, &reader, out);
	if (result != SWIM_OK)
		swim->report.rejected[result]++;
	return result;
}
