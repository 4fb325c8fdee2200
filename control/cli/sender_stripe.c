// The sessions that a file goes over: opening more of them, and who takes the next block.
#include <string.h>

#include "control/cli/clock.h"
#include "control/cli/sender_private.h"
#include "control/cli/signals.h"

static enum sender_verdict sender_fail_attach(struct sender *s, int result)
{
	bool down = result == SLUICE_E_UNREACHABLE || result == SLUICE_E_TIMEOUT;

	return sender_fail(s, down || result == SLUICE_E_PERMISSION ? SENDER_GONE : SENDER_REFUSED,
		"%s%s", sluice_error(NULL),
		down ? " (is sluice-dataplane running? sluice status tells)" : "");
}

enum sender_verdict stripe_open(struct sender *s, uint32_t worker)
{
	const struct sender_options *options = &s->options;
	struct sluice_options attach = {.socket = options->data_socket, .worker = worker};
	struct sluice_session_options session = {.codec = options->codec,
		.level = options->level,
		.controller = options->controller,
		.dictionary = options->dictionary};
	struct sender_stripe *stripe = &s->stripe[s->stripes];
	int result = sluice_attach(&stripe->sluice, &attach);

	if (result != 0)
		return sender_fail_attach(s, result);
	s->stripes++;
	result = sluice_connect(stripe->sluice, options->node, options->service, &session);
	if (result < 0)
		return sender_fail(s, result == SLUICE_E_UNREACHABLE ? SENDER_GONE : SENDER_REFUSED,
			"%s", sluice_error(stripe->sluice));
	stripe->request = (uint32_t)result;
	while (!stripe->open && !stripe->refused && s->over == SENDER_OK) {
		if (signals_stop())
			return sender_fail(s, SENDER_CANCELLED, "cancelled");
		sender_turn(s, true);
	}
	return s->over;
}

// One more session, beside the first, until the receiver has said JOINED; or none, if it has no
// room for another one.
static enum sender_verdict stripe_add(struct sender *s)
{
	uint32_t workers = sluice_workers(s->stripe[0].sluice);
	uint32_t worker = (sluice_worker(s->stripe[0].sluice) - 1 + s->stripes) % workers + 1;
	struct sender_stripe *stripe = &s->stripe[s->stripes];
	struct transfer_message join = {.type = TRANSFER_JOIN};
	enum sender_verdict verdict;

	memcpy(join.token, s->answer.token, sizeof(join.token));
	verdict = stripe_open(s, worker);
	if (verdict == SENDER_OK && stripe->refused) {
		sluice_detach(stripe->sluice);
		*stripe = (struct sender_stripe){0};
		s->used = --s->stripes;
		return SENDER_OK;
	}
	if (verdict == SENDER_OK)
		verdict = stripe_tell(s, stripe, &join);
	s->moved_ns = clock_now_ns();
	while (verdict == SENDER_OK && !stripe->joined) {
		if (signals_stop())
			return sender_cancel(s);
		verdict = sender_turn(s, true);
		if (clock_now_ns() - s->moved_ns <= (uint64_t)SENDER_ANSWER_S * 1000000000)
			continue;
		sender_end(s, SENDER_GONE, "%s does not answer a stripe (waited %d s)", s->node,
			SENDER_ANSWER_S);
		verdict = s->over;
	}
	return verdict;
}

// How many sessions the file of the last ACCEPT is worth.
static uint32_t stripes_wanted(const struct sender *s)
{
	uint32_t mine = sluice_workers(s->stripe[0].sluice), theirs = s->answer.stripes;

	if (s->options.stripes > 0)
		return s->options.stripes;
	if (s->size < SENDER_STRIPE_BYTES)
		return 1;
	return mine < theirs ? mine : theirs;
}

enum sender_verdict stripes_open(struct sender *s)
{
	enum sender_verdict verdict = SENDER_OK;

	s->used = stripes_wanted(s);
	while (verdict == SENDER_OK && !s->answered && s->stripes < s->used)
		verdict = stripe_add(s);
	return verdict;
}

// The next block of the file into a buffer of this stripe. 1 it holds one, 0 not now, -1 the file
// failed.
static int stripe_fill(struct sender *s, struct sender_stripe *stripe, struct outgoing *out)
{
	int result;

	if (stripe->held)
		return 1;
	if (out->offset / TRANSFER_BLOCK >= s->floor + SENDER_WINDOW)
		return 0;
	stripe->held = sluice_buffer_get(stripe->sluice);
	if (!stripe->held)
		return 0;
	result = outgoing_read(out, stripe->held + TRANSFER_PREFIX, &stripe->block);
	if (result <= 0) {
		sluice_buffer_put(stripe->sluice, stripe->held);
		stripe->held = NULL;
		return result;
	}
	stripe->block.transfer = s->transfer;
	transfer_block_frame(stripe->held, &stripe->block);
	return 1;
}

// True: the block that this stripe holds is on its way.
static bool stripe_send(struct sender *s, struct sender_stripe *stripe)
{
	uint32_t size = TRANSFER_PREFIX + stripe->block.size;
	uint64_t number = stripe->block.offset / TRANSFER_BLOCK;

	if (sluice_send(stripe->sluice, stripe->session, STREAM_BLOCKS, stripe->held, size, true,
		    (uint64_t)s->transfer << 32 | (uint32_t)(number + 1)) != 0)
		return false; // AGAIN, or the session is ending: the next turn tells
	stripe->held = NULL;
	stripe->in_flight++;
	s->sent += size;
	return true;
}

int stripes_block(struct sender *s, struct outgoing *out)
{
	bool held = false;

	for (uint32_t i = 0; i < s->used; i++) {
		struct sender_stripe *stripe = &s->stripe[s->turn++ % s->used];
		int result = stripe_fill(s, stripe, out);

		if (result < 0)
			return -2;
		if (result > 0 && stripe_send(s, stripe))
			return 1;
		held |= result > 0;
	}
	return held || out->offset < out->size ? -1 : 0;
}

void stripes_drop_held(struct sender *s)
{
	for (uint32_t i = 0; i < s->stripes; i++) {
		if (s->stripe[i].held)
			sluice_buffer_put(s->stripe[i].sluice, s->stripe[i].held);
		s->stripe[i].held = NULL;
	}
}
