// The sending side of a session.
#include "control/cli/sender_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/cli/clock.h"
#include "control/cli/format.h"
#include "control/cli/signals.h"
#include "lib/ipc/cipher_names.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/names.h"

#define BLOCKS_TURN 8 // blocks sent between two looks at the events

// ---- control messages --------------------------------------------------------------------------

// It took nothing for too long, or a last word must not keep us.
bool sender_stalled(struct sender *s, uint64_t since_ns)
{
	uint64_t now = clock_now_ns();

	if (signals_stop())
		return now - since_ns > (uint64_t)SENDER_GOODBYE_MS * 1000000;
	if (now - s->moved_ns <= (uint64_t)SENDER_STALL_S * 1000000000)
		return false;
	sluice_abort(s->stripe[0].sluice, s->stripe[0].session);
	sender_end(s, SENDER_GONE, "nothing moved for %d s: %s does not take the data",
		SENDER_STALL_S, s->node);
	return true;
}

enum sender_verdict stripe_tell(
	struct sender *s, struct sender_stripe *stripe, struct transfer_message *message)
{
	uint64_t started_ns = clock_now_ns();
	uint8_t *buffer;
	int result = SLUICE_E_AGAIN;

	message->transfer = s->transfer;
	// Buffers and room come back as the peer takes what is in flight.
	while (!(buffer = sluice_buffer_get(stripe->sluice)))
		if (sender_turn(s, true) != SENDER_OK || sender_stalled(s, started_ns))
			return s->over;
	size_t size = transfer_frame(buffer, message);

	while ((result = sluice_send(stripe->sluice, stripe->session, STREAM_CONTROL, buffer,
			(uint32_t)size, true, (uint64_t)s->transfer << 32)) == SLUICE_E_AGAIN)
		if (sender_turn(s, true) != SENDER_OK || sender_stalled(s, started_ns))
			break;
	if (result == 0) {
		stripe->in_flight++;
		s->sent += size;
		return SENDER_OK;
	}
	sluice_buffer_put(stripe->sluice, buffer);
	// CLOSED or DETACHED says why; it is on its way.
	while (s->over == SENDER_OK && !sender_stalled(s, started_ns))
		sender_turn(s, true);
	return s->over;
}

static enum sender_verdict sender_tell(struct sender *s, struct transfer_message *message)
{
	return stripe_tell(s, &s->stripe[0], message);
}

static void sender_tell_error(struct sender *s, enum transfer_reason reason, const char *text)
{
	struct transfer_message message = {.type = TRANSFER_ERROR, .reason = reason};

	if (s->over != SENDER_OK || !s->stripe[0].open)
		return;
	snprintf(message.text, sizeof(message.text), "%.255s", text);
	sender_tell(s, &message);
}

enum sender_verdict sender_cancel(struct sender *s)
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
			sluice_abort(s->stripe[0].sluice, s->stripe[0].session);
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
	sluice_abort(s->stripe[0].sluice, s->stripe[0].session);
	sender_end(s, SENDER_REFUSED, "%s does not follow the file transfer's order of messages",
		s->node);
	return s->over;
}

// ---- a file ------------------------------------------------------------------------------------

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
	unsigned blocks = 0;
	int result = 1;

	while (result != 0 && !s->answered && s->over == SENDER_OK) {
		result = stripes_block(s, out);
		if (result == -2 || signals_stop() || (result == -1 && sender_stalled(s, 0)))
			break;
		// Looking for events costs a system call:
		// while blocks find room, now and then is enough.
		if (result != -1 && ++blocks % BLOCKS_TURN != 0)
			continue;
		sender_turn(s, result == -1);
		progress_step(progress, s->acked, clock_now_ns());
	}
	stripes_drop_held(s);
	if (result == -2)
		return sender_file_changed(s, out);
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
		verdict = stripes_open(s);
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

