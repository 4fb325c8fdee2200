// Names of the congestion controllers, for every place where a person or an application writes
// them.
#pragma once

#include <stdint.h>

#include "lib/base/controller.h"

extern const char *const controller_choices[]; // in the order of their numbers, ends with NULL

// "unknown" beyond enum controller_id.
const char *controller_name(uint32_t id);
// -1: no such name.
int controller_find(const char *name);
