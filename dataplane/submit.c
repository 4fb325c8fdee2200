// From an application's descriptor to a record of the transport: the codec, and waiting for room.
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "dataplane/transform/compress.h"
#include "dataplane/worker.h"
#include "lib/base/packed.h"

static_assert(PACKED_RECORD_MAX == RECORD_RAW_MAX, "a record of messages is a record");

// What a record gets.
struct submit_codec {
	const struct codec *codec; // NULL: raw
	uint8_t level;
	enum raw_reason reason; // if it goes raw; RAW_REASONS: no codec was asked for
	uint8_t *slab;          // for what the codec packs; NULL: raw
};

static struct auto_signs submit_signs(const struct worker *w, const struct session *s)
{
	struct conn_stats c;

	conn_stats_get(s->conn, &c);
	return load_signs(&w->load, (uint32_t)c.limited_by);
}

// A slab for what the codec packs, and time to fill it.
enum slab_answer {
	SLAB_TAKEN,
	SLAB_RAW,   // not now, and the record does not wait: raw, because of `reason`
	SLAB_LATER, // not now: the record waits for another turn
};

static enum slab_answer submit_slab(struct worker *w, const struct session *s,
	const struct app_tx *tx, struct submit_codec *out)
{
	bool urgent = stream_urgent(tx->stream), time = w->encode_budget >= tx->size;

	if (time && (out->slab = app_slab_get(s->app_row->channel)) != NULL)
		return SLAB_TAKEN;
	if (time && s->app_row->channel->slabs == 0) {
		out->reason = RAW_NO_ROOM; // no slabs at all: raw is better than never
		return SLAB_RAW;
	}
	out->reason = RAW_URGENT;
	return urgent ? SLAB_RAW : SLAB_LATER;
}

// The codec that the record gets. False: none in this turn, the record waits.
static bool submit_choose(
	struct worker *w, struct session *s, const struct app_tx *tx, struct submit_codec *out)
{
	*out = (struct submit_codec){.reason = RAW_REASONS};
	if (tx->size == 0 || (!s->codec->encode && !s->adapts))
		return true;
	if (!s->adapts || codec_auto_packs(&s->auto_state)) {
		enum slab_answer slab = submit_slab(w, s, tx, out);

		if (slab != SLAB_TAKEN)
			return slab == SLAB_RAW;
	}
	out->codec = s->codec;
	out->level = s->level;
	out->reason = RAW_LITTLE;
	if (s->adapts) {
		struct auto_signs signs = submit_signs(w, s);
		struct auto_choice choice = codec_auto_choose(
			&s->auto_state, &signs, app_tx_data(s->app_row->channel, tx), tx->size);

		out->codec = choice.codec;
		out->level = choice.level;
		out->reason = choice.reason;
	}
	if (!out->codec && out->slab) {
		app_slab_put(s->app_row->channel, out->slab);
		out->slab = NULL;
	}
	return true;
}

// Of the turn's budget, in bytes.
static uint32_t submit_cost(const struct worker *w, const struct submit_codec *with, uint32_t size)
{
	bool slow = with->codec->level_slow > 0 && with->level >= with->codec->level_slow;

	return slow ? w->encode_budget : size;
}

// Packs the record, or not, and accounts for it.
static void submit_encode(struct worker *w, struct session *s, const struct app_tx *tx,
	const struct submit_codec *with, struct compressed *c)
{
	struct app_channel *channel = s->app_row->channel;
	uint64_t start = rte_rdtsc();

	compress_record(c, with->codec, w->codec_workspace, with->level, s->dictionary,
		app_tx_data(channel, tx), tx->size, with->slab, session_checksums(s));
	if (with->slab) {
		w->counters.cycles_codec += rte_rdtsc() - start;
		w->encode_budget -= submit_cost(w, with, tx->size);
		if (s->adapts)
			codec_auto_result(&s->auto_state, c->compressed);
		if (!c->compressed)
			app_slab_put(channel, with->slab);
	}
	if (!c->compressed && with->reason < RAW_REASONS)
		s->blocks_raw[with->reason]++;
	if (c->compressed && s->dictionary_wanted)
		*(s->dictionary ? &s->blocks_dictionary : &s->blocks_no_dictionary) += 1;
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
	struct submit_codec with;

	if (!s->routed || transport_room(w->transport, s->conn, tx->stream) == 0 ||
		!submit_choose(w, s, tx, &with))
		return false;
	submit_encode(w, s, tx, &with, &c);
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
			app_slab_put(channel, with.slab);
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
