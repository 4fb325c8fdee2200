// Names of the ciphers, for every place where a person or an application writes them.
#pragma once

#include <stdint.h>

#include "lib/ipc/names.h"

extern const char *const cipher_choices[]; // in the order of their numbers, ends with NULL

// "unknown" beyond enum cipher_id.
const char *cipher_name(uint32_t id);
// -1: no such name.
int cipher_find(const char *name);
