// What is measured on a pair of nodes, and what is measured without them: one function each, run in
// the process that has the pair (rig.h).
#pragma once

#include "perf/bench.h"
#include "perf/transport/pair.h"

struct scene {
	struct pair *pair;
	uint32_t mtu;
	uint32_t argument; // the scene's own
	uint64_t duration_ns;
	uint32_t watched; // session whose sender is looked at; 0: the pair's first
	struct bench_figures *out;
};

// -1: out->error says why. Leaves the pair settled.
typedef int scene_run(struct scene *scene);

enum scene_id {
	SCENE_GOODPUT, // argument: record size, and streams << 24; units: payload bytes delivered
	SCENE_RAW,     // units: bytes of IP packets
	SCENE_RAW_COPIED,   // the same, the payload copied in and out
	SCENE_RAW_SEALED,   // the first plus the bare cipher's time, in series; with a codec its
			    // library's too, units: bytes before it
	SCENE_MESSAGES,     // argument: their size; units: messages delivered
	SCENE_RAW_FRAMES,   // frames of 64 bytes; units: frames
	SCENE_RTT,          // argument: size
	SCENE_RTT_QUIET,    // the same in idle mode adaptive, a ping each ms
	SCENE_RTT_LOADED,   // argument: size, and percent << 24 of the goodput as load beside it
	SCENE_RTT_BEHIND,   // argument: size; on an ordinary stream of a session full of bulk
	SCENE_RTT_URGENT,   // the same on an urgent stream
	SCENE_RAW_RTT,      // argument: size
	SCENE_FAIRNESS,     // argument: sessions; units: payload bytes of all
	SCENE_SLOW,         // of 8 sessions one's application is slow; units: bytes of the others
	SCENE_SLOW_NOT,     // none is slow; units: bytes of the same seven
	SCENE_IDLE,         // units: ns of CPU that two idle nodes did not use
	SCENE_NOTHING,      // nobody runs: units: ns of both CPUs
	SCENE_GOODPUT_APP,  // with applications attached; argument: record size
	SCENE_MESSAGES_APP, // argument: size
	SCENE_RTT_APP,      // argument: size
	SCENE_COUNT,
};

// A row's parameter: which scene, on which link. A session's cipher and codec are its link's, too
// (codec: none, or one of the first three). With a codec the sources send text.
#define SEALED(kind, cipher, codec) \
	((uint32_t)(kind) | (uint32_t)(cipher) << 4 | (uint32_t)(codec) << 6)
#define SCENE(scene, kind, mtu) ((uint32_t)(scene) | (uint32_t)(kind) << 8 | (uint32_t)(mtu) << 16)

scene_run scene_goodput, scene_raw, scene_raw_copied, scene_raw_sealed, scene_messages,
	scene_raw_frames, scene_rtt, scene_rtt_quiet, scene_rtt_loaded, scene_rtt_behind,
	scene_rtt_urgent, scene_raw_rtt, scene_fairness, scene_slow, scene_slow_not, scene_idle,
	scene_nothing, scene_goodput_app, scene_messages_app, scene_rtt_app;

// What several scenes do the same way.

// Runs for the scene's time: out->ns, the counters, and out->extra with what
// was held and waited for.
void scene_go(struct scene *scene);
// Takes `more` and adds it to out->extra, after scene_go.
void scene_extra(struct scene *scene, struct json_t *more);
// Sources on all of the pair's first `sessions`, records of that size; the last one is reset.
void scene_sources(struct scene *scene, unsigned sessions, uint32_t size, uint32_t streams);
uint64_t scene_bytes_received(const struct pair *pair);
// out->hash: 1 when each record came once and in its order.
void scene_hash(struct scene *scene);
