// The domain "transport": which scenes are measured, on which links, against what.
#include "perf/transport/rig.h"
#include "perf/transport/scene.h"

// Its process, common to all rows.
#define RIG \
	.unavailable = rig_unavailable, .open = rig_open, .sample = rig_sample, .close = rig_close
// A rate, and what it is held against.
#define RATE(ID, UNIT, LIMIT, WHICH, KIND, MTU, ARGUMENT)                                    \
	{                                                                                    \
		.id = "transport/" ID, .unit = UNIT, .limit = LIMIT, .bytes = BYTES_##WHICH, \
		.sample_ms = LEAST_MS, .pairs_max = PAIRS,                                   \
		.param = SCENE(SCENE_##WHICH, LINK_##KIND, MTU), .argument = (ARGUMENT),     \
		.location = "dataplane/loop.c:worker_turn", RIG                              \
	}
// The same, encrypted; and packed.
#define RATE_SEALED(ID, LIMIT, WHICH, KIND, MTU, CODEC, ARGUMENT)                                  \
	{                                                                                          \
		.id = "transport/" ID, .unit = "B/s", .limit = LIMIT, .bytes = BYTES_##WHICH,      \
		.sample_ms = LEAST_MS, .pairs_max = PAIRS,                                         \
		.param =                                                                           \
			SCENE(SCENE_##WHICH, SEALED(LINK_##KIND, CIPHER_AES_256_GCM, CODEC), MTU), \
		.argument = (ARGUMENT), .location = "dataplane/loop.c:worker_turn", RIG            \
	}
#define GOODPUT_SEALED(NAME, KIND, MTU, CODEC)                                                  \
	RATE_SEALED("limit/raw-sealed/" NAME, NULL, RAW_SEALED, KIND, MTU, CODEC, 0),           \
		RATE_SEALED("goodput/" NAME, "transport/limit/raw-sealed/" NAME, GOODPUT, KIND, \
			MTU, CODEC, RECORD)
// Messages of so many bytes.
#define MESSAGES(ID, LIMIT, WHICH, SIZE)                                               \
	{                                                                              \
		.id = "transport/" ID, .unit = "1/s", .limit = LIMIT, .bytes = (SIZE), \
		.sample_ms = LEAST_MS, .pairs_max = PAIRS,                             \
		.param = SCENE(SCENE_##WHICH, LINK_MEMIF, 1500), .argument = (SIZE),   \
		.location = "dataplane/loop.c:worker_turn", RIG                        \
	}
// A round trip, and what it is held against.
#define RTT(ID, LIMIT, WHICH, KIND, MTU, ARGUMENT)                                       \
	{                                                                                \
		.id = "transport/" ID, .unit = "ns", .limit = LIMIT, .latency = true,    \
		.sample_ms = LEAST_MS, .pairs_max = PAIRS,                               \
		.param = SCENE(SCENE_##WHICH, LINK_##KIND, MTU), .argument = (ARGUMENT), \
		.location = "dataplane/loop.c:worker_turn", RIG                          \
	}
#define RAW(LINK)    "transport/limit/raw/" LINK
#define COPIED(LINK) "transport/limit/raw-copied/" LINK
#define PING(LINK)   "transport/limit/ping-pong/" LINK

enum {
	LEAST_MS = 50, // a window that has to grow again, and a sleeping thread that has to wake
	PAIRS = 41,
	// Bytes of a unit, for cycles per byte; 0: it is none.
	BYTES_GOODPUT = 1,
	BYTES_FAIRNESS = 1,
	BYTES_SLOW = 0,
	BYTES_SLOW_NOT = 0,
	BYTES_RAW = 1,
	BYTES_RAW_COPIED = 1,
	BYTES_RAW_SEALED = 1,
	BYTES_GOODPUT_APP = 1,
	BYTES_RAW_FRAMES = 0,
	BYTES_IDLE = 0,
	BYTES_NOTHING = 0,
	RECORD = 65536,
	EIGHT_STREAMS = 8 << 24,
	LOAD_10 = 10 << 24,
	LOAD_50 = 50 << 24,
	LOAD_90 = 90 << 24,
};

const struct bench transport_benches[] = {
	RATE("limit/raw/memif/1500", "B/s", NULL, RAW, MEMIF, 1500, 0),
	RATE("limit/raw/memif/9000", "B/s", NULL, RAW, MEMIF, 9000, 0),
	RATE("limit/raw/vhost/1500", "B/s", NULL, RAW, VHOST, 1500, 0),
	RATE("limit/raw/vhost/9000", "B/s", NULL, RAW, VHOST, 9000, 0),
	RATE("limit/raw/af_packet/1500", "B/s", NULL, RAW, AF_PACKET, 1500, 0),
	RATE("limit/raw/af_xdp/1500", "B/s", NULL, RAW, AF_XDP, 1500, 0),
	RATE("limit/raw-copied/memif/1500", "B/s", NULL, RAW_COPIED, MEMIF, 1500, 0),
	RATE("limit/raw-copied/memif/9000", "B/s", NULL, RAW_COPIED, MEMIF, 9000, 0),
	RATE("limit/raw-frames/memif/64", "1/s", NULL, RAW_FRAMES, MEMIF, 1500, 0),
	RTT("limit/ping-pong/memif/64", NULL, RAW_RTT, MEMIF, 1500, 64),
	RTT("limit/ping-pong/memif/1024", NULL, RAW_RTT, MEMIF, 1500, 1024),
	RTT("limit/ping-pong/vhost/64", NULL, RAW_RTT, VHOST, 1500, 64),
	RTT("limit/ping-pong/af_packet/64", NULL, RAW_RTT, AF_PACKET, 1500, 64),
	RATE("limit/none-slow/memif/8", "B/s", NULL, SLOW_NOT, MEMIF, 1500, 0),
	RATE("limit/asleep/memif", "ns/s", NULL, NOTHING, MEMIF, 1500, 0),
	RATE("limit/asleep/af_packet", "ns/s", NULL, NOTHING, AF_PACKET, 1500, 0),

	RATE("goodput/memif/1500/null/none", "B/s", RAW("memif/1500"), GOODPUT, MEMIF, 1500,
		RECORD),
	RATE("goodput/memif/9000/null/none", "B/s", RAW("memif/9000"), GOODPUT, MEMIF, 9000,
		RECORD),
	RATE("goodput/vhost/1500/null/none", "B/s", RAW("vhost/1500"), GOODPUT, VHOST, 1500,
		RECORD),
	RATE("goodput/vhost/9000/null/none", "B/s", RAW("vhost/9000"), GOODPUT, VHOST, 9000,
		RECORD),
	RATE("goodput/af_packet/1500/null/none", "B/s", RAW("af_packet/1500"), GOODPUT, AF_PACKET,
		1500, RECORD),
	RATE("goodput/af_xdp/1500/null/none", "B/s", RAW("af_xdp/1500"), GOODPUT, AF_XDP, 1500,
		RECORD),
	RATE("copied/memif/1500/null/none", "B/s", COPIED("memif/1500"), GOODPUT, MEMIF, 1500,
		RECORD),
	RATE("copied/memif/9000/null/none", "B/s", COPIED("memif/9000"), GOODPUT, MEMIF, 9000,
		RECORD),
	GOODPUT_SEALED("memif/1500/aes-256-gcm/none", MEMIF, 1500, CODEC_NONE),
	GOODPUT_SEALED("memif/9000/aes-256-gcm/none", MEMIF, 9000, CODEC_NONE),
	GOODPUT_SEALED("vhost/1500/aes-256-gcm/none", VHOST, 1500, CODEC_NONE),
	GOODPUT_SEALED("vhost/9000/aes-256-gcm/none", VHOST, 9000, CODEC_NONE),
	GOODPUT_SEALED("memif/1500/aes-256-gcm/lz4", MEMIF, 1500, CODEC_LZ4),
	GOODPUT_SEALED("memif/9000/aes-256-gcm/lz4", MEMIF, 9000, CODEC_LZ4),
	RATE("records/memif/1500/1K", "B/s", RAW("memif/1500"), GOODPUT, MEMIF, 1500, 1024),
	RATE("records/memif/1500/8K", "B/s", RAW("memif/1500"), GOODPUT, MEMIF, 1500, 8192),
	RATE("streams/memif/1500/8", "B/s", RAW("memif/1500"), GOODPUT, MEMIF, 1500,
		RECORD | EIGHT_STREAMS),
	MESSAGES("messages/memif/64", "transport/limit/raw-frames/memif/64", MESSAGES, 64),
	MESSAGES("messages/memif/1024", "transport/limit/raw-frames/memif/64", MESSAGES, 1024),
	RTT("rtt/memif/64", PING("memif/64"), RTT, MEMIF, 1500, 64),
	RTT("rtt/memif/1024", PING("memif/1024"), RTT, MEMIF, 1500, 1024),
	RTT("rtt/vhost/64", PING("vhost/64"), RTT, VHOST, 1500, 64),
	RTT("rtt/af_packet/64", PING("af_packet/64"), RTT, AF_PACKET, 1500, 64),
	RTT("rtt-adaptive/memif/64", "transport/rtt/memif/64", RTT_QUIET, MEMIF, 1500, 64),
	RTT("rtt-loaded/memif/64/10", "transport/rtt/memif/64", RTT_LOADED, MEMIF, 1500,
		64 | LOAD_10),
	RTT("rtt-loaded/memif/64/50", "transport/rtt/memif/64", RTT_LOADED, MEMIF, 1500,
		64 | LOAD_50),
	RTT("rtt-loaded/memif/64/90", "transport/rtt/memif/64", RTT_LOADED, MEMIF, 1500,
		64 | LOAD_90),
	RTT("rtt-behind/memif/64", "transport/rtt/memif/64", RTT_BEHIND, MEMIF, 1500, 64),
	RTT("rtt-urgent/memif/64", "transport/rtt-behind/memif/64", RTT_URGENT, MEMIF, 1500, 64),
	// The same with applications attached (scene_app.c), against the endpoints in the workers:
	// what attaching costs, here with workers and applications on two CPUs.
	RATE("goodput-app/memif/1500/null/none", "B/s", "transport/goodput/memif/1500/null/none",
		GOODPUT_APP, MEMIF, 1500, RECORD),
	RATE("goodput-app/memif/1500/1K", "B/s", "transport/records/memif/1500/1K", GOODPUT_APP,
		MEMIF, 1500, 1024),
	RATE("goodput-app/af_packet/1500/null/none", "B/s",
		"transport/goodput/af_packet/1500/null/none", GOODPUT_APP, AF_PACKET, 1500, RECORD),
	MESSAGES("messages-app/memif/64", "transport/messages/memif/64", MESSAGES_APP, 64),
	RTT("rtt-app/memif/64", "transport/rtt/memif/64", RTT_APP, MEMIF, 1500, 64),
	RTT("rtt-app/af_packet/64", "transport/rtt/af_packet/64", RTT_APP, AF_PACKET, 1500, 64),
	RATE("fairness/memif/2", "B/s", RAW("memif/1500"), FAIRNESS, MEMIF, 1500, 2),
	RATE("fairness/memif/8", "B/s", RAW("memif/1500"), FAIRNESS, MEMIF, 1500, 8),
	RATE("slow-application/memif/8", "B/s", "transport/limit/none-slow/memif/8", SLOW, MEMIF,
		1500, 0),
	RATE("idle/memif", "ns/s", "transport/limit/asleep/memif", IDLE, MEMIF, 1500, 0),
	RATE("idle/af_packet", "ns/s", "transport/limit/asleep/af_packet", IDLE, AF_PACKET, 1500,
		0),
};
const size_t transport_benches_count = sizeof(transport_benches) / sizeof(transport_benches[0]);
