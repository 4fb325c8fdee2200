// Blocks that the application gives back: checked against
// the private table, counted as credit of their session.
#include "dataplane/app/block.h"
#include "dataplane/app/take.h"

// False: the application does not own such a block (never
// had it, gave it back before, or names another session).
static bool credit_take_block(struct app_channel *channel, const struct app_return *back)
{
	uint32_t index = back->offset / APP_BLOCK_SIZE;
	struct app_block *block;

	if (back->offset % APP_BLOCK_SIZE != 0 || index >= channel->blocks_count)
		return false;
	block = &channel->block[index];
	if (block->state != APP_BLOCK_OWNED || block->session != back->session)
		return false;
	if (block->row == APP_NONE) {
		channel->orphans--;
	} else {
		channel->session[block->row].blocks--;
		channel->session[block->row].returned++;
	}
	app_block_release(channel, index);
	return true;
}

uint32_t app_take_returns(struct app_channel *channel)
{
	struct app_return back[APP_RETURNS_TURN];
	uint32_t count;

	if (channel->broken != APP_BROKEN_NOT)
		return 0;
	count = ring_take(&channel->returns, back, APP_RETURNS_TURN);
	if (count == RING_CORRUPT) {
		channel->broken = APP_BROKEN_RING;
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!credit_take_block(channel, &back[i])) {
			channel->broken = APP_BROKEN_RETURN;
			return 0;
		}
	}
	return count;
}

uint32_t app_take_credit(struct app_session *session)
{
	uint32_t records = session->returned;

	session->returned = 0;
	return records;
}
