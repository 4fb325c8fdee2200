// From an application's descriptor to a record of the transport: the codec, and waiting for room.
#include <string.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "dataplane/transform/compress.h"
#include "dataplane/worker.h"
#include "lib/base/packed.h"

static_assert(PACKED_RECORD_MAX == RECORD_RAW_MAX, "a record of messages is a record");

// A slab for the codec, or NULL when the session has no codec, or the record is urgent and would
// wait for it. False: there is one, but no slab or no time this turn.
static bool submit_slab(
	struct worker *w, const struct session *s, const struct app_tx *tx, uint8_t **slab)
{
	*slab = NULL;
	if (!s->codec->encode || tx->size == 0)
		return true;
	if (w->encode_budget < tx->size)
		return stream_urgent(tx->stream);
	*slab = app_slab_get(s->app_row->channel);
	// No slabs at all: raw is better than never.
	return *slab || s->app_row->channel->slabs == 0 || stream_urgent(tx->stream);
}

// Of the turn's budget, in bytes.
static uint32_t submit_cost(const struct worker *w, const struct session *s, uint32_t size)
{
	bool slow = s->codec->level_slow > 0 && s->level >= s->codec->level_slow;

	return slow ? w->encode_budget : size;
}

static uint8_t submit_flags(const struct app_tx *tx)
{
	if (tx->flags & APP_TX_PACKED)
		return BLOCK_PACKED;
	return tx->flags & APP_TX_MESSAGE_END ? BLOCK_MESSAGE_END : 0;
}

bool submit_record(struct worker *w, struct session *s, const struct app_tx *tx, uint64_t now_ns)
{
	struct app_channel *channel = s->app_row->channel;
	struct send_record record;
	struct compressed c;
	uint8_t *slab;

	if (!s->routed || transport_room(w->transport, s->conn, tx->stream) == 0 ||
		!submit_slab(w, s, tx, &slab))
		return false;
	compress_record(&c, s->codec, w->codec_workspace, s->level, app_tx_data(channel, tx),
		tx->size, slab, session_checksums(s));
	if (slab)
		w->encode_budget -= submit_cost(w, s, tx->size);
	if (slab && !c.compressed) {
		app_slab_put(channel, slab);
		s->blocks_raw++;
	}
	c.header.flags = submit_flags(tx);
	record = (struct send_record){.stored = c.stored,
		.stored_size = c.header.stored_size,
		.raw_size = tx->size,
		.compressed = c.compressed,
		.cookie = tx->cookie,
		.cookie2 = tx->flags};
	block_header_frame(record.header, &c.header);
	if (transport_submit(w->transport, s->conn, tx->stream, &record, now_ns) != SUBMIT_OK) {
		if (c.compressed)
			app_slab_put(channel, slab);
		// Closing: it will not go any more.
		app_deliver_sent(channel, tx->session, tx->stream, tx->cookie, false, false);
	}
	return true;
}

// What is parked of urgent streams, or of the others.
static uint32_t parked_streams(struct worker *w, struct session *s, bool urgent, uint64_t now_ns)
{
	const struct app_tx *first;
	uint32_t done = 0;

	for (uint32_t number = 0; number < STREAMS_MAX; number++)
		while ((first = app_parked_first(s->app_row, number)) != NULL &&
			stream_urgent(first->stream) == urgent &&
			submit_record(w, s, first, now_ns)) {
			app_unpark(s->app_row, number);
			w->parked--;
			done++;
		}
	return done;
}

static uint32_t parked_session(struct worker *w, struct session *s, uint64_t now_ns)
{
	uint32_t done = parked_streams(w, s, true, now_ns);

	done += parked_streams(w, s, false, now_ns);
	if (s->close_wanted && s->app_row->parked == 0) {
		s->close_wanted = false;
		transport_close(w->transport, s->conn, now_ns);
	}
	return done;
}

uint32_t submit_parked(struct worker *w, uint64_t now_ns)
{
	uint32_t done = 0;

	for (uint32_t a = 0; w->parked > 0 && a < w->apps_count; a++)
		for (uint32_t i = 0; i < APP_SESSIONS_MAX; i++) {
			struct app_session *row = &w->apps[a]->session[i];
			bool waits = row->open && row->parked > 0;
			struct session *s = waits ? session_of(w, row->cid) : NULL;

			if (s)
				done += parked_session(w, s, now_ns);
		}
	return done;
}
