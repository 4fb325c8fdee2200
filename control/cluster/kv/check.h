// What a request may be, whoever made it.
#pragma once

#include <stdbool.h>

#include "control/cluster/kv/kv.h"

bool request_valid(const struct kv_request *request);
