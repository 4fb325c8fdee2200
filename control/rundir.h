// The folder of a node's sockets and locks. One control process per folder.
#pragma once

#include <stddef.h>

#include "control/config.h"

// Makes the folder (0700) and takes its lock, writing our pid into it. The descriptor holds the
// lock; -1 with a sentence.
int rundir_take(const struct config *config, char *error, size_t error_size);
void rundir_give(int lock); // legal with -1
