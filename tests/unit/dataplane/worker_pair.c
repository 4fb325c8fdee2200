// See worker_pair.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dataplane/app/deliver.h"
#include "tests/unit/dataplane/worker_pair.h"

#define PAIR_BUFFERS 64u
#define PAIR_BLOCKS  128u

static void end_control(struct pair_end *e, uint32_t channel)
{
	e->control = calloc(1, sizeof(*e->control));
	assert_non_null(e->control);
	ring_producer_init(&e->commands, e->control->channels[channel].command_slots,
		&e->control->channels[channel].command_tail,
		&e->tables->channels[channel].command_head, sizeof(struct plane_command),
		PLANE_COMMAND_SLOTS);
	ring_consumer_init(&e->events, e->tables->channels[channel].event_slots,
		&e->tables->channels[channel].event_tail, &e->control->channels[channel].event_head,
		sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	pair_mail(e, MAIL_CONTROL_ATTACH, e->control);
}

void pair_end_start(struct pair_end *e, uint16_t index, struct steer *steer, uint64_t boot_id)
{
	e->tables = calloc(1, sizeof(*e->tables));
	assert_non_null(e->tables);
	assert_int_equal(
		worker_init(&e->w, index, &e->config, e->ports, steer, e->tables, boot_id), 0);
	end_control(e, 1u + index);
	fake_app_init(&e->app, PAIR_BUFFERS, PAIR_BLOCKS);
	pair_mail(e, MAIL_APP_ATTACH, e->app.channel);
}

static void end_init(
	struct pair_end *e, struct pair_end *peer, uint32_t ipv4, enum cipher_backend backend)
{
	fake_port_init(&e->port, &peer->port, ipv4);
	e->ports[0] = &e->port;
	e->config = (struct config){.workers = 1, .links = 1, .cipher_backend = backend};
	pair_end_start(e, 0, NULL, 1000 + ipv4);
}

struct worker_pair *pair_new_with(enum cipher_backend backend)
{
	struct worker_pair *pair = calloc(1, sizeof(*pair));

	assert_non_null(pair);
	pair->now_ns = clock_now();
	end_init(&pair->a, &pair->b, 0x0a000001, backend);
	end_init(&pair->b, &pair->a, 0x0a000002, backend);
	pair_turns(pair, 2);
	return pair;
}

struct worker_pair *pair_new(void)
{
	return pair_new_with(CIPHER_AUTO);
}

void pair_end_stop(struct pair_end *e)
{
	assert_null(transport_check(e->w.transport));
	assert_null(app_channel_check(e->app.channel));
	assert_true(app_channel_quiet(e->app.channel));
	assert_int_equal(e->w.sessions_count, 0);
	assert_int_equal(e->w.unrouted, 0);
	assert_int_equal(e->w.parked, 0);
	assert_int_equal(e->w.discard_count, WORKER_DISCARD_BLOCKS);
	worker_fini(&e->w);
	fake_app_fini(&e->app);
	free(e->control);
	free(e->tables);
}

static void end_fini(struct pair_end *e)
{
	pair_end_stop(e);
	fake_port_fini(&e->port);
}

void pair_free(struct worker_pair *pair)
{
	if (!pair->a.gone)
		pair_mail(&pair->a, MAIL_APP_DETACH, pair->a.app.channel);
	if (!pair->b.gone)
		pair_mail(&pair->b, MAIL_APP_DETACH, pair->b.app.channel);
	pair_turns(pair, 100);
	assert_true(pair->a.gone && pair->b.gone);
	end_fini(&pair->a);
	end_fini(&pair->b);
	assert_int_equal(fake_mbufs(), 0);
	free(pair);
}

// What main does with the letters of its worker.
static void end_letters(struct pair_end *e)
{
	struct mail mail;

	while (mailbox_take(e->w.outbox, &mail)) {
		if (mail.type == MAIL_APP_BROKEN)
			pair_mail(e, MAIL_APP_DETACH, mail.object);
		e->gone |= mail.type == MAIL_APP_DETACHED;
	}
}

void pair_end_turn(struct pair_end *end, uint64_t now_ns)
{
	worker_turn(&end->w, now_ns);
	assert_null(transport_check(end->w.transport));
	assert_null(app_channel_check(end->app.channel));
	end_letters(end);
}

void pair_turn(struct worker_pair *pair, struct pair_end *end)
{
	pair_end_turn(end, pair->now_ns);
}

void pair_turns(struct worker_pair *pair, uint32_t turns)
{
	for (uint32_t i = 0; i < turns; i++) {
		pair_turn(pair, &pair->a);
		pair_turn(pair, &pair->b);
		pair->now_ns += PAIR_TURN_NS;
	}
}

void pair_command(struct pair_end *end, struct plane_command command)
{
	assert_int_equal(ring_put(&end->commands, &command, 1), 1);
}

struct plane_event pair_event(struct pair_end *end)
{
	struct plane_event event = {0};

	assert_true(ring_take(&end->events, &event, 1) <= 1);
	return event;
}

struct plane_event pair_expect(struct pair_end *end, enum plane_event_type type)
{
	struct plane_event event;

	do {
		event = pair_event(end);
		if (event.type == 0)
			fail_msg("control got no event %d", (int)type);
	} while (event.type != type);
	return event;
}

void pair_mail(struct pair_end *end, enum mail_type type, void *object)
{
	const struct mail mail = {.type = (uint16_t)type, .object = object, .value = -1};

	assert_true(mailbox_give(end->w.inbox, &mail));
}

struct plane_command pair_open_command(
	const struct worker_pair *pair, const struct pair_end *end, uint32_t cid, uint32_t peer_cid)
{
	const struct pair_end *peer = end == &pair->a ? &pair->b : &pair->a;

	struct plane_command command = {.type = PLANE_OPEN,
		.request = 7,
		.cid = cid,
		.connect_request = end == &pair->a ? 3 : 0,
		.peer_cid = peer_cid,
		.session_id = "pair",
		.segment_size = wire_segment_size(MTU_MIN),
		.peer_address = peer->port.config.address,
		.peer_port = WIRE_UDP_PORT,
		.initiator = end == &pair->a,
		.cipher = (uint8_t)pair->cipher};

	if (pair->cipher != CIPHER_NULL) {
		memset(command.secret_send, end == &pair->a ? 1 : 2, sizeof(command.secret_send));
		memset(command.secret_receive, end == &pair->a ? 2 : 1,
			sizeof(command.secret_receive));
		command.secret_send[0] = command.secret_receive[0] = pair->sessions;
	}
	return command;
}

struct pair_session pair_open(struct worker_pair *pair, enum codec_id codec)
{
	struct pair_session s;
	struct plane_command open;

	pair->sessions++;
	pair_command(&pair->a, (struct plane_command){.type = PLANE_RESERVE, .request = 6});
	pair_turn(pair, &pair->a);
	s.a = pair_expect(&pair->a, PLANE_RESERVED).cid;
	open = pair_open_command(pair, &pair->b, 0, s.a);
	open.codec = (uint8_t)codec;
	open.level = pair->level;
	pair_command(&pair->b, open);
	pair_turn(pair, &pair->b);
	s.b = pair_expect(&pair->b, PLANE_RESERVED).cid;
	open = pair_open_command(pair, &pair->a, s.a, s.b);
	open.codec = (uint8_t)codec;
	open.level = pair->level;
	pair_command(&pair->a, open);
	pair_turns(pair, 10);
	assert_int_equal(pair_expect(&pair->a, PLANE_OPENED).cid, s.a);
	assert_int_equal(pair_expect(&pair->b, PLANE_OPENED).cid, s.b);
	assert_int_equal(fake_app_event(&pair->a.app).type, APP_RX_OPENED);
	assert_int_equal(fake_app_event(&pair->b.app).type, APP_RX_OPENED);
	return s;
}

void pair_send(struct pair_end *end, uint32_t cid, uint32_t buffer, uint32_t size)
{
	fake_app_send(&end->app, (struct app_tx){.session = cid,
					 .offset = buffer * APP_BLOCK_SIZE,
					 .size = size,
					 .op = APP_TX_SEND,
					 .flags = APP_TX_MESSAGE_END,
					 .cookie = buffer});
}

struct app_rx pair_app_expect(
	struct worker_pair *pair, struct pair_end *end, enum app_rx_type type, uint32_t turns)
{
	for (uint32_t i = 0; i < turns; i++) {
		struct app_rx rx = fake_app_event(&end->app);

		if (rx.type == type)
			return rx;
		if (rx.type == 0)
			pair_turns(pair, 1);
	}
	fail_msg("the application got no event %d", (int)type);
	return (struct app_rx){0};
}
