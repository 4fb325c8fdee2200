// Events: what the worker published in the ring, what the main thread answered over the socket, and
// the end of both.
#include <stdio.h>
#include <string.h>

#include "lib/client/client.h"

#define SOCKET_EVERY 64 // turns of a caller that never sleeps after which the socket is looked at

// ---- one function per event of the ring. False: nothing for the caller ------------------------

static bool receive_opened(
	struct sluice *sluice, const struct app_rx *rx, struct sluice_event *event)
{
	struct client_request *request = NULL;
	struct client_session *session;

	if (rx->offset >= APP_SESSIONS_MAX || client_session_find(sluice, rx->session) != NULL) {
		client_break(sluice, "the dataplane opened an impossible session");
		return false;
	}
	if (rx->cookie != 0)
		request = client_request_find(sluice, (uint32_t)rx->cookie);
	session = client_session_add(sluice, rx->session, rx->offset);
	if (session == NULL) {
		client_session_order(sluice, rx->session, APP_TX_ABORT);
		return false;
	}
	if (rx->cookie != 0 &&
		request == NULL) { // opened just after it had failed: the caller knows it as failed
		session->hidden = true;
		client_session_abort(sluice, session);
		return false;
	}
	if (request != NULL)
		request->state = CLIENT_REQUEST_FREE;
	event->type = SLUICE_OPENED;
	event->request = (uint32_t)rx->cookie;
	event->accepted = rx->cookie == 0;
	memcpy(event->peer, session->last.peer, sizeof(event->peer));
	memcpy(event->service, session->last.service, sizeof(event->service));
	return true;
}

static bool receive_data(struct sluice *sluice, const struct app_rx *rx, struct sluice_event *event)
{
	struct client_session *session = client_session_find(sluice, rx->session);
	uint32_t index = rx->offset / APP_BLOCK_SIZE;

	if (rx->offset % APP_BLOCK_SIZE != 0 || index >= sluice->blocks_count ||
		rx->size > APP_BLOCK_SIZE || sluice->block[index].held) {
		client_break(sluice, "the dataplane delivered an impossible record");
		return false;
	}
	sluice->block[index].held = true;
	sluice->block[index].session = rx->session;
	if (session == NULL || session->hidden || session->malformed) {
		client_block_return(sluice, index);
		return false;
	}
	if (rx->flags & APP_RX_PACKED) {
		client_walk_start(sluice, rx);
		return client_walk_next(sluice, event);
	}
	event->type = SLUICE_DATA;
	event->data = sluice->blocks + rx->offset;
	event->size = rx->size;
	event->stream = rx->stream;
	event->message_end = (rx->flags & APP_RX_MESSAGE_END) != 0;
	return true;
}

static bool receive_sent(struct sluice *sluice, const struct app_rx *rx, struct sluice_event *event)
{
	struct client_session *session;
	struct client_buffer *buffer;

	if (rx->cookie >= sluice->buffers_count ||
		sluice->buffer[rx->cookie].state != CLIENT_BUFFER_IN_FLIGHT) {
		client_break(sluice, "the dataplane gave back a buffer that it did not have");
		return false;
	}
	buffer = &sluice->buffer[rx->cookie];
	buffer->state = CLIENT_BUFFER_HELD;
	event->type = SLUICE_SENT;
	event->session = buffer->session;
	event->stream = buffer->stream;
	event->ok = (rx->flags & APP_RX_FAILED) == 0;
	event->data = sluice->buffers + (size_t)rx->cookie * APP_BLOCK_SIZE;
	event->cookie = buffer->cookie;
	session = client_session_find(sluice, buffer->session);
	if (session != NULL && buffer->packed && !event->ok)
		session->lost = true;
	if (session != NULL && --session->in_flight == 0 && session->closed)
		sluice->sessions_closed++;
	sluice->relieved |= sluice->starved && buffer->packed;
	sluice->starved = false;
	if (!buffer->packed)
		return true;
	client_buffer_free(sluice, (uint32_t)rx->cookie);
	return false;
}

// The caller hears of it when every send is answered: CLOSED is the last event of a session.
static void receive_closed(struct sluice *sluice, const struct app_rx *rx)
{
	struct client_session *session = client_session_find(sluice, rx->session);

	if (session == NULL || session->closed)
		return;
	client_session_look(sluice, session); // the figures at the end
	session->closed = true;
	session->close_reason = rx->value;
	session->lost |= client_pack_drop(sluice, rx->session);
	if (session->abort_due)
		sluice->aborts_due--;
	if (session->in_flight == 0)
		sluice->sessions_closed++;
}

static bool receive_ring_event(
	struct sluice *sluice, const struct app_rx *rx, struct sluice_event *event)
{
	*event = (struct sluice_event){.session = rx->session};
	switch (rx->type) {
	case APP_RX_DATA:
		return receive_data(sluice, rx, event);
	case APP_RX_SENT:
		return receive_sent(sluice, rx, event);
	case APP_RX_OPENED:
		return receive_opened(sluice, rx, event);
	case APP_RX_CLOSED:
		receive_closed(sluice, rx);
		return false;
	default:
		client_break(sluice, "the dataplane published an unknown event");
		return false;
	}
}

