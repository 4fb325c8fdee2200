// A whole transport under fire: the input is a program of packets, submits, credits, closes and
// time. After each step the invariants hold; at the end every block and every record is back.
#include "dataplane/transport/transport.h"
#include "tests/fuzz/fuzz.h"

enum { CONNS = 3, RECORDS_MAX = 512 };

static struct {
	struct transport *t;
	void *memory;
	struct conn *conn[CONNS];
	uint64_t now_ns;
	uint64_t next_pn[CONNS]; // of the pretended peer
	uint64_t sent_pn[CONNS]; // the largest that we saw
	uint32_t blocks_out, submitted, reported;
	bool pool_empty;
} fuzz;

static uint8_t stored[RECORD_RAW_MAX];

static uint8_t *block_get(void *context, void *owner)
{
	(void)context, (void)owner;
	if (fuzz.pool_empty)
		return NULL;
	fuzz.blocks_out++;
	return malloc(BLOCK_SIZE);
}

static void block_put(void *context, void *owner, uint8_t *block)
{
	(void)context, (void)owner;
	FUZZ_CHECK(block && fuzz.blocks_out > 0);
	fuzz.blocks_out--;
	free(block);
}

static void packet_in(uint32_t i, struct wire_header *header, const uint8_t *bytes, uint32_t size)
{
	struct conn *c = fuzz.conn[i];
	struct conn_place place = {0};
	struct wire_ack ack;
	bool has_ack = header->flags & WIRE_ACK_BLOCK;
	uint32_t used = 0;
	if (!c || transport_find(fuzz.t, conn_cid(c)) != c)
		return;
	if (conn_check_pn(c, header->pn) != VERDICT_ACCEPT)
		return;
	if (header->type == WIRE_DATA) {
		uint32_t ride = has_ack ? WIRE_ACK_RIDE_SIZE : 0;
		if (size < ride ||
			conn_place(fuzz.t, c, header, size - ride, &place) != VERDICT_ACCEPT)
			return;
		const uint8_t *from = bytes + ride;
		for (uint32_t n = 0; n < place.iov_count; n++) {
			FUZZ_CHECK(place.iov[n].size <= size - (uint32_t)(from - bytes));
			memcpy(place.iov[n].base, from, place.iov[n].size);
			from += place.iov[n].size;
		}
		FUZZ_CHECK(place.iov_count == 0 || from == bytes + size);
		used = has_ack ? wire_ack_parse(&ack, bytes, ride) : 0;
		if (has_ack && !used)
			return;
		conn_on_packet(
			fuzz.t, c, header, NULL, size - ride, has_ack ? &ack : NULL, fuzz.now_ns);
		return;
	}
	if (has_ack && !(used = wire_ack_parse(&ack, bytes, size)))
		return;
	uint8_t *payload = fuzz_copy(bytes + used, size - used);
	conn_on_packet(fuzz.t, c, header, payload, size - used, has_ack ? &ack : NULL, fuzz.now_ns);
	free(payload);
}

// Anything may stand in the header, but most inputs should get past the first check.
static void random_packet(struct fuzz_input *input, uint32_t i)
{
	struct wire_header header = {0};
	uint8_t bytes[WIRE_ACK_RIDE_SIZE + 1500];
	uint8_t pn_way = (uint8_t)fuzz_number(input, 1);
	header.type = (uint8_t)(fuzz_number(input, 1) % WIRE_TYPE_COUNT);
	header.flags = (uint8_t)fuzz_number(input, 1);
	header.pn = pn_way < 200 ? fuzz.next_pn[i]++ : fuzz_number(input, 6);
	header.stream = (uint32_t)fuzz_number(input, pn_way & 1 ? 4 : 1);
	header.offset = wire_offset(fuzz_number(input, pn_way & 2 ? 4 : 1),
		(uint32_t)fuzz_number(input, 1) * 1408 +
			(pn_way & 4 ? (uint32_t)fuzz_number(input, 2) : 0));
	header.offset &= (1ull << 48) - 1;
	header.cid = conn_cid(fuzz.conn[i]);
	uint32_t size = (uint32_t)fuzz_number(input, 2) % 1473;
	if (pn_way & 8)
		size = 1408;
	fuzz_bytes(input, bytes, size);
	packet_in(i, &header, bytes, size);
}

