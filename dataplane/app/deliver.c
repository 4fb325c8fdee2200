// Publishes events to the application and wakes it.
// See lib/shm/ring.h for the fences of the wake-up.
#include "dataplane/app/deliver_stage.h"

#include <assert.h>
#include <sys/socket.h>

#include "dataplane/app/block.h"

static void deliver_publish(struct app_channel *channel)
{
	uint32_t count = channel->staged_count;
	uint32_t put;

	channel->staged_count = 0;
	if (channel->broken != APP_BROKEN_NOT)
		return;
	put = ring_put(&channel->rx, channel->staged, count);
	if (put == RING_CORRUPT)
		channel->broken = APP_BROKEN_RING;
	else if (put != count) // an honest application's events always fit (APP_RX_SLOTS)
		channel->broken = APP_BROKEN_FULL;
}

static void deliver_stage(struct app_channel *channel, const struct app_rx *event, bool can_wait)
{
	if (channel->broken != APP_BROKEN_NOT)
		return;
	if (channel->staged_count == APP_STAGED_MAX)
		deliver_publish(channel);
	channel->staged[channel->staged_count++] = *event;
	channel->staged_wakes |= !can_wait;
}

void app_deliver_stage(struct app_channel *channel, const struct app_rx *event)
{
	deliver_stage(channel, event, false);
}

void app_deliver_data(struct app_session *session, uint32_t stream, uint8_t *memory, uint32_t size,
	uint16_t flags)
{
	struct app_channel *channel = session->channel;
	uint32_t index = app_block_index(channel, memory);
	struct app_block *block = &channel->block[index];

	assert(block->state == APP_BLOCK_RECEIVING && block->row == session->row &&
		size <= APP_BLOCK_SIZE);
	if (channel->broken != APP_BROKEN_NOT) { // it will never come back from there
		app_block_put(session, memory);
		return;
	}
	block->state = APP_BLOCK_OWNED;
	block->session = session->cid;
	app_deliver_stage(channel, &(struct app_rx){
					   .session = session->cid,
					   .stream = stream,
					   .offset = index * APP_BLOCK_SIZE,
					   .size = size,
					   .type = APP_RX_DATA,
					   .flags = flags,
				   });
}

void app_deliver_sent(struct app_channel *channel, uint32_t session, uint32_t stream,
	uint64_t cookie, bool ok, bool packed)
{
	const struct app_rx event = {
		.session = session,
		.stream = stream,
		.type = APP_RX_SENT,
		.flags = ok ? 0 : APP_RX_FAILED,
		.cookie = cookie,
	};

	assert(channel->sends > 0);
	channel->sends--;
	deliver_stage(channel, &event, ok && packed);
}

// Tells the main thread that this request needs no time-out any more.
static void deliver_answer(struct app_channel *channel, uint32_t request)
{
	for (uint32_t i = 0; i < APP_CONNECTS_MAX; i++) {
		// Acquire pairs with the main thread's exchange;
		// only this thread makes a slot non-zero.
		if (atomic_load_explicit(&channel->answered[i], memory_order_acquire) != 0)
			continue;
		atomic_store_explicit(&channel->answered[i], request, memory_order_release);
		return;
	}
	// All taken: the main thread is far behind. Its time-out
	// frees the request; the application ignores that.
}

void app_deliver_opened(struct app_session *session, uint32_t request)
{
	if (request != 0)
		deliver_answer(session->channel, request);
	app_deliver_stage(session->channel, &(struct app_rx){
						    .session = session->cid,
						    .offset = session->row,
						    .type = APP_RX_OPENED,
						    .cookie = request,
					    });
}

static void deliver_wake(struct app_channel *channel)
{
	uint32_t head;

	bool can_wait = !channel->staged_wakes;

	channel->staged_wakes = false;
	if (!ring_wake_needed_for(&channel->rx, can_wait)) {
		channel->woken &= can_wait; // a deep sleeper was not seen awake
		return;
	}
	// A byte sent while the head stood here is still on its way to a reader who will look at
	// the ring: it cannot sleep again before it has taken what is there (ring_sleep), so a
	// second byte would tell it nothing.
	head = atomic_load_explicit(&channel->rx.peer->head, memory_order_relaxed);
	if (channel->woken && channel->woken_head == head)
		return;
	channel->woken = true;
	channel->woken_head = head;
	channel->wakes++;
	// A full socket is a readable one; a closed one is
	// the main thread's business (hang-up of data.sock).
	(void)send(channel->wake_fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void app_deliver_flush(struct app_channel *channel)
{
	if (channel->staged_count == 0)
		return;
	deliver_publish(channel);
	if (channel->broken == APP_BROKEN_NOT)
		deliver_wake(channel);
}
