// A JSON value as one line of text whose numbers people and simple scripts can read too.
#pragma once

#include <jansson.h>

// Reals have at most 9 decimals and never an exponent: 0.000012, not 1.2e-05. The line has no
// newline. The caller frees it; NULL: out of memory.
char *json_line(const json_t *value);
