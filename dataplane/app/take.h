// From the application's rings: send descriptors, and blocks that come back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/app/channel.h"

// A descriptor that was copied and checked.
struct app_record {
	struct app_tx tx;
	// NULL: ended meanwhile; answer a SEND with app_deliver_sent(ok false), drop the others.
	struct app_session *row;
	// SEND: tx.size bytes in the application's memory, which it may scribble on at any time.
	const uint8_t *data;
};

// Pure: whether a descriptor is one that an honest application may write.
bool app_tx_check(const struct app_tx *tx, uint32_t blocks_size);

// Takes up to `max` (<= APP_DESCRIPTORS_TURN) descriptors. Returns how many; on a broken contract
// channel->broken is set and 0 is returned from then on.
uint32_t app_take(struct app_channel *channel, struct app_record *records, uint32_t max);

// Takes blocks back (bounded per call) and counts them
// for their sessions. Returns how many; 0 when broken.
uint32_t app_take_returns(struct app_channel *channel);
// Records that came back since last time: for conn_credit. 0 when there is none.
uint32_t app_take_credit(struct app_session *session);

// ---- parked: what transport_submit had no room for ----

// By stream number. Submit directly only when the stream has nothing parked; on TRANSPORT_WRITABLE
// submit from the front until it is full again. A CLOSE waits until session->parked is 0.
bool app_parked_any(const struct app_session *session, uint32_t number);
void app_park(struct app_session *session, const struct app_tx *tx);
// The first of the stream, or NULL. Stays until app_unpark.
const struct app_tx *app_parked_first(const struct app_session *session, uint32_t number);
void app_unpark(struct app_session *session, uint32_t number);

// The memory of a parked descriptor (checked when it was taken).
const uint8_t *app_tx_data(const struct app_channel *channel, const struct app_tx *tx);
