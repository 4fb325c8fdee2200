// What will happen, earliest first: a heap of four children. Equal times come out in the order in
// which they went in.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

enum event_type {
	EVENT_TICK,   // a node's timer
	EVENT_PACKET, // arrives at a node; data: struct packet, which goes with the event
	EVENT_CALL,   // of the scenario
};

struct event {
	uint64_t at_ns;
	uint64_t number;
	enum event_type type;
	uint32_t node;
	union {
		struct packet *packet;
		void (*call)(struct world *world, uint32_t node);
	};
};

struct heap {
	struct event *events;
	size_t count, size;
	uint64_t number; // of the next that goes in
};

// Sets the event's number. Ends the process when there is no memory.
void heap_put(struct heap *heap, struct event event);
// Not of an empty heap.
struct event heap_take(struct heap *heap);
void heap_fini(struct heap *heap);
