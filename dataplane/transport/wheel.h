// A timing wheel of connections, not of packets: each connection stands in it at most once, at its
// earliest deadline. Four levels of 64 slots: 4 us, 262 us, 17 ms and 1.1 s wide; entries carry
// their exact time, so nothing fires early.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/transport/list.h"

#define WHEEL_LEVELS     4u
#define WHEEL_SLOTS      64u
#define WHEEL_TICK_SHIFT 12u // one tick is 4,096 ns
#define WHEEL_NEVER      UINT64_MAX

struct wheel_node {
	struct list node;
	uint64_t at_ns; // WHEEL_NEVER: not in the wheel
	uint8_t level, slot;
};

struct wheel {
	uint64_t tick;               // wheel_advance came this far
	uint64_t used[WHEEL_LEVELS]; // bit: the slot has nodes
	struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_ns);
void wheel_node_init(struct wheel_node *n);
// Moves the node to at_ns. The common case, a deadline that moved later, needs no call: let it fire
// early, look, set again.
void wheel_set(struct wheel *w, struct wheel_node *n, uint64_t at_ns);
void wheel_remove(struct wheel *w, struct wheel_node *n);
// Nodes due at now_ns move to `due` (linked by `node`, at_ns is WHEEL_NEVER).
void wheel_advance(struct wheel *w, uint64_t now_ns, struct list *due);
// The earliest time in the wheel, exactly; WHEEL_NEVER when it is empty.
uint64_t wheel_next(const struct wheel *w);