// ---- sources, in order of precedence ----------------------------------------------------------

static void receive_end_fill(const struct client_session *session, struct sluice_event *event)
{
	const char *why = client_close_sentence(session->close_reason);

	if (session->malformed)
		why = "the peer's application sent a record of messages that does not hold what it "
		      "says";
	event->ok = !session->aborted && !session->lost &&
		    (session->close_reason == CLIENT_CLOSE_LOCAL ||
			    session->close_reason == CLIENT_CLOSE_PEER);
	snprintf(event->text, sizeof(event->text), "%s%s", why,
		session->lost ? "; messages to it are lost" : "");
}

static bool receive_session_end(struct sluice *sluice, struct sluice_event *event)
{
	for (int i = 0; i < CLIENT_SESSIONS_MAX && sluice->sessions_closed > 0; i++) {
		struct client_session *session = &sluice->session[i];

		if (!session->used || !session->closed || session->in_flight != 0)
			continue;
		session->used = false;
		sluice->sessions_closed--;
		if (session->hidden)
			continue;
		*event = (struct sluice_event){.type = SLUICE_CLOSED, .session = session->session};
		receive_end_fill(session, event);
		return true;
	}
	return false;
}

// True: events wait in `taken`. Before it looks for more the turn is over: what the caller had to
// say goes.
static bool receive_refill(struct sluice *sluice)
{
	uint32_t count;

	if (sluice->taken_first != sluice->taken_count)
		return true;
	if (sluice->broken)
		return false;
	client_flush(sluice);
	count = ring_take(&sluice->rx, sluice->taken, CLIENT_EVENTS_TURN);
	sluice->taken_first = 0;
	sluice->taken_count = count == RING_CORRUPT ? 0 : count;
	if (count == RING_CORRUPT)
		client_break(sluice, "the dataplane broke the event ring");
	return sluice->taken_count > 0;
}

static bool receive_from_ring(struct sluice *sluice, struct sluice_event *event)
{
	if (client_walk_next(sluice, event))
		return true;
	while (receive_refill(sluice)) {
		if (receive_ring_event(sluice, &sluice->taken[sluice->taken_first++], event))
			return true;
		if (receive_session_end(sluice, event))
			return true;
	}
	return false;
}

// Answers to records of messages are nobody's events: they are taken here, so that no caller gets
// up for them.
static void receive_quiet(struct sluice *sluice)
{
	struct sluice_event none;

	while (receive_refill(sluice)) {
		const struct app_rx *rx = &sluice->taken[sluice->taken_first];

		if (rx->type != APP_RX_SENT || rx->cookie >= sluice->buffers_count ||
			!sluice->buffer[rx->cookie].packed)
			return;
		sluice->taken_first++;
		receive_ring_event(sluice, rx, &none);
	}
}

static bool receive_failure(struct sluice *sluice, struct sluice_event *event)
{
	for (int i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		struct client_request *request = &sluice->request[i];

		if (request->state != CLIENT_REQUEST_FAILED)
			continue;
		request->state = CLIENT_REQUEST_FREE;
		*event = (struct sluice_event){
			.type = SLUICE_FAILED,
			.request = request->request,
			.error = request->error,
		};
		memcpy(event->text, request->text, sizeof(event->text));
		return true;
	}
	return false;
}

static bool receive_one(struct sluice *sluice, struct sluice_event *event)
{
	if (receive_session_end(sluice, event)) // right behind the last SENT
		return true;
	if (receive_from_ring(
		    sluice, event)) // also after the dataplane's death: what it published is true
		return true;
	if (receive_failure(sluice, event))
		return true;
	if (!sluice->detached || sluice->detached_told)
		return false;
	sluice->detached_told = true;
	*event = (struct sluice_event){.type = SLUICE_DETACHED};
	snprintf(event->text, sizeof(event->text), "%.159s", sluice->error);
	return true;
}

int sluice_receive(struct sluice *sluice, struct sluice_event *events, int max)
{
	bool slept = sluice->asleep; // it may be the socket that woke the caller
	int count = 0;

	if (sluice->detached_told)
		return SLUICE_E_UNREACHABLE;
	client_awake(sluice);
	if (++sluice->turns % SOCKET_EVERY == 0 || slept) {
		client_read_socket(sluice);
		if (max > 0 && receive_failure(sluice, &events[0]))
			count = 1;
	}
	while (count < max && receive_one(sluice, &events[count]))
		count++;
	return count;
}

bool client_has_event(struct sluice *sluice)
{
	receive_quiet(sluice);
	if (sluice->sessions_closed > 0 || sluice->taken_first != sluice->taken_count ||
		sluice->walk.on || sluice->relieved || sluice->detached)
		return true;
	for (int i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		if (sluice->request[i].state == CLIENT_REQUEST_FAILED)
			return true;
	}
	return false;
}
