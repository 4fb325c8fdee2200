// One benchmark alone, for a profiler.
#pragma once

// Runs it, without its limit, for about two seconds. 0; 1: there is no such, or it failed, said on
// the standard error.
int spin(const char *id);
