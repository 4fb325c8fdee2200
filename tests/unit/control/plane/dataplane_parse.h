// The dataplane's reading of a command line, for tests of control: each has a `struct config`.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// False: refused, with what it said on standard error.
bool dataplane_parse(int argc, char **argv, char *said, size_t size);
