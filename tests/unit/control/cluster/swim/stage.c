// A few cores wired together in virtual time.
#include "tests/unit/control/cluster/swim/stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { WIRE_MAX = 65536, DELAY_MS = 1, EXCHANGE_MAX = 64 };

// What is on its way. A datagram, or (frame) an exchange that begins.
struct flight {
	uint64_t at_ns;
	uint32_t from, to;
	uint16_t size;
	uint8_t *bytes;
	bool stream_ping;
};

static struct flight wire[WIRE_MAX];
static uint32_t wire_first, wire_last;
static struct swim_output turn, exchange[2];

struct address stage_address(uint32_t node)
{
	return address_from_ipv4(0x0a000001 + node);
}

static uint32_t node_at(const struct stage *stage, struct address address)
{
	uint32_t node = address_ipv4(address) - 0x0a000001;

	return node < stage->count ? node : SWIM_NONE;
}

static uint32_t node_named(const struct stage *stage, const char *name)
{
	for (uint32_t i = 0; i < stage->count; i++)
		if (strcmp(stage->configs[i].name, name) == 0)
			return i;
	return SWIM_NONE;
}

static bool reaches(const struct stage *stage, uint32_t a, uint32_t b)
{
	return b < stage->count && !stage->down[a] && !stage->down[b] && stage->nodes[b] &&
	       stage->side[a] == stage->side[b] && stage->cut[a] + stage->cut[b] != 3;
}

static void exchange_run(struct stage *stage, uint32_t from, const struct swim_frame *first)
{
	uint32_t ends[2] = {from, node_at(stage, first->address)};
	struct swim_frame frame = *first;

	for (uint32_t round = 1; frame.size && round < EXCHANGE_MAX; round++) {
		uint32_t to = ends[round & 1];

		if (!reaches(stage, ends[0], ends[1]))
			return;
		stage->frames++;
		stage->frame_bytes += frame.size;
		swim_output_clear(&exchange[0]);
		swim_on_sync(
			stage->nodes[to], stage->now_ns, frame.bytes, frame.size, &exchange[0]);
		if (frame.last && exchange[0].answer.size)
			abort(); // the other end would not read it
		frame = exchange[0].answer;
		exchange[0].answer.size = 0;
		stage_send(stage, to, &exchange[0]);
	}
}

void stage_send(struct stage *stage, uint32_t from, const struct swim_output *out)
{
	struct swim_view view;

	for (uint32_t i = 0; i < out->sends; i++) {
		const struct swim_send *send = &out->send[i];
		struct flight *flight = &wire[wire_last++ % WIRE_MAX];

		if (wire_last - wire_first >= WIRE_MAX)
			abort();
		*flight = (struct flight){.at_ns = stage->now_ns + STAGE_MS(DELAY_MS),
			.from = from,
			.to = node_at(stage, send->address),
			.size = send->size,
			.bytes = malloc(send->size)};
		memcpy(flight->bytes, send->bytes, send->size);
		stage->datagrams++;
		stage->bytes += send->size;
	}
	for (uint32_t i = 0; i < out->stream_pings; i++) {
		stage->stream_pings++;
		if (swim_member(stage->nodes[from], out->stream_ping[i], &view) &&
			node_named(stage, view.name) != SWIM_NONE)
			wire[wire_last++ % WIRE_MAX] =
				(struct flight){.at_ns = stage->now_ns + STAGE_MS(DELAY_MS),
					.from = from,
					.to = node_named(stage, view.name),
					.stream_ping = true};
	}
	for (uint32_t i = 0; i < out->changes; i++)
		stage->changes[out->change[i].to]++;
	stage->conflicts += out->conflicts;
	stage->pongs += out->pongs;
	if (out->pongs)
		stage->pong = out->pong[out->pongs - 1];
	if (out->sync.size)
		exchange_run(stage, from, &out->sync);
}

static void arrive(struct stage *stage, struct flight *flight)
{
	struct swim *asker = stage->nodes[flight->from];
	bool there = reaches(stage, flight->from, flight->to);

	swim_output_clear(&turn);
	if (flight->stream_ping && !stage->down[flight->from])
		swim_on_stream_pong(asker, stage->now_ns,
			swim_find(asker, stage->configs[flight->to].name), there, &turn);
	else if (there)
		swim_on_datagram(stage->nodes[flight->to], stage->now_ns,
			stage_address(flight->from), STAGE_PORT, flight->bytes, flight->size,
			&turn);
	free(flight->bytes);
	stage_send(stage, flight->stream_ping ? flight->from : flight->to, &turn);
}

static void wire_run(struct stage *stage)
{
	while (wire_first != wire_last && wire[wire_first % WIRE_MAX].at_ns <= stage->now_ns) {
		struct flight flight = wire[wire_first++ % WIRE_MAX];

		arrive(stage, &flight);
	}
}

