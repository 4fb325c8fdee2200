// Rings, buffers, sources and sinks. See endpoint.h.
#include "perf/transport/endpoint.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/packed.h"

static int region_make(struct endpoint *e, const char **error)
{
	uint32_t offset = (uint32_t)(sizeof(struct app_region) + 4095) & ~4095u;
	int result = region_create(&e->region, "perf-endpoint",
		offset + (size_t)ENDPOINT_BUFFERS * APP_BLOCK_SIZE, REGION_PAGES_ANY);

	if (result != 0) {
		*error = region_strerror(result);
		return -1;
	}
	e->mine = (struct app_region *)(void *)e->region.base;
	e->mine->header = (struct app_region_header){.magic = APP_REGION_MAGIC,
		.version = APP_ABI_VERSION,
		.blocks = ENDPOINT_BUFFERS,
		.blocks_offset = offset,
		.size = e->region.size};
	e->buffers = e->region.base + offset;
	return 0;
}

// Bytes that no codec can shrink to nothing and no cache can guess.
static void buffers_fill(struct endpoint *e)
{
	uint64_t word = 20261121;

	for (uint32_t i = 0; i < ENDPOINT_BUFFERS; i++) {
		for (uint32_t at = 0; at < APP_BLOCK_SIZE; at += 8) {
			word = word * 6364136223846793005ull + 1442695040888963407ull;
			memcpy(e->buffers + i * APP_BLOCK_SIZE + at, &word, 8);
		}
		e->free[e->free_count++] = (uint16_t)i;
	}
}

int endpoint_init(struct endpoint *e, const char **error)
{
	struct app_arena *arena;

	memset(e, 0, sizeof(*e));
	*error = NULL;
	if (region_make(e, error) < 0)
		return -1;
	if (app_channel_new(&e->channel, dup(e->region.fd), 0, error) != 0) {
		region_fini(&e->region);
		return -1;
	}
	arena = e->channel->mine;
	ring_producer_init(&e->tx, e->mine->tx_slots, &e->mine->tx_tail, &arena->tx_head,
		sizeof(struct app_tx), APP_TX_SLOTS);
	ring_producer_init(&e->returns, e->mine->return_slots, &e->mine->return_tail,
		&arena->return_head, sizeof(struct app_return), APP_RETURN_SLOTS);
	ring_consumer_init(&e->rx, arena->rx_slots, &arena->rx_tail, &e->mine->rx_head,
		sizeof(struct app_rx), APP_RX_SLOTS);
	buffers_fill(e);
	return 0;
}

void endpoint_fini(struct endpoint *e)
{
	app_channel_free(e->channel);
	region_fini(&e->region);
}

struct endpoint_session *endpoint_find(struct endpoint *e, uint32_t cid)
{
	for (uint32_t i = 0; i < e->sessions; i++)
		if (e->session[i].cid == cid)
			return &e->session[i];
	return NULL;
}

static bool record_hand(struct endpoint *e, struct endpoint_session *s, const struct app_tx *tx)
{
	if (ring_put(&e->tx, tx, 1) != 1)
		return false;
	e->free_head++;
	e->free_count--;
	s->in_flight++;
	return true;
}

bool endpoint_send(struct endpoint *e, struct endpoint_session *s, uint32_t stream, uint32_t size,
	uint64_t stamp)
{
	uint32_t buffer = e->free[e->free_head % ENDPOINT_BUFFERS];
	const struct app_tx tx = {.session = s->cid,
		.stream = stream,
		.offset = buffer * APP_BLOCK_SIZE,
		.size = size,
		.op = APP_TX_SEND,
		.flags = APP_TX_MESSAGE_END,
		.cookie = buffer};

	if (e->free_count == 0)
		return false;
	memcpy(e->buffers + tx.offset, &stamp, size < sizeof(stamp) ? size : sizeof(stamp));
	return record_hand(e, s, &tx);
}

// A record full of messages, each copied into it and numbered, as sluice_message does it.
static bool messages_send(struct endpoint *e, struct endpoint_session *s)
{
	uint32_t buffer = e->free[e->free_head % ENDPOINT_BUFFERS], used = 0, next;
	uint8_t *record = e->buffers + buffer * APP_BLOCK_SIZE;
	uint64_t number = s->stamp[s->stream];
	struct app_tx tx = {.session = s->cid,
		.stream = stream_id(s->stream, STREAM_ORDERED),
		.offset = buffer * APP_BLOCK_SIZE,
		.op = APP_TX_SEND,
		.flags = APP_TX_PACKED,
		.cookie = buffer};

	if (e->free_count == 0)
		return false;
	memcpy(e->message, &number, sizeof(number));
	while ((next = packed_add(record, used, s->size, e->message, s->message)) != 0) {
		used = next;
		number++;
		memcpy(e->message, &number, sizeof(number));
	}
	tx.size = used;
	if (!record_hand(e, s, &tx))
		return false;
	s->stamp[s->stream] = number;
	return true;
}

