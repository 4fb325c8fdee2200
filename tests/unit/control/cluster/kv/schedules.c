// Random requests against the naive model: results, events and snapshots are what the model says,
// and replicas that took different ways to the same entry have the same hash. A seed that fails
// prints the command that replays it.
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/rng.h"
#include "tests/support/crash.h"
#include "tests/unit/control/cluster/kv/model.h"

enum { STEPS = 300, WATCHES = 6, SNAPSHOT_MAX = 256 * 1024 };

struct watcher {
	struct kv_watch watch;
	struct kv_range range;
	uint8_t key[MODEL_KEY], end[MODEL_KEY];
	uint64_t next; // revision: all before it was told
	uint32_t at;   // of the model's events
};

static struct {
	const char *program;
	uint64_t seed;
	bool trace;
	struct rng rng;
	uint32_t history_events;
	struct kv *kv, *other; // two replicas
	uint64_t index;
	uint64_t anew; // revision at which kv's history began anew
	struct model model, at_snapshot;
	struct kv_request request;
	struct kv_result result, other_result;
	uint8_t bytes[KV_REQUEST_MAX], snapshot[SNAPSHOT_MAX];
	size_t snapshot_size, slice;
	uint64_t snapshot_hash, snapshot_index;
	bool snapshot_under_way;
	struct watcher watcher[WATCHES];
	uint64_t of_status[KV_STATUS_COUNT], events, compacted, snapshots, held, not_held;
} run;

