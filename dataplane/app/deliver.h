// To the application: events, staged and published once per burst, and the wake-up of a sleeper.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/app/channel.h"

// A record of `size` bytes at the start of `block` (from app_block_get of this session, never NULL,
// also for size 0). The block is the application's until app_take_returns sees it again. `flags`:
// APP_RX_MESSAGE_END or APP_RX_PACKED.
void app_deliver_data(struct app_session *session, uint32_t stream, uint8_t *block, uint32_t size,
	uint16_t flags);
// Answers a SEND: published at the peer, or lost. The buffer is the application's again. That a
// record of messages (`packed`) arrived does not wake a deep sleeper: it has buffers enough.
void app_deliver_sent(struct app_channel *channel, uint32_t session, uint32_t stream,
	uint64_t cookie, bool ok, bool packed);
// The session is open; publish its row (app_session_publish: peer, service, initiator) first.
// `request`: of the application's DOOR_CONNECT, 0 for a session that it accepted.
void app_deliver_opened(struct app_session *session, uint32_t request);
// CLOSED is staged by app_session_close (channel.h).

// Publishes what is staged and wakes the application when
// it sleeps. Once per burst; cheap when nothing is staged.
void app_deliver_flush(struct app_channel *channel);
