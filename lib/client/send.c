// Sending a record: its buffer goes to Sluice, a descriptor into the ring.
#include "lib/base/stream.h"
#include "lib/client/client.h"

static int send_check(struct sluice *sluice, uint32_t stream, uint32_t size, uint32_t index)
{
	if (!stream_valid(stream))
		return client_fail(sluice, SLUICE_E_INVALID,
			"streams are numbered 0 to 7, ordered or unordered");
	if (size > SLUICE_BUFFER_SIZE)
		return client_fail(sluice, SLUICE_E_INVALID, "a record has at most %u bytes",
			SLUICE_BUFFER_SIZE);
	if (index == CLIENT_NONE || sluice->buffer[index].state != CLIENT_BUFFER_HELD)
		return client_fail(sluice, SLUICE_E_INVALID,
			"not a buffer of sluice_buffer_get, or sent already");
	return 0;
}

int client_send_record(struct sluice *sluice, struct client_session *session, struct app_tx *tx)
{
	struct client_buffer *buffer = &sluice->buffer[tx->cookie];
	uint32_t put;

	tx->session = session->session;
	tx->offset = (uint32_t)tx->cookie * APP_BLOCK_SIZE;
	tx->op = APP_TX_SEND;
	put = ring_put(&sluice->tx, tx, 1);
	if (put == RING_CORRUPT) {
		client_break(sluice, "the dataplane broke the send ring");
		return SLUICE_E_UNREACHABLE;
	}
	if (put == 0) {
		sluice->starved = true;
		return client_fail(sluice, SLUICE_E_AGAIN, "too much in flight");
	}
	buffer->state = CLIENT_BUFFER_IN_FLIGHT;
	buffer->session = tx->session;
	buffer->stream = tx->stream;
	buffer->packed = (tx->flags & APP_TX_PACKED) != 0;
	session->in_flight++;
	return 0;
}

int sluice_send(struct sluice *sluice, uint32_t session_id, uint32_t stream, void *memory,
	uint32_t size, bool message_end, uint64_t cookie)
{
	uint32_t index = client_buffer_index(sluice, memory);
	struct client_session *session = client_session_find(sluice, session_id);
	struct app_tx tx = {
		.stream = stream,
		.size = size,
		.flags = message_end ? APP_TX_MESSAGE_END : 0,
		.cookie = index,
	};
	int rc;

	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	rc = send_check(sluice, stream, size, index);
	if (rc != 0)
		return rc;
	if (session == NULL || session->closing || session->closed)
		return client_fail(sluice, SLUICE_E_CLOSED, "the session is closed");
	rc = client_pack_flush_stream(sluice, session_id, stream);
	if (rc == 0)
		rc = client_send_record(sluice, session, &tx);
	if (rc == 0)
		sluice->buffer[index].cookie = cookie;
	return rc;
}
