// Who holds which buffer: ours for sending, the dataplane's for what was received.
#include "lib/client/client.h"

void client_buffers_init(struct sluice *sluice)
{
	sluice->free_first = CLIENT_NONE;
	for (uint32_t i = sluice->buffers_count; i-- > 0;)
		client_buffer_free(sluice, i);
}

void client_buffer_free(struct sluice *sluice, uint32_t index)
{
	sluice->buffer[index].state = CLIENT_BUFFER_FREE;
	sluice->buffer[index].next = sluice->free_first;
	sluice->free_first = index;
}

void client_block_return(struct sluice *sluice, uint32_t index)
{
	struct app_return back = {
		.offset = index * APP_BLOCK_SIZE,
		.session = sluice->block[index].session,
	};

	sluice->block[index].held = sluice->block[index].packed = false;
	// Always room: each block is out once, and the ring holds them all.
	if (ring_put(&sluice->returns, &back, 1) != 1)
		client_break(sluice, "the dataplane broke the ring of returned buffers");
}

void client_block_message_put(struct sluice *sluice, uint32_t index)
{
	if (--sluice->block[index].messages == 0)
		client_block_return(sluice, index);
}

void *sluice_buffer_get(struct sluice *sluice)
{
	uint32_t index = sluice->free_first;

	if (index == CLIENT_NONE || sluice->detached) {
		sluice->starved = true;
		return NULL;
	}
	sluice->free_first = sluice->buffer[index].next;
	sluice->buffer[index].state = CLIENT_BUFFER_HELD;
	return sluice->buffers + (size_t)index * APP_BLOCK_SIZE;
}

// Index of the block that `memory` points into, `*within` bytes from its start, or CLIENT_NONE.
static uint32_t buffer_index(
	const uint8_t *blocks, uint32_t count, const void *memory, uint32_t *within)
{
	uintptr_t distance = (uintptr_t)memory - (uintptr_t)blocks;

	if ((uintptr_t)memory < (uintptr_t)blocks || distance / APP_BLOCK_SIZE >= count)
		return CLIENT_NONE;
	*within = (uint32_t)(distance % APP_BLOCK_SIZE);
	return (uint32_t)(distance / APP_BLOCK_SIZE);
}

uint32_t client_buffer_index(const struct sluice *sluice, const void *memory)
{
	uint32_t within = 0;
	uint32_t index = buffer_index(sluice->buffers, sluice->buffers_count, memory, &within);

	return within == 0 ? index : CLIENT_NONE;
}

// What is back already is left alone: a second return would cost us the attachment.
static void buffer_put_received(struct sluice *sluice, const void *memory)
{
	uint32_t within = 0;
	uint32_t index = buffer_index(sluice->blocks, sluice->blocks_count, memory, &within);
	uint32_t walks = sluice->walk.on && sluice->walk.block == index;

	if (index == CLIENT_NONE || !sluice->block[index].held)
		return;
	if (!sluice->block[index].packed && within == 0)
		client_block_return(sluice, index);
	else if (sluice->block[index].packed && sluice->block[index].messages > walks)
		client_block_message_put(sluice, index);
}

void sluice_buffer_put(struct sluice *sluice, const void *memory)
{
	uint32_t index = client_buffer_index(sluice, memory);

	if (index == CLIENT_NONE)
		buffer_put_received(sluice, memory);
	else if (sluice->buffer[index].state == CLIENT_BUFFER_HELD)
		client_buffer_free(sluice, index);
}