static void block_back(struct endpoint *e, const struct app_return *block)
{
	ring_put(&e->returns, block, 1); // has a slot for every block
}

// The records of a stream come in order, each once.
static void record_check(struct endpoint_session *s, uint32_t stream, const uint8_t *data)
{
	uint64_t stamp;

	memcpy(&stamp, data, sizeof(stamp));
	s->wrong += stamp != s->expected[stream];
	s->expected[stream] = stamp + 1;
}

static void messages_check(struct endpoint_session *s, const struct app_rx *rx, const uint8_t *data)
{
	uint32_t stream = stream_number(rx->stream), at = 0;
	struct packed_message message;
	enum packed_step step;

	while ((step = packed_next(data, rx->size, &at, &message)) == PACKED_MESSAGE) {
		record_check(s, stream, message.data);
		s->messages_received++;
	}
	s->wrong += step == PACKED_MALFORMED;
}

static void data_echo(struct endpoint *e, struct endpoint_session *s, const struct app_rx *rx,
	const uint8_t *data)
{
	uint64_t stamp = 0;

	memcpy(&stamp, data, rx->size < sizeof(stamp) ? rx->size : sizeof(stamp));
	endpoint_send(e, s, rx->stream, rx->size, stamp);
}

static void block_hold(struct endpoint *e, const struct app_return *block, uint64_t until_ns)
{
	uint32_t at = (e->held_head + e->held_count++) % APP_BLOCKS_MAX;

	e->held[at].block = *block;
	e->held[at].until_ns = until_ns;
}

static void on_data(struct endpoint *e, struct endpoint_session *s, const struct app_rx *rx,
	const uint8_t *data, uint64_t now_ns)
{
	const struct app_return block = {.offset = rx->offset, .session = rx->session};

	s->records_received++;
	s->bytes_received += rx->size;
	if (e->on_data)
		e->on_data(e->context, s, data);
	else if (s->echo >> stream_number(rx->stream) & 1)
		data_echo(e, s, rx, data);
	else if (rx->flags & APP_RX_PACKED)
		messages_check(s, rx, data);
	else
		record_check(s, stream_number(rx->stream), data);
	if (s->hold_ns)
		block_hold(e, &block, now_ns + s->hold_ns);
	else
		block_back(e, &block);
}

static void on_event(struct endpoint *e, const struct app_rx *rx, uint64_t now_ns)
{
	struct endpoint_session *s = endpoint_find(e, rx->session);

	if (!s)
		return;
	switch (rx->type) {
	case APP_RX_OPENED:
		s->open = true;
		break;
	case APP_RX_DATA:
		on_data(e, s, rx, e->channel->blocks + rx->offset, now_ns);
		break;
	case APP_RX_SENT:
		e->free[(e->free_head + e->free_count++) % ENDPOINT_BUFFERS] = (uint16_t)rx->cookie;
		s->in_flight--;
		s->records_sent++;
		break;
	default:
		s->open = false;
		e->closed++;
	}
}

static uint32_t held_back(struct endpoint *e, uint64_t now_ns)
{
	uint32_t done = 0;

	for (; e->held_count > 0 && e->held[e->held_head % APP_BLOCKS_MAX].until_ns <= now_ns;
		done++) {
		block_back(e, &e->held[e->held_head++ % APP_BLOCKS_MAX].block);
		e->held_count--;
	}
	return done;
}

static bool source_send(struct endpoint *e, struct endpoint_session *s)
{
	if (s->message)
		return messages_send(e, s);
	if (!endpoint_send(
		    e, s, stream_id(s->stream, STREAM_ORDERED), s->size, s->stamp[s->stream]))
		return false;
	s->stamp[s->stream]++;
	return true;
}

static uint32_t source(struct endpoint *e, struct endpoint_session *s, uint64_t now_ns)
{
	uint32_t done = 0;

	while (s->in_flight < s->ahead && s->next_ns <= now_ns && source_send(e, s)) {
		s->stream = s->stream + 1 < s->streams ? s->stream + 1 : 0;
		s->next_ns = s->gap_ns ? (s->next_ns ? s->next_ns : now_ns) + s->gap_ns : 0;
		done++;
	}
	return done;
}

uint32_t endpoint_in_flight(const struct endpoint *e)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < e->sessions; i++)
		sum += e->session[i].in_flight;
	return sum;
}

uint32_t endpoint_turn(struct endpoint *e, uint64_t now_ns)
{
	struct app_rx rx[ENDPOINT_EVENTS];
	uint32_t n = ring_take(&e->rx, rx, ENDPOINT_EVENTS), done = 0;

	for (uint32_t i = 0; n <= ENDPOINT_EVENTS && i < n; i++, done++)
		on_event(e, &rx[i], now_ns);
	done += held_back(e, now_ns);
	for (uint32_t i = 0; i < e->sessions; i++)
		if (e->session[i].open && e->session[i].size > 0 && !e->quiet)
			done += source(e, &e->session[i], now_ns);
	return done;
}
