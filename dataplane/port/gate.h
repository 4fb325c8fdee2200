// Holds DPDK's interrupt thread, and lets it run one round at a time.
//
// Why: the memif driver takes its shared memory away (munmap) on that thread the moment a peer
// hangs up, while workers may be in the middle of a burst over it: a peer's death would be ours.
// Held, it handles connections and hang-ups only while the main thread has shut the ports. The
// same holds for virtual devices by their own string, which may be memif, and for virtio-user,
// whose device must not end while an alarm of its driver is on its way.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct gate;

// Never freed: the thread stays held to the end of the process. rte_eal_cleanup (22.11) unmaps
// memory under a thread that it does not stop, and a closed memif server leaves its listener's
// freed handle in that thread's list.
struct gate *gate_new(char *error, size_t error_size);

// Lets the interrupt thread go about its work until the next gate_round: drivers of network cards
// wait for it while they start.
void gate_free(struct gate *gate);

// Lets the interrupt thread handle what is pending and come back.
// Returns true once it is held again; false when that takes longer than
// 20 ms (it still runs: call again, and keep the ports shut until true).
bool gate_round(struct gate *gate);