// An acknowledgement of what was really sent, with random holes.
static void plausible_ack(struct fuzz_input *input, uint32_t i)
{
	struct wire_header header = {
		.type = WIRE_ACK, .flags = WIRE_ACK_BLOCK, .pn = fuzz.next_pn[i]++};
	struct wire_ack ack = {.largest = fuzz.sent_pn[i], .nwords = 2};
	uint8_t bytes[WIRE_ACK_MAX];
	fuzz_bytes(input, ack.words, 16);
	ack.credit = fuzz_number(input, 4);
	ack.delay_us = (uint16_t)fuzz_number(input, 2);
	ack.nlimits = (uint8_t)(fuzz_number(input, 1) % 3);
	for (uint32_t n = 0; n < ack.nlimits; n++)
		ack.limits[n] = (struct wire_limit){
			(uint32_t)fuzz_number(input, 1), (uint32_t)fuzz_number(input, 2)};
	for (uint32_t bit = 0; bit < 128; bit++)
		if (ack.largest < bit)
			ack.words[bit / 64] &= ~(1ull << bit % 64);
	packet_in(i, &header, bytes, wire_ack_frame(bytes, &ack));
}

static void hello(struct fuzz_input *input, uint32_t i)
{
	struct wire_header header = {.type = WIRE_HELLO, .pn = fuzz.next_pn[i]++};
	struct wire_hello view = {.boot_id = 1 + fuzz_number(input, 1) % 2,
		.credit = fuzz_number(input, 4),
		.segment_size =
			fuzz_number(input, 1) < 250 ? 1408 : (uint16_t)fuzz_number(input, 2),
		.flags = (uint16_t)(fuzz_number(input, 1) & WIRE_HELLO_REPLY),
		.records = (uint32_t)fuzz_number(input, 2)};
	uint8_t bytes[WIRE_HELLO_SIZE];
	memset(view.session_id, (int)i + 1, sizeof(view.session_id));
	packet_in(i, &header, bytes, wire_hello_frame(bytes, &view));
}

static void submit(struct fuzz_input *input, uint32_t i)
{
	struct send_record record = {.stored = stored, .cookie = fuzz.submitted};
	struct block_header header = {0};
	uint32_t stream = (uint32_t)fuzz_number(input, 1);
	record.stored_size = record.raw_size =
		(uint32_t)(fuzz_number(input, 2) * 2 % (RECORD_RAW_MAX + 1));
	header.raw_size = header.stored_size = record.raw_size;
	block_header_frame(record.header, &header);
	if (fuzz.submitted < RECORDS_MAX && transport_submit(fuzz.t, fuzz.conn[i], stream % 40,
						    &record, fuzz.now_ns) == SUBMIT_OK)
		fuzz.submitted++;
}

static uint32_t conn_index(const struct conn *c)
{
	for (uint32_t i = 0; i < CONNS; i++)
		if (fuzz.conn[i] == c)
			return i;
	FUZZ_CHECK(!"a connection that is not ours");
	return 0;
}

static void send(void)
{
	struct send_packet packets[BURST];
	uint32_t n = transport_send(fuzz.t, packets, BURST, fuzz.now_ns);
	FUZZ_CHECK(n <= BURST);
	for (uint32_t k = 0; k < n; k++) {
		const struct send_packet *p = &packets[k];
		uint32_t i = conn_index(p->conn), size = 0;
		FUZZ_CHECK(p->iov_count <= 2 && p->header.type < WIRE_TYPE_COUNT);
		for (uint32_t v = 0; v < p->iov_count; v++) {
			for (uint32_t at = 0; at < p->iov[v].size; at += 64) // readable?
				FUZZ_CHECK(
					*(const volatile uint8_t *)(p->iov[v].base + at) <= 0xff);
			size += p->iov[v].size;
		}
		FUZZ_CHECK(size + (p->has_ack && p->header.type == WIRE_DATA ? 64 : 0) <= 1408);
		FUZZ_CHECK(p->header.pn > fuzz.sent_pn[i] || fuzz.sent_pn[i] == 0);
		fuzz.sent_pn[i] = p->header.pn;
	}
}

