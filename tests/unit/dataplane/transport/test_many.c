// A worker's whole table of connections open at once, each with data to send.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dataplane/transport/transport.h"

#define RECORDS 2u // of each connection
#define TURN_NS 20000ull

#define ROUND_SEGMENTS 16u // that a connection may send before it is another one's turn

struct many_end {
	struct transport *t;
	void *memory;
	struct conn *conn[CONNS_MAX];
	uint32_t opened, closed;
	uint32_t received[CONNS_MAX], answered[CONNS_MAX]; // records
	int64_t blocks;
};

static struct many {
	struct many_end end[2];
	uint8_t bytes[RECORD_RAW_MAX];
	uint64_t now_ns;
} many;

static uint8_t *many_get(void *context, void *owner)
{
	struct many_end *end = context;

	(void)owner;
	end->blocks++;
	return malloc(BLOCK_SIZE);
}

static void many_put(void *context, void *owner, uint8_t *block)
{
	struct many_end *end = context;

	(void)owner;
	end->blocks--;
	free(block);
}

static void many_open(struct many_end *end, uint8_t index)
{
	struct transport_config config = {.worker = index,
		.conns = CONNS_MAX,
		.boot_id = 1u + index,
		.seed = 1u + index,
		.env = {.context = end, .block_get = many_get, .block_put = many_put}};
	size_t size = (transport_size(&config) + 63) & ~(size_t)63;

	*end = (struct many_end){.memory = aligned_alloc(64, size)};
	memset(end->memory, 0, size);
	end->t = transport_init(end->memory, &config, many.now_ns);
	for (uint32_t i = 0; i < CONNS_MAX; i++)
		assert_non_null(end->conn[i] = transport_reserve(end->t));
	assert_null(transport_reserve(end->t)); // and not one more
}

static void many_connect(struct many_end *end, const struct many_end *peer, bool initiator)
{
	for (uintptr_t i = 0; i < CONNS_MAX; i++) {
		struct conn_open open = {.owner = (void *)i,
			.session_id = "many",
			.peer_cid = conn_cid(peer->conn[i]),
			.segment_size = wire_segment_size(1500),
			.initiator = initiator,
			.credit_records = 1};

		transport_open(end->t, end->conn[i], &open, many.now_ns);
	}
}

static void many_deliver(struct many_end *to, const struct send_packet *p)
{
	struct conn *c = transport_find(to->t, p->header.cid);
	uint8_t payload[2048];
	struct conn_place place;
	uint32_t size = 0, at = 0;

	for (uint32_t i = 0; i < p->iov_count; i++) {
		memcpy(payload + size, p->iov[i].base, p->iov[i].size);
		size += p->iov[i].size;
	}
	assert_non_null(c);
	assert_int_equal(conn_place(to->t, c, &p->header, size, &place), VERDICT_ACCEPT);
	for (uint32_t i = 0; i < place.iov_count; i++) {
		memcpy(place.iov[i].base, payload + at, place.iov[i].size);
		at += place.iov[i].size;
	}
	assert_int_equal(
		conn_on_packet(to->t, c, &p->header, p->header.type == WIRE_DATA ? NULL : payload,
			size, p->has_ack ? &p->ack : NULL, many.now_ns),
		VERDICT_ACCEPT);
}

static void many_take(struct many_end *end)
{
	struct recv_record record;
	struct sent_record sent;
	struct transport_event event;

	while (transport_take_record(end->t, &record)) {
		end->received[(uintptr_t)conn_owner(record.conn)]++;
		assert_memory_equal(record.block, many.bytes, RECORD_RAW_MAX);
		many_put(end, NULL, record.block);
		conn_credit(end->t, record.conn, 1, many.now_ns);
	}
	while (transport_take_sent(end->t, &sent))
		end->answered[(uintptr_t)conn_owner(sent.conn)] += sent.ok;
	while (transport_take_event(end->t, &event)) {
		end->opened += event.type == TRANSPORT_OPENED;
		if (event.type != TRANSPORT_CLOSED)
			continue;
		end->closed++;
		transport_free(end->t, event.conn);
	}
}

// One burst each way, as a worker's turn has it.
static void many_turn(void)
{
	struct send_packet packets[BURST];

	for (uint32_t i = 0; i < 2; i++) {
		transport_on_time(many.end[i].t, many.now_ns);
		uint32_t n = transport_send(many.end[i].t, packets, BURST, many.now_ns);

		for (uint32_t k = 0; k < n; k++)
			many_deliver(&many.end[!i], &packets[k]);
		many_take(&many.end[i]);
		many_take(&many.end[!i]);
	}
	many.now_ns += TURN_NS;
}

static void many_submit(struct many_end *end, uint32_t i)
{
	struct send_record record = {
		.stored = many.bytes, .stored_size = RECORD_RAW_MAX, .raw_size = RECORD_RAW_MAX};
	struct block_header header = {.raw_size = RECORD_RAW_MAX, .stored_size = RECORD_RAW_MAX};

	block_header_frame(record.header, &header);
	assert_int_equal(
		transport_submit(end->t, end->conn[i], 0, &record, many.now_ns), SUBMIT_OK);
}

static uint64_t many_bytes(uint32_t i)
{
	struct conn_stats stats;

	conn_stats_get(many.end[0].conn[i], &stats);
	return stats.data_packets_sent;
}

// All open, all move data, none is far behind another, all close.
static void many__all_move_data(void **state)
{
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	many.now_ns = 1000000000;
	memset(many.bytes, 0x5a, sizeof(many.bytes));
	many_open(&many.end[0], 0);
	many_open(&many.end[1], 1);
	many_connect(&many.end[1], &many.end[0], false);
	many_connect(&many.end[0], &many.end[1], true);
	for (uint32_t turn = 0; turn < 1000 && many.end[0].opened < CONNS_MAX; turn++)
		many_turn();
	assert_int_equal(many.end[0].opened, CONNS_MAX);
	assert_int_equal(many.end[1].opened, CONNS_MAX);

	for (uint32_t i = 0; i < CONNS_MAX * RECORDS; i++)
		many_submit(&many.end[0], i % CONNS_MAX);
	for (uint32_t turn = 0; turn < CONNS_MAX; turn++) // a burst for each: a third of it all
		many_turn();
	for (uint32_t i = 0; i < CONNS_MAX; i++) {
		least = many_bytes(i) < least ? many_bytes(i) : least;
		most = many_bytes(i) > most ? many_bytes(i) : most;
	}
	assert_true(least > 0 && most - least <= 3 * ROUND_SEGMENTS);

	for (uint32_t turn = 0;
		turn < 100000 && transport_deadline(many.end[0].t) <= many.now_ns + 10 * TURN_NS;
		turn++)
		many_turn();
	for (uint32_t i = 0; i < CONNS_MAX; i++) {
		assert_int_equal(many.end[0].answered[i], RECORDS);
		assert_int_equal(many.end[1].received[i], RECORDS);
		transport_close(many.end[0].t, many.end[0].conn[i], many.now_ns);
	}
	for (uint32_t turn = 0;
		turn < 10000 && many.end[0].closed + many.end[1].closed < 2 * CONNS_MAX; turn++)
		many_turn();
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(many.end[i].closed, CONNS_MAX);
		assert_int_equal(many.end[i].blocks, 0);
		assert_null(transport_check(many.end[i].t));
		assert_non_null(transport_reserve(many.end[i].t));
		free(many.end[i].memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many__all_move_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
