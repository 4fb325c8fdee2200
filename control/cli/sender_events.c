// What happens to the sessions of a sender: each event of each, and waiting for the next one.
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/cli/clock.h"
#include "control/cli/format.h"
#include "control/cli/sender_private.h"

#define EVENTS_TURN 64
#define WAIT_MS     100 // so that the progress moves and a stop is seen

enum sender_verdict sender_fail(
	struct sender *s, enum sender_verdict verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
	return verdict;
}

// Of the file now, in bytes.
static uint32_t block_size(const struct sender *s, uint64_t number)
{
	uint64_t left = s->size - number * TRANSFER_BLOCK;

	return left < TRANSFER_BLOCK ? (uint32_t)left : TRANSFER_BLOCK;
}

void sender_end(struct sender *s, enum sender_verdict verdict, const char *format, ...)
{
	va_list args;

	s->stripe[0].open = false;
	if (s->over != SENDER_OK)
		return;
	s->over = verdict;
	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
}

static void on_data(struct sender *s, struct sender_stripe *stripe, const struct sluice_event *e)
{
	const char *wrong = "a record on a stream that only the sender uses";
	struct transfer_message answer;

	if (e->stream == STREAM_CONTROL)
		wrong = transfer_parse(&answer, e->data, e->size);
	sluice_buffer_put(stripe->sluice, e->data);
	if (!wrong && stripe != s->stripe && answer.type != TRANSFER_JOINED)
		wrong = "a stripe that answers";
	if (wrong) {
		sluice_abort(stripe->sluice, stripe->session);
		sender_end(s, SENDER_REFUSED, "%s does not speak the file transfer: %s", s->node,
			wrong);
		return;
	}
	if (stripe != s->stripe) {
		stripe->joined = true;
		return;
	}
	s->answer = answer;
	// Late words about an earlier file do not matter any more.
	s->answered |= s->answer.transfer == s->transfer;
}

static void on_failed(struct sender *s, const struct sluice_event *e)
{
	bool gone = e->error == SLUICE_E_UNREACHABLE || e->error == SLUICE_E_TIMEOUT;
	bool busy = e->error == SLUICE_E_BUSY;
	char plain[SENDER_TEXT_SIZE / 2];

	format_plain(plain, sizeof(plain), e->text);
	sender_end(s, gone ? SENDER_GONE : SENDER_REFUSED, "no %s with %s%s: %s%s",
		busy ? "room for another session" : "session", s->node, busy ? " now" : "", plain,
		busy && !strstr(plain, "try again") ? "; try again when one has ended" : "");
}

// The cookie is the transfer (upper half) and 1 + the number of the block; 0: no block.
static void on_sent(struct sender *s, struct sender_stripe *stripe, const struct sluice_event *e)
{
	uint32_t number = (uint32_t)e->cookie;

	stripe->in_flight--;
	sluice_buffer_put(stripe->sluice, e->data);
	if (!e->ok || e->cookie >> 32 != s->transfer || number-- == 0)
		return;
	s->acked += block_size(s, number);
	s->has[number % SENDER_WINDOW / 64] |= UINT64_C(1) << number % 64;
	for (; s->has[s->floor % SENDER_WINDOW / 64] >> s->floor % 64 & 1; s->floor++)
		s->has[s->floor % SENDER_WINDOW / 64] &= ~(UINT64_C(1) << s->floor % 64);
}

static void on_closed(struct sender *s, struct sender_stripe *stripe, const struct sluice_event *e)
{
	stripe->open = false;
	if (stripe == s->stripe)
		sender_end(s, SENDER_GONE, "the session with %s ended%s: %s", s->node,
			e->ok ? " before the file was done" : "", e->text);
	else
		sender_end(s, SENDER_GONE, "stripe %d of %u to %s ended%s: %s",
			(int)(stripe - s->stripe) + 1, s->stripes, s->node,
			e->ok ? " before the file was done" : "", e->text);
}

static void on_event(struct sender *s, struct sender_stripe *stripe, const struct sluice_event *e)
{
	switch (e->type) {
	case SLUICE_OPENED:
		if (e->request != stripe->request || e->accepted) {
			sluice_abort(stripe->sluice, e->session);
			break;
		}
		stripe->session = e->session;
		stripe->open = true;
		break;
	case SLUICE_FAILED:
		// The file goes over those that there are, unless more were asked for.
		stripe->refused = e->request == stripe->request;
		if (stripe->refused && (stripe == s->stripe || s->options.stripes > 0))
			on_failed(s, e);
		break;
	case SLUICE_DATA:
		on_data(s, stripe, e);
		break;
	case SLUICE_MESSAGE:
		sluice_buffer_put(stripe->sluice, e->data);
		sender_end(s, SENDER_REFUSED, "the service at %s sends messages: it takes no files",
			s->node);
		break;
	case SLUICE_SENT:
		on_sent(s, stripe, e);
		break;
	case SLUICE_CLOSED:
		on_closed(s, stripe, e);
		break;
	case SLUICE_DETACHED:
		stripe->detached = true;
		sender_end(s, SENDER_GONE, "%s; sluice status tells more", e->text);
		break;
	}
}

// Until one of them has something, for a moment.
static void sender_wait(struct sender *s)
{
	struct pollfd ready[TRANSFER_STRIPES_MAX];
	uint32_t i;

	if (s->stripes == 1) {
		(void)sluice_wait(s->stripe[0].sluice, WAIT_MS);
		return;
	}
	for (i = 0; i < s->stripes; i++) {
		if (sluice_wait(s->stripe[i].sluice, 0) != 0)
			return;
		ready[i] = (struct pollfd){.fd = sluice_fd(s->stripe[i].sluice), .events = POLLIN};
	}
	(void)poll(ready, s->stripes, WAIT_MS);
}

static int stripe_receive(struct sender *s, struct sender_stripe *stripe)
{
	struct sluice_event events[EVENTS_TURN];
	int count = stripe->detached ? 0 : sluice_receive(stripe->sluice, events, EVENTS_TURN);

	for (int i = 0; i < count; i++)
		on_event(s, stripe, &events[i]);
	return count;
}

enum sender_verdict sender_turn(struct sender *s, bool wait)
{
	if (wait && !s->stripe[0].detached)
		sender_wait(s);
	for (uint32_t i = 0; i < s->stripes; i++)
		if (stripe_receive(s, &s->stripe[i]) > 0)
			s->moved_ns = clock_now_ns();
	return s->over;
}
