// Every maximum of the data path, in one place. Nothing
// in the dataplane grows past these after start.
#pragma once

#include "lib/base/stream.h" // STREAMS_MAX: streams of one connection; applications know it too

enum limits {
	WORKERS_MAX = 16,
	PORTS_MAX = 16,       // links of one node
	APPS_MAX = 64,        // attached applications
	CONNS_MAX = 1024,     // connections of one worker; a slot that nobody used takes no memory
	RECORD_WINDOW = 128,  // records of one stream between the lowest incomplete and the newest
	IN_FLIGHT_MAX = 4096, // next_pn - lowest tracked, per connection
	PN_WINDOW = 8192,     // duplicate filter, ack source and replay window, bits per connection
	ACK_WORDS_MAX = 16,   // 64-bit words of bitmap in one ACK block
	ACK_LIMITS_MAX = 4,   // per-stream limits in one ACK block
	ACK_EVERY = 256,      // an ACK at least every so many new packet numbers
	BURST = 32,           // packets per receive and transmit burst
	APP_DESCRIPTORS_TURN = 32, // descriptors taken from one application per turn
	COMMANDS_TURN = 8,         // commands taken from control per turn
	TX_BACKLOG_MAX = 512,      // packets built that a port has not taken yet
	NEIGHBOURS_MAX = 256,      // ARP entries of one port
	ARP_PENDING_MAX = 64,      // ... of which unresolved
};

// A record is the unit of compression and of delivery.
#define RECORD_RAW_MAX    65536u
#define BLOCK_HEADER_SIZE 16u
#define RECORD_WIRE_MAX   (RECORD_RAW_MAX + BLOCK_HEADER_SIZE)
#define BLOCK_SIZE        65536u // one buffer of an application's region or arena

#define MTU_MIN 1500u
#define MTU_MAX 9000u
