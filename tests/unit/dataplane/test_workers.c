// Nodes of 16 workers whose link gives every packet to whichever worker looks first: nearly all of
// them arrive at the wrong one, and everything must still happen at its owner.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/dataplane/worker_pair.h"

#include <rte_eal.h>

#define WORKERS      16u
#define RECORDS      24u
#define RECORD_SIZE  20000u
#define LANE_BUFFERS 8u // records of a lane in flight
#define ROUNDS_MAX   20000u

struct node {
	struct port port;
	struct steer *steer;
	struct pair_end end[WORKERS];
};

// A session from worker w of node a to worker 5w + 3 of node b.
struct lane {
	struct pair_end *a, *b;
	uint32_t cid_a, cid_b;
	uint32_t sent, acked, received;
};

struct world {
	struct node a, b;
	struct lane lane[WORKERS];
	uint64_t now_ns, random;
};

static uint32_t world_random(struct world *world, uint32_t below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 33) % below;
}

static void node_start(struct node *node, struct node *peer, uint32_t ipv4)
{
	char error[128];

	fake_port_init(&node->port, &peer->port, ipv4);
	node->port.config.queues = WORKERS;
	node->steer = steer_new(WORKERS, error, sizeof(error));
	assert_non_null(node->steer);
	for (uint16_t w = 0; w < WORKERS; w++) {
		struct pair_end *e = &node->end[w];

		e->config = (struct config){.workers = WORKERS, .links = 1};
		e->ports[0] = &node->port;
		pair_end_start(e, w, node->steer, 1000 + ipv4);
	}
}

// Every worker of both nodes once, in an order of chance.
static void world_turn(struct world *world)
{
	struct pair_end *order[2 * WORKERS];

	for (uint32_t i = 0; i < 2 * WORKERS; i++) {
		struct node *node = i % 2 ? &world->a : &world->b;
		uint32_t k = world_random(world, i + 1);

		order[i] = order[k];
		order[k] = &node->end[i / 2];
	}
	for (uint32_t i = 0; i < 2 * WORKERS; i++)
		pair_end_turn(order[i], world->now_ns);
	world->now_ns += PAIR_TURN_NS;
}

static struct plane_command lane_open(
	const struct node *peer, const struct pair_end *to, uint32_t cid, uint32_t peer_cid)
{
	return (struct plane_command){.type = PLANE_OPEN,
		.cid = cid,
		.peer_cid = peer_cid,
		.segment_size = wire_segment_size(MTU_MIN),
		.peer_address = peer->port.config.address,
		.peer_port = (uint16_t)(WIRE_UDP_PORT + to->w.index),
		.session_id = {[0] = 7, [1] = (uint8_t)to->w.index}};
}

static void lane_start(struct world *world, struct lane *lane)
{
	struct plane_command open;

	pair_command(lane->a, (struct plane_command){.type = PLANE_RESERVE});
	world_turn(world);
	lane->cid_a = pair_expect(lane->a, PLANE_RESERVED).cid;
	open = lane_open(&world->a, lane->a, 0, lane->cid_a);
	memcpy(open.session_id, (uint8_t[]){9, (uint8_t)lane->a->w.index}, 2);
	pair_command(lane->b, open);
	world_turn(world);
	lane->cid_b = pair_expect(lane->b, PLANE_RESERVED).cid;
	open = lane_open(&world->b, lane->b, lane->cid_a, lane->cid_b);
	memcpy(open.session_id, (uint8_t[]){9, (uint8_t)lane->a->w.index}, 2);
	open.initiator = 1;
	pair_command(lane->a, open);
	assert_int_equal(wire_cid_worker(lane->cid_a), lane->a->w.index);
	assert_int_equal(wire_cid_worker(lane->cid_b), lane->b->w.index);
}

static struct world *world_new(uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->random = seed;
	world->now_ns = clock_now();
	node_start(&world->a, &world->b, 0x0a000001);
	node_start(&world->b, &world->a, 0x0a000002);
	for (uint32_t w = 0; w < WORKERS; w++) {
		world->lane[w].a = &world->a.end[w];
		world->lane[w].b = &world->b.end[(5 * w + 3) % WORKERS];
	}
	world_turn(world);
	for (uint32_t w = 0; w < WORKERS; w++)
		lane_start(world, &world->lane[w]);
	for (uint32_t i = 0; i < 200; i++)
		world_turn(world);
	for (uint32_t w = 0; w < WORKERS; w++) {
		struct lane *lane = &world->lane[w];

		pair_expect(lane->a, PLANE_OPENED);
		pair_expect(lane->b, PLANE_OPENED);
		assert_int_equal(fake_app_event(&lane->a->app).type, APP_RX_OPENED);
		assert_int_equal(fake_app_event(&lane->b->app).type, APP_RX_OPENED);
	}
	return world;
}

static void node_stop(struct node *node)
{
	for (uint32_t w = 0; w < WORKERS; w++) {
		assert_true(node->end[w].gone);
		pair_end_stop(&node->end[w]);
	}
	steer_free(node->steer);
	fake_port_fini(&node->port);
}

