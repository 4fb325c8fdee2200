// What a worker does when there is nothing to do. The links of a laptop
// (memif, af_packet, af_xdp) have no receive interrupt in DPDK 22.11, so
// a quiet worker sleeps in steps and looks; a busy one never comes here.
#include <sched.h>
#include <time.h>

#include <rte_pause.h>

#include "dataplane/worker.h"

// After 200 us without work: 20 us naps, after 1 ms 50 us, after 10 ms 250 us, after 100 ms 700 us.
// So a stream with gaps never waits long, a quiet node takes under 3 % of a core (a nap costs 10 to
// 15 us in a virtual machine: 250 us naps alone took 5.9 %), and its first packet waits less than 1
// ms.
static uint64_t idle_nap_ns(uint64_t quiet_ns)
{
	if (quiet_ns < 200000)
		return 0;
	if (quiet_ns < 1000000)
		return 20000;
	if (quiet_ns < 10000000)
		return 50000;
	return quiet_ns < 100000000 ? 250000 : 700000;
}

void idle_rest(struct worker *w, uint64_t now_ns, uint64_t deadline_ns)
{
	uint64_t nap_ns = w->config->idle == IDLE_BUSY ? 0 : idle_nap_ns(now_ns - w->last_work_ns);
	struct timespec t = {0};

	if (w->config->idle == IDLE_BUSY) {
		rte_pause();
		return;
	}
	if (deadline_ns < now_ns + nap_ns)
		nap_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	if (nap_ns <
		5000) { // shorter than a sleep takes; but whoever shares the core may have it now
		sched_yield();
		return;
	}
	t.tv_nsec = (long)nap_ns;
	w->counters.sleeps++;
	nanosleep(&t, NULL);
}
