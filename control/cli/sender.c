// The sending side of a session.
#include "control/cli/sender.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/cli/clock.h"
#include "control/cli/format.h"
#include "control/cli/signals.h"

#define EVENTS_TURN 64
#define BLOCKS_TURN 8   // blocks sent between two looks at the events
#define WAIT_MS     100 // so that the progress moves and a stop is seen

#define STREAM_CONTROL SLUICE_STREAM(TRANSFER_STREAM_CONTROL, SLUICE_ORDERED)
#define STREAM_BLOCKS  SLUICE_STREAM(TRANSFER_STREAM_BLOCKS, SLUICE_UNORDERED)

__attribute__((format(printf, 3, 4))) static enum sender_verdict sender_fail(
	struct sender *s, enum sender_verdict verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
	return verdict;
}

// ---- events ------------------------------------------------------------------------------------

// The session is over: the first reason stays.
__attribute__((format(printf, 3, 4))) static void sender_end(
	struct sender *s, enum sender_verdict verdict, const char *format, ...)
{
	va_list args;

	s->open = false;
	if (s->over != SENDER_OK)
		return;
	s->over = verdict;
	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
}

static void on_data(struct sender *s, const struct sluice_event *e)
{
	const char *wrong = "a record on a stream that only the sender uses";

	if (e->stream == STREAM_CONTROL)
		wrong = transfer_parse(&s->answer, e->data, e->size);
	sluice_buffer_put(s->sluice, e->data);
	if (wrong) {
		sluice_abort(s->sluice, s->session);
		sender_end(s, SENDER_REFUSED, "%s does not speak the file transfer: %s", s->node,
			wrong);
		return;
	}
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

static void on_event(struct sender *s, const struct sluice_event *e)
{
	switch (e->type) {
	case SLUICE_OPENED:
		if (e->request != s->request || e->accepted) {
			sluice_abort(s->sluice, e->session);
			break;
		}
		s->session = e->session;
		s->open = true;
		break;
	case SLUICE_FAILED:
		if (e->request == s->request)
			on_failed(s, e);
		break;
	case SLUICE_DATA:
		on_data(s, e);
		break;
	case SLUICE_MESSAGE:
		sluice_buffer_put(s->sluice, e->data);
		sender_end(s, SENDER_REFUSED, "the service at %s sends messages: it takes no files",
			s->node);
		break;
	case SLUICE_SENT:
		// The cookie is the transfer (upper half) and the bytes of the file in this record.
		s->in_flight--;
		if (e->ok && e->cookie >> 32 == s->transfer)
			s->acked += (uint32_t)e->cookie;
		sluice_buffer_put(s->sluice, e->data);
		break;
	case SLUICE_CLOSED:
		sender_end(s, SENDER_GONE, "the session with %s ended%s: %s", s->node,
			e->ok ? " before the file was done" : "", e->text);
		break;
	case SLUICE_DETACHED:
		s->detached = true;
		sender_end(s, SENDER_GONE, "%s; sluice status tells more", e->text);
		break;
	}
}

// Takes what happened. `wait`: blocks a moment when nothing has.
static enum sender_verdict sender_turn(struct sender *s, bool wait)
{
	struct sluice_event events[EVENTS_TURN];
	int count = 0;

	if (!wait || s->detached || sluice_wait(s->sluice, WAIT_MS) > 0)
		count = s->detached ? 0 : sluice_receive(s->sluice, events, EVENTS_TURN);
	for (int i = 0; i < count; i++)
		on_event(s, &events[i]);
	if (count > 0)
		s->moved_ns = clock_now_ns();
	return s->over;
}

// ---- control messages --------------------------------------------------------------------------

// True when there is no more reason to wait for the peer:
// it took nothing for too long, or a last word must not keep us.
static bool sender_stalled(struct sender *s, uint64_t since_ns)
{
	uint64_t now = clock_now_ns();

	if (signals_stop())
		return now - since_ns > (uint64_t)SENDER_GOODBYE_MS * 1000000;
	if (now - s->moved_ns <= (uint64_t)SENDER_STALL_S * 1000000000)
		return false;
	sluice_abort(s->sluice, s->session);
	sender_end(s, SENDER_GONE, "nothing moved for %d s: %s does not take the data",
		SENDER_STALL_S, s->node);
	return true;
}

static enum sender_verdict sender_tell(struct sender *s, struct transfer_message *message)
{
	uint64_t started_ns = clock_now_ns();
	uint8_t *buffer;
	int result = SLUICE_E_AGAIN;

	message->transfer = s->transfer;
	// Buffers and room come back as the peer takes what is in flight.
	while (!(buffer = sluice_buffer_get(s->sluice)))
		if (sender_turn(s, true) != SENDER_OK || sender_stalled(s, started_ns))
			return s->over;
	size_t size = transfer_frame(buffer, message);

	while ((result = sluice_send(s->sluice, s->session, STREAM_CONTROL, buffer, (uint32_t)size,
			true, (uint64_t)s->transfer << 32)) == SLUICE_E_AGAIN)
		if (sender_turn(s, true) != SENDER_OK || sender_stalled(s, started_ns))
			break;
	if (result == 0) {
		s->in_flight++;
		s->sent += size;
		return SENDER_OK;
	}
	sluice_buffer_put(s->sluice, buffer);
	// CLOSED or DETACHED says why; it is on its way.
	while (s->over == SENDER_OK && !sender_stalled(s, started_ns))
		sender_turn(s, true);
	return s->over;
}

static void sender_tell_error(struct sender *s, enum transfer_reason reason, const char *text)
{
	struct transfer_message message = {.type = TRANSFER_ERROR, .reason = reason};

	if (s->over != SENDER_OK || !s->open)
		return;
	snprintf(message.text, sizeof(message.text), "%.255s", text);
	sender_tell(s, &message);
}

static enum sender_verdict sender_cancel(struct sender *s)
{
	sender_tell_error(s, TRANSFER_CANCELLED, "cancelled by the sender");
	return sender_fail(s, SENDER_CANCELLED, "cancelled");
}

// Waits for the receiver's answer of type `wanted`; REFUSE and ERROR end the file.
static enum sender_verdict sender_await(
	struct sender *s, enum transfer_type wanted, uint32_t patience_s, struct progress *progress)
{
	while (!s->answered) {
		uint64_t now = clock_now_ns();

		if (signals_stop())
			return sender_cancel(s);
		if (now - s->moved_ns > (uint64_t)patience_s * 1000000000) {
			sluice_abort(s->sluice, s->session);
			sender_end(s, SENDER_GONE, "%s does not answer (waited %u s)", s->node,
				patience_s);
			return s->over;
		}
		if (sender_turn(s, true) != SENDER_OK)
			return s->over;
		progress_step(progress, s->acked, clock_now_ns());
	}
	s->answered = false;
	if (s->answer.type == wanted && (wanted != TRANSFER_DONE || s->ended))
		return SENDER_OK;
	if (s->answer.type == TRANSFER_REFUSE || s->answer.type == TRANSFER_ERROR) {
		char plain[SENDER_TEXT_SIZE / 2];

		format_plain(plain, sizeof(plain), s->answer.text);
		return sender_fail(s, SENDER_FILE_FAILED, "%s",
			plain[0] ? plain : "the receiver gave up and does not say why");
	}
	sluice_abort(s->sluice, s->session);
	sender_end(s, SENDER_REFUSED, "%s does not follow the file transfer's order of messages",
		s->node);
	return s->over;
}

// ---- a file ------------------------------------------------------------------------------------

// 1 a block is on its way, 0 there are no more, -1 not now, -2 the file failed.
static int sender_block(
	struct sender *s, struct outgoing *out, uint8_t **held, struct transfer_block *block)
{
	int result;

	if (!*held) {
		*held = sluice_buffer_get(s->sluice);
		if (!*held)
			return -1;
		result = outgoing_read(out, *held + TRANSFER_PREFIX, block);
		if (result <= 0) {
			sluice_buffer_put(s->sluice, *held);
			*held = NULL;
			return result == 0 ? 0 : -2;
		}
		block->transfer = s->transfer;
		transfer_block_frame(*held, block);
	}
	result = sluice_send(s->sluice, s->session, STREAM_BLOCKS, *held,
		TRANSFER_PREFIX + block->size, true, (uint64_t)s->transfer << 32 | block->size);
	if (result != 0)
		return -1; // AGAIN, or the session is ending: the next turn tells
	*held = NULL;
	s->in_flight++;
	s->sent += TRANSFER_PREFIX + block->size;
	return 1;
}

static enum sender_verdict sender_file_changed(struct sender *s, const struct outgoing *out)
{
	enum transfer_reason reason =
		strstr(out->text, "while it was being sent") ? TRANSFER_CHANGED : TRANSFER_IO;

	sender_tell_error(s, reason, out->text);
	if (s->over != SENDER_OK)
		return s->over;
	return sender_fail(s, SENDER_FILE_FAILED, "%s", out->text);
}

// The blocks of the file as fast as they are taken. An early word of the receiver ends it.
static enum sender_verdict sender_blocks(
	struct sender *s, struct outgoing *out, struct progress *progress)
{
	struct transfer_block block;
	uint8_t *held = NULL;
	unsigned blocks = 0;
	int result = 1;

	while (result != 0 && !s->answered && s->over == SENDER_OK) {
		result = sender_block(s, out, &held, &block);
		if (result == -2)
			return sender_file_changed(s, out);
		if (signals_stop() || (result == -1 && sender_stalled(s, 0)))
			break;
		// Looking for events costs a system call:
		// while blocks find room, now and then is enough.
		if (result != -1 && ++blocks % BLOCKS_TURN != 0)
			continue;
		sender_turn(s, result == -1);
		progress_step(progress, s->acked, clock_now_ns());
	}
	if (held)
		sluice_buffer_put(s->sluice, held);
	if (s->over == SENDER_OK && signals_stop())
		return sender_cancel(s);
	return s->over;
}

static enum sender_verdict sender_steps(
	struct sender *s, struct outgoing *out, struct progress *progress)
{
	struct transfer_message message = {.type = TRANSFER_OFFER};
	enum sender_verdict verdict;

	s->moved_ns = clock_now_ns();
	outgoing_offer(out, &message);
	verdict = sender_tell(s, &message);
	if (verdict == SENDER_OK)
		verdict = sender_await(s, TRANSFER_ACCEPT, SENDER_ANSWER_S, progress);
	if (verdict == SENDER_OK)
		verdict = sender_blocks(s, out, progress);
	if (verdict != SENDER_OK)
		return verdict;
	if (!s->answered) { // else the receiver has given up already
		message = (struct transfer_message){.type = TRANSFER_END, .size = out->size};
		if (outgoing_finish(out, message.sha256) != 0)
			return sender_file_changed(s, out);
		verdict = sender_tell(s, &message);
		s->ended = verdict == SENDER_OK;
	}
	if (verdict == SENDER_OK)
		verdict = sender_await(s, TRANSFER_DONE, SENDER_STALL_S, progress);
	if (verdict != SENDER_OK)
		return verdict;
	if (memcmp(s->answer.sha256, message.sha256, sizeof(message.sha256)) != 0)
		return sender_fail(s, SENDER_FILE_FAILED, "the receiver confirmed another SHA-256");
	return SENDER_OK;
}

// The row is written every few milliseconds. It is final for this file when it shows all that was
// sent as acknowledged: the receiver, whose DONE is here, had all of it.
static void sender_figures(
	struct sender *s, const struct sluice_stats *before, struct sender_result *result)
{
	const struct timespec pause = {
		.tv_nsec = SENDER_FIGURES_MS / SENDER_FIGURES_LOOKS * 1000000};
	struct sluice_stats now = *before;

	for (int looks = 0; looks < SENDER_FIGURES_LOOKS; looks++) {
		if (s->over != SENDER_OK || sluice_session_stats(s->sluice, s->session, &now) != 0)
			break;
		if (now.raw_bytes_sent >= s->sent)
			break;
		nanosleep(&pause, NULL);
	}
	result->wire_bytes = now.wire_bytes - before->wire_bytes;
	result->packets = now.packets - before->packets;
	result->retransmits = now.retransmits - before->retransmits;
	result->spurious = now.spurious - before->spurious;
	result->timeouts = now.timeouts - before->timeouts;
	result->raw_bytes = now.raw_bytes_sent - before->raw_bytes_sent;
	result->stored_bytes = now.stored_bytes_sent - before->stored_bytes_sent;
	result->srtt_ns = now.srtt_ns;
}

enum sender_verdict sender_file(struct sender *s, struct outgoing *out, struct progress *progress,
	struct sender_result *result)
{
	struct sluice_stats before = {0};
	uint64_t started_ns = clock_now_ns();
	enum sender_verdict verdict;

	memset(result, 0, sizeof(*result));
	s->transfer++;
	s->acked = 0;
	s->answered = s->ended = false;
	// The first file pays for the set-up's packets too: they are part of what it took.
	if (s->transfer > 1)
		(void)sluice_session_stats(s->sluice, s->session, &before);
	verdict = sender_steps(s, out, progress);
	progress_clear(progress);
	if (verdict != SENDER_OK)
		return verdict;
	result->bytes = out->size;
	result->duration_ns = clock_now_ns() - started_ns;
	memcpy(result->sha256, s->answer.sha256, sizeof(result->sha256));
	sender_figures(s, &before, result);
	return SENDER_OK;
}

// ---- the session -------------------------------------------------------------------------------

static enum sender_verdict sender_fail_attach(struct sender *s, int result)
{
	bool down = result == SLUICE_E_UNREACHABLE || result == SLUICE_E_TIMEOUT;

	return sender_fail(s, down || result == SLUICE_E_PERMISSION ? SENDER_GONE : SENDER_REFUSED,
		"%s%s", sluice_error(NULL),
		down ? " (is sluice-dataplane running? sluice status tells)" : "");
}

enum sender_verdict sender_open(struct sender *s, const struct sender_options *options)
{
	struct sluice_options attach = {.socket = options->data_socket};
	struct sluice_session_options session = {.codec = options->codec,
		.level = options->level,
		.controller = options->controller};
	int result;

	*s = (struct sender){.node = options->node};
	result = sluice_attach(&s->sluice, &attach);
	if (result != 0)
		return sender_fail_attach(s, result);
	result = sluice_connect(s->sluice, options->node, options->service, &session);
	if (result < 0)
		return sender_fail(s, result == SLUICE_E_UNREACHABLE ? SENDER_GONE : SENDER_REFUSED,
			"%s", sluice_error(s->sluice));
	s->request = (uint32_t)result;
	while (!s->open && s->over == SENDER_OK) {
		if (signals_stop())
			return sender_fail(s, SENDER_CANCELLED, "cancelled");
		sender_turn(s, true);
	}
	return s->over;
}

void sender_close(struct sender *s)
{
	uint64_t end = clock_now_ns() + (uint64_t)SENDER_GOODBYE_MS * 1000000;
	char text[SENDER_TEXT_SIZE];

	if (s->open) {
		memcpy(text, s->text,
			sizeof(text)); // what the caller is about to say survives the goodbye
		// After a stop the last word goes out, the blocks in flight need not.
		if (!signals_stop())
			(void)sluice_close(s->sluice, s->session);
		while (s->open && clock_now_ns() < end && !(signals_stop() && s->in_flight == 0))
			sender_turn(s, true);
		if (s->open)
			(void)sluice_abort(s->sluice, s->session);
		memcpy(s->text, text, sizeof(text));
	}
	sluice_detach(s->sluice);
	s->sluice = NULL;
}
