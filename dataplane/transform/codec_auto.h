// The codec `auto`: which codec each record gets. A pure state machine, one a session: it is told
// how flow and worker stand and what came of the last record; it reads no clock.
//
// It climbs raw -> lz4 -> deflate 1 -> zstd 1 -> zstd 3 while the flow waits for its path and the
// worker has time, and goes down when the worker is what the flow waits for. What does not pack is
// left alone and tried again now and then.
#pragma once

#include "dataplane/transform/codec.h"

enum auto_step {
	AUTO_RAW,
	AUTO_LZ4,
	AUTO_DEFLATE_1,
	AUTO_ZSTD_1,
	AUTO_ZSTD_3,
	AUTO_STEPS,
};

// How things stand as the record comes.
struct auto_signs {
	bool blocked; // the flow waits for window, pacer or receiver
	bool idle;    // the worker has time, and codecs have less than half of their share
	bool late;    // the worker is what the flow waits for, or codecs have more than their share
};

struct codec_auto {
	uint8_t step;       // enum auto_step
	uint8_t up, down;   // records in a row that spoke for it
	uint8_t poor;       // records in a row that were tried and saved too little
	uint16_t skip;      // records that go raw before one is tried again
	uint16_t skip_next; // so many after the next disappointment
	uint16_t hold;      // records before it may climb again
	uint16_t hold_next; // so many after the next step down
	uint16_t calm;      // records since the last step down, not those that it held
};

// Records, of up to 64 KiB. Tests say them by name.
#define AUTO_UP         8u    // for a step up
#define AUTO_DOWN       4u    // for a step down
#define AUTO_POOR       3u    // that saved too little: then it is left alone
#define AUTO_SKIP       16u   // for so long, at first; each further disappointment doubles it
#define AUTO_SKIP_MAX   1024u // up to 64 MiB
#define AUTO_HOLD       32u   // after a step down; doubles while steps up keep failing
#define AUTO_HOLD_MAX   4096u
#define AUTO_CALM       1024u // free to climb and without a step down: AUTO_HOLD again
#define AUTO_SIZE_LEAST 256u  // bytes: nothing to be gained from smaller records

struct auto_choice {
	const struct codec *codec; // NULL: raw, because of `reason`
	uint8_t level;
	enum raw_reason reason;
};

void codec_auto_init(struct codec_auto *a);
// False: the next record goes raw without a look at it, whatever it is. It is chosen all the same.
bool codec_auto_packs(const struct codec_auto *a);
// Once a record. May read `raw` (the entropy probe), which may change meanwhile.
struct auto_choice codec_auto_choose(
	struct codec_auto *a, const struct auto_signs *signs, const uint8_t *raw, uint32_t size);
// What came of a record that got a codec: whether it saved an eighth.
void codec_auto_result(struct codec_auto *a, bool packed);
// What the next record would get; for people. NULL: raw.
const struct codec *codec_auto_now(const struct codec_auto *a, uint8_t *level);

// Whether bytes look as if they were random, or packed or encrypted already: one byte says nearly
// nothing of how often the others come. From a sample of at most 4 KiB; 1.6 us.
bool codec_auto_random(const uint8_t *raw, uint32_t size);
