// What a process that talks to strangers need not be able to do.
#pragma once

#include <stddef.h>

// Nobody reads this process's memory: no core dump, no tracer of the same user.
void privileges_close_memory(void);
// Gives up every capability of this process for good. What it executes afterwards as root has
// root's again: that is how the dataplane, which needs them, is started anew. 0, or -1 with errno.
int privileges_drop(void);
