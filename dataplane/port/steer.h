// Packets that arrived on another worker's queue: a ring from each worker to each other, one
// producer and one consumer, so nobody waits for anybody. Passed on and counted, never dropped but
// when a ring is full.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/port/port.h"

struct steer;

// For `workers` workers; NULL with a sentence. After eal_start.
struct steer *steer_new(uint16_t workers, char *error, size_t error_size);
void steer_free(struct steer *steer); // frees the packets still inside

// Worker `from` hands a packet to worker `to` (another one). DROP_STEER_FULL: the packet is freed.
// `port_index` is the caller's number of the port it came from.
enum verdict steer_give(struct steer *steer, uint16_t from, uint16_t to, uint8_t port_index,
	const struct port_packet *packet);
// Up to `max` packets handed to worker `to`, fairly over the givers.
uint16_t steer_take(struct steer *steer, uint16_t to, struct port_packet *out, uint8_t *port_index,
	uint16_t max);

struct steer_counters {
	uint64_t given, full; // written by the giving worker
};

const struct steer_counters *steer_counters(const struct steer *steer, uint16_t from);
