// Where the pieces of a packet go before it is opened, and what they say afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dataplane/opened.h"
#include "tests/unit/dataplane/worker_pair.h"

#define SEGMENT wire_segment_size(MTU_MIN)

struct fixture {
	struct worker_pair *pair;
	struct worker *w;
	struct session *s; // at b, open
	struct wire_header data;
};

static struct fixture fixture;

static int setup(void **state)
{
	struct fixture *f = &fixture;
	struct worker_pair *pair = pair_new();
	struct pair_session ids = pair_open(pair, CODEC_NONE);

	*f = (struct fixture){.pair = pair, .w = &pair->b.w, .s = session_of(&pair->b.w, ids.b)};
	assert_non_null(f->s);
	f->data = (struct wire_header){.type = WIRE_DATA, .cid = ids.b, .pn = 100};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(fixture.pair); // a block that was placed and got nothing comes back, too
	return 0;
}

static uint32_t sum(const struct opened *opened)
{
	uint32_t size = 0;

	for (uint32_t i = 0; i < opened->count; i++)
		size += opened->pieces[i].size;
	return size;
}

static void opened_place__the_first_segment_is_split_at_the_block_header(void **state)
{
	struct fixture *f = *state;
	struct opened opened;

	assert_int_equal(opened_place(f->w, f->s, &f->data, SEGMENT, &opened), VERDICT_ACCEPT);
	assert_int_equal(opened.count, 2);
	assert_int_equal(opened.pieces[0].size, BLOCK_HEADER_SIZE);
	assert_int_equal(opened.pieces[1].size, SEGMENT - BLOCK_HEADER_SIZE);
	assert_int_equal(opened.data_size, SEGMENT);
	assert_int_equal(opened.front_size, 0);
	// The body lies in the application's arena, at the record's start: nobody copies it again.
	assert_true(app_block_is(f->pair->b.app.channel, opened.pieces[1].base));
	assert_int_equal(
		(size_t)(opened.pieces[1].base - f->pair->b.app.channel->blocks) % BLOCK_SIZE, 0);
	assert_int_equal(opened_parse(&opened, &f->data), VERDICT_ACCEPT);
	assert_null(opened.payload);
	assert_int_equal(opened.payload_size, SEGMENT);
	assert_false(opened.has_ack);
}

static void opened_place__a_later_segment_goes_to_its_offset(void **state)
{
	struct fixture *f = *state;
	struct opened first, second;

	assert_int_equal(opened_place(f->w, f->s, &f->data, SEGMENT, &first), VERDICT_ACCEPT);
	f->data.offset = wire_offset(0, SEGMENT);
	assert_int_equal(opened_place(f->w, f->s, &f->data, SEGMENT, &second), VERDICT_ACCEPT);
	assert_int_equal(second.count, 1);
	assert_ptr_equal(second.pieces[0].base, first.pieces[1].base + SEGMENT - BLOCK_HEADER_SIZE);
}

static void opened_place__a_riding_ack_goes_to_scratch(void **state)
{
	struct fixture *f = *state;
	struct wire_ack ack = {.largest = 5, .nwords = 1, .words = {1}, .credit = 77};
	struct opened opened;

	f->data.flags = WIRE_ACK_BLOCK | WIRE_RECORD_END;
	assert_int_equal(opened_place(f->w, f->s, &f->data, WIRE_ACK_RIDE_SIZE + 1000, &opened),
		VERDICT_ACCEPT);
	assert_ptr_equal(opened.pieces[0].base, f->w->scratch);
	assert_int_equal(opened.pieces[0].size, WIRE_ACK_RIDE_SIZE);
	assert_int_equal(sum(&opened), WIRE_ACK_RIDE_SIZE + 1000);
	assert_int_equal(opened.data_size, 1000);

	memset(f->w->scratch, 0, WIRE_ACK_RIDE_SIZE); // the cipher would write it here
	wire_ack_frame(f->w->scratch, &ack);
	assert_int_equal(opened_parse(&opened, &f->data), VERDICT_ACCEPT);
	assert_true(opened.has_ack);
	assert_int_equal(opened.ack.largest, 5);
	assert_int_equal(opened.ack.credit, 77);
	assert_int_equal(opened.payload_size, 1000);

	f->w->scratch[8] = ACK_WORDS_MAX + 1; // nwords
	assert_int_equal(opened_parse(&opened, &f->data), DROP_ACK_MALFORMED);
}

