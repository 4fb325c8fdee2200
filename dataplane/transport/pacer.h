// Pacing: one token bucket per connection spreads a window over its round trip.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACER_BURST_MAX 65536.0

struct pacer {
	double rate;      // bytes/s; 0: no estimate yet, nothing is paced
	double tokens;    // bytes that may go now
	double burst;     // most bytes the bucket holds
	double port_rate; // bytes/s of the port, 0 unknown
	uint32_t segment; // bytes
	uint64_t last_ns; // tokens are counted up to here
};

void pacer_init(struct pacer *p, uint32_t segment, uint64_t port_rate, uint64_t now_ns);
// What a packet carries changed; pacer_rate follows.
void pacer_segment(struct pacer *p, uint32_t segment);
// The window or the round trip time changed: rate = cwnd * segment / srtt, burst = two turns of it.
void pacer_rate(struct pacer *p, double cwnd, uint64_t srtt_ns, uint64_t loop_ns, uint64_t now_ns);
// Counts the tokens up to now. Once per connection and burst, not per packet.
void pacer_refill(struct pacer *p, uint64_t now_ns);
// 0 when `size` bytes may go now, else the nanoseconds to wait.
uint64_t pacer_wait(const struct pacer *p, uint32_t size);
void pacer_take(struct pacer *p, uint32_t size);
