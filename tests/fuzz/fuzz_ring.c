// A hostile application: its tails, its head and its slots hold anything.
// The channel either takes what an honest application could have written,
// or is broken for good; its blocks stay counted either way.
#include "dataplane/app/deliver.h"
#include "dataplane/app/take.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

enum { BLOCKS = 4 };

static struct {
	struct region region; // as the application maps it: writable
	struct app_region *shared;
	struct app_channel *channel;
	struct app_channel *fresh; // the channel as it was made
	uint32_t tx_tail, return_tail;
} fuzz;

// Once: regions are expensive.
static void make_channel(void)
{
	const char *reason = "";
	uint32_t blocks_offset = (uint32_t)(sizeof(struct app_region) + 4095) & ~4095u;
	FUZZ_CHECK(region_create(&fuzz.region, "fuzz", blocks_offset + BLOCKS * APP_BLOCK_SIZE,
			   REGION_PAGES_ORDINARY) == 0);
	fuzz.shared = (struct app_region *)(void *)fuzz.region.base;
	fuzz.shared->header = (struct app_region_header){.magic = APP_REGION_MAGIC,
		.version = APP_ABI_VERSION,
		.blocks = BLOCKS,
		.blocks_offset = blocks_offset,
		.size = fuzz.region.size};
	int fd = fcntl(fuzz.region.fd, F_DUPFD_CLOEXEC, 0);
	if (app_channel_new(&fuzz.channel, fd, 32, &reason) != 0) {
		fprintf(stderr, "app_channel_new: %s\n", reason);
		abort();
	}
	fuzz.fresh = malloc(sizeof(*fuzz.fresh));
	if (!fuzz.fresh)
		abort();
	*fuzz.fresh = *fuzz.channel;
}

static void start(void)
{
	if (!fuzz.channel)
		make_channel();
	*fuzz.channel = *fuzz.fresh;
	fuzz.tx_tail = fuzz.return_tail = 0;
	atomic_store(&fuzz.shared->tx_tail.tail, 0);
	atomic_store(&fuzz.shared->return_tail.tail, 0);
	atomic_store(&fuzz.shared->rx_head.head, 0);
	atomic_store(&fuzz.shared->rx_head.asleep, 0);
	atomic_store(&fuzz.channel->mine->rx_tail.tail, 0);
	FUZZ_CHECK(app_session_open(fuzz.channel, 1));
	FUZZ_CHECK(app_session_open(fuzz.channel, 2));
}

static void put_tx(struct fuzz_input *input, uint8_t op)
{
	struct app_tx tx;
	if (op & 0x80) {
		fuzz_bytes(input, &tx, sizeof(tx));
	} else { // an honest one
		tx = (struct app_tx){
			.op = APP_TX_SEND, .session = 1 + (op >> 4 & 1), .stream = op >> 5 & 1};
		tx.offset = (uint32_t)(fuzz_number(input, 1) % BLOCKS) * APP_BLOCK_SIZE;
		tx.size = (uint32_t)fuzz_number(input, 2);
	}
	memcpy(fuzz.shared->tx_slots + fuzz.tx_tail++ % APP_TX_SLOTS * sizeof(tx), &tx, sizeof(tx));
	atomic_store(&fuzz.shared->tx_tail.tail, fuzz.tx_tail);
}

static void put_return(struct fuzz_input *input, uint8_t op)
{
	struct app_return back;
	if (op & 0x80)
		fuzz_bytes(input, &back, sizeof(back));
	else
		back = (struct app_return){
			(uint32_t)(fuzz_number(input, 1) % 32) * APP_BLOCK_SIZE, 1 + (op >> 4 & 1)};
	memcpy(fuzz.shared->return_slots + fuzz.return_tail++ % APP_RETURN_SLOTS * sizeof(back),
		&back, sizeof(back));
	atomic_store(&fuzz.shared->return_tail.tail, fuzz.return_tail);
}

static void take(uint8_t op)
{
	struct app_record records[APP_DESCRIPTORS_TURN];
	struct app_channel *channel = fuzz.channel;
	bool was_broken = channel->broken != APP_BROKEN_NOT;
	uint32_t n = app_take(channel, records, 1u + (op >> 3));
	FUZZ_CHECK(n <= 1u + (op >> 3) && !(was_broken && n));
	for (uint32_t i = 0; i < n; i++) {
		const struct app_tx *tx = &records[i].tx;
		if (tx->op != APP_TX_SEND)
			continue;
		const uint8_t *end = channel->tx_blocks + channel->tx_blocks_size;
		FUZZ_CHECK(stream_number(tx->stream) < STREAMS_MAX && tx->size <= APP_BLOCK_SIZE);
		FUZZ_CHECK(
			records[i].data >= channel->tx_blocks && records[i].data + tx->size <= end);
		FUZZ_CHECK(!records[i].row || records[i].row->cid == tx->session);
		if (tx->size)
			FUZZ_CHECK(*(const volatile uint8_t *)(records[i].data + tx->size - 1) <=
				   0xff);
		app_deliver_sent(channel, tx->session, tx->stream, tx->cookie, op & 1,
			tx->flags & APP_TX_PACKED);
	}
}

static void deliver(uint8_t op)
{
	struct app_session *session = app_session_find(fuzz.channel, 1 + (op >> 4 & 1));
	uint8_t *block = session ? app_block_get(session) : NULL;
	if (block)
		app_deliver_data(
			session, 0, block, (uint32_t)op << 8, op & 0x80 ? APP_RX_MESSAGE_END : 0);
}

static void step(struct fuzz_input *input)
{
	uint8_t op = (uint8_t)fuzz_number(input, 1);
	struct app_session *session = app_session_find(fuzz.channel, 1 + (op >> 4 & 1));
	switch (op & 7) {
	case 0:
	case 1:
		put_tx(input, op);
		break;
	case 2:
		put_return(input, op);
		break;
	case 3:
		take(op);
		break;
	case 4:
		app_take_returns(fuzz.channel);
		break;
	case 5:
		deliver(op);
		break;
	case 6:
		app_deliver_flush(fuzz.channel);
		break;
	default: // the indices themselves
		if (op >> 6 == 0)
			fuzz.tx_tail = (uint32_t)fuzz_number(input, 4);
		else if (op >> 6 == 1)
			fuzz.return_tail = (uint32_t)fuzz_number(input, 4);
		else if (op >> 6 == 2)
			atomic_store(&fuzz.shared->rx_head.head,
				(uint32_t)fuzz_number(input, op & 8 ? 4 : 1));
		else if (session)
			app_session_close(session, 1);
		atomic_store(&fuzz.shared->tx_tail.tail, fuzz.tx_tail);
		atomic_store(&fuzz.shared->return_tail.tail, fuzz.return_tail);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	start();
	for (uint32_t n = 0; input.left && n < 400; n++) {
		step(&input);
		const char *wrong = app_channel_check(fuzz.channel);
		if (wrong)
			fprintf(stderr, "app_channel_check: %s\n", wrong);
		FUZZ_CHECK(!wrong);
	}
	return 0;
}
