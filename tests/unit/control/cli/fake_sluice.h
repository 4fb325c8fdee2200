// What every libsluice made by hand answers in the same way: one worker, no error, a descriptor.
// Each test writes the rest of libsluice itself.
#pragma once

#include "lib/client/sluice.h"

extern int fake_sluice_fd; // -1: nobody sleeps on it
