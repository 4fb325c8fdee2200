// Two applications in processes of their own, each attached at the door of its node, and a session
// from the first to the second. The process of the pair is their dataplane's main thread and their
// control.
#pragma once

#include "perf/transport/app.h"
#include "perf/transport/pair.h"

struct apps;

// The processes, at rest: copies of this one, so before it has threads, DPDK or much memory. NULL:
// there are none.
struct apps *apps_new(void);
// Ends them. Before pair_free. NULL is legal.
void apps_free(struct apps *apps);
// Attached and with an open session from now on; at once when they are. -1 with a sentence in
// pair->error, as all of these.
int apps_attach(struct apps *apps, struct pair *pair);
// The first does `job`, the second receives: both have begun.
int apps_begin(
	struct apps *apps, struct pair *pair, enum app_job job, uint32_t size, uint64_t gap_ns);
// Nothing new is sent; both nodes run until what was sent has come, and both applications rest.
int apps_end(struct apps *apps, struct pair *pair);

// What an application says of itself: 0 sends, 1 receives.
const struct app_page *apps_page(const struct apps *apps, unsigned side);
// CPU time that both have used, ns.
uint64_t apps_cpu_ns(const struct apps *apps);
// Connection id of the session at the first node.
uint32_t apps_cid(const struct apps *apps);
// Whether workers and applications have a CPU each; else an application shares that of its worker.
bool apps_own_cpus(void);
