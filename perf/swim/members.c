// Who is in the cluster, as a reader asks: members_get and one row of the snapshot, held against
// reading the same row of an array that never changes. Quiet, and while a thread on another CPU
// lets 10,000 members churn.
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/cluster/members/members.h"
#include "perf/bench.h"
#include "perf/clock.h"
#include "perf/count.h"
#include "perf/pin.h"

enum { MEMBERS = 10000, INSTANT_MEMBERS = 100, READS = 4096 };

struct crowd {
	struct members members;
	struct members_reader *reader; // of the thread that is measured
	struct member *plain;          // the array
	uint32_t count;
	uint32_t round;
	_Atomic uint32_t published; // snapshots, by the thread that churns
	_Atomic bool over;
};

static void member_fill(struct member *member, uint32_t index, uint32_t incarnation)
{
	*member =
		(struct member){.state = MEMBER_ALIVE, .index = index, .incarnation = incarnation};
	snprintf(member->name, sizeof(member->name), "node-%05u", index);
}

static void crowd_free(void *state)
{
	struct crowd *crowd = state;

	members_fini(&crowd->members);
	free(crowd->plain);
	free(crowd);
}

static void *crowd_open(const struct bench *bench)
{
	struct crowd *crowd = aligned_alloc(64, (sizeof(*crowd) + 63) / 64 * 64);

	(void)bench;
	if (!crowd)
		return NULL;
	*crowd = (struct crowd){.count = bench_instant ? INSTANT_MEMBERS : MEMBERS, .round = 1};
	members_init(&crowd->members);
	crowd->reader = members_reader_open(&crowd->members);
	crowd->plain = calloc(crowd->count, sizeof(*crowd->plain));
	for (uint32_t i = 0; crowd->plain && i < crowd->count; i++) {
		member_fill(&crowd->plain[i], i, 1);
		if (members_set(&crowd->members, &crowd->plain[i]) < 0)
			break;
	}
	if (crowd->plain && members_publish(&crowd->members) == 0)
		return crowd;
	crowd_free(crowd);
	return NULL;
}

static uint32_t place(uint64_t i, uint32_t count)
{
	return (uint32_t)(i & 63) % count; // rows that stay in the cache: the call is measured
}

static uint64_t get_body(void *state, uint64_t operations)
{
	struct crowd *crowd = state;
	struct members_view view;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		members_get(crowd->reader, &view);
		hash = hash * 31 + view.member[place(i, view.count)].index;
	}
	return hash;
}

static uint64_t array_body(void *state, uint64_t operations)
{
	struct crowd *crowd = state;
	const struct member *volatile *plain = (const struct member *volatile *)&crowd->plain;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		const struct member *member = *plain; // as a program would find it

		hash = hash * 31 + member[place(i, crowd->count)].index;
	}
	return hash;
}

// Every member has news in every round.
static void *churn(void *owner)
{
	struct crowd *crowd = owner;
	struct member member;

	while (!atomic_load_explicit(&crowd->over, memory_order_relaxed)) {
		crowd->round++;
		for (uint32_t i = 0; i < crowd->count; i++) {
			member_fill(&member, i, crowd->round);
			members_set(&crowd->members, &member);
		}
		members_publish(&crowd->members);
		atomic_fetch_add_explicit(&crowd->published, 1, memory_order_release);
	}
	return NULL;
}

static const char *churn_unavailable(const struct bench *bench)
{
	int cpus[2];

	(void)bench;
	return pin_cpus(cpus, 2) < 2 ? "it needs two CPUs" : NULL;
}

// On the first CPU: the reader is on the last one.
static bool churn_start(struct crowd *crowd, pthread_t *thread)
{
	pthread_attr_t attributes;
	int first = 0, error;
	cpu_set_t cpus;

	pin_cpus(&first, 1);
	CPU_ZERO(&cpus);
	CPU_SET(first, &cpus);
	if (pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
	error = pthread_create(thread, &attributes, churn, crowd);
	pthread_attr_destroy(&attributes);
	return error == 0;
}

// Snapshots that were published.
static uint32_t published(struct crowd *crowd)
{
	return atomic_load_explicit(&crowd->published, memory_order_acquire);
}

static int churn_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct crowd *crowd = state;
	uint32_t before = published(crowd), snapshots;
	uint64_t start_ns;
	struct count count;
	pthread_t thread;

	atomic_store(&crowd->over, false);
	if (!churn_start(crowd, &thread)) {
		snprintf(out->error, sizeof(out->error), "no thread can be made");
		return -1;
	}
	while (published(crowd) == before)
		; // until it runs
	before++;
	start_ns = clock_ns();
	count_start(&count);
	do {
		out->hash = get_body(crowd, READS); // indices do not change: always the same
		out->units += READS;
	} while (clock_ns() - start_ns < duration_ns);
	out->ns = clock_ns() - start_ns;
	count_stop(&count);
	snapshots = published(crowd) - before;
	atomic_store(&crowd->over, true);
	pthread_join(thread, NULL);
	out->counters.allocs = (double)count.allocs;
	out->extra =
		json_pack("{s:f}", "snapshots_second", (double)snapshots * 1e9 / (double)out->ns);
	return 0;
}

const struct bench members_benches[] = {
	{.id = "swim/limit/array",
		.unit = "1/s",
		.amount = 1,
		.open = crowd_open,
		.body = array_body,
		.close = crowd_free},
	{.id = "swim/members-get/quiet",
		.unit = "1/s",
		.limit = "swim/limit/array",
		.amount = 1,
		.location = "control/cluster/members/members.h:members_get",
		.open = crowd_open,
		.body = get_body,
		.close = crowd_free},
	{.id = "swim/members-get/churn",
		.unit = "1/s",
		.limit = "swim/limit/array",
		.sample_ms = 100,
		.pairs_max = 41,
		.location = "control/cluster/members/members.c:members_hold",
		.unavailable = churn_unavailable,
		.open = crowd_open,
		.sample = churn_sample,
		.close = crowd_free},
};
const size_t members_benches_count = sizeof(members_benches) / sizeof(members_benches[0]);