static void opened_place__known_data_goes_to_scratch(void **state)
{
	struct fixture *f = *state;
	struct app_rx rx;
	struct opened opened;
	uint32_t size;

	pair_send(&f->pair->a, f->s->peer_cid, 0, 3000);
	rx = pair_app_expect(f->pair, &f->pair->b, APP_RX_DATA, 1000);
	assert_int_equal(rx.size, 3000);
	// The record's last segment once more, with an ACK: neither overwrites the other.
	f->data.flags = WIRE_ACK_BLOCK | WIRE_RECORD_END;
	f->data.offset = wire_offset(0, 2 * SEGMENT);
	size = BLOCK_HEADER_SIZE + 3000 - 2 * SEGMENT;
	assert_int_equal(opened_place(f->w, f->s, &f->data, WIRE_ACK_RIDE_SIZE + size, &opened),
		VERDICT_ACCEPT);
	assert_int_equal(opened.count, 2);
	assert_ptr_equal(opened.pieces[1].base, f->w->scratch + WIRE_ACK_RIDE_SIZE);
	assert_int_equal(opened.pieces[1].size, size);
	fake_app_return(&f->pair->b.app, rx.offset, rx.session);
}

static void opened_place__refuses_what_does_not_fit(void **state)
{
	struct fixture *f = *state;
	struct opened opened;
	struct wire_header ack = {.type = WIRE_ACK, .flags = WIRE_ACK_BLOCK};

	f->data.flags = WIRE_ACK_BLOCK;
	assert_int_equal(opened_place(f->w, f->s, &f->data, WIRE_ACK_RIDE_SIZE - 1, &opened),
		DROP_ACK_MALFORMED);
	f->data.flags = 0;
	f->data.offset = wire_offset(0, 1); // no segment begins there
	assert_int_equal(opened_place(f->w, f->s, &f->data, SEGMENT, &opened), DROP_OFFSET);
	f->data.offset = wire_offset(RECORD_INDEX_MAX, 0);
	assert_int_not_equal(opened_place(f->w, f->s, &f->data, SEGMENT, &opened), VERDICT_ACCEPT);
	f->data.offset = 0;
	f->data.stream = STREAMS_MAX << 2;
	assert_int_equal(opened_place(f->w, f->s, &f->data, SEGMENT, &opened), DROP_STREAM);
	assert_int_equal(opened_place(f->w, f->s, &ack,
				 WORKER_SCRATCH_SIZE - WIRE_ACK_RIDE_SIZE + 1, &opened),
		DROP_HEADER);
}

static void opened_parse__control_packets_lie_in_scratch(void **state)
{
	struct fixture *f = *state;
	struct wire_header header = {.type = WIRE_ACK, .flags = WIRE_ACK_BLOCK};
	struct wire_ack ack = {.largest = 90, .nwords = 2, .words = {3, 1}};
	struct opened opened;
	uint32_t size = wire_ack_frame(f->w->scratch, &ack);

	assert_int_equal(opened_place(f->w, f->s, &header, size + 4, &opened), VERDICT_ACCEPT);
	assert_int_equal(opened.count, 1);
	assert_int_equal(opened.data_size, 0); // nothing that would count as copied payload
	assert_int_equal(opened_parse(&opened, &header), VERDICT_ACCEPT);
	assert_int_equal(opened.ack.largest, 90);
	assert_ptr_equal(opened.payload, f->w->scratch + size);
	assert_int_equal(opened.payload_size, 4);

	assert_int_equal(opened_place(f->w, f->s, &header, size - 1, &opened), VERDICT_ACCEPT);
	assert_int_equal(opened_parse(&opened, &header), DROP_ACK_MALFORMED); // cut off
	header = (struct wire_header){.type = WIRE_PROBE};
	assert_int_equal(opened_place(f->w, f->s, &header, 0, &opened), VERDICT_ACCEPT);
	assert_int_equal(opened_parse(&opened, &header), VERDICT_ACCEPT);
	assert_int_equal(opened.payload_size, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(opened_place__the_first_segment_is_split_at_the_block_header),
		CASE(opened_place__a_later_segment_goes_to_its_offset),
		CASE(opened_place__a_riding_ack_goes_to_scratch),
		CASE(opened_place__known_data_goes_to_scratch),
		CASE(opened_place__refuses_what_does_not_fit),
		CASE(opened_parse__control_packets_lie_in_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
