// Figures out of the worker: relaxed counters and
// seqlocked rows, one writer each. Nobody is waited for.
#include "dataplane/observe/publish.h"

#include <string.h>

#include "dataplane/worker.h"
#include "lib/shm/seqlock.h"

#define PUBLISH_COUNTERS_NS 1000000ull
#define PUBLISH_SESSIONS_NS 10000000ull

static enum session_state publish_state(const struct session *s)
{
	if (s->closed)
		return SESSION_CLOSED;
	if (!s->routed)
		return s->peer_cid ? SESSION_CONNECTING : SESSION_RESERVED;
	return s->opened ? SESSION_OPEN : SESSION_CONNECTING;
}

static void publish_identity(const struct session *s, struct session_stats *row)
{
	row->session = s->cid;
	row->peer_cid = s->peer_cid;
	row->peer_boot_id = s->peer_boot_id;
	memcpy(row->session_id, s->session_id, sizeof(row->session_id));
	row->state = (uint8_t)publish_state(s);
	row->initiator = s->initiator;
	row->controller = s->controller;
	row->cipher = (uint8_t)s->cipher->id;
	row->close_reason = s->close_reason;
	row->app = s->app_index;
	row->connect_request = s->connect_request;
	row->segment_size = s->segment_size;
	row->peer_address = s->peer_address;
	memcpy(row->peer, s->peer, sizeof(row->peer));
	memcpy(row->service, s->service, sizeof(row->service));
	row->opened_ns = s->opened_ns;
	row->wire_bytes_received = s->wire_bytes_received;
	row->rekeys = s->keys->send.phase;
}

static void publish_codec(const struct session *s, struct session_stats *row)
{
	row->codec = row->codec_now = s->codec ? (uint8_t)s->codec->id : CODEC_NONE;
	row->level = row->level_now = s->level;
	if (s->adapts) {
		const struct codec *now = codec_auto_now(&s->auto_state, &row->level_now);

		row->codec = CODEC_AUTO;
		row->codec_now = now ? (uint8_t)now->id : CODEC_NONE;
	}
	for (uint32_t i = 0; i < RAW_REASONS; i++) {
		row->blocks_raw_by[i] = s->blocks_raw[i];
		row->blocks_raw += s->blocks_raw[i];
	}
}

static void publish_dictionary(const struct session *s, struct session_stats *row)
{
	row->dictionary = s->dictionary_wanted;
	row->dictionary_state = s->dictionary_state;
	row->blocks_dictionary = s->blocks_dictionary;
	row->blocks_no_dictionary = s->blocks_no_dictionary;
}

static void publish_figures(const struct conn_stats *c, struct session_stats *row)
{
	row->limited_by = (uint8_t)c->limited_by;
	row->in_flight = c->in_flight;
	row->packets_sent = c->packets_sent;
	row->packets_received = c->packets_received;
	row->wire_bytes_sent = c->wire_bytes_sent;
	row->data_packets_sent = c->data_packets_sent;
	row->retransmits = c->retransmits;
	row->spurious = c->spurious;
	row->cuts = c->cuts;
	row->timeouts = c->timeouts;
	row->raw_bytes_sent = c->raw_bytes_sent;
	row->stored_bytes_sent = c->stored_bytes_sent;
	row->raw_bytes_received = c->raw_bytes_received;
	row->stored_bytes_received = c->stored_bytes_received;
	row->records_sent = c->records_sent;
	row->records_received = c->records_received;
	row->duplicates = c->duplicates;
	row->path_segment = c->segment_bytes;
	row->path_falls = (uint32_t)c->path_falls;
	row->srtt_ns = c->srtt_ns;
	row->rttvar_ns = c->rttvar_ns;
	row->min_rtt_ns = c->min_rtt_ns;
	row->cwnd_milli = (uint64_t)(c->cwnd_segments * 1000);
	row->rate_Bps = c->rate_Bps;
}

void publish_session_row(struct worker *w, struct session *s, struct session_stats *row)
{
	struct plane_session *shared = &w->tables->session[w->index][conn_slot(s->conn)];
	struct conn_stats c;

	memset(row, 0, sizeof(*row));
	conn_stats_get(s->conn, &c);
	publish_identity(s, row);
	publish_codec(s, row);
	publish_dictionary(s, row);
	publish_figures(&c, row);
	s->packets_published = c.packets_sent + c.packets_received;
	seqlock_write(&shared->seq, &shared->stats, row, sizeof(*row));
}

void publish_session_free(struct worker *w, struct session *s)
{
	struct plane_session *shared = &w->tables->session[w->index][conn_slot(s->conn)];
	struct session_stats none = {.app = SESSION_NO_APP};

	seqlock_write(&shared->seq, &shared->stats, &none, sizeof(none));
}

static void publish_sessions(struct worker *w)
{
	for (uint32_t slot = 0, seen = 0; seen < w->sessions_count && slot < CONNS_MAX; slot++) {
		struct session *s = &w->sessions[slot];
		struct conn_stats c;

		if (!s->conn)
			continue;
		seen++;
		conn_stats_get(s->conn, &c);
		if (c.packets_sent + c.packets_received != s->packets_published)
			session_publish(w, s);
	}
}

static void set(_Atomic uint64_t *shared, uint64_t value)
{
	atomic_store_explicit(shared, value, memory_order_relaxed);
}

// All bare copies of payload: ciphers that are one, and frames that a port had to make one piece.
static uint64_t publish_copied(const struct worker *w)
{
	uint64_t bytes = w->counters.bytes_memcpy_sealed + w->counters.bytes_memcpy_opened;

	for (uint16_t p = 0; p < w->ports; p++)
		bytes += port_counters(w->port[p], w->index)->chained_bytes;
	return bytes;
}

static void publish_counters(struct worker *w, uint64_t now_ns)
{
	struct plane_worker *row = &w->tables->worker[w->index];
	const struct worker_counters *c = &w->counters;

	set(&row->heartbeat_ns, now_ns);
	set(&row->turns, c->turns);
	set(&row->busy_turns, c->busy_turns);
	set(&row->sleeps, c->sleeps);
	set(&row->cycles_busy, c->cycles_busy);
	set(&row->cycles_total, c->cycles_total);
	set(&row->rx_packets, c->rx_packets);
	set(&row->tx_packets, c->tx_packets);
	set(&row->steered, c->steered);
	set(&row->bytes_memcpy, publish_copied(w));
	set(&row->bytes_memcpy_sealed, c->bytes_memcpy_sealed);
	set(&row->bytes_memcpy_opened, c->bytes_memcpy_opened);
	set(&row->events_lost, c->events_lost);
	set(&row->sessions_refused, c->sessions_refused);
	for (uint32_t v = 0; v < DROP_COUNT; v++) {
		uint64_t n = c->drops[v];

		for (uint16_t p = 0; v != VERDICT_ACCEPT && p < w->ports; p++)
			n += port_counters(w->port[p], w->index)->drops[v];
		set(&row->drops[v], n);
	}
}

void publish_on_time(struct worker *w, uint64_t now_ns)
{
	if (now_ns - w->published_ns >= PUBLISH_COUNTERS_NS) {
		w->published_ns = now_ns;
		publish_counters(w, now_ns);
	}
	if (now_ns - w->sessions_published_ns >= PUBLISH_SESSIONS_NS) {
		w->sessions_published_ns = now_ns;
		publish_sessions(w);
	}
}
