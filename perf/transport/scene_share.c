// Several sessions at once: who gets how much, and who suffers from whom.
#include <jansson.h>

#include "perf/transport/scene.h"

#define HOLD_NS 5000000ull // how long a slow application keeps each block

enum { RECORD = 16384, SLOW_SESSIONS = 8 };

static void received(const struct pair *p, unsigned sessions, uint64_t *bytes)
{
	for (unsigned i = 0; i < sessions; i++)
		bytes[i] = p->session[i].end[1]->bytes_received;
}

// What each session got: (sum x)^2 / (n sum x^2), 1 when all got the same (Jain, 1984).
static double jain(const uint64_t *bytes, unsigned n)
{
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += (double)bytes[i];
		squares += (double)bytes[i] * (double)bytes[i];
	}
	return squares > 0 ? sum * sum / (n * squares) : 0;
}

// Runs all sessions; `bytes`: what each received.
static int share(struct scene *s, unsigned sessions, uint64_t *bytes)
{
	uint64_t before[ENDPOINT_SESSIONS];

	if (pair_sessions(s->pair, sessions) < 0)
		return -1;
	received(s->pair, sessions, before);
	scene_sources(s, sessions, RECORD, 1);
	for (unsigned i = 0; i < sessions; i++)
		s->pair->session[i].end[0]->ahead = ENDPOINT_BUFFERS / sessions;
	scene_go(s);
	received(s->pair, sessions, bytes);
	for (unsigned i = 0; i < sessions; i++)
		bytes[i] -= before[i];
	pair_settle(s->pair);
	scene_hash(s);
	return 0;
}

int scene_fairness(struct scene *s)
{
	uint64_t bytes[ENDPOINT_SESSIONS];

	if (share(s, s->argument, bytes) < 0)
		return -1;
	for (unsigned i = 0; i < s->argument; i++)
		s->out->units += bytes[i];
	scene_extra(s, json_pack("{s:i, s:f}", "sessions", (int)s->argument, "jain",
			       jain(bytes, s->argument)));
	return 0;
}

static int slow(struct scene *s, uint64_t hold_ns)
{
	uint64_t bytes[SLOW_SESSIONS];

	if (pair_sessions(s->pair, SLOW_SESSIONS) < 0)
		return -1;
	s->pair->session[0].end[1]->hold_ns = hold_ns;
	if (share(s, SLOW_SESSIONS, bytes) < 0)
		return -1;
	s->pair->session[0].end[1]->hold_ns = 0;
	for (unsigned i = 1; i < SLOW_SESSIONS; i++)
		s->out->units += bytes[i];
	scene_extra(s, json_pack("{s:I, s:f}", "slow_bytes", (json_int_t)bytes[0], "jain_others",
			       jain(bytes + 1, SLOW_SESSIONS - 1)));
	return 0;
}

int scene_slow(struct scene *s)
{
	return slow(s, HOLD_NS);
}

int scene_slow_not(struct scene *s)
{
	return slow(s, 0);
}
