// Keys from secrets: as the dataplane derives them, and by OpenSSL's HMAC and the bare cipher.
#pragma once

#include "perf/bench.h"

enum { DERIVE_CONTEXT = 25 }; // bytes of what makes a session's secret its own

void *derive_open(const struct bench *bench);
void derive_close(void *state);

// Bodies. Of one session, both directions, this phase and the next; and wiped.
uint64_t derive_keys(void *state, uint64_t operations);
uint64_t derive_keys_bare(void *state, uint64_t operations);
// Of one direction, the next phase: what a change of keys costs.
uint64_t derive_rekey(void *state, uint64_t operations);
uint64_t derive_rekey_bare(void *state, uint64_t operations);
// Both secrets of both ends of a session, from an exporter secret (RFC 8446, 7.5, SHA-384).
uint64_t derive_exporter(void *state, uint64_t operations);
