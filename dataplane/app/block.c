// Blocks of the arena: out to the transport, to codecs, and back. Last in, first out, so that the
// next is the warmest.
#include <assert.h>

#include "dataplane/app/block.h"

uint32_t app_block_index(const struct app_channel *channel, const uint8_t *memory)
{
	assert(app_block_is(channel, memory));
	return (uint32_t)((size_t)(memory - channel->blocks) / APP_BLOCK_SIZE);
}

static uint8_t *block_take(struct app_channel *channel, enum app_block_state state, uint16_t row)
{
	uint32_t index = channel->free_first;
	struct app_block *block = &channel->block[index];

	assert(index != APP_NONE); // grants and the codecs' share never exceed what there is
	channel->free_first = block->next;
	channel->free_count--;
	block->state = (uint8_t)state;
	block->row = row;
	return channel->blocks + (size_t)index * APP_BLOCK_SIZE;
}

void app_block_release(struct app_channel *channel, uint32_t index)
{
	struct app_block *block = &channel->block[index];

	block->state = APP_BLOCK_FREE;
	block->row = APP_NONE;
	block->next = channel->free_first;
	channel->free_first = (uint16_t)index;
	channel->free_count++;
}

uint8_t *app_block_get(struct app_session *session)
{
	if (!session->open || session->blocks >= 2 * session->credit_records)
		return NULL;
	session->blocks++;
	return block_take(session->channel, APP_BLOCK_RECEIVING, session->row);
}

void app_block_put(struct app_session *session, uint8_t *memory)
{
	struct app_channel *channel = session->channel;
	uint32_t index = app_block_index(channel, memory);

	assert(channel->block[index].state == APP_BLOCK_RECEIVING &&
		channel->block[index].row == session->row);
	session->blocks--;
	app_block_release(channel, index);
}

uint8_t *app_slab_get(struct app_channel *channel)
{
	if (channel->slabs >= channel->slabs_max)
		return NULL;
	channel->slabs++;
	return block_take(channel, APP_BLOCK_SLAB, APP_NONE);
}

void app_slab_put(struct app_channel *channel, uint8_t *slab)
{
	uint32_t index = app_block_index(channel, slab);

	assert(channel->block[index].state == APP_BLOCK_SLAB);
	channel->slabs--;
	app_block_release(channel, index);
}

bool app_block_is(const struct app_channel *channel, const uint8_t *memory)
{
	uintptr_t base = (uintptr_t)channel->blocks;
	uintptr_t at = (uintptr_t)memory;

	return at >= base && at - base < (size_t)channel->blocks_count * APP_BLOCK_SIZE;
}
