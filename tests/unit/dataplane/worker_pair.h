// Two workers, their links joined, each with one application and one control that are the test
// itself; time passes when the test says so.
#pragma once

#include "dataplane/worker.h"
#include "tests/unit/dataplane/app/fake_app.h"
#include "tests/unit/dataplane/fake_port.h"

#define PAIR_TURN_NS 5000ull

struct pair_end {
	struct worker w;
	struct config config;
	struct port port;
	struct port *ports[1];
	struct plane_dataplane *tables;
	struct plane_control *control;
	struct ring_producer commands;
	struct ring_consumer events;
	struct fake_app app;
	bool gone; // the worker let go of the application
};

struct worker_pair {
	struct pair_end a, b;
	uint64_t now_ns;
	enum cipher_id cipher; // of sessions that are opened from now on
	uint8_t level;         // ... of their codec, 0: its default
	uint8_t sessions;      // opened: each has secrets of its own
};

// One worker with its control and its application; `config` and `ports` are filled in. The link is
// the caller's.
void pair_end_start(struct pair_end *end, uint16_t index, struct steer *steer, uint64_t boot_id);
void pair_end_turn(struct pair_end *end, uint64_t now_ns);
// Its application has left (`gone`): nothing of the worker may be left.
void pair_end_stop(struct pair_end *end);

struct worker_pair *pair_new(void);
struct worker_pair *pair_new_with(enum cipher_backend backend);
// Both applications leave. Then nothing may be left:
// no session, block, slab, record or packet buffer.
void pair_free(struct worker_pair *pair);

void pair_turn(struct worker_pair *pair, struct pair_end *end);
// Turns of both, PAIR_TURN_NS apart.
void pair_turns(struct worker_pair *pair, uint32_t turns);

void pair_command(struct pair_end *end, struct plane_command command);
// The next event of control; type 0 when there is none.
struct plane_event pair_event(struct pair_end *end);
// ... of this type, which must be among those that wait; earlier ones are thrown away.
struct plane_event pair_expect(struct pair_end *end, enum plane_event_type type);
void pair_mail(struct pair_end *end, enum mail_type type, void *object);

// OPEN of a session to the other end; `cid` 0: reserve as well.
struct plane_command pair_open_command(const struct worker_pair *pair, const struct pair_end *end,
	uint32_t cid, uint32_t peer_cid);
struct pair_session {
	uint32_t a, b; // connection ids
};
// A session from a to b as control makes it: RESERVE at a, OPEN at b, OPEN at a, OPENED at both.
struct pair_session pair_open(struct worker_pair *pair, enum codec_id codec);
// The application hands over `size` bytes of its buffer `buffer`.
void pair_send(struct pair_end *end, uint32_t cid, uint32_t buffer, uint32_t size);
// The next event of this type that the application
// gets; others are thrown away. Fails after `turns`.
struct app_rx pair_app_expect(
	struct worker_pair *pair, struct pair_end *end, enum app_rx_type type, uint32_t turns);
