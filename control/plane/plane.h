// The only door to the dataplane: starts it or attaches to it, watches it, restarts it; holds
// proxy, events and tables.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/config.h"
#include "control/loop.h"
#include "control/plane/events.h"
#include "control/plane/proxy.h"
#include "control/plane/state.h"
#include "control/plane/tables.h"
#include "control/plane/traces.h"
#include "lib/shm/region.h"

struct plane {
	const struct config *config;
	struct loop *loop;
	enum plane_state state;
	uint64_t state_since_ns;
	struct tables tables; // shared is NULL unless running
	struct proxy proxy;
	struct events events;
	struct traces traces;
	uint64_t boot_id;      // of the dataplane attached now; 0: none
	uint64_t last_boot_id; // of the last one attached, until it is known to be dead
	pid_t pid;             // of the dataplane; 0: none
	bool ours;             // pid is our child: we reap it
	uint32_t restarts;     // times that it died on us
	char error[512]; // why the last one went away or could not start; empty: nothing to tell

	// what the owner wants to hear; set before plane_start
	void (*on_up)(void *owner);   // attached: tables are readable, proxy works
	void (*on_down)(void *owner); // detached: it may live on without us
	void (*on_gone)(
		void *owner, uint64_t boot_id); // that process is dead, and its sessions with it
	void (*on_event)(void *owner, const struct plane_event *event); // from any channel
	void (*on_resync)(void *owner);  // events were lost: look at the tables
	void (*on_stopped)(void *owner); // after plane_stop: the process is gone
	void *owner;

	// private to plane/
	int door;  // data.sock; -1
	int wake;  // -1
	int pidfd; // -1
	struct loop_watch door_watch, wake_watch, pid_watch;
	struct loop_timer timer;    // next try, next step of stopping
	struct loop_timer patience; // STARTING, ATTACHING
	struct loop_timer again;    // more events than one turn takes
	struct region mine, theirs;
	uint64_t backoff_ns;
	int stop_step;
};

void plane_init(struct plane *plane, const struct config *config, struct loop *loop);
void plane_start(struct plane *plane);
// Stops the dataplane (PLANE_SHUTDOWN, SIGTERM, SIGKILL after 3 s), then calls on_stopped, maybe at
// once.
void plane_stop(struct plane *plane);
// Lets go without stopping the dataplane.
void plane_fini(struct plane *plane);
