// What a node holds, waits for and shares while it runs: the most of each pool that was in use, and
// how often each place was one of waiting or of handing over.
#pragma once

#include <stdint.h>

#include "dataplane/transport/transport.h"

struct bench_figures;
struct node;
struct pair;

// The most in use at once since watch_start. Written by the node's thread.
struct watch_marks {
	uint32_t blocks;                // of the receive blocks of the application that holds most
	uint32_t blocks_size;           // how many that application has
	uint32_t send_buffers;          // of one application's
	uint32_t backlog;               // packets that its link has not taken yet
	uint32_t held[LIMITED_APP + 1]; // by what the watched session's sender was; each 256th turn
};

enum { WATCH_COUNTS = 13 };

struct watch {
	struct pair *pair;
	uint32_t packet_buffers[2]; // the most of each link's pool in use, looked at each 2 ms
	uint64_t before[2][WATCH_COUNTS];
};

// The node's thread, each turn, between its worker and its endpoint.
void watch_turn(struct node *node);
// Both nodes rest. `cid`: of the first node's session whose sender is looked at; 0: none.
void watch_start(struct watch *watch, struct pair *pair, uint32_t cid);
// What there was since then, into out->extra ("pools", "waits" and how long that was: bench.h).
void watch_stop(const struct watch *watch, struct bench_figures *out);