static uint64_t next_ns(const struct stage *stage)
{
	uint64_t next = UINT64_MAX;

	if (wire_first != wire_last)
		next = wire[wire_first % WIRE_MAX].at_ns;
	for (uint32_t i = 0; i < stage->count; i++)
		if (!stage->down[i] && swim_next_ns(stage->nodes[i]) < next)
			next = swim_next_ns(stage->nodes[i]);
	return next;
}

void stage_run(struct stage *stage, uint64_t ms)
{
	uint64_t end = stage->now_ns + STAGE_MS(ms), next;

	for (next = next_ns(stage); next <= end; next = next_ns(stage)) {
		if (next > stage->now_ns)
			stage->now_ns = next;
		wire_run(stage);
		for (uint32_t i = 0; i < stage->count; i++) {
			if (stage->down[i] || swim_next_ns(stage->nodes[i]) > stage->now_ns)
				continue;
			swim_output_clear(&turn);
			swim_on_tick(stage->nodes[i], stage->now_ns, &turn);
			stage_send(stage, i, &turn);
		}
	}
	stage->now_ns = end;
}

void stage_start(struct stage *stage, uint32_t node)
{
	const struct swim_config *config = &stage->configs[node];

	if (stage->nodes[node]) {
		swim_fini(stage->nodes[node]);
		free(stage->nodes[node]);
	}
	stage->nodes[node] = swim_init(
		aligned_alloc(64, swim_size(config)), config, stage->identities, stage->now_ns);
	stage->down[node] = false;
}

struct stage *stage_new(uint32_t count, uint32_t members_max)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	uint32_t identities = 4 * members_max + 4;

	stage->count = count;
	stage->now_ns = STAGE_MS(1000);
	stage->identities = identities_init(
		aligned_alloc(64, (identities_size(identities) + 63) & ~(size_t)63), identities);
	for (uint32_t i = 0; i < count; i++) {
		struct swim_config *config = &stage->configs[i];

		swim_config_init(config, SWIM_LAN);
		snprintf(config->name, sizeof(config->name), "n%u", i);
		snprintf(config->cluster, sizeof(config->cluster), "stage");
		config->address = stage_address(i);
		config->port = STAGE_PORT;
		config->seed = i + 1;
		config->members_max = members_max;
		config->updates_max = members_max;
		stage_start(stage, i);
	}
	return stage;
}

struct stage *stage_with(uint32_t members, struct swim_output *out)
{
	struct stage *stage = stage_new(1, 2048);
	char name[NAME_SIZE];

	swim_output_clear(out);
	for (uint32_t i = 1; i <= members; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		stage_say_alive(stage->nodes[0], name, 100 + i, 1, "", out);
	}
	swim_output_clear(out);
	return stage;
}

void stage_free(struct stage *stage)
{
	for (; wire_first != wire_last; wire_first++)
		free(wire[wire_first % WIRE_MAX].bytes);
	for (uint32_t i = 0; i < stage->count; i++) {
		swim_fini(stage->nodes[i]);
		free(stage->nodes[i]);
	}
	if (identities_used(stage->identities))
		abort(); // somebody forgot to give one back
	free(stage->identities);
	free(stage);
}

void stage_join_all(struct stage *stage)
{
	for (uint32_t i = 1; i < stage->count; i++)
		swim_join(stage->nodes[i], stage->now_ns, stage_address(0), STAGE_PORT);
}

enum swim_state stage_state(const struct stage *stage, uint32_t node, uint32_t of)
{
	struct swim_view view;
	uint32_t member = swim_find(stage->nodes[node], stage->configs[of].name);

	if (member == SWIM_NONE || !swim_member(stage->nodes[node], member, &view))
		return SWIM_ABSENT;
	return view.state;
}

bool stage_full_mesh(const struct stage *stage)
{
	for (uint32_t i = 0; i < stage->count; i++)
		for (uint32_t j = 0; j < stage->count; j++)
			if (!stage->down[i] && !stage->down[j] &&
				stage_state(stage, i, j) != SWIM_ALIVE)
				return false;
	return true;
}

enum swim_result stage_say_alive(struct swim *swim, const char *name, uint32_t node,
	uint32_t incarnation, const char *meta, struct swim_output *out)
{
	struct record record = {.state = SWIM_ALIVE, .incarnation = incarnation};

	snprintf(record.name, sizeof(record.name), "%s", name);
	record.identity = (struct identity_want){.name = record.name,
		.address = stage_address(node),
		.port = STAGE_PORT,
		.meta_version = meta[0] ? incarnation : 0,
		.meta = (const uint8_t *)meta,
		.meta_size = (uint16_t)strlen(meta)};
	return on_alive(swim, &record, out);
}
