// What the files of the sender share; nobody else includes it.
#pragma once

#include "control/cli/sender.h"

#define STREAM_CONTROL SLUICE_STREAM(TRANSFER_STREAM_CONTROL, SLUICE_ORDERED)
#define STREAM_BLOCKS  SLUICE_STREAM(TRANSFER_STREAM_BLOCKS, SLUICE_UNORDERED)

// sender_events.c. Keeps the sentence, returns `verdict`.
__attribute__((format(printf, 3, 4))) enum sender_verdict sender_fail(
	struct sender *s, enum sender_verdict verdict, const char *format, ...);
// The session is over: the first reason stays.
__attribute__((format(printf, 3, 4))) void sender_end(
	struct sender *s, enum sender_verdict verdict, const char *format, ...);
// Takes what happened. `wait`: blocks a moment when nothing has.
enum sender_verdict sender_turn(struct sender *s, bool wait);

// sender.c. True when there is no more reason to wait for the peer.
bool sender_stalled(struct sender *s, uint64_t since_ns);
// A word on one of the sessions.
enum sender_verdict stripe_tell(
	struct sender *s, struct sender_stripe *stripe, struct transfer_message *message);
enum sender_verdict sender_cancel(struct sender *s);

// sender_stripe.c. One more session, of another attachment: to that worker (0: any).
enum sender_verdict stripe_open(struct sender *s, uint32_t worker);
// As many sessions as the file of the last ACCEPT is worth (s->used), joined to the first.
enum sender_verdict stripes_open(struct sender *s);
// Round and round over the stripes; one that has no room is passed over. 1 a block is on its way, 0
// there are no more, -1 not now, -2 the file failed.
int stripes_block(struct sender *s, struct outgoing *out);
void stripes_drop_held(struct sender *s);
