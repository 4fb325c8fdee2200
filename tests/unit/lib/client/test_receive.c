// What libsluice makes of the dataplane's region: events in their order, and garbage that must end
// in DETACHED, not in a crash. The dataplane here is the test: it writes the arena by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/transport/transport.h"
#include "lib/base/packed.h"
#include "lib/client/client.h"
#include "lib/ipc/codec_names.h"
#include "lib/shm/seqlock.h"

#define BLOCKS  4u
#define BUFFERS 4u
#define ROUNDS  20000u

struct fixture {
	struct app_region *mine; // the application's
	struct app_arena *arena; // the dataplane's
	uint8_t *memory;         // BLOCKS received, BUFFERS to send
	struct ring_producer rx;
	struct sluice *sluice;
	int door; // the dataplane's end of data.sock
};

static void join(struct fixture *f)
{
	struct sluice *s = f->sluice;

	ring_producer_init(&s->tx, f->mine->tx_slots, &f->mine->tx_tail, &f->arena->tx_head,
		sizeof(struct app_tx), APP_TX_SLOTS);
	ring_producer_init(&s->returns, f->mine->return_slots, &f->mine->return_tail,
		&f->arena->return_head, sizeof(struct app_return), APP_RETURN_SLOTS);
	ring_consumer_init(&s->rx, f->arena->rx_slots, &f->arena->rx_tail, &f->mine->rx_head,
		sizeof(struct app_rx), APP_RX_SLOTS);
	ring_producer_init(&f->rx, f->arena->rx_slots, &f->arena->rx_tail, &f->mine->rx_head,
		sizeof(struct app_rx), APP_RX_SLOTS);
	s->theirs = f->arena;
	s->mine = f->mine;
	s->blocks = f->memory;
	s->blocks_count = BLOCKS;
	s->buffers = f->memory + BLOCKS * APP_BLOCK_SIZE;
	s->buffers_count = BUFFERS;
	client_buffers_init(s);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fds[2];

	f->mine = aligned_alloc(64, (sizeof(*f->mine) + 63) / 64 * 64);
	f->arena = aligned_alloc(64, (sizeof(*f->arena) + 63) / 64 * 64);
	memset(f->mine, 0, sizeof(*f->mine));
	memset(f->arena, 0, sizeof(*f->arena));
	f->memory = calloc(BLOCKS + BUFFERS, APP_BLOCK_SIZE);
	f->sluice = calloc(1, sizeof(*f->sluice));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	f->door = fds[0];
	f->sluice->socket = fds[1];
	f->sluice->wake = f->sluice->epoll = f->sluice->region.fd = f->sluice->arena.fd = -1;
	join(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sluice_detach(f->sluice);
	close(f->door);
	free(f->mine);
	free(f->arena);
	free(f->memory);
	free(f);
	return 0;
}

static void publish(struct fixture *f, struct app_rx rx)
{
	assert_int_equal(ring_put(&f->rx, &rx, 1), 1);
}

static void publish_row(struct fixture *f, uint32_t row, uint32_t session)
{
	struct session_stats stats = {.session = session, .packets_sent = 5};

	memset(stats.peer, 'p', sizeof(stats.peer)); // no end: must not be believed
	snprintf(stats.service, sizeof(stats.service), "%s", "echo");
	seqlock_write(&f->arena->info[row].seq, &f->arena->info[row].stats, &stats, sizeof(stats));
}

static void open_session(struct fixture *f, uint32_t session)
{
	struct sluice_event event;

	publish_row(f, 3, session);
	publish(f, (struct app_rx){.type = APP_RX_OPENED, .session = session, .offset = 3});
	assert_int_equal(sluice_receive(f->sluice, &event, 1), 1);
	assert_int_equal(event.type, SLUICE_OPENED);
	assert_true(event.accepted);
	assert_int_equal(strlen(event.peer), SLUICE_NAME_SIZE - 1);
	assert_string_equal(event.service, "echo");
}

// Whatever was published: one DETACHED, then nothing more.
static void expect_detached(struct fixture *f)
{
	struct sluice_event events[4];

	assert_int_equal(sluice_receive(f->sluice, events, 4), 1);
	assert_int_equal(events[0].type, SLUICE_DETACHED);
	assert_true(strlen(events[0].text) > 0);
	assert_int_equal(sluice_receive(f->sluice, events, 4), SLUICE_E_UNREACHABLE);
}

static void closed__waits_for_the_last_sent(void **state)
{
	struct fixture *f = *state;
	struct sluice_event events[4];
	struct sluice_stats stats;

	open_session(f, 9);
	for (uint64_t i = 0; i < 2; i++)
		assert_int_equal(
			sluice_send(f->sluice, 9, 0, sluice_buffer_get(f->sluice), 1, true, 70 + i),
			0);
	publish(f, (struct app_rx){.type = APP_RX_SENT, .session = 9, .cookie = 0});
	publish(f, (struct app_rx){.type = APP_RX_CLOSED, .session = 9, .value = CLOSE_PEER});
	assert_int_equal(sluice_receive(f->sluice, events, 4), 1);
	assert_int_equal(events[0].type, SLUICE_SENT);
	assert_int_equal(events[0].cookie, 70);
	assert_int_equal(sluice_send(f->sluice, 9, 0, sluice_buffer_get(f->sluice), 1, true, 0),
		SLUICE_E_CLOSED);
	assert_int_equal(sluice_session_stats(f->sluice, 9, &stats), 0); // until CLOSED was taken
	assert_int_equal(stats.packets, 5);

	publish(f, (struct app_rx){
			   .type = APP_RX_SENT, .session = 9, .cookie = 1, .flags = APP_RX_FAILED});
	assert_int_equal(
		sluice_receive(f->sluice, events, 1), 1); // also when there is room for one only
	assert_int_equal(events[0].type, SLUICE_SENT);
	assert_false(events[0].ok);
	assert_int_equal(sluice_wait(f->sluice, 0), 1);
	assert_int_equal(sluice_receive(f->sluice, events, 4), 1);
	assert_int_equal(events[0].type, SLUICE_CLOSED);
	assert_true(events[0].ok);
}

static void opened__after_its_time_out_is_aborted(void **state)
{
	struct fixture *f = *state;
	struct sluice_event events[4];
	struct app_tx tx;

	publish_row(f, 0, 5);
	publish(f, (struct app_rx){.type = APP_RX_OPENED,
			   .session = 5,
			   .cookie = 44}); // nobody asked (any more)
	publish(f, (struct app_rx){.type = APP_RX_DATA, .session = 5, .size = 10});
	publish(f, (struct app_rx){.type = APP_RX_CLOSED, .session = 5, .value = CLOSE_LOCAL});
	assert_int_equal(sluice_receive(f->sluice, events, 4), 0);
	memcpy(&tx, f->mine->tx_slots, sizeof(tx));
	assert_int_equal(tx.op, APP_TX_ABORT);
	assert_int_equal(tx.session, 5);
	assert_int_equal(
		atomic_load(&f->mine->return_tail.tail), 1); // the block went straight back
	publish_row(f, 0, 5);
	open_session(f, 5); // and nothing of it stayed
}

// A record of messages in the first block, published; what of it holds is up to the caller.
static void publish_packed(struct fixture *f, uint32_t size)
{
	publish(f, (struct app_rx){.type = APP_RX_DATA,
			   .session = 9,
			   .stream = 4,
			   .size = size,
			   .flags = APP_RX_PACKED});
}

static uint32_t pack_three(struct fixture *f)
{
	uint32_t used = packed_add(f->memory, 0, APP_BLOCK_SIZE, "one", 3);

	used = packed_add(f->memory, used, APP_BLOCK_SIZE, "", 0);
	return packed_add(f->memory, used, APP_BLOCK_SIZE, "three", 5);
}

static uint32_t returns(const struct fixture *f)
{
	return atomic_load(&f->mine->return_tail.tail);
}

static void packed__block_returns_with_its_last_message(void **state)
{
	struct fixture *f = *state;
	struct sluice_event events[4];

	open_session(f, 9);
	publish_packed(f, pack_three(f));
	assert_int_equal(sluice_receive(f->sluice, events, 1), 1);
	assert_int_equal(events[0].type, SLUICE_MESSAGE);
	assert_int_equal(events[0].stream, 4);
	assert_memory_equal(events[0].data, "one", events[0].size);
	sluice_buffer_put(f->sluice, events[0].data);
	sluice_buffer_put(f->sluice, events[0].data); // too often: it does not return the block
	assert_int_equal(sluice_wait(f->sluice, 0), 1);
	assert_int_equal(sluice_receive(f->sluice, events, 4), 2);
	assert_int_equal(events[0].size, 0);
	assert_int_equal(events[1].size, 5);
	assert_memory_equal(events[1].data, "three", 5);
	assert_int_equal((uintptr_t)events[1].data % 4, 0);
	sluice_buffer_put(f->sluice, events[1].data);
	assert_int_equal(returns(f), 0);
	sluice_buffer_put(f->sluice, events[0].data);
	assert_int_equal(returns(f), 1);
	sluice_buffer_put(f->sluice, events[0].data);
	assert_int_equal(returns(f), 1);
}

static void packed__empty_message_at_the_end_of_the_block(void **state)
{
	struct fixture *f = *state;
	uint8_t *body = calloc(1, SLUICE_MESSAGE_MAX);
	struct sluice_event events[4];
	uint32_t used =
		packed_add(f->memory, 0, APP_BLOCK_SIZE, body, SLUICE_MESSAGE_MAX - PACKED_PREFIX);

	used = packed_add(f->memory, used, APP_BLOCK_SIZE, NULL, 0);
	assert_int_equal(used, APP_BLOCK_SIZE);
	open_session(f, 9);
	publish_packed(f, used);
	assert_int_equal(sluice_receive(f->sluice, events, 4), 2);
	sluice_buffer_put(f->sluice, events[1].data);
	sluice_buffer_put(f->sluice, events[0].data);
	assert_int_equal(returns(f), 1);
	free(body);
}

// What a stranger wrote ends its session with a sentence; what came before it stays true.
static void packed__malformed_ends_its_session(void **state)
{
	struct fixture *f = *state;
	struct sluice_event events[4];
	struct app_tx tx;

	open_session(f, 9);
	publish_packed(f, pack_three(f) - 4);
	publish(f, (struct app_rx){.type = APP_RX_DATA, // more of it: nobody wants it
			   .session = 9,
			   .offset = APP_BLOCK_SIZE,
			   .size = 4});
	assert_int_equal(sluice_receive(f->sluice, events, 4), 2);
	memcpy(&tx, f->mine->tx_slots, sizeof(tx));
	assert_int_equal(tx.op, APP_TX_ABORT);
	assert_int_equal(tx.session, 9);
	assert_int_equal(returns(f), 1); // the second block
	for (int i = 0; i < 2; i++)
		sluice_buffer_put(f->sluice, events[i].data);
	assert_int_equal(returns(f), 2);
	assert_int_equal(sluice_message(f->sluice, 9, 0, "x", 1), SLUICE_E_CLOSED);
	publish(f, (struct app_rx){.type = APP_RX_CLOSED, .session = 9, .value = CLOSE_LOCAL});
	assert_int_equal(sluice_receive(f->sluice, events, 4), 1);
	assert_int_equal(events[0].type, SLUICE_CLOSED);
	assert_false(events[0].ok);
	assert_non_null(strstr(events[0].text, "does not hold what it says"));
}

// The order to end the session is not forgotten when the ring has no room for it.
static void packed__malformed_with_a_full_ring(void **state)
{
	struct fixture *f = *state;
	struct sluice_event event;
	struct app_tx tx = {.op = APP_TX_CLOSE};

	open_session(f, 9);
	while (ring_put(&f->sluice->tx, &tx, 1) == 1)
		;
	publish_packed(f, 3);
	assert_int_equal(sluice_receive(f->sluice, &event, 1), 0);
	atomic_store(&f->arena->tx_head.head, APP_TX_SLOTS);
	assert_int_equal(sluice_receive(f->sluice, &event, 1), 0);
	assert_int_equal(atomic_load(&f->mine->tx_tail.tail), APP_TX_SLOTS + 1);
	memcpy(&tx, f->mine->tx_slots, sizeof(tx));
	assert_int_equal(tx.op, APP_TX_ABORT);
}

static void row__of_another_session_is_not_believed(void **state)
{
	struct fixture *f = *state;
	struct sluice_stats stats;

	open_session(f, 9);
	publish_row(f, 3, 10);
	assert_int_equal(sluice_session_stats(f->sluice, 9, &stats), 0);
	assert_int_equal(stats.packets, 5);      // as last seen
	atomic_store(&f->arena->info[3].seq, 7); // a writer that died inside
	assert_int_equal(sluice_session_stats(f->sluice, 9, &stats), 0);
}

// What a caller can tell of the codec.
static void row__says_what_the_codec_did(void **state)
{
	struct fixture *f = *state;
	struct session_stats row = {.session = 9,
		.codec = CODEC_AUTO,
		.codec_now = CODEC_ZSTD,
		.level_now = 3,
		.blocks_raw = 7};
	struct app_session_info *info = &f->arena->info[3];
	struct sluice_stats stats;

	row.blocks_raw_by[RAW_LITTLE] = 2;
	row.blocks_raw_by[RAW_REASONS - 1] = 5;
	open_session(f, 9);
	seqlock_write(&info->seq, &info->stats, &row, sizeof(row));
	assert_int_equal(sluice_session_stats(f->sluice, 9, &stats), 0);
	assert_string_equal(stats.codec, "zstd");
	assert_int_equal(stats.level, 3);
	assert_int_equal(stats.blocks_raw, 7);
	assert_int_equal(stats.blocks_raw_by[RAW_LITTLE], 2);
	assert_int_equal(stats.blocks_raw_by[RAW_REASONS - 1], 5);
	assert_string_equal(sluice_raw_reason(RAW_SMALL), "they were smaller than 256 bytes");
	assert_string_equal(sluice_raw_reason(SLUICE_RAW_REASONS), "unknown");
}

static void refused(struct fixture *f, const char *node, const char *service, const char *sentence)
{
	assert_int_equal(sluice_connect(f->sluice, node, service, NULL), SLUICE_E_INVALID);
	assert_string_equal(sluice_error(f->sluice), sentence);
}

static void connect__names_have_1_to_63_bytes(void **state)
{
	static const char sentence[] = "names of nodes and services have 1 to 63 bytes";
	static const char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	struct fixture *f = *state;

	refused(f, "", "x", sentence);
	refused(f, NULL, "x", sentence);
	refused(f, long_name, "x", sentence);
	refused(f, "b", "", sentence);
	refused(f, "b", NULL, sentence);
	refused(f, "b", long_name, sentence);
	assert_true(sluice_connect(f->sluice, long_name + 1, long_name + 1, NULL) > 0);
	assert_int_equal(sluice_listen(f->sluice, "", 0), SLUICE_E_INVALID);
	assert_string_equal(sluice_error(f->sluice), "a service's name has 1 to 63 bytes");
}

static void connect__an_unknown_codec_is_told_the_known(void **state)
{
	const struct sluice_session_options options = {.codec = "lzx"};
	struct fixture *f = *state;

	assert_int_equal(sluice_connect(f->sluice, "b", "x", &options), SLUICE_E_INVALID);
	assert_non_null(strstr(sluice_error(f->sluice), "no codec of the name lzx; there are "));
	for (const char *const *name = codec_choices; *name; name++)
		assert_non_null(strstr(sluice_error(f->sluice), *name));
}

static void garbage__unknown_type(void **state)
{
	publish(*state, (struct app_rx){.type = 99});
	expect_detached(*state);
}

static void garbage__data_out_of_range(void **state)
{
	publish(*state, (struct app_rx){.type = APP_RX_DATA, .offset = BLOCKS * APP_BLOCK_SIZE});
	expect_detached(*state);
}

static void garbage__data_not_at_a_block(void **state)
{
	publish(*state, (struct app_rx){.type = APP_RX_DATA, .offset = 8, .size = 1});
	expect_detached(*state);
}

static void garbage__data_too_large(void **state)
{
	publish(*state, (struct app_rx){.type = APP_RX_DATA, .size = APP_BLOCK_SIZE + 1});
	expect_detached(*state);
}

static void garbage__same_block_twice(void **state)
{
	struct fixture *f = *state;
	struct sluice_event event;

	open_session(f, 9);
	publish(f, (struct app_rx){.type = APP_RX_DATA, .session = 9, .size = 1});
	assert_int_equal(sluice_receive(f->sluice, &event, 1), 1);
	publish(f, (struct app_rx){.type = APP_RX_DATA, .session = 9, .size = 1});
	expect_detached(f);
}

static void garbage__buffer_that_was_not_sent(void **state)
{
	publish(*state, (struct app_rx){.type = APP_RX_SENT, .cookie = 1});
	expect_detached(*state);
}

static void garbage__buffer_out_of_range(void **state)
{
	publish(*state, (struct app_rx){.type = APP_RX_SENT, .cookie = UINT64_MAX});
	expect_detached(*state);
}

static void garbage__row_out_of_range(void **state)
{
	publish(*state,
		(struct app_rx){.type = APP_RX_OPENED, .session = 1, .offset = APP_SESSIONS_MAX});
	expect_detached(*state);
}

static void garbage__tail(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->arena->rx_tail.tail, APP_RX_SLOTS + 1);
	expect_detached(f);
}

