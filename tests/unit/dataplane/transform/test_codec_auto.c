// The codec `auto`: what it does rule by rule, and where it settles on modelled paths.
#include "dataplane/transform/codec_auto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/transform/codec_bed.h"

static const struct auto_signs waits = {.blocked = true, .idle = true}, late = {.late = true},
			       nothing = {.idle = true};
static uint8_t raw[RECORD_RAW_MAX];

// So many records under these signs, all of which pack.
static struct auto_choice records(struct codec_auto *a, struct auto_signs signs, uint32_t n)
{
	struct auto_choice choice = {0};

	for (uint32_t i = 0; i < n; i++) {
		choice = codec_auto_choose(a, &signs, raw, RECORD_RAW_MAX);
		if (choice.codec)
			codec_auto_result(a, true);
	}
	return choice;
}

static void choose__climbs_while_the_path_is_waited_for(void **state)
{
	static const struct {
		const struct codec *codec;
		uint8_t level;
	} steps[] = {{NULL, 0}, {&codec_lz4, 1}, {&codec_deflate, 1}, {&codec_zstd, 1},
		{&codec_zstd, 3}, {&codec_zstd, 3}};
	struct codec_auto a;

	(void)state;
	corpus_fill(CORPUS_TEXT, 1, raw, RECORD_RAW_MAX);
	codec_auto_init(&a);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct auto_choice choice = records(&a, waits, AUTO_UP);

		assert_ptr_equal(choice.codec, steps[i].codec);
		assert_int_equal(choice.level, steps[i].level);
		assert_true(choice.codec || choice.reason == RAW_HELD);
	}
}

static enum raw_reason reason_of(struct codec_auto *a, struct auto_signs signs)
{
	struct auto_choice choice = records(a, signs, 1);

	assert_null(choice.codec);
	return choice.reason;
}

// The lowest step: whether flow, worker or ladder is why nothing is packed.
static void choose__says_why_it_packs_nothing(void **state)
{
	struct codec_auto a;

	(void)state;
	codec_auto_init(&a);
	assert_int_equal(reason_of(&a, nothing), RAW_FAST);
	assert_int_equal(reason_of(&a, (struct auto_signs){0}), RAW_FAST);
	assert_int_equal(reason_of(&a, late), RAW_FAST);
	assert_int_equal(reason_of(&a, (struct auto_signs){.blocked = true}), RAW_BUSY);
	assert_int_equal(
		reason_of(&a, (struct auto_signs){.blocked = true, .late = true}), RAW_BUSY);
	assert_int_equal(
		reason_of(&a, (struct auto_signs){.blocked = true, .idle = true, .late = true}),
		RAW_BUSY);
	assert_int_equal(reason_of(&a, waits), RAW_HELD);
	records(&a, waits, AUTO_UP - 1);
	assert_int_equal(a.step, AUTO_LZ4);
	records(&a, late, AUTO_DOWN);
	assert_int_equal(a.step, AUTO_RAW);
	for (uint32_t i = 0; i < AUTO_HOLD + AUTO_UP; i++)
		assert_int_equal(reason_of(&a, waits), RAW_HELD);
	assert_int_equal(a.step, AUTO_LZ4);
}

static void choose__one_sign_is_no_row(void **state)
{
	struct codec_auto a;

	(void)state;
	codec_auto_init(&a);
	for (uint32_t i = 0; i < 100; i++) { // never AUTO_UP in a row
		records(&a, waits, AUTO_UP - 1);
		records(&a, nothing, 1);
	}
	assert_int_equal(a.step, AUTO_RAW);
	records(&a, waits, AUTO_UP);
	assert_int_equal(a.step, AUTO_LZ4);
	for (uint32_t i = 0; i < 100; i++) {
		records(&a, late, AUTO_DOWN - 1);
		records(&a, nothing, 1);
	}
	assert_int_equal(a.step, AUTO_LZ4);
	records(&a, late, AUTO_DOWN);
	assert_int_equal(a.step, AUTO_RAW);
	records(&a, late, 100);
	assert_int_equal(a.step, AUTO_RAW);
}

// A blocked flow of a worker without time stays where it is.
static void choose__only_an_idle_worker_climbs(void **state)
{
	struct codec_auto a;

	(void)state;
	codec_auto_init(&a);
	records(&a, (struct auto_signs){.blocked = true}, 1000);
	assert_int_equal(a.step, AUTO_RAW);
	records(&a, (struct auto_signs){.blocked = true, .idle = true, .late = true}, 1000);
	assert_int_equal(a.step, AUTO_RAW);
}