static void world_free(struct world *world)
{
	for (uint32_t w = 0; w < WORKERS; w++) {
		pair_mail(&world->a.end[w], MAIL_APP_DETACH, world->a.end[w].app.channel);
		pair_mail(&world->b.end[w], MAIL_APP_DETACH, world->b.end[w].app.channel);
	}
	for (uint32_t i = 0; i < 200; i++)
		world_turn(world);
	node_stop(&world->a);
	node_stop(&world->b);
	assert_int_equal(fake_mbufs(), 0);
	free(world);
}

// Byte i of a record: the lane's and the record's own.
static uint8_t byte_of(uint32_t cid, uint32_t record, uint32_t i)
{
	return (uint8_t)(cid >> 24 ^ record * 31 ^ i * 7 ^ i >> 8);
}

static void lane_feed(struct lane *lane)
{
	struct app_channel *channel = lane->a->app.channel;
	uint8_t *buffers = lane->a->app.region.base + (channel->tx_blocks - channel->region.base);

	for (; lane->sent < RECORDS && lane->sent - lane->acked < LANE_BUFFERS; lane->sent++) {
		uint32_t buffer = lane->sent % LANE_BUFFERS;

		for (uint32_t i = 0; i < RECORD_SIZE; i++)
			buffers[buffer * APP_BLOCK_SIZE + i] = byte_of(lane->cid_a, lane->sent, i);
		pair_send(lane->a, lane->cid_a, buffer, RECORD_SIZE);
	}
}

// In order, whole, of the right session: the stream is an ordered one.
static void lane_drain(struct lane *lane)
{
	struct app_rx rx;

	while ((rx = fake_app_event(&lane->a->app)).type != 0) {
		assert_int_equal(rx.type, APP_RX_SENT);
		assert_int_equal(rx.flags & APP_RX_FAILED, 0);
		lane->acked++;
	}
	while ((rx = fake_app_event(&lane->b->app)).type != 0) {
		const uint8_t *data = lane->b->app.channel->blocks + rx.offset;

		assert_int_equal(rx.type, APP_RX_DATA);
		assert_int_equal(rx.session, lane->cid_b);
		assert_int_equal(rx.size, RECORD_SIZE);
		for (uint32_t i = 0; i < rx.size; i++)
			assert_int_equal(data[i], byte_of(lane->cid_a, lane->received, i));
		lane->received++;
		fake_app_return(&lane->b->app, rx.offset, rx.session);
	}
}

static uint64_t node_sum(const struct node *node, uint64_t *steered, uint64_t *full)
{
	uint64_t other = 0;

	for (uint32_t w = 0; w < WORKERS; w++) {
		const struct worker_counters *c = &node->end[w].w.counters;

		*steered += c->steered;
		*full += c->drops[DROP_STEER_FULL];
		for (uint32_t d = VERDICT_ACCEPT + 1; d < DROP_COUNT; d++)
			other += d == DROP_STEER_FULL ? 0 : c->drops[d];
	}
	return other;
}

static bool world_done(const struct world *world)
{
	for (uint32_t w = 0; w < WORKERS; w++)
		if (world->lane[w].acked < RECORDS || world->lane[w].received < RECORDS)
			return false;
	return true;
}

static void run(uint64_t seed)
{
	struct world *world = world_new(seed);
	uint64_t steered = 0, full = 0, other;
	uint32_t rounds = 0;

	for (; rounds < ROUNDS_MAX && !world_done(world); rounds++) {
		for (uint32_t w = 0; w < WORKERS; w++) {
			lane_feed(&world->lane[w]);
			lane_drain(&world->lane[w]);
		}
		world_turn(world);
	}
	if (!world_done(world))
		fail_msg("seed %lu: not done after %u rounds", seed, rounds);
	for (uint32_t w = 0; w < WORKERS; w++) {
		assert_int_equal(world->lane[w].received, RECORDS);
		assert_true(world->lane[w].a->w.counters.tx_packets > RECORDS);
	}
	other = node_sum(&world->a, &steered, &full) + node_sum(&world->b, &steered, &full);
	assert_true(steered > WORKERS * RECORDS * 10); // of some 14 packets a record
	assert_int_equal(other, 0); // nothing died but what a ring had no room for
	world_free(world);
}

static void workers__wrong_queues(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		run(seed * 0x9e3779b97f4a7c15ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers__wrong_queues),
	};
	char prefix[64], folder[128];
	char *arguments[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "-m", "64",
		"--no-telemetry", "--log-level=error", "--file-prefix", prefix};
	int result;

	snprintf(prefix, sizeof(prefix), "test-workers-%d", getpid());
	if (rte_eal_init(sizeof(arguments) / sizeof(arguments[0]), arguments) < 0)
		return 1;
	snprintf(folder, sizeof(folder), "%s", rte_eal_get_runtime_dir());
	result = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	rmdir(folder);
	*strrchr(folder, '/') = 0;
	rmdir(folder); // unless others are in it
	return result;
}
