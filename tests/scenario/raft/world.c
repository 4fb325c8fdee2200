// Time, and what is said.
#include "tests/scenario/raft/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->now_ns = 10000000000ull;
}

void world_fini(struct world *world)
{
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		disk_forget(&world->node[id]);
		free(world->node[id].memory);
		free(world->node[id].disk);
	}
	for (uint32_t i = 0; i < world->packets; i++)
		free(world->packet[i].bytes);
}

static void say_list(struct world *world, const char *format, va_list list)
{
	size_t room = sizeof(world->output) - world->written;
	int size = vsnprintf(world->output + world->written, room, format, list);

	if (size < 0 || (size_t)size + 1 >= room) {
		fprintf(stderr, "a command says too much\n");
		exit(2);
	}
	world->written += (size_t)size;
	world->output[world->written++] = '\n';
	world->output[world->written] = 0;
}

void say(struct world *world, const char *format, ...)
{
	va_list list;

	if (world->quiet)
		return;
	va_start(list, format);
	say_list(world, format, list);
	va_end(list);
}

void detail(struct world *world, const char *format, ...)
{
	va_list list;

	if (world->quiet || world->brief)
		return;
	va_start(list, format);
	say_list(world, format, list);
	va_end(list);
}

void violated(struct world *world, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say_list(world, format, list);
	va_end(list);
	fprintf(stderr, "%sVIOLATED: the line above\n", world->output);
	abort();
}

uint64_t clock_of(const struct world *world, const struct node *node)
{
	return node->clock_ns + (world->now_ns - node->since_ns) * node->rate_permille / 1000;
}

void clock_rate(struct world *world, struct node *node, uint32_t rate_permille)
{
	node->clock_ns = clock_of(world, node);
	node->since_ns = world->now_ns;
	node->rate_permille = rate_permille;
}

uint64_t time_of(const struct world *world, const struct node *node, uint64_t clock_ns)
{
	uint64_t now = clock_of(world, node), rate = node->rate_permille;

	if (clock_ns <= now)
		return world->now_ns;
	if (rate == 0 || clock_ns - now > UINT64_MAX / 2000)
		return UINT64_MAX;
	return world->now_ns + ((clock_ns - now) * 1000 + rate - 1) / rate;
}
