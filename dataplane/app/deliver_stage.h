// Of deliver.c, for the other files of this folder.
#pragma once

#include "dataplane/app/deliver.h"

// One event more to publish; publishes when the stage is full. Nothing on a broken channel.
void app_deliver_stage(struct app_channel *channel, const struct app_rx *event);
