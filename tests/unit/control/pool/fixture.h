// One world for a test program, and what each of its tests does: start it, let time pass, look,
// stop. Include it after cmocka.h.
#pragma once

#include "tests/unit/control/pool/world.h"

extern struct world w;

// Small: what tests say of auto-size and validation they switch on.
struct pool_config config_of(void);
// Nodes n0, n1 ...; what is kept ready is still being dialed.
void start(const struct pool_config *config, uint32_t nodes);
// Time passes. The test fails when something was wrong meanwhile.
void run(uint64_t ns);
// The same start, and what is kept ready is there.
void start_ready(const struct pool_config *config, uint32_t nodes);
struct pool_node_report report(uint32_t node);
// A lease that is granted at once, and its end.
struct pool_lease hold(uint32_t node, uint32_t affinity);
void give(uint32_t node, struct pool_lease lease, enum pool_outcome outcome);
int stop(void **state);

#define CASE(name) cmocka_unit_test_teardown(name, stop)