static void garbage__head_of_the_send_ring(void **state)
{
	struct fixture *f = *state;
	int rc = 0;

	open_session(f, 9);
	atomic_store(&f->arena->tx_head.head, 5000);
	for (int i = 0; i < 2 * APP_TX_SLOTS && rc == 0;
		i++) { // looked at when the ring seems full
		uint8_t *buffer = f->sluice->buffers;

		f->sluice->buffer[0].state = CLIENT_BUFFER_HELD;
		rc = sluice_send(f->sluice, 9, 0, buffer, 1, true, 0);
	}
	assert_int_equal(rc, SLUICE_E_UNREACHABLE);
}

// Random events from a random generator of events: every mix ends well (the sanitizers watch).
static void garbage__random(void **state)
{
	struct fixture *f = *state;
	uint32_t detached = 0;

	srandom(4711);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct sluice_event event;
		struct app_rx rx = {
			.session = (uint32_t)random() % 3 + 1,
			.stream = (uint32_t)random(),
			.offset =
				(uint32_t)random() % 8 * (random() % 8 == 0 ? 77u : APP_BLOCK_SIZE),
			.size = (uint32_t)random() % (APP_BLOCK_SIZE + 2),
			.type = (uint16_t)(random() % 40 == 0 ? random() : random() % 4 + 1),
			.flags = (uint16_t)random(),
			.cookie = (uint64_t)random() % 6,
		};

		if (rx.type == APP_RX_OPENED)
			rx.offset = (uint32_t)random() % (APP_SESSIONS_MAX + 1);
		publish(f, rx);
		sluice_message(f->sluice, rx.session, rx.stream % 9 << 2, &rx, sizeof(rx));
		void *buffer = sluice_buffer_get(f->sluice);
		if (buffer != NULL &&
			sluice_send(f->sluice, rx.session, 0, buffer, 1, true, 1) != 0)
			sluice_buffer_put(f->sluice, buffer);
		while (sluice_receive(f->sluice, &event, 1) == 1) {
			if (event.type == SLUICE_DATA || event.type == SLUICE_SENT ||
				event.type == SLUICE_MESSAGE) {
				assert_non_null(event.data);
				sluice_buffer_put(f->sluice, event.data);
			}
			detached += event.type == SLUICE_DETACHED;
		}
		if (f->sluice->detached) { // attach again
			int socket = f->sluice->socket;

			memset(f->sluice, 0, sizeof(*f->sluice));
			memset(f->mine, 0, sizeof(*f->mine));
			memset(&f->arena->rx_tail, 0, sizeof(f->arena->rx_tail));
			f->sluice->socket = socket;
			f->sluice->wake = f->sluice->epoll = f->sluice->region.fd =
				f->sluice->arena.fd = -1;
			join(f);
			close(f->door);
			close(f->sluice->socket);
			int fds[2];
			assert_int_equal(
				socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
			f->door = fds[0];
			f->sluice->socket = fds[1];
		}
		// Take what it sent, so that its ring does not fill.
		atomic_store(&f->arena->tx_head.head, atomic_load(&f->mine->tx_tail.tail));
		atomic_store(&f->arena->return_head.head, atomic_load(&f->mine->return_tail.tail));
	}
	assert_true(detached > 100);
}

