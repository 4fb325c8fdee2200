// What the drivers of the peers share: one command line, one payload, one clock, one line of JSON.
//
//	peer_NAME receive|send ADDRESS PORT goodput|rtt SECONDS WARM_UP_SECONDS MTU [MODE]
//
// The receiver prints "ready" once the sender may start. Whoever holds the figure prints it and
// ends: of a goodput the receiver, of a round trip the sender; the caller ends the other one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	DRIVER_PAYLOAD = 16 << 20, // random bytes, over and over; larger than any L2
	DRIVER_CHUNK = 64 << 10,   // the most that is sent or taken at once
	DRIVER_MESSAGE = 64,       // of a round trip
	DRIVER_BUFFERS = 12 << 20, // what a peer may buffer for a connection, each side
	DRIVER_DATAGRAMS = 8 << 20 // of its UDP socket, each side
};

struct driver {
	bool receiver, rtt;
	const char *address; // the receiver's
	uint16_t port;
	double seconds, warm_up_seconds;
	unsigned int mtu;  // bytes of an IPv4 packet
	const char *mode;  // a variant that the driver knows; "" without
	uint8_t *payload;  // DRIVER_PAYLOAD bytes and the first DRIVER_CHUNK of them again
	uint8_t *received; // as large: where a peer that copies may put what it takes
};

// A peer as both loops see it. Each call blocks (or spins) until its work is done; negative: over,
// and the peer has said why.
struct driver_peer {
	const char *name;
	// Both sides are connected when it returns; the receiver calls driver_ready in between.
	int (*open)(struct driver *d);
	// Takes 1 to `size` bytes for transmission and returns how many. `data` is borrowed for the
	// call, except by a peer that says otherwise about the payload.
	ssize_t (*send)(struct driver *d, const uint8_t *data, size_t size);
	// The next bytes of the stream: *data is `room` (`size` bytes, free for use), or memory of
	// the peer that stays readable until the next call.
	ssize_t (*take)(struct driver *d, uint8_t *room, size_t size, const uint8_t **data);
};

int driver_main(int argc, char **argv, const struct driver_peer *peer);

void driver_ready(void);
// Prints the reason and returns -1.
int driver_fail(const char *what, const char *why);
// A non-blocking UDP or TCP socket's address.
struct sockaddr_in;
struct sockaddr_in driver_address(const struct driver *d);
// A UDP socket with DRIVER_DATAGRAMS of buffer, bound to the receiver's address (or, for the
// sender, to any); -1 after the reason.
int driver_udp(const struct driver *d);
// Gives an existing socket those buffers, past the system's maximum where that is allowed.
void driver_buffers(int fd, int bytes);

#ifdef __cplusplus
}
#endif
