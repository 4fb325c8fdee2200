// See fake_app.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "tests/unit/dataplane/app/fake_app.h"

void fake_region_make(struct region *region, uint32_t blocks)
{
	uint32_t offset = (uint32_t)(sizeof(struct app_region) + 4095) & ~4095u;

	assert_int_equal(region_create(region, "fake-app", offset + (size_t)blocks * APP_BLOCK_SIZE,
				 REGION_PAGES_ORDINARY),
		0);
	((struct app_region *)(void *)region->base)->header = (struct app_region_header){
		.magic = APP_REGION_MAGIC,
		.version = APP_ABI_VERSION,
		.blocks = blocks,
		.blocks_offset = offset,
		.size = region->size,
	};
}

void fake_app_init(struct fake_app *app, uint32_t buffers, uint32_t arena_blocks)
{
	const char *reason = "";

	fake_region_make(&app->region, buffers);
	app->mine = (struct app_region *)(void *)app->region.base;
	assert_int_equal(
		app_channel_new(&app->channel, dup(app->region.fd), arena_blocks, &reason), 0);
	assert_null(reason);

	struct app_arena *arena = app->channel->mine;
	ring_producer_init(&app->tx, app->mine->tx_slots, &app->mine->tx_tail, &arena->tx_head,
		sizeof(struct app_tx), APP_TX_SLOTS);
	ring_producer_init(&app->returns, app->mine->return_slots, &app->mine->return_tail,
		&arena->return_head, sizeof(struct app_return), APP_RETURN_SLOTS);
	ring_consumer_init(&app->rx, arena->rx_slots, &arena->rx_tail, &app->mine->rx_head,
		sizeof(struct app_rx), APP_RX_SLOTS);
}

void fake_app_fini(struct fake_app *app)
{
	app_channel_free(app->channel);
	region_fini(&app->region);
}

void fake_app_send(struct fake_app *app, struct app_tx tx)
{
	assert_int_equal(ring_put(&app->tx, &tx, 1), 1);
}

void fake_app_return(struct fake_app *app, uint32_t offset, uint32_t session)
{
	struct app_return back = {.offset = offset, .session = session};

	assert_int_equal(ring_put(&app->returns, &back, 1), 1);
}

struct app_rx fake_app_event(struct fake_app *app)
{
	struct app_rx rx = {0};

	assert_true(ring_take(&app->rx, &rx, 1) <= 1);
	return rx;
}