// Of all sessions. False: one of them is over.
static bool sender_stats(struct sender *s, struct sluice_stats *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < s->stripes; i++) {
		struct sluice_stats row;

		if (sluice_session_stats(s->stripe[i].sluice, s->stripe[i].session, &row) != 0)
			return false;
		sum->wire_bytes += row.wire_bytes;
		sum->packets += row.packets;
		sum->retransmits += row.retransmits;
		sum->spurious += row.spurious;
		sum->timeouts += row.timeouts;
		sum->raw_bytes_sent += row.raw_bytes_sent;
		sum->stored_bytes_sent += row.stored_bytes_sent;
		if (row.srtt_ns > sum->srtt_ns)
			sum->srtt_ns = row.srtt_ns;
		sum->dictionary = row.dictionary;
		sum->cipher = row.cipher;
		sum->codec = row.codec;
		sum->level = row.level;
		for (uint32_t r = 0; r < SLUICE_RAW_REASONS; r++)
			sum->blocks_raw_by[r] += row.blocks_raw_by[r];
	}
	return true;
}

// A row is written every few milliseconds. They are final for this file when they show all that was
// sent as acknowledged: the receiver, whose DONE is here, had all of it.
static void sender_figures(
	struct sender *s, const struct sluice_stats *before, struct sender_result *result)
{
	const struct timespec pause = {
		.tv_nsec = SENDER_FIGURES_MS / SENDER_FIGURES_LOOKS * 1000000};
	struct sluice_stats now = *before, latest;

	for (int looks = 0; looks < SENDER_FIGURES_LOOKS; looks++) {
		if (s->over != SENDER_OK || !sender_stats(s, &latest))
			break;
		now = latest;
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
	result->dictionary = now.dictionary;
	result->cipher = now.cipher ? now.cipher : cipher_name(CIPHER_COUNT);
	result->codec = now.codec ? now.codec : codec_name(CODEC_COUNT);
	result->level = now.level;
	for (uint32_t r = 0; r < RAW_REASONS; r++)
		result->blocks_raw_by[r] = now.blocks_raw_by[r] - before->blocks_raw_by[r];
	result->stripes = s->used;
}

enum sender_verdict sender_file(struct sender *s, struct outgoing *out, struct progress *progress,
	struct sender_result *result)
{
	struct sluice_stats before = {0};
	uint64_t started_ns = clock_now_ns();
	enum sender_verdict verdict;

	memset(result, 0, sizeof(*result));
	s->transfer++;
	s->acked = s->floor = 0;
	memset(s->has, 0, sizeof(s->has));
	s->size = out->size;
	s->answered = s->ended = false;
	// The first file pays for the set-up's packets too: they are part of what it took.
	if (s->transfer > 1)
		(void)sender_stats(s, &before);
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

enum sender_verdict sender_open(struct sender *s, const struct sender_options *options)
{
	*s = (struct sender){.node = options->node, .options = *options};
	return stripe_open(s, 0);
}

// After a stop the last word goes out, the blocks in flight need not.
static bool sender_quiet(const struct sender *s)
{
	uint32_t in_flight = 0;

	for (uint32_t i = 0; i < s->stripes; i++)
		in_flight += s->stripe[i].in_flight;
	return signals_stop() && in_flight == 0;
}

static void sender_goodbye(struct sender *s)
{
	uint64_t end = clock_now_ns() + (uint64_t)SENDER_GOODBYE_MS * 1000000;
	char text[SENDER_TEXT_SIZE];

	memcpy(text, s->text, sizeof(text)); // what the caller is about to say survives the goodbye
	if (!signals_stop())
		(void)sluice_close(s->stripe[0].sluice, s->stripe[0].session);
	while (s->stripe[0].open && clock_now_ns() < end && !sender_quiet(s))
		sender_turn(s, true);
	if (s->stripe[0].open)
		(void)sluice_abort(s->stripe[0].sluice, s->stripe[0].session);
	memcpy(s->text, text, sizeof(text));
}

void sender_close(struct sender *s)
{
	if (s->stripe[0].open)
		sender_goodbye(s);
	for (uint32_t i = 0; i < s->stripes; i++)
		sluice_detach(s->stripe[i].sluice);
	s->stripes = 0;
}
