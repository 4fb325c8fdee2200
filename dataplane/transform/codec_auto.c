// The codec `auto`: a ladder of codecs, climbed slowly, left quickly.
#include "dataplane/transform/codec_auto.h"

#include <assert.h>

// The probe: 256 pieces of 16 bytes of a large record, all of a small one.
#define PROBE_MAX    4096u
#define PROBE_PIECE  16u
#define PROBE_PIECES (PROBE_MAX / PROBE_PIECE)
// Two bytes of uniform noise are the same once in 256 times; below once in 181 (7.5 bits of
// entropy) no codec saves an eighth by byte frequencies.
#define PROBE_RARE 181u

static_assert(AUTO_UP == 8 && AUTO_SIZE_LEAST == 256, "raw_reason_sentence says so");

static const struct {
	const struct codec *codec;
	uint8_t level;
	bool probe; // it does not give up by itself on what does not pack, so it is asked first
} ladder[AUTO_STEPS] = {
	[AUTO_RAW] = {NULL, 0, false},
	[AUTO_LZ4] = {&codec_lz4, 1, false},
	[AUTO_DEFLATE_1] = {&codec_deflate, 1, true},
	[AUTO_ZSTD_1] = {&codec_zstd, 1, false},
	[AUTO_ZSTD_3] = {&codec_zstd, 3, false},
};

void codec_auto_init(struct codec_auto *a)
{
	*a = (struct codec_auto){.skip_next = AUTO_SKIP, .hold_next = AUTO_HOLD};
}

bool codec_auto_packs(const struct codec_auto *a)
{
	return a->step != AUTO_RAW && a->skip == 0;
}

const struct codec *codec_auto_now(const struct codec_auto *a, uint8_t *level)
{
	*level = ladder[a->step].level;
	return ladder[a->step].codec;
}

bool codec_auto_random(const uint8_t *raw, uint32_t size)
{
	uint32_t piece = size > PROBE_MAX ? PROBE_PIECE : size;
	uint32_t stride = size > PROBE_MAX ? size / PROBE_PIECES : size;
	uint32_t often[256] = {0}, n = 0;
	uint64_t pairs = 0;

	for (uint32_t at = 0; at + piece <= size && n < PROBE_MAX && piece > 0; at += stride)
		for (uint32_t i = 0; i < piece; i++, n++)
			often[raw[at + i]]++;
	for (uint32_t i = 0; i < 256; i++)
		pairs += (uint64_t)often[i] * (often[i] ? often[i] - 1 : 0);
	return n > 1 && pairs * PROBE_RARE < (uint64_t)n * (n - 1);
}

static void step_down(struct codec_auto *a)
{
	a->step--;
	a->down = 0;
	a->calm = 0;
	a->hold = a->hold_next;
	if (a->hold_next < AUTO_HOLD_MAX)
		a->hold_next *= 2;
}

// For the records after this one. What speaks for neither direction ends both rows.
static void move(struct codec_auto *a, const struct auto_signs *signs)
{
	bool up = signs->blocked && signs->idle && !signs->late;

	a->down = signs->late && a->step > AUTO_RAW ? a->down + 1 : 0;
	a->up = up && a->step + 1 < AUTO_STEPS && a->hold == 0 ? a->up + 1 : 0;
	if (a->hold > 0)
		a->hold--;
	else if (a->calm < AUTO_CALM && ++a->calm == AUTO_CALM)
		a->hold_next = AUTO_HOLD;
	if (a->down >= AUTO_DOWN)
		step_down(a);
	if (a->up >= AUTO_UP) {
		a->step++;
		a->up = 0;
	}
}

static struct auto_choice raw_because(enum raw_reason reason)
{
	return (struct auto_choice){.reason = reason};
}

// Why the lowest step packs nothing.
static enum raw_reason raw_step(const struct auto_signs *signs)
{
	if (!signs->blocked)
		return RAW_FAST;
	return signs->idle && !signs->late ? RAW_HELD : RAW_BUSY;
}

static struct auto_choice choose(
	struct codec_auto *a, const struct auto_signs *signs, const uint8_t *raw, uint32_t size)
{
	if (size < AUTO_SIZE_LEAST)
		return raw_because(RAW_SMALL);
	if (a->step == AUTO_RAW)
		return raw_because(raw_step(signs));
	if (a->skip > 0) {
		a->skip--;
		return raw_because(RAW_SKIPPED);
	}
	if (ladder[a->step].probe && codec_auto_random(raw, size)) {
		codec_auto_result(a, false);
		return raw_because(RAW_RANDOM);
	}
	return (struct auto_choice){ladder[a->step].codec, ladder[a->step].level, RAW_LITTLE};
}

struct auto_choice codec_auto_choose(
	struct codec_auto *a, const struct auto_signs *signs, const uint8_t *raw, uint32_t size)
{
	struct auto_choice choice = choose(a, signs, raw, size);

	move(a, signs);
	return choice;
}

void codec_auto_result(struct codec_auto *a, bool packed)
{
	if (packed) {
		a->poor = 0;
		a->skip_next = AUTO_SKIP;
		return;
	}
	if (++a->poor < AUTO_POOR)
		return;
	a->poor = AUTO_POOR - 1; // the next that is tried decides alone
	a->skip = a->skip_next;
	if (a->skip_next < AUTO_SKIP_MAX)
		a->skip_next *= 2;
}