static void take(void)
{
	struct recv_record record;
	struct sent_record sent;
	struct transport_event event;
	while (transport_take_record(fuzz.t, &record)) {
		FUZZ_CHECK(record.header.stored_size <= BLOCK_SIZE);
		FUZZ_CHECK(record.block);
		for (uint32_t at = 0; at < record.header.stored_size; at += 4096)
			FUZZ_CHECK(*(volatile uint8_t *)(record.block + at) <= 0xff);
		block_put(NULL, NULL, record.block);
		conn_credit(fuzz.t, record.conn, 1, fuzz.now_ns);
	}
	while (transport_take_sent(fuzz.t, &sent)) {
		FUZZ_CHECK(sent.record.stored == stored);
		fuzz.reported++;
	}
	while (transport_take_event(fuzz.t, &event)) {
		if (event.type != TRANSPORT_CLOSED)
			continue;
		while (transport_take_sent(fuzz.t, &sent))
			fuzz.reported++;
		transport_free(fuzz.t, event.conn);
		fuzz.conn[conn_index(event.conn)] = NULL;
	}
}

static void check(void)
{
	const char *broken = transport_check(fuzz.t);
	if (broken)
		fprintf(stderr, "transport_check: %s\n", broken);
	FUZZ_CHECK(!broken);
}

static void start(void)
{
	struct transport_config config = {.conns = CONNS,
		.boot_id = 7,
		.keepalive_ns = 1000000000,
		.idle_timeout_ns = 10000000000,
		.seed = 3,
		.env = {.block_get = block_get, .block_put = block_put}};
	size_t size = (transport_size(&config) + 63) & ~(size_t)63;
	if (!fuzz.memory)
		fuzz.memory = aligned_alloc(64, size);
	void *memory = fuzz.memory;
	if (!memory)
		abort();
	memset(&fuzz, 0, sizeof(fuzz));
	memset(memory, 0, size);
	fuzz.memory = memory;
	fuzz.now_ns = 1000000000;
	fuzz.t = transport_init(memory, &config, fuzz.now_ns);
	for (uint32_t i = 0; i < CONNS; i++) {
		struct conn_open open = {.owner = &fuzz,
			.peer_cid = wire_cid(0, (uint16_t)i, 9),
			.segment_size = 1408,
			.initiator = i == 0,
			.credit_records = 8};
		memset(open.session_id, (int)i + 1, sizeof(open.session_id));
		fuzz.conn[i] = transport_reserve(fuzz.t);
		transport_open(fuzz.t, fuzz.conn[i], &open, fuzz.now_ns);
	}
}

static void step(struct fuzz_input *input)
{
	uint8_t op = (uint8_t)fuzz_number(input, 1);
	uint32_t i = op >> 5 & 1; // the third connection waits for a HELLO that never comes
	if (!fuzz.conn[i])
		return;
	switch (op & 15) {
	case 0:
		hello(input, i);
		break;
	case 1:
	case 2:
		plausible_ack(input, i);
		break;
	case 3:
		submit(input, i);
		break;
	case 4:
		fuzz.now_ns += fuzz_number(input, 2) * 1000;
		break;
	case 5:
		fuzz.now_ns += fuzz_number(input, 2) * 1000000;
		break;
	case 6:
		fuzz.pool_empty = !fuzz.pool_empty;
		break;
	case 7:
		if (op >> 6 == 3)
			transport_abort(fuzz.t, fuzz.conn[i], CLOSE_LOCAL, fuzz.now_ns);
		else if (op >> 6 == 2)
			transport_close(fuzz.t, fuzz.conn[i], fuzz.now_ns);
		else
			transport_on_reset_hint(fuzz.t, wire_cid(0, (uint16_t)i, 9), fuzz.now_ns);
		break;
	default:
		random_packet(input, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	start();
	for (uint32_t n = 0; input.left && n < 400; n++) {
		step(&input);
		check();
		take();
		transport_on_time(fuzz.t, fuzz.now_ns);
		send();
		take();
		check();
	}
	for (uint32_t i = 0; i < CONNS; i++)
		if (fuzz.conn[i])
			transport_abort(fuzz.t, fuzz.conn[i], CLOSE_LOCAL, fuzz.now_ns);
	send(); // CLOSED comes after the RESET has gone
	take();
	check();
	for (uint32_t i = 0; i < CONNS; i++)
		FUZZ_CHECK(!fuzz.conn[i]);
	FUZZ_CHECK(fuzz.blocks_out == 0);
	FUZZ_CHECK(fuzz.reported == fuzz.submitted);
	return 0;
}
