// The poll loop of a worker, on one screen. Everything in it is bounded; it allocates nothing,
// locks nothing, and makes no system call but to wake a sleeper or to sleep itself.
#include <time.h>

#include <rte_cycles.h>

#include "dataplane/command/apply.h"
#include "dataplane/command/letters.h"
#include "dataplane/observe/publish.h"
#include "dataplane/worker.h"

uint64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t); // the vDSO: no system call
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

uint32_t worker_turn(struct worker *w, uint64_t now_ns)
{
	uint32_t work = 0;

	w->now_ns = now_ns;
	for (uint16_t port = 0; port < w->ports; port++)
		work += receive_port(w, port, now_ns);
	work += receive_steered(w, now_ns);
	work += receive_records(w, now_ns);
	work += session_events(w);
	work += apply_turn(w, now_ns);
	work += send_take(w, now_ns);
	apply_on_time(w, now_ns);
	session_route_pending(w, now_ns);
	transport_on_time(w->transport,
		now_ns); // after what arrived: an ACK in the ring must not lose to its timer
	work += session_events(w);
	letters_apps(w, now_ns); // published first: an ACK says that the application has it
	rekey_turn(w, now_ns);   // before an ACK lets the peer go a phase further
	work += send_packets(w, now_ns);
	publish_on_time(w, now_ns);
	return work;
}

void worker_run(struct worker *w)
{
	while (!w->stop) {
		uint64_t start = rte_rdtsc();
		uint32_t work = worker_turn(w, clock_now());
		uint64_t cycles = rte_rdtsc() - start;

		w->counters.turns++;
		w->counters.cycles_total += cycles;
		load_look(w);
		if (work > 0) {
			w->counters.busy_turns++;
			w->counters.cycles_busy += cycles;
			w->last_work_ns = w->now_ns;
			continue;
		}
		idle_rest(w, w->now_ns, transport_deadline(w->transport));
		w->counters.cycles_total += rte_rdtsc() - start - cycles;
	}
}
