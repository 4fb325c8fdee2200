// One node inside this process: a link, a worker, an endpoint, and control's end of the rings. Its
// time stands still while it does not run: the transport must not take the other samples of a
// benchmark for a dead peer.
#pragma once

#include "dataplane/worker.h"
#include "perf/transport/duo.h"
#include "perf/transport/endpoint.h"
#include "perf/transport/watch.h"

struct node {
	struct config config;
	struct port *port[1];
	struct worker w;
	struct plane_dataplane *tables;
	struct plane_control *control;
	struct ring_producer commands;
	struct ring_consumer events;
	struct endpoint endpoint;
	uint64_t paused_ns; // since the start, all pauses together
	uint64_t left_ns;   // when it last stopped; 0: never ran
	struct watch_marks marks;
	uint32_t watched; // watch.h
	// Called each turn, after the endpoint; the work it did. May be NULL.
	uint32_t (*on_turn)(struct node *node);
	void *context;
};

// 0, or -1 with a sentence. `port` stays the caller's.
int node_init(struct node *node, struct port *port, const char *name, uint64_t boot_id, char *error,
	size_t error_size);
void node_fini(struct node *node);

// Its time, ns.
uint64_t node_now(const struct node *node);
// duo_job: the worker's loop with the endpoint in it. It rests as `config.idle` says.
void node_run(void *node, const atomic_bool *stop);

// A command of control; what comes back is taken by node_event.
bool node_command(struct node *node, const struct plane_command *command);
// The next event of control; type 0: none.
struct plane_event node_event(struct node *node);
