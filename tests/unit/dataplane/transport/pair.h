// Two transports and the packets between them, in virtual
// time: what the unit tests of whole connections drive.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/transport/conn.h"

enum { PAIR_QUEUE = 8192, PAIR_BLOCKS = 512, PAIR_PAYLOAD = 9000 };

struct pair_packet {
	struct wire_header header;
	bool has_ack;
	struct wire_ack ack;
	uint32_t size;
	uint64_t arrive_ns;
	uint8_t payload[PAIR_PAYLOAD];
};

struct pair_side {
	struct transport *t;
	struct conn *c;
	void *memory;
	uint64_t blocks_out; // taken from the arena, not returned
	uint64_t blocks_max; // block_get fails above
	bool opened, closed;
	enum close_reason reason;
	uint32_t writable;
	uint32_t delivered; // records
	uint32_t returned_ok, returned_failed;
	uint64_t bytes;
	bool hold;        // the application takes no records
	bool credit_back; // every record delivered gives one record of credit
	bool ordered_broken;
	uint32_t next_record[STREAMS_MAX]; // expected on ordered streams
	uint64_t next_cookie[STREAMS_MAX];
	uint64_t drops[DROP_COUNT];
	bool mute;          // its packets vanish
	uint64_t lose_mask; // bit n: its n-th DATA packet from now on vanishes, then the mask moves
			    // on
	bool forged_crc;
	uint32_t sent_type[WIRE_TYPE_COUNT];
	struct pair_packet last; // newest packet it sent
};

struct pair {
	uint64_t now_ns;
	uint64_t delay_ns; // one way
	struct pair_side side[2];
	struct pair_packet *queue[2]; // towards side i
	uint32_t head[2], tail[2];
	uint64_t loss_permille; // random, with `seed`
	uint64_t seed;
	bool reorder;
	uint32_t segment_size; // as both links take it; pair_new: 1408
	uint32_t carries;      // the path drops packets with more payload
};

// A HELLO is not exchanged yet: pair_run does it.
struct pair *pair_new(uint32_t credit_records);
struct pair *pair_new_wide(uint32_t credit_records, uint32_t segment_size, uint32_t carries);
void pair_free(struct pair *p);
// Opens both connections again, after both were freed.
void pair_open(struct pair *p, uint32_t credit_records);
// Runs until nothing happens before `until_ns`.
void pair_run(struct pair *p, uint64_t until_ns);
void pair_for(struct pair *p, uint64_t ns);
// One turn of both sides at the present time: packets due, timers, sending.
void pair_turn(struct pair *p);
// The side's port is slower than any rate, so that the port paces and the pacer stands aside.
void pair_unpaced(struct pair *p, uint32_t side);
// Submits a record of `size` bytes that the receiver will
// verify. SUBMIT_FULL and so on as transport_submit.
enum submit_result pair_submit(struct pair *p, uint32_t side, uint32_t stream, uint32_t size);
// Bulk: keeps `records` records of `size` going on one
// stream until all were returned, or time is over.
bool pair_bulk(struct pair *p, uint32_t side, uint32_t stream, uint32_t records, uint32_t size,
	uint64_t limit_ns);
