// Messages on their way out gather here, one buffer for each session and stream, and go as records.
#include <string.h>

#include "lib/base/packed.h"
#include "lib/base/stream.h"
#include "lib/client/client.h"

static_assert(SLUICE_MESSAGE_MAX == PACKED_MESSAGE_MAX && PACKED_RECORD_MAX == APP_BLOCK_SIZE,
	"sluice.h repeats these");

static struct client_pack *pack_find(struct sluice *sluice, uint32_t session, uint32_t stream)
{
	for (uint32_t i = 0; i < sluice->packs; i++) {
		if (sluice->pack[i].session == session && sluice->pack[i].stream == stream)
			return &sluice->pack[i];
	}
	return NULL;
}

// The last one takes its place: packs are of different streams, their order means nothing.
static void pack_remove(struct sluice *sluice, struct client_pack *pack)
{
	*pack = sluice->pack[--sluice->packs];
}

// Hands it over. On SLUICE_E_AGAIN it stays.
static int pack_send(struct sluice *sluice, struct client_pack *pack)
{
	struct client_session *session = client_session_find(sluice, pack->session);
	struct app_tx tx = {
		.stream = pack->stream,
		.size = pack->used,
		.flags = APP_TX_PACKED,
		.cookie = pack->buffer,
	};
	int rc = client_send_record(sluice, session, &tx);

	if (rc == 0)
		pack_remove(sluice, pack);
	return rc;
}

static struct client_pack *pack_new(struct sluice *sluice, uint32_t session, uint32_t stream)
{
	struct client_pack *pack;
	const void *buffer;

	if (sluice->packs == CLIENT_PACKS_MAX && client_flush(sluice) != 0)
		return NULL;
	buffer = sluice_buffer_get(sluice);
	if (buffer == NULL)
		return NULL;
	pack = &sluice->pack[sluice->packs++];
	*pack = (struct client_pack){
		.session = session,
		.stream = stream,
		.buffer = client_buffer_index(sluice, buffer),
	};
	return pack;
}

static bool pack_add(
	struct sluice *sluice, struct client_pack *pack, const void *data, uint32_t size)
{
	uint8_t *record = sluice->buffers + (size_t)pack->buffer * APP_BLOCK_SIZE;
	uint32_t used = packed_add(record, pack->used, PACKED_RECORD_MAX, data, size);

	if (used != 0)
		pack->used = used;
	return used != 0;
}

static int message_check(struct sluice *sluice, uint32_t session_id, uint32_t stream,
	const void *data, uint32_t size)
{
	const struct client_session *session = client_session_find(sluice, session_id);

	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	if (!stream_valid(stream))
		return client_fail(sluice, SLUICE_E_INVALID,
			"streams are numbered 0 to 7, ordered or unordered");
	if (size > PACKED_MESSAGE_MAX || (data == NULL && size > 0))
		return client_fail(sluice, SLUICE_E_INVALID,
			"a message has at most %u bytes: send more as records (sluice_send)",
			SLUICE_MESSAGE_MAX);
	if (session == NULL || session->closing || session->closed)
		return client_fail(sluice, SLUICE_E_CLOSED, "the session is closed");
	return 0;
}

int sluice_message(
	struct sluice *sluice, uint32_t session, uint32_t stream, const void *data, uint32_t size)
{
	struct client_pack *pack = pack_find(sluice, session, stream);
	int rc = message_check(sluice, session, stream, data, size);

	if (rc != 0)
		return rc;
	if (pack != NULL && pack_add(sluice, pack, data, size))
		return 0;
	if (pack != NULL)
		rc = pack_send(sluice, pack);
	pack = rc == 0 ? pack_new(sluice, session, stream) : NULL;
	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	if (pack == NULL)
		return client_fail(sluice, SLUICE_E_AGAIN, "too much in flight");
	pack_add(sluice, pack, data, size); // it is empty: whatever passed the check fits
	return 0;
}

int client_pack_flush_stream(struct sluice *sluice, uint32_t session, uint32_t stream)
{
	struct client_pack *pack = pack_find(sluice, session, stream);

	return pack != NULL ? pack_send(sluice, pack) : 0;
}

int client_pack_flush_session(struct sluice *sluice, uint32_t session)
{
	for (uint32_t i = sluice->packs; i-- > 0;) {
		int rc = sluice->pack[i].session == session ? pack_send(sluice, &sluice->pack[i])
							    : 0;

		if (rc != 0)
			return rc;
	}
	return 0;
}

bool client_pack_drop(struct sluice *sluice, uint32_t session)
{
	bool any = false;

	for (uint32_t i = sluice->packs; i-- > 0;) {
		if (sluice->pack[i].session != session)
			continue;
		client_buffer_free(sluice, sluice->pack[i].buffer);
		pack_remove(sluice, &sluice->pack[i]);
		any = true;
	}
	return any;
}

static void flush_aborts(struct sluice *sluice)
{
	for (int i = 0; i < CLIENT_SESSIONS_MAX && sluice->aborts_due > 0; i++) {
		struct client_session *session = &sluice->session[i];

		if (!session->used || !session->abort_due)
			continue;
		session->abort_due = false;
		sluice->aborts_due--;
		client_session_abort(sluice, session);
	}
}

int client_flush(struct sluice *sluice)
{
	int rc = 0;

	for (uint32_t i = sluice->packs; rc == 0 && !sluice->detached && i-- > 0;)
		rc = pack_send(sluice, &sluice->pack[i]);
	if (sluice->aborts_due > 0)
		flush_aborts(sluice);
	return rc;
}

int sluice_flush(struct sluice *sluice)
{
	return sluice->detached ? SLUICE_E_UNREACHABLE : client_flush(sluice);
}
