// The receiving side of one session.
#include "control/cli/receiver.h"

#include <stdio.h>
#include <string.h>

void receiver_init(struct receiver *r, int dir, bool overwrite, const char *peer)
{
	*r = (struct receiver){.dir = dir, .overwrite = overwrite, .in = {.fd = -1}};
	snprintf(r->peer, sizeof(r->peer), "%s", peer);
	r->stripes = 1;
}

static void receiver_report(
	struct receiver *r, int what, const char *text, uint64_t now_ns, const uint8_t *sha256)
{
	struct receiver_report report = {
		.what = what,
		.name = r->in.name,
		.peer = r->peer,
		.text = text,
		.bytes = what == RECEIVER_RECEIVED ? r->in.size : r->in.received,
		.duration_ns = now_ns > r->started_ns ? now_ns - r->started_ns : 0,
		.sha256 = sha256,
	};

	r->report(r->owner, &report);
}

static int tell_trouble(
	struct receiver *r, enum transfer_type type, const struct incoming_error *error)
{
	struct transfer_message message = {
		.type = type,
		.transfer = r->transfer,
		.reason = error->reason,
	};

	memcpy(message.text, error->text, sizeof(message.text));
	return r->tell(r->owner, &message);
}

// This file failed; the session goes on.
static int receiver_fail(struct receiver *r, const struct incoming_error *error, uint64_t now_ns)
{
	incoming_abandon(&r->in);
	r->active = false;
	receiver_report(r, RECEIVER_FAILED, error->text, now_ns, NULL);
	return tell_trouble(r, TRANSFER_ERROR, error);
}

// The peer does not follow the rules: said once, then the session ends.
static int receiver_breach(struct receiver *r, const char *text, uint64_t now_ns)
{
	struct incoming_error error = {.reason = TRANSFER_PROTOCOL};

	snprintf(error.text, sizeof(error.text), "%s", text);
	if (r->settling)
		r->gone = true;
	else if (r->active)
		(void)receiver_fail(r, &error, now_ns);
	else if (r->transfer)
		(void)tell_trouble(r, TRANSFER_ERROR, &error);
	return -1;
}

// When all blocks and END are here, in whatever order they came.
static int receiver_finish(struct receiver *r, uint64_t now_ns)
{
	struct incoming_error error;

	// A wrong size will not become right by waiting.
	if (!r->ended || (!incoming_complete(&r->in) && r->end.size == r->in.size))
		return 0;
	if (incoming_check(&r->in, &r->end, r->sha256, &error) != 0)
		return receiver_fail(r, &error, now_ns);
	r->settling = true;
	if (r->settle) {
		r->settle(r->owner);
		return 0;
	}
	return receiver_on_settled(r, incoming_settle(&r->in, &error) == 0 ? NULL : &error, now_ns);
}

int receiver_on_settled(struct receiver *r, const struct incoming_error *error, uint64_t now_ns)
{
	struct transfer_message done = {.type = TRANSFER_DONE, .transfer = r->transfer};

	r->active = r->settling = false;
	if (error)
		receiver_report(r, RECEIVER_FAILED, error->text, now_ns, NULL);
	else
		receiver_report(r, RECEIVER_RECEIVED, "", now_ns, r->sha256);
	if (r->gone)
		return 0;
	if (error)
		return tell_trouble(r, TRANSFER_ERROR, error);
	memcpy(done.sha256, r->sha256, sizeof(done.sha256));
	return r->tell(r->owner, &done);
}

static int on_offer(struct receiver *r, const struct transfer_message *offer, uint64_t now_ns)
{
	struct transfer_message accept = {
		.type = TRANSFER_ACCEPT, .transfer = offer->transfer, .stripes = r->stripes};
	struct incoming_error error;

	if (r->active || offer->transfer <= r->transfer)
		return receiver_breach(r, "an offer before the file before it was done", now_ns);
	r->transfer = offer->transfer;
	r->started_ns = now_ns;
	r->ended = false;
	if (incoming_open(&r->in, r->dir, offer, r->overwrite, &error) != 0) {
		receiver_report(r, RECEIVER_REFUSED, error.text, now_ns, NULL);
		return tell_trouble(r, TRANSFER_REFUSE, &error);
	}
	r->active = true;
	memcpy(accept.token, r->token, sizeof(accept.token));
	return r->tell(r->owner, &accept);
}

