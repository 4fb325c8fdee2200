// The sessions of one application: rows, and the fair share of its arena that each is granted.
#include <assert.h>

#include "dataplane/app/deliver_stage.h"
#include "dataplane/app/take.h"
#include "lib/shm/seqlock.h"

// A record needs two blocks while it is incomplete (stored
// bytes, and the expanded ones), one when it is delivered.
#define BLOCKS_PER_RECORD 2u

// A quarter of what remains: the first session gets most, later ones still get something. The last
// eighth of all is for sessions that come when the others have theirs: one record each, so that
// many can be open. 0: nothing remains.
static uint32_t session_share(const struct app_channel *channel)
{
	uint32_t promised = channel->slabs_max + channel->granted + channel->orphans;
	uint32_t remaining = (channel->blocks_count - promised) / BLOCKS_PER_RECORD;
	uint32_t reserve = (channel->blocks_count - channel->slabs_max) / BLOCKS_PER_RECORD / 8;
	uint32_t share = remaining / 4;

	if (share + reserve > remaining)
		share = remaining > reserve ? remaining - reserve : 0;
	assert(promised <= channel->blocks_count);
	if (share < APP_CREDIT_RECORDS_MIN)
		share = APP_CREDIT_RECORDS_MIN;
	if (share > APP_CREDIT_RECORDS_MAX)
		share = APP_CREDIT_RECORDS_MAX;
	return share <= remaining ? share : 0;
}

// A row whose last event the application has taken; or one that was never used.
static bool session_reusable(const struct app_session *session)
{
	if (session->open)
		return false;
	return !session->draining ||
	       (int32_t)(session->channel->rx.head_seen - session->closed_at) >= 0;
}

static struct app_session *session_find_row(struct app_channel *channel)
{
	if (ring_room(&channel->rx) == RING_CORRUPT) { // also looks at the application's head
		channel->broken = APP_BROKEN_RING;
		return NULL;
	}
	for (uint32_t i = 0; i < APP_SESSIONS_MAX; i++) {
		uint32_t row = (channel->session_next + i) % APP_SESSIONS_MAX;

		if (session_reusable(&channel->session[row])) {
			channel->session_next = (uint16_t)((row + 1) % APP_SESSIONS_MAX);
			return &channel->session[row];
		}
	}
	return NULL;
}

struct app_session *app_session_open(struct app_channel *channel, uint32_t cid)
{
	uint32_t share = session_share(channel);
	struct app_session *session;

	if (share == 0 || channel->broken != APP_BROKEN_NOT)
		return NULL;
	session = session_find_row(channel);
	if (session == NULL)
		return NULL;
	assert(session->blocks == 0 && session->parked == 0);
	session->cid = cid;
	session->open = true;
	session->draining = false;
	session->credit_records = share;
	session->returned = 0;
	channel->granted += share * BLOCKS_PER_RECORD;
	return session;
}

struct app_session *app_session_find(struct app_channel *channel, uint32_t cid)
{
	for (uint32_t i = 0; i < APP_SESSIONS_MAX; i++) {
		struct app_session *session = &channel->session[i];

		if (session->open && session->cid == cid)
			return session;
	}
	return NULL;
}

// Records that never reached the transport are lost with the session.
static void session_fail_parked(struct app_session *session)
{
	for (uint32_t number = 0; number < STREAMS_MAX; number++) {
		const struct app_tx *tx;

		while ((tx = app_parked_first(session, number)) != NULL) {
			app_deliver_sent(session->channel, tx->session, tx->stream, tx->cookie,
				false, false);
			app_unpark(session, number);
		}
	}
}

// What the application still holds stays its own; only the row forgets it.
static void session_orphan_blocks(struct app_session *session)
{
	struct app_channel *channel = session->channel;

	for (uint32_t i = 0; i < channel->blocks_count && session->blocks > 0; i++) {
		struct app_block *block = &channel->block[i];

		if (block->row != session->row || block->state == APP_BLOCK_FREE)
			continue;
		assert(block->state ==
			APP_BLOCK_OWNED); // the transport has handed back every block of its own
		block->row = APP_NONE;
		channel->orphans++;
		session->blocks--;
	}
}

void app_session_close(struct app_session *session, uint32_t reason)
{
	struct app_channel *channel = session->channel;

	assert(session->open);
	session_fail_parked(session);
	session_orphan_blocks(session);
	channel->granted -= session->credit_records * BLOCKS_PER_RECORD;
	app_deliver_stage(channel, &(struct app_rx){
					   .session = session->cid,
					   .offset = session->row,
					   .type = APP_RX_CLOSED,
					   .value = reason,
				   });
	session->open = false;
	session->draining = true;
	session->closed_at = channel->rx.tail + channel->staged_count;
}

void app_session_publish(struct app_session *session, const struct session_stats *stats)
{
	struct app_session_info *info = &session->channel->mine->info[session->row];

	seqlock_write(&info->seq, &info->stats, stats, sizeof(*stats));
}
