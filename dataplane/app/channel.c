// Makes, checks and frees the channel of one application. The
// region is hostile: its header is copied, checked, used.
#include "dataplane/app/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define APP_BLOCKS_MIN   16u
#define BLOCKS_ALIGNMENT 4096u
#define HUGEPAGE         ((size_t)2 << 20)
#define REGION_SIZE_MIN  (sizeof(struct app_region) + APP_BLOCK_SIZE)
// The largest honest region, with room for the rounding to hugepages.
#define REGION_SIZE_MAX \
	(sizeof(struct app_region) + (size_t)APP_BLOCKS_MAX * APP_BLOCK_SIZE + 2 * HUGEPAGE)

static_assert(APP_BLOCK_SIZE == BLOCK_SIZE, "the transport's blocks are the arena's");
static_assert(APP_RX_SLOTS >= 2 * APP_BLOCKS_MAX + 2 * APP_SESSIONS_MAX,
	"an honest application's events always fit");
static_assert(APP_RETURN_SLOTS >= APP_BLOCKS_MAX, "every block may come back at once");

const char *app_broken_sentence(enum app_broken broken)
{
	static const char *const sentences[APP_BROKEN_COUNT] = {
		[APP_BROKEN_NOT] = "the application keeps the contract",
		[APP_BROKEN_RING] = "an index of the application's rings is impossible",
		[APP_BROKEN_DESCRIPTOR] = "the application published a malformed descriptor",
		[APP_BROKEN_RETURN] = "the application gave back a block that it does not own",
		[APP_BROKEN_FULL] = "the application has more sends in flight than it has buffers",
	};

	return (unsigned int)broken < APP_BROKEN_COUNT ? sentences[broken] : "unknown";
}

// Where the application's blocks lie, from a copy of its header. NULL, or what is wrong.
static const char *channel_check_header(const struct app_region_header *header, size_t size)
{
	if (header->magic != APP_REGION_MAGIC)
		return "the region does not start with the magic of an application's region";
	if (header->version != APP_ABI_VERSION)
		return "the application was built for another version of the shared memory";
	if (header->size > size)
		return "the region is smaller than its header says";
	if (header->blocks == 0 || header->blocks > APP_BLOCKS_MAX)
		return "the region has no block, or too many";
	if (header->blocks_offset < sizeof(struct app_region) ||
		header->blocks_offset % BLOCKS_ALIGNMENT != 0)
		return "the block area is misplaced";
	if (header->blocks_offset + (uint64_t)header->blocks * APP_BLOCK_SIZE > size)
		return "the block area does not fit the region";
	return NULL;
}

static int channel_attach(struct app_channel *channel, int region_fd, const char **reason)
{
	int rc = region_attach(&channel->region, region_fd, REGION_SIZE_MIN, REGION_SIZE_MAX);
	struct app_region_header header;

	if (rc != 0) {
		*reason = region_strerror(rc);
		return rc;
	}
	channel->shared = (const struct app_region *)(const void *)channel->region.base;
	// It may change under us: check the copy.
	memcpy(&header, &channel->shared->header, sizeof(header));
	*reason = channel_check_header(&header, channel->region.size);
	if (*reason != NULL)
		return APP_E_HEADER;
	channel->tx_blocks = channel->region.base + header.blocks_offset;
	channel->tx_blocks_size = header.blocks * APP_BLOCK_SIZE;
	return 0;
}

static int channel_make_arena(struct app_channel *channel, uint32_t blocks, const char **reason)
{
	uint32_t offset = (sizeof(struct app_arena) + BLOCKS_ALIGNMENT - 1) / BLOCKS_ALIGNMENT *
			  BLOCKS_ALIGNMENT;
	size_t size = offset + (size_t)blocks * APP_BLOCK_SIZE;
	int rc = region_create(&channel->arena, "sluice-arena", size, REGION_PAGES_ANY);

	if (rc != 0) {
		*reason = rc == REGION_E_NOMEM ? "no memory for the arena" : region_strerror(rc);
		return rc;
	}
	channel->mine = (struct app_arena *)(void *)channel->arena.base;
	channel->mine->header = (struct app_region_header){
		.magic = APP_ARENA_MAGIC,
		.version = APP_ABI_VERSION,
		.blocks = blocks,
		.blocks_offset = offset,
		.size = channel->arena.size,
	};
	channel->blocks = channel->arena.base + offset;
	channel->blocks_count = blocks;
	return 0;
}

static int channel_make_wake(struct app_channel *channel, const char **reason)
{
	int fds[2];

	// Two open file descriptions: the application cannot make our end block.
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
		*reason = "no wake-up socket";
		return -errno;
	}
	channel->wake_fd = fds[0];
	channel->peer_wake_fd = fds[1];
	return 0;
}

static void channel_init_rings(struct app_channel *channel)
{
	const struct app_region *shared = channel->shared;
	struct app_arena *mine = channel->mine;

	ring_consumer_init(&channel->tx, shared->tx_slots, &shared->tx_tail, &mine->tx_head,
		sizeof(struct app_tx), APP_TX_SLOTS);
	ring_consumer_init(&channel->returns, shared->return_slots, &shared->return_tail,
		&mine->return_head, sizeof(struct app_return), APP_RETURN_SLOTS);
	ring_producer_init(&channel->rx, mine->rx_slots, &mine->rx_tail, &shared->rx_head,
		sizeof(struct app_rx), APP_RX_SLOTS);
}

