// Round trip time of one connection: EWMA 7/8 and 1/8, its
// variation, and the retransmission timer made of both.
#pragma once

#include <stdint.h>

#define RTT_TIMEOUT_MIN_NS 1000000ull    // 1 ms
#define RTT_TIMEOUT_MAX_NS 1000000000ull // 1 s, doubling included; and before the first sample
#define RTT_ACK_DELAY_NS   25000ull      // no ACK is delayed longer
#define ACK_RIDE_NS        2000ull       // one that is asked for: an application's turn to answer
// A virtual link may take no time at all; a rate must stay finite.
#define RTT_SAMPLE_MIN_NS 1000ull

struct rtt {
	uint64_t srtt_ns; // 0: no sample yet
	uint64_t var_ns;
	uint64_t min_ns;
	uint64_t latest_ns;
};

// One sample: the time since the packet was sent, less the peer's ACK delay.
void rtt_sample(struct rtt *r, uint64_t elapsed_ns, uint64_t delay_ns);
// max(1 ms, srtt + 4 * var + max ACK delay), doubled `backoff` times, not above 1 s. Before the
// first sample 1 s (RFC 6298, 2.1): on a path that nobody has measured, a shorter one is a guess.
uint64_t rtt_timeout(const struct rtt *r, uint32_t backoff);
// How long an ACK may wait: min(srtt / 4, 25 us).
uint64_t rtt_ack_delay(const struct rtt *r);
