// An application without libsluice, honest or not: its region, and its ends of the three rings.
#pragma once

#include "dataplane/app/channel.h"

struct fake_app {
	struct region region; // writable, as the application has it
	struct app_region *mine;
	struct ring_producer tx, returns;
	struct ring_consumer rx;
	struct app_channel *channel;
};

// An honest region with `blocks` buffers.
void fake_region_make(struct region *region, uint32_t blocks);
// Makes region and channel, and joins the rings.
void fake_app_init(struct fake_app *app, uint32_t buffers, uint32_t arena_blocks);
void fake_app_fini(struct fake_app *app);
void fake_app_send(struct fake_app *app, struct app_tx tx);
void fake_app_return(struct fake_app *app, uint32_t offset, uint32_t session);
// Takes one event; type 0 when there is none.
struct app_rx fake_app_event(struct fake_app *app);