static void channel_init_tables(struct app_channel *channel)
{
	for (uint32_t i = 0; i < channel->blocks_count; i++) {
		channel->block[i].row = APP_NONE;
		channel->block[i].next =
			(uint16_t)(i + 1 < channel->blocks_count ? i + 1 : APP_NONE);
	}
	channel->free_first = 0;
	channel->free_count = channel->blocks_count;
	channel->slabs_max = channel->blocks_count / 4;

	for (uint32_t i = 0; i < APP_SESSIONS_MAX; i++) {
		struct app_session *session = &channel->session[i];

		session->channel = channel;
		session->row = (uint16_t)i;
		for (uint32_t s = 0; s < STREAMS_MAX; s++)
			session->queue[s].first = session->queue[s].last = APP_NONE;
	}
	for (uint32_t i = 0; i < APP_BLOCKS_MAX; i++)
		channel->parked[i].next = (uint16_t)(i + 1 < APP_BLOCKS_MAX ? i + 1 : APP_NONE);
	channel->parked_free = 0;
}

int app_channel_new(struct app_channel **out, int region_fd, uint32_t blocks, const char **reason)
{
	struct app_channel *channel = calloc(1, sizeof(*channel));
	int rc;

	*out = NULL;
	*reason = "no memory";
	if (channel == NULL) {
		close(region_fd);
		return -ENOMEM;
	}
	channel->wake_fd = channel->peer_wake_fd = -1;
	if (blocks == 0)
		blocks = APP_BLOCKS_DEFAULT;
	if (blocks < APP_BLOCKS_MIN)
		blocks = APP_BLOCKS_MIN;
	if (blocks > APP_BLOCKS_MAX)
		blocks = APP_BLOCKS_MAX;

	rc = channel_attach(channel, region_fd, reason);
	if (rc == 0)
		rc = channel_make_arena(channel, blocks, reason);
	if (rc == 0)
		rc = channel_make_wake(channel, reason);
	if (rc != 0) {
		app_channel_free(channel);
		return rc;
	}
	channel_init_rings(channel);
	channel_init_tables(channel);
	*reason = NULL;
	*out = channel;
	return 0;
}

void app_channel_free(struct app_channel *channel)
{
	if (channel == NULL)
		return;
	region_fini(&channel->region);
	region_fini(&channel->arena);
	if (channel->wake_fd >= 0)
		close(channel->wake_fd);
	if (channel->peer_wake_fd >= 0)
		close(channel->peer_wake_fd);
	free(channel);
}

bool app_channel_quiet(const struct app_channel *channel)
{
	if (channel->sends != 0 || channel->slabs != 0)
		return false;
	for (uint32_t i = 0; i < APP_SESSIONS_MAX; i++) {
		if (channel->session[i].open)
			return false;
	}
	for (uint32_t i = 0; i < channel->blocks_count; i++) {
		if (channel->block[i].state == APP_BLOCK_RECEIVING)
			return false;
	}
	return true;
}

static const char *channel_check_sessions(
	const struct app_channel *channel, const uint32_t *per_row)
{
	uint32_t granted = 0, parked = 0;

	for (uint32_t i = 0; i < APP_SESSIONS_MAX; i++) {
		const struct app_session *session = &channel->session[i];

		if (!session->open && session->blocks != 0)
			return "an ended session still counts blocks";
		if (session->blocks != per_row[i])
			return "a session's count of blocks is wrong";
		if (session->open)
			granted += 2 * session->credit_records;
		parked += session->parked;
	}
	if (granted != channel->granted)
		return "the grants do not add up";
	for (uint32_t i = channel->parked_free; i != APP_NONE; i = channel->parked[i].next)
		parked++;
	if (parked != APP_BLOCKS_MAX)
		return "parked descriptors do not add up";
	if (channel->slabs > channel->slabs_max)
		return "codecs have more than their share";
	if (channel->granted + channel->orphans + channel->slabs_max > channel->blocks_count)
		return "more blocks are promised than there are";
	return NULL;
}

const char *app_channel_check(const struct app_channel *channel)
{
	uint32_t per_row[APP_SESSIONS_MAX] = {0};
	uint32_t free_count = 0, slabs = 0, orphans = 0, listed = 0;

	for (uint32_t i = 0; i < channel->blocks_count; i++) {
		const struct app_block *block = &channel->block[i];

		if (block->state == APP_BLOCK_FREE)
			free_count++;
		else if (block->state == APP_BLOCK_SLAB)
			slabs++;
		else if (block->row == APP_NONE)
			orphans++;
		else
			per_row[block->row]++;
	}
	for (uint32_t i = channel->free_first; i != APP_NONE; i = channel->block[i].next) {
		if (channel->block[i].state != APP_BLOCK_FREE)
			return "a block in the free list is in use";
		if (++listed > channel->blocks_count)
			return "the free list runs in a circle";
	}
	if (listed != free_count || listed != channel->free_count)
		return "free blocks are missing from the free list";
	if (slabs != channel->slabs)
		return "the count of slabs is wrong";
	if (orphans != channel->orphans)
		return "the count of blocks of ended sessions is wrong";
	return channel_check_sessions(channel, per_row);
}