static void error_of__a_maximum_is_worth_another_try(void **state)
{
	(void)state;
	assert_int_equal(client_error_of(IPC_REFUSED_FULL), SLUICE_E_BUSY);
	assert_int_equal(client_error_of(IPC_REFUSED_NODE), SLUICE_E_REFUSED);
	for (uint32_t result = IPC_OK + 1; result < IPC_RESULT_COUNT; result++)
		assert_true(client_error_of(result) < 0);
}

static void close_sentence__one_for_each_reason_of_the_transport(void **state)
{
	const char *unknown = client_close_sentence(UINT32_MAX);

	(void)state;
	for (uint32_t reason = 0; reason < CLOSE_REASON_COUNT; reason++)
		assert_string_not_equal(client_close_sentence(reason), unknown);
	assert_string_equal(client_close_sentence(CLOSE_REASON_COUNT), unknown);
	assert_string_equal(client_close_sentence(CLOSE_PEER_RESET),
		"the peer ended the session at once: its application stopped or died");
	assert_int_equal(CLOSE_LOCAL, 1); // receive.c repeats these two
	static_assert((int)CLIENT_CLOSE_LOCAL == (int)CLOSE_LOCAL &&
			      (int)CLIENT_CLOSE_PEER == (int)CLOSE_PEER,
		"client.h repeats them");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(closed__waits_for_the_last_sent),
		CASE(opened__after_its_time_out_is_aborted),
		CASE(packed__block_returns_with_its_last_message),
		CASE(packed__empty_message_at_the_end_of_the_block),
		CASE(packed__malformed_ends_its_session),
		CASE(packed__malformed_with_a_full_ring),
		CASE(row__of_another_session_is_not_believed),
		CASE(row__says_what_the_codec_did),
		CASE(connect__names_have_1_to_63_bytes),
		CASE(connect__an_unknown_codec_is_told_the_known),
		CASE(garbage__unknown_type),
		CASE(garbage__data_out_of_range),
		CASE(garbage__data_not_at_a_block),
		CASE(garbage__data_too_large),
		CASE(garbage__same_block_twice),
		CASE(garbage__buffer_that_was_not_sent),
		CASE(garbage__buffer_out_of_range),
		CASE(garbage__row_out_of_range),
		CASE(garbage__tail),
		CASE(garbage__head_of_the_send_ring),
		CASE(garbage__random),
		cmocka_unit_test(error_of__a_maximum_is_worth_another_try),
		cmocka_unit_test(close_sentence__one_for_each_reason_of_the_transport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