static uint32_t records_until_up(struct codec_auto *a)
{
	uint32_t n = 0;

	for (uint8_t before = a->step; a->step == before; n++)
		records(a, waits, 1);
	return n;
}

static void choose__a_step_that_failed_waits_longer_each_time(void **state)
{
	struct codec_auto a;

	(void)state;
	codec_auto_init(&a);
	assert_int_equal(records_until_up(&a), AUTO_UP);
	for (uint32_t hold = AUTO_HOLD; hold < AUTO_HOLD_MAX; hold *= 2) {
		records(&a, late, AUTO_DOWN);
		assert_int_equal(records_until_up(&a), hold + AUTO_UP);
	}
	records(&a, nothing, AUTO_CALM);
	records(&a, late, AUTO_DOWN);
	assert_int_equal(records_until_up(&a), AUTO_HOLD + AUTO_UP);
}

static void climb(struct codec_auto *a, enum auto_step step)
{
	corpus_fill(CORPUS_TEXT, 1, raw, RECORD_RAW_MAX);
	codec_auto_init(a);
	while (a->step < step)
		records(a, waits, 1);
}

static void choose__small_records_go_raw(void **state)
{
	struct codec_auto a;
	struct auto_choice choice;

	(void)state;
	climb(&a, AUTO_LZ4);
	choice = codec_auto_choose(&a, &nothing, raw, AUTO_SIZE_LEAST - 1);
	assert_null(choice.codec);
	assert_int_equal(choice.reason, RAW_SMALL);
	assert_non_null(codec_auto_choose(&a, &nothing, raw, AUTO_SIZE_LEAST).codec);
}

// Records until one is tried again; that one does not pack either.
static uint32_t skipped(struct codec_auto *a)
{
	uint32_t n = 0;

	for (;; n++) {
		struct auto_choice choice = codec_auto_choose(a, &nothing, raw, RECORD_RAW_MAX);

		assert_int_equal(codec_auto_packs(a) || choice.codec == NULL, 1);
		if (choice.codec)
			break;
		assert_int_equal(choice.reason, RAW_SKIPPED);
	}
	codec_auto_result(a, false);
	return n;
}

static void result__what_does_not_pack_is_tried_ever_less(void **state)
{
	struct codec_auto a;

	(void)state;
	climb(&a, AUTO_LZ4);
	for (uint32_t i = 0; i < AUTO_POOR; i++)
		assert_int_equal(skipped(&a), 0);
	for (uint32_t skip = AUTO_SKIP; skip <= AUTO_SKIP_MAX; skip *= 2)
		assert_int_equal(skipped(&a), skip);
	assert_int_equal(skipped(&a), AUTO_SKIP_MAX);
	// One that packs ends it.
	while (!codec_auto_packs(&a))
		codec_auto_choose(&a, &nothing, raw, RECORD_RAW_MAX);
	assert_non_null(records(&a, nothing, 1).codec);
	for (uint32_t i = 0; i < AUTO_POOR; i++)
		assert_int_equal(skipped(&a), 0);
	assert_int_equal(skipped(&a), AUTO_SKIP);
}

static void choose__noise_is_not_given_to_deflate(void **state)
{
	struct codec_auto a;

	(void)state;
	climb(&a, AUTO_DEFLATE_1);
	corpus_fill(CORPUS_RANDOM, 5, raw, RECORD_RAW_MAX);
	for (uint32_t i = 0; i < AUTO_POOR; i++) {
		struct auto_choice choice = codec_auto_choose(&a, &nothing, raw, RECORD_RAW_MAX);

		assert_null(choice.codec);
		assert_int_equal(choice.reason, RAW_RANDOM);
	}
	assert_false(codec_auto_packs(&a)); // and it is skipped from now on
}

