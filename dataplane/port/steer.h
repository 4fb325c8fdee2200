// Packets that arrived on another worker's queue: a ring from each worker to each other, one
// producer and one consumer, so nobody waits for anybody. Passed on and counted, never dropped but
// when a ring is full: then what does not fit is freed and counted. The rings of one worker hold
// STEER_ROOM packets together, however many workers there are, and the ports' pools have buffers
// for them (sizes.c).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataplane/port/port.h"

struct steer;

// For `workers` workers; NULL with a sentence. After eal_start.
struct steer *steer_new(uint16_t workers, char *error, size_t error_size);
void steer_free(struct steer *steer); // frees the packets still inside

#define STEER_ROOM 2048u

// Packets that one ring holds: a power of two; 0 for one worker, who needs none.
uint32_t steer_room(uint16_t workers);

// Worker `from` hands a packet to worker `to` (another one), who sees it after steer_flush at the
// latest. `port_index` is the caller's number of the port it came from. Returns how many packets
// found no room just now and were freed (DROP_STEER_FULL).
uint32_t steer_give(struct steer *steer, uint16_t from, uint16_t to, uint8_t port_index,
	const struct port_packet *packet);
// The end of a burst. As steer_give.
uint32_t steer_flush(struct steer *steer, uint16_t from);
// Up to `max` packets handed to worker `to`, fairly over the givers.
uint16_t steer_take(struct steer *steer, uint16_t to, struct port_packet *out, uint8_t *port_index,
	uint16_t max);

struct steer_counters {
	uint64_t given, full; // written by the giving worker
};

const struct steer_counters *steer_counters(const struct steer *steer, uint16_t from);