static int on_end(struct receiver *r, const struct transfer_message *end, uint64_t now_ns)
{
	if (!r->active)
		return 0; // crossed our ERROR
	if (r->ended)
		return receiver_breach(r, "a file that ends twice", now_ns);
	r->end = *end;
	r->ended = true;
	return receiver_finish(r, now_ns);
}

static int on_error(struct receiver *r, const struct transfer_message *message, uint64_t now_ns)
{
	if (!r->active || r->settling)
		return 0; // while settling it is too late to take it back
	incoming_abandon(&r->in);
	r->active = false;
	receiver_report(r, RECEIVER_FAILED,
		message->text[0] ? message->text : "the sender gave up and does not say why",
		now_ns, NULL);
	return 0;
}

static int on_join(struct receiver *r, const struct transfer_message *join, uint64_t now_ns)
{
	struct transfer_message joined = {.type = TRANSFER_JOINED, .transfer = join->transfer};

	if (r->transfer || r->main)
		return receiver_breach(r, "a session that joins another one late", now_ns);
	r->main = r->join ? r->join(r->owner, join->token) : NULL;
	if (!r->main)
		return -1; // its main has ended, or it guesses
	return r->tell(r->owner, &joined);
}

int receiver_on_message(struct receiver *r, const uint8_t *bytes, size_t size, uint64_t now_ns)
{
	struct transfer_message message;
	const char *wrong = transfer_parse(&message, bytes, size);

	if (wrong)
		return receiver_breach(r, wrong, now_ns);
	if (message.type == TRANSFER_JOIN)
		return on_join(r, &message, now_ns);
	if (r->main)
		return -1; // a stripe carries blocks
	if (message.type == TRANSFER_OFFER)
		return on_offer(r, &message, now_ns);
	if (message.transfer != r->transfer)
		return receiver_breach(r, "a message about another file", now_ns);
	if (message.type == TRANSFER_END)
		return on_end(r, &message, now_ns);
	if (message.type == TRANSFER_ERROR)
		return on_error(r, &message, now_ns);
	return receiver_breach(r, "a message that only receivers send", now_ns);
}

int receiver_on_block(struct receiver *r, const uint8_t *bytes, size_t size, uint64_t now_ns)
{
	struct transfer_block block;
	struct incoming_error error;
	const char *wrong = transfer_block_parse(&block, bytes, size);

	if (r->main)
		return receiver_on_block(r->main, bytes, size, now_ns);
	if (wrong)
		return receiver_breach(r, wrong, now_ns);
	if (block.transfer > r->transfer)
		return receiver_breach(r, "a block of a file that was not offered", now_ns);
	if (!r->active || block.transfer != r->transfer)
		return 0; // of a file that failed: on its way when we said so
	if (r->settling)
		return receiver_breach(r, "a block came twice", now_ns);
	if (incoming_write(&r->in, &block, bytes + TRANSFER_PREFIX, &error) != 0)
		return receiver_fail(r, &error, now_ns);
	return receiver_finish(r, now_ns);
}

static void stripe_stop(struct receiver *main, const char *text)
{
	struct incoming_error error = {.reason = TRANSFER_IO};

	if (!main->active || main->settling)
		return; // no file is under way, or all of it is here
	snprintf(error.text, sizeof(error.text), "a stripe of the file was lost: %.200s", text);
	(void)receiver_fail(main, &error, main->started_ns);
}

void receiver_stop(struct receiver *r, const char *text)
{
	if (r->main)
		stripe_stop(r->main, text);
	r->main = NULL;
	r->gone = true;
	if (!r->active || r->settling)
		return;
	incoming_abandon(&r->in);
	r->active = false;
	receiver_report(r, RECEIVER_FAILED, text, r->started_ns, NULL);
}
