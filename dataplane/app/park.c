// Send descriptors that the transport had no room for, in order per session and stream.
#include <assert.h>

#include "dataplane/app/take.h"

bool app_parked_any(const struct app_session *session, uint32_t number)
{
	assert(number < STREAMS_MAX);
	return session->queue[number].first != APP_NONE;
}

void app_park(struct app_session *session, const struct app_tx *tx)
{
	struct app_channel *channel = session->channel;
	uint32_t number = stream_number(tx->stream);
	uint16_t index = channel->parked_free;

	assert(tx->op == APP_TX_SEND && number < STREAMS_MAX);
	assert(index != APP_NONE); // app_take lets no more sends in than there are buffers
	channel->parked_free = channel->parked[index].next;
	channel->parked[index] = (struct app_parked){.tx = *tx, .next = APP_NONE};
	if (session->queue[number].first == APP_NONE)
		session->queue[number].first = index;
	else
		channel->parked[session->queue[number].last].next = index;
	session->queue[number].last = index;
	session->parked++;
}

const struct app_tx *app_parked_first(const struct app_session *session, uint32_t number)
{
	if (!app_parked_any(session, number))
		return NULL;
	return &session->channel->parked[session->queue[number].first].tx;
}

void app_unpark(struct app_session *session, uint32_t number)
{
	struct app_channel *channel = session->channel;
	uint16_t index = session->queue[number].first;

	assert(app_parked_any(session, number));
	session->queue[number].first = channel->parked[index].next;
	if (session->queue[number].first == APP_NONE)
		session->queue[number].last = APP_NONE;
	channel->parked[index].next = channel->parked_free;
	channel->parked_free = index;
	session->parked--;
}
