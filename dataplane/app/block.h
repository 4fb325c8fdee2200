// Of block.c, for the other files of this folder.
#pragma once

#include "dataplane/app/channel.h"

// Index of the block that `memory` points into.
uint32_t app_block_index(const struct app_channel *channel, const uint8_t *memory);
// Back to the free list, whatever it was. The caller keeps the counts.
void app_block_release(struct app_channel *channel, uint32_t index);
