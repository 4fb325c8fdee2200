// The sessions of one attachment: known from OPENED to CLOSED.
#include <string.h>

#include "lib/client/client.h"
#include "lib/ipc/cipher_names.h"
#include "lib/ipc/codec_names.h"
#include "lib/shm/seqlock.h"

static_assert(RAW_REASONS <= SLUICE_RAW_REASONS, "sluice.h has room for them");

#define LOOK_TRIES 1000 // a row is written in well under a microsecond

struct client_session *client_session_find(struct sluice *sluice, uint32_t session)
{
	for (int i = 0; i < CLIENT_SESSIONS_MAX; i++) {
		if (sluice->session[i].used && sluice->session[i].session == session)
			return &sluice->session[i];
	}
	return NULL;
}

struct client_session *client_session_add(struct sluice *sluice, uint32_t session, uint32_t row)
{
	for (int i = 0; i < CLIENT_SESSIONS_MAX; i++) {
		if (sluice->session[i].used)
			continue;
		sluice->session[i] =
			(struct client_session){.used = true, .session = session, .row = row};
		client_session_look(sluice, &sluice->session[i]);
		return &sluice->session[i];
	}
	return NULL;
}

void client_session_look(struct sluice *sluice, struct client_session *session)
{
	const struct app_session_info *info = &sluice->theirs->info[session->row];
	struct session_stats stats;

	if (!seqlock_read(&info->seq, &info->stats, &stats, sizeof(stats), LOOK_TRIES))
		return;
	if (stats.session !=
		session->session) // the row has gone to another session: what we saw last stands
		return;
	stats.peer[sizeof(stats.peer) - 1] = '\0';
	stats.service[sizeof(stats.service) - 1] = '\0';
	session->last = stats;
}

int client_session_order(struct sluice *sluice, uint32_t session, enum app_tx_op op)
{
	struct app_tx tx = {.session = session, .op = (uint16_t)op};
	uint32_t put = ring_put(&sluice->tx, &tx, 1);

	if (put == 1)
		return 0;
	sluice->starved |= put == 0;
	if (put == 0)
		return client_fail(sluice, SLUICE_E_AGAIN, "too much in flight");
	client_break(sluice, "the dataplane broke the send ring");
	return SLUICE_E_UNREACHABLE;
}

void client_session_abort(struct sluice *sluice, struct client_session *session)
{
	session->closing = session->aborted = true;
	client_pack_drop(sluice, session->session);
	if (client_session_order(sluice, session->session, APP_TX_ABORT) != SLUICE_E_AGAIN)
		return;
	session->abort_due = true;
	sluice->aborts_due++;
}

static int session_end(struct sluice *sluice, uint32_t session_id, enum app_tx_op op)
{
	struct client_session *session = client_session_find(sluice, session_id);
	int rc;

	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	if (session == NULL || session->hidden)
		return client_fail(sluice, SLUICE_E_CLOSED, "the session is closed");
	if (session->closed || (session->closing && op == APP_TX_CLOSE) || session->aborted)
		return 0; // on its way already
	if (op == APP_TX_ABORT)
		client_pack_drop(sluice, session_id);
	rc = client_pack_flush_session(sluice, session_id);
	if (rc == 0)
		rc = client_session_order(sluice, session_id, op);
	if (rc != 0)
		return rc;
	session->closing = true;
	session->aborted = op == APP_TX_ABORT;
	return 0;
}

int sluice_close(struct sluice *sluice, uint32_t session)
{
	return session_end(sluice, session, APP_TX_CLOSE);
}

int sluice_abort(struct sluice *sluice, uint32_t session)
{
	return session_end(sluice, session, APP_TX_ABORT);
}

int sluice_session_stats(struct sluice *sluice, uint32_t session_id, struct sluice_stats *stats)
{
	struct client_session *session = client_session_find(sluice, session_id);

	if (session == NULL || session->hidden)
		return client_fail(sluice, SLUICE_E_CLOSED, "the session is closed");
	client_session_look(sluice, session);
	*stats = (struct sluice_stats){
		.packets = session->last.packets_sent,
		.retransmits = session->last.retransmits,
		.wire_bytes = session->last.wire_bytes_sent,
		.raw_bytes_sent = session->last.raw_bytes_sent,
		.stored_bytes_sent = session->last.stored_bytes_sent,
		.raw_bytes_received = session->last.raw_bytes_received,
		.stored_bytes_received = session->last.stored_bytes_received,
		.srtt_ns = session->last.srtt_ns,
		.min_rtt_ns = session->last.min_rtt_ns,
		.cwnd_segments = (double)session->last.cwnd_milli / 1000.0,
		.rate_Bps = session->last.rate_Bps,
		.spurious = session->last.spurious,
		.timeouts = session->last.timeouts,
		.dictionary = session->last.dictionary_state == DICTIONARY_AGREED
				      ? session->last.dictionary
				      : 0,
		.cipher = cipher_name(session->last.cipher),
		.codec = codec_name(session->last.codec_now),
		.level = session->last.level_now,
		.blocks_raw = session->last.blocks_raw,
	};
	memcpy(stats->blocks_raw_by, session->last.blocks_raw_by,
		sizeof(session->last.blocks_raw_by));
	return 0;
}

const char *sluice_raw_reason(uint32_t reason)
{
	return raw_reason_sentence(reason);
}
