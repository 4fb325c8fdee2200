// Copies send descriptors out of the ring, then checks, then
// uses them: no field is read twice from shared memory.
#include "dataplane/app/take.h"

bool app_tx_check(const struct app_tx *tx, uint32_t blocks_size)
{
	if (tx->op == APP_TX_CLOSE || tx->op == APP_TX_ABORT)
		return true; // nothing else of it is looked at
	if (tx->op != APP_TX_SEND)
		return false;
	if (!stream_valid(tx->stream))
		return false;
	if (tx->flags > APP_TX_PACKED) // one of the two, or none
		return false;
	if (tx->size > APP_BLOCK_SIZE || tx->offset >= blocks_size)
		return false;
	// Within one block, and blocks_size is a multiple of it: so within the block area.
	return tx->offset % APP_BLOCK_SIZE + tx->size <= APP_BLOCK_SIZE;
}

const uint8_t *app_tx_data(const struct app_channel *channel, const struct app_tx *tx)
{
	return channel->tx_blocks + tx->offset;
}

uint32_t app_take(struct app_channel *channel, struct app_record *records, uint32_t max)
{
	struct app_tx tx[APP_DESCRIPTORS_TURN];
	uint32_t count, sends = 0;

	if (channel->broken != APP_BROKEN_NOT)
		return 0;
	count = ring_take(
		&channel->tx, tx, max < APP_DESCRIPTORS_TURN ? max : APP_DESCRIPTORS_TURN);
	if (count == RING_CORRUPT) {
		channel->broken = APP_BROKEN_RING;
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!app_tx_check(&tx[i], channel->tx_blocks_size)) {
			channel->broken = APP_BROKEN_DESCRIPTOR;
			return 0;
		}
		sends += tx[i].op == APP_TX_SEND;
	}
	// One buffer, one send: so SENT events and parked descriptors have a bound.
	if (channel->sends + sends > channel->tx_blocks_size / APP_BLOCK_SIZE) {
		channel->broken = APP_BROKEN_FULL;
		return 0;
	}
	channel->sends += sends;
	for (uint32_t i = 0; i < count; i++) {
		records[i].tx = tx[i];
		records[i].row = app_session_find(channel, tx[i].session);
		records[i].data = tx[i].op == APP_TX_SEND ? app_tx_data(channel, &tx[i]) : NULL;
	}
	return count;
}
