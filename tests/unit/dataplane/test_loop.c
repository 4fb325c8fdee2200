// The order of a turn, as somebody outside of the worker can tell it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/worker_pair.h"

struct watch {
	struct worker_pair *pair;
	uint32_t records; // that the application at b can see
	uint32_t acks;    // packets of b that acknowledge the last packet of the record
	uint64_t last_pn; // of the record's end; 0: not sent yet
};

static bool watch_a(void *context, const uint8_t *payload, uint32_t size)
{
	struct watch *watch = context;
	struct wire_header header;

	assert_true(wire_header_parse(&header, payload, size));
	if (header.type == WIRE_DATA && header.flags & WIRE_RECORD_END)
		watch->last_pn = header.pn;
	return true;
}

// Whatever is acknowledged to the sender is published: an application that looks into its ring at
// this moment finds it.
static bool watch_b(void *context, const uint8_t *payload, uint32_t size)
{
	struct watch *watch = context;
	struct wire_header header;
	struct wire_ack ack;

	assert_true(wire_header_parse(&header, payload, size));
	if (header.type != WIRE_ACK || watch->last_pn == 0)
		return true;
	assert_true(wire_ack_parse(&ack, payload + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE) > 0);
	if (ack.largest < watch->last_pn)
		return true;
	watch->acks++;
	watch->records += fake_app_event(&watch->pair->b.app).type == APP_RX_DATA;
	assert_int_equal(watch->records, 1);
	return true;
}

static void turn__publishes_before_it_acknowledges(void **state)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s = pair_open(pair, CODEC_NONE);
	struct watch watch = {.pair = pair};

	(void)state;
	pair->a.port.on_tx = watch_a;
	pair->b.port.on_tx = watch_b;
	pair->a.port.context = pair->b.port.context = &watch;
	pair_send(&pair->a, s.a, 0,
		4096); // within the first window: the last packet asks for its ACK
	pair_app_expect(pair, &pair->a, APP_RX_SENT, 1000);
	assert_true(watch.acks > 0);

	pair->a.port.on_tx = pair->b.port.on_tx = NULL;
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turn__publishes_before_it_acknowledges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