static void print_replay(void)
{
	char line[512];
	int size = snprintf(line, sizeof(line), "replay: %s --seed %llu --trace\n", run.program,
		(unsigned long long)run.seed);

	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

static uint64_t below(uint64_t bound)
{
	return rng_below(&run.rng, bound);
}

static bool chance(uint32_t percent)
{
	return rng_percent(&run.rng, percent);
}

// Few keys, so that they meet; prefixes of each other, zeros, 0xff.
static struct kv_bytes draw_key(uint8_t key[MODEL_KEY], uint32_t least)
{
	static const uint8_t letters[] = {'a', 'b', 0xff, 0};
	uint32_t size = (uint32_t)rng_between(&run.rng, least, 3);

	for (uint32_t i = 0; i < size; i++)
		key[i] = letters[below(4)];
	return (struct kv_bytes){key, size};
}

static struct kv_range draw_range(uint8_t key[MODEL_KEY], uint8_t end[MODEL_KEY])
{
	struct kv_range range = {.reach = (enum kv_reach)rng_between(&run.rng, KV_KEY, KV_RANGE)};

	range.key = draw_key(key, range.reach == KV_KEY);
	if (range.reach == KV_RANGE)
		range.end = draw_key(end, 0);
	return range;
}

static struct {
	uint8_t keys[3 * KV_OPS_MAX + KV_COMPARES_MAX][MODEL_KEY];
	uint8_t values[KV_OPS_MAX + KV_COMPARES_MAX][MODEL_VALUE];
	uint32_t key, value;
} drawn; // what the request borrows

static struct kv_bytes draw_value(void)
{
	uint8_t *value = drawn.values[drawn.value++];
	uint32_t size = (uint32_t)below(chance(10) ? MODEL_VALUE : 6);

	for (uint32_t i = 0; i < size; i++)
		value[i] = (uint8_t)('x' + below(2));
	return (struct kv_bytes){value, size};
}

static struct kv_compare draw_compare(void)
{
	struct kv_compare compare = {
		.target = (enum kv_target)rng_between(&run.rng, KV_VALUE, KV_MOD_REVISION),
		.relation = (enum kv_relation)rng_between(&run.rng, KV_EQUAL, KV_GREATER),
		.key = draw_key(drawn.keys[drawn.key++], 1)};

	if (compare.target == KV_VALUE)
		compare.value = draw_value();
	else if (chance(70))
		compare.number = below(compare.target == KV_VERSION ? 3 : run.model.revision + 2);
	return compare;
}

static struct kv_op draw_op(void)
{
	struct kv_op op = {.kind = KV_PUT};
	uint32_t kind = (uint32_t)below(100);

	if (kind < 55) {
		op.range.reach = KV_KEY;
		op.range.key = draw_key(drawn.keys[drawn.key++], 1);
		op.value = draw_value();
		return op;
	}
	op.kind = kind < 75 ? KV_GET : kind < 98 ? KV_DELETE : KV_LIMITS;
	op.range = draw_range(drawn.keys[drawn.key], drawn.keys[drawn.key + 1]);
	drawn.key += 2;
	op.limit = chance(40) ? (uint32_t)rng_between(&run.rng, 1, 4) : 0;
	if (op.kind == KV_GET && chance(30))
		op.after = draw_key(drawn.keys[drawn.key++], 0);
	if (op.kind == KV_DELETE && op.range.reach != KV_KEY && !chance(20))
		op.limit = 1 + (uint32_t)below(3); // not all of them each time
	op.value_max = (uint32_t)rng_between(&run.rng, 200, MODEL_VALUE);
	op.quota = rng_between(&run.rng, KV_QUOTA_MIN, 2 * KV_QUOTA_MIN);
	return op;
}

static void draw_request(void)
{
	struct kv_request *request = &run.request;

	drawn.key = drawn.value = 0;
	request->origin = 1 + below(3);
	request->boot = 1 + below(2);
	request->sequence = chance(80) ? 1 + run.index + below(3) : below(run.index + 1);
	if (below(1000) == 0)
		request->sequence += 1200; // others are old then
	request->compares = chance(40) ? (uint32_t)below(3) : 0;
	request->thens = chance(70) ? 1 : 1 + (uint32_t)below(6);
	request->elses = request->compares ? (uint32_t)below(3) : 0;
	for (uint32_t i = 0; i < request->compares; i++)
		request->compare[i] = draw_compare();
	for (uint32_t i = 0; i < request->thens + request->elses; i++)
		request->op[i] = draw_op();
}

static void apply_drawn(void)
{
	size_t size = kv_request_encode(&run.request, run.bytes, sizeof(run.bytes));
	enum kv_status status;

	assert(size > 0);
	run.index++;
	status = kv_apply(run.kv, run.index, run.bytes, size, NULL, &run.result);
	assert(status == model_apply(&run.model, &run.request, &run.result));
	run.of_status[status]++;
	run.held += run.result.held && run.request.compares > 0;
	run.not_held += !run.result.held;
	if (run.trace)
		printf("%llu: %u compares, %u ops: %s, revision %llu\n",
			(unsigned long long)run.index, run.request.compares,
			run.request.thens + run.request.elses, kv_status_text(status),
			(unsigned long long)run.result.revision);
	// the other replica needs no results to come to the same state
	status = kv_apply(run.other, run.index, run.bytes, size, NULL, NULL);
	assert(status == run.result.status);
	assert(kv_hash(run.kv) == kv_hash(run.other));
}

static void snapshot_begin(void)
{
	kv_snapshot_begin(run.kv);
	run.snapshot_under_way = true;
	run.snapshot_size = 0;
	run.slice = 1 + below(chance(50) ? 50 : 4000);
	run.snapshot_hash = kv_hash(run.kv);
	run.snapshot_index = run.index;
	run.at_snapshot = run.model;
}

// Into a new one, that is the second replica from now on when nothing was applied since.
static void snapshot_check(void)
{
	struct kv *fresh = kv_new(NULL);

	kv_restore_begin(fresh);
	for (size_t at = 0, piece; at < run.snapshot_size; at += piece) {
		piece = 1 + below(1000);
		piece = piece < run.snapshot_size - at ? piece : run.snapshot_size - at;
		assert(kv_restore_add(fresh, run.snapshot + at, piece) == KV_RESTORE_OK);
	}
	assert(kv_restore_end(fresh) == KV_RESTORE_OK);
	assert(kv_hash(fresh) == run.snapshot_hash);
	assert(model_is(&run.at_snapshot, fresh));
	kv_check(fresh);
	run.snapshots++;
	if (run.snapshot_index == run.index) {
		kv_free(run.other);
		run.other = fresh;
	} else {
		kv_free(fresh);
	}
}

static void snapshot_step(void)
{
	size_t room = SNAPSHOT_MAX - run.snapshot_size, got;

	room = room < run.slice ? room : run.slice;
	got = kv_snapshot_next(run.kv, run.snapshot + run.snapshot_size, room);
	run.snapshot_size += got;
	assert(run.snapshot_size < SNAPSHOT_MAX);
	if (got > 0)
		return;
	kv_snapshot_end(run.kv);
	run.snapshot_under_way = false;
	snapshot_check();
}

static void watcher_begin(struct watcher *watcher)
{
	uint64_t revision = chance(50) ? 0 : 1 + below(run.model.revision + 3);

	watcher->range = draw_range(watcher->key, watcher->end);
	kv_watch_init(run.kv, &watcher->watch, &watcher->range, revision);
	watcher->next = revision ? revision : run.model.revision + 1;
	watcher->at = 0;
}

// The model's next event for a watcher, or NULL.
static const struct model_event *event_wanted(struct watcher *watcher)
{
	for (; watcher->at < run.model.events; watcher->at++) {
		const struct model_event *event = &run.model.event[watcher->at];

		if (event->revision >= watcher->next &&
			model_range_has(&watcher->range, event->key, event->key_size))
			return event;
	}
	return NULL;
}

static void compacted_check(struct watcher *watcher)
{
	uint32_t since = 0;

	for (uint32_t i = 0; i < run.model.events; i++)
		since += run.model.event[i].revision >= watcher->next;
	assert(since > run.history_events || watcher->next <= run.anew);
	assert(watcher->watch.revision > watcher->next);
	assert(watcher->watch.revision <= run.model.revision + 1);
	watcher->next = watcher->watch.revision;
	run.compacted++;
}

static void watcher_poll(struct watcher *watcher)
{
	for (uint64_t budget = below(20); budget; budget--) {
		const struct model_event *want;
		struct kv_event event;
		enum kv_watch_result result = kv_watch_next(run.kv, &watcher->watch, &event);

		if (result == KV_WATCH_COMPACTED) {
			compacted_check(watcher);
			continue;
		}
		want = event_wanted(watcher);
		assert((result == KV_WATCH_EVENT) == (want != NULL));
		if (!want)
			return;
		assert(event.kind == want->kind && event.revision == want->revision);
		assert(event.item.key.size == want->key_size &&
			memcmp(event.item.key.data, want->key, want->key_size) == 0);
		watcher->at++;
		want = event_wanted(watcher);
		assert(event.more == (want && want->revision == event.revision));
		run.events++;
	}
}

// Both take the state of the other's snapshot: what they hold is the same, history is gone.
static void install(void)
{
	size_t size = 0, got;

	kv_snapshot_begin(run.other);
	while ((got = kv_snapshot_next(run.other, run.bytes + size, 1 + below(5000))) > 0)
		size += got;
	kv_snapshot_end(run.other);
	kv_restore_begin(run.kv);
	assert(kv_restore_add(run.kv, run.bytes, size) == KV_RESTORE_OK);
	assert(kv_restore_end(run.kv) == KV_RESTORE_OK);
	run.snapshot_under_way = false;
	run.anew = run.model.revision;
	assert(kv_hash(run.kv) == kv_hash(run.other));
}

static void one_step(void)
{
	draw_request();
	apply_drawn();
	if (run.snapshot_under_way)
		snapshot_step();
	else if (chance(5))
		snapshot_begin();
	if (chance(20))
		watcher_poll(&run.watcher[below(WATCHES)]);
	if (chance(2))
		watcher_begin(&run.watcher[below(WATCHES)]);
	if (run.index % 50 == 0) {
		kv_check(run.kv);
		assert(model_is(&run.model, run.kv));
	}
	if (run.index % 128 == 0 && chance(20))
		install();
}

static void run_seed(uint64_t seed)
{
	struct kv_config config = {.history_bytes = 1 << 20};

	run.seed = seed;
	run.rng.state = rng_mix(seed);
	run.history_events = config.history_events = 1u << rng_between(&run.rng, 2, 7);
	run.kv = kv_new(&config);
	run.other = kv_new(NULL);
	run.index = run.anew = 0;
	run.snapshot_under_way = false;
	model_init(&run.model);
	for (uint32_t i = 0; i < WATCHES; i++)
		watcher_begin(&run.watcher[i]);
	for (uint32_t step = 0; step < STEPS; step++)
		one_step();
	while (run.snapshot_under_way)
		snapshot_step();
	kv_check(run.other);
	kv_free(run.kv);
	kv_free(run.other);
}

// Seeds that never come to what is to be tested prove nothing about it.
static bool seeds_tell(void)
{
	printf("%llu done, %llu over the quota, %llu too large, %llu repeated, %llu expired; "
	       "comparisons held %llu times and did not %llu times; %llu events, %llu times they "
	       "were gone; %llu snapshots\n",
		(unsigned long long)run.of_status[KV_OK],
		(unsigned long long)run.of_status[KV_FULL],
		(unsigned long long)run.of_status[KV_TOO_LARGE],
		(unsigned long long)run.of_status[KV_REPEATED],
		(unsigned long long)run.of_status[KV_EXPIRED], (unsigned long long)run.held,
		(unsigned long long)run.not_held, (unsigned long long)run.events,
		(unsigned long long)run.compacted, (unsigned long long)run.snapshots);
	for (enum kv_status status = KV_OK; status <= KV_EXPIRED; status++) {
		if (!run.of_status[status])
			return false;
	}
	return run.held && run.not_held && run.events && run.compacted && run.snapshots;
}

static int usage(void)
{
	fprintf(stderr, "usage: %s [--seed N] [--first N] [--seeds COUNT] [--trace]\n",
		run.program);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"first", required_argument, NULL, 'f'},
		{"seeds", required_argument, NULL, 'n'},
		{"trace", no_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	uint64_t first = 1, count = 100;

	run.program = argv[0];
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;

		if (c == 's')
			first = value, count = 1;
		else if (c == 'f')
			first = value;
		else if (c == 'n')
			count = value;
		else if (c == 't')
			run.trace = true;
		else
			return usage();
	}
	if (optind != argc || count == 0)
		return usage();
	crash_catch(print_replay);
	for (uint64_t i = 0; i < count; i++)
		run_seed(first + i);
	if (count >= 100 && !seeds_tell()) {
		printf("FAILED: the seeds did not come to all of it\n");
		return 1;
	}
	printf("all passed: seeds %llu to %llu\n", (unsigned long long)first,
		(unsigned long long)(first + count - 1));
	return 0;
}