static void random__knows_noise_from_the_rest(void **state)
{
	static const uint32_t sizes[] = {256, 512, 1350, 4096, 4097, 20000, RECORD_RAW_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (uint32_t seed = 1; seed < 200; seed++)
			for (int corpus = 0; corpus < CORPUS_COUNT; corpus++) {
				corpus_fill((enum corpus)corpus, seed, raw, sizes[i]);
				assert_int_equal(
					codec_auto_random(raw, sizes[i]), corpus == CORPUS_RANDOM);
			}
	assert_false(codec_auto_random(raw, 0));
	assert_false(codec_auto_random(raw, 1));
	// What a codec packed is noise to the next.
	static uint8_t stored[RECORD_RAW_MAX];

	corpus_fill(CORPUS_TEXT, 4, raw, RECORD_RAW_MAX);
	assert_true(codec_auto_random(
		stored, bed_encode(&codec_zstd, 3, raw, RECORD_RAW_MAX, stored, RECORD_RAW_MAX)));
}

// The line itself: two bytes of the sample are the same once in 181 times. So many kinds of bytes,
// each equally often.
static void random__draws_its_line(void **state)
{
	static const struct {
		uint32_t kinds;
		bool random;
	} cases[] = {{165, false}, {170, false}, {178, true}, {190, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint32_t at = 0; at < 4096; at++)
			raw[at] = (uint8_t)(at % cases[i].kinds);
		assert_int_equal(codec_auto_random(raw, 4096), cases[i].random);
	}
}

// A worker with nothing but this flow: a record takes the path `stored / rate`, the worker a fixed
// part and what its codec takes, both at once. Figures of research: MB/s at 64 KiB, ratio.
static const struct {
	double rate, ratio;
} model[AUTO_STEPS] = {{0, 1}, {776, 2.95}, {692, 3.79}, {501, 3.96}, {412, 4.17}};

struct outcome {
	double seconds;
	uint32_t downs;
	uint8_t step;
};

static struct outcome flow(double path_MBps, double worker_MBps, uint32_t n)
{
	double busy = 0, codec = 0, total = 0;
	struct auto_signs signs = {.idle = true, .blocked = true};
	struct outcome out = {0};
	struct codec_auto a;

	codec_auto_init(&a);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t before = a.step;
		bool packs = codec_auto_choose(&a, &signs, raw, RECORD_RAW_MAX).codec != NULL;
		double pack = packs ? 0.065536 / model[before].rate : 0;
		double wire = 0.065536 / (packs ? model[before].ratio : 1) / path_MBps;
		double work = pack + 0.065536 / worker_MBps;
		double took = work > wire ? work : wire;

		if (packs)
			codec_auto_result(&a, true);
		out.downs += a.step < before;
		out.seconds += took;
		// As the worker measures them: over the last ten milliseconds or so.
		busy = busy * 0.9 + work;
		codec = codec * 0.9 + pack;
		total = total * 0.9 + took;
		signs = (struct auto_signs){
			.blocked = wire > work,
			.idle = busy < 0.7 * total &&
					codec<0.25 * total, .late = codec> 0.5 * total ||
				(wire < work && busy > 0.95 * total),
		};
	}
	out.step = a.step;
	return out;
}

static void flow__settles_where_the_path_wants_it(void **state)
{
	struct outcome slow, fast, middle;

	(void)state;
	corpus_fill(CORPUS_TEXT, 1, raw, RECORD_RAW_MAX);
	slow = flow(12.5, 5000, 5000); // 100 Mb/s: the best codec, once and for all
	assert_int_equal(slow.step, AUTO_ZSTD_3);
	assert_int_equal(slow.downs, 0);
	fast = flow(12500, 5000, 5000); // 100 Gb/s: the worker is slower than the path
	assert_int_equal(fast.step, AUTO_RAW);
	assert_int_equal(fast.downs, 0);
	// 4 Gb/s: lz4 would triple what arrives, at more than its share of the worker: it is tried
	// again and again, ever less often.
	middle = flow(500, 5000, 50000);
	assert_in_range(middle.downs, 1, 30);
	// Never much worse than raw, much better where there is something to gain.
	assert_true(fast.seconds < 1.02 * 5000 * 0.065536 / 5000);
	assert_true(middle.seconds < 1.02 * 50000 * 0.065536 / 500);
	assert_true(slow.seconds < 0.3 * 5000 * 0.065536 / 12.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choose__climbs_while_the_path_is_waited_for),
		cmocka_unit_test(choose__says_why_it_packs_nothing),
		cmocka_unit_test(choose__one_sign_is_no_row),
		cmocka_unit_test(choose__only_an_idle_worker_climbs),
		cmocka_unit_test(choose__a_step_that_failed_waits_longer_each_time),
		cmocka_unit_test(choose__small_records_go_raw),
		cmocka_unit_test(result__what_does_not_pack_is_tried_ever_less),
		cmocka_unit_test(choose__noise_is_not_given_to_deflate),
		cmocka_unit_test(random__knows_noise_from_the_rest),
		cmocka_unit_test(random__draws_its_line),
		cmocka_unit_test(flow__settles_where_the_path_wants_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
