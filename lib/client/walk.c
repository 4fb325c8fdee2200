// A record of messages that came: given out one by one, from the block in which it lies. Its
// contents are the peer's application's, so every size is checked when it is reached.
#include <stddef.h>
#include <string.h>

#include "lib/base/packed.h"
#include "lib/client/client.h"

void client_walk_start(struct sluice *sluice, const struct app_rx *rx)
{
	uint32_t index = rx->offset / APP_BLOCK_SIZE;

	sluice->walk = (struct client_walk){
		.on = true,
		.block = index,
		.session = rx->session,
		.stream = rx->stream,
		.size = rx->size,
	};
	sluice->block[index].packed = true;
	sluice->block[index].messages = 1; // ours, until the walk is over
}

static void walk_end(struct sluice *sluice)
{
	sluice->walk.on = false;
	client_block_message_put(sluice, sluice->walk.block);
}

// Its session ends; what was given out before stays true.
static void walk_malformed(struct sluice *sluice)
{
	struct client_session *session = client_session_find(sluice, sluice->walk.session);

	if (session != NULL && !session->closed && !session->aborted)
		client_session_abort(sluice, session);
	if (session != NULL)
		session->malformed = true;
	walk_end(sluice);
}

// An aborted session may have been forgotten while its record was given out: nobody waits for it.
bool client_walk_next(struct sluice *sluice, struct sluice_event *event)
{
	struct client_walk *walk = &sluice->walk;
	const uint8_t *record = sluice->blocks + (size_t)walk->block * APP_BLOCK_SIZE;
	struct packed_message message;
	enum packed_step step;

	if (!walk->on)
		return false;
	step = packed_next(record, walk->size, &walk->at, &message);
	if (step == PACKED_MALFORMED)
		walk_malformed(sluice);
	else if (step == PACKED_END)
		walk_end(sluice);
	if (step != PACKED_MESSAGE)
		return false;
	*event = (struct sluice_event){
		.type = SLUICE_MESSAGE,
		.session = walk->session,
		.stream = walk->stream,
		.size = message.size,
		// An empty message at the end of a block would point behind it.
		.data = message.size > 0 ? message.data : message.data - PACKED_PREFIX,
	};
	sluice->block[walk->block].messages++;
	if (walk->at == walk->size)
		walk_end(sluice);
	return true;
}
