// The story: one line per event, with virtual time, for people and for the golden traces.
#include <stdarg.h>
#include <string.h>

#include "tests/sim/sim.h"

void sim_say(struct sim *sim, const char *format, ...)
{
	if (!sim->story)
		return;
	va_list args;
	va_start(args, format);
	fprintf(sim->story, "%12.6f ms  ", (double)sim->now_ns / 1e6);
	vfprintf(sim->story, format, args);
	fprintf(sim->story, "\n");
	va_end(args);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
	if (sim->failed)
		return;
	sim->failed = true;
	va_list args;
	va_start(args, format);
	vsnprintf(sim->failure, sizeof(sim->failure), format, args);
	va_end(args);
	sim_say(sim, "FAILED: %s", sim->failure);
}

static const char *const type_names[WIRE_TYPE_COUNT] = {
	"DATA", "ACK", "HELLO", "RESET", "PROBE", "FLOOR", "PATH"};

static void flags_say(FILE *out, const struct wire_header *header)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} names[] = {{WIRE_RECORD_END, "record ends"}, {WIRE_ACK_NOW, "ack now"}, {WIRE_FIN, "FIN"},
		{WIRE_COMPRESSED, "compressed"}, {WIRE_RETX, "again"}};
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (header->flags & names[i].flag)
			fprintf(out, ", %s", names[i].name);
}

// The packet numbers an ACK block names, as ranges from the largest down.
static void ack_say(FILE *out, const struct wire_ack *ack)
{
	bool run = false;
	uint64_t high = 0;
	uint32_t bits = 64u * ack->nwords, ranges = 0;
	fprintf(out, ", acknowledges");
	for (uint32_t i = 0; i <= bits; i++) {
		bool set = i < bits && (ack->words[i / 64] >> i % 64 & 1);
		uint64_t pn = ack->largest - i;
		if (set && !run)
			high = pn;
		if (!set && run) {
			const char *comma = ranges++ ? "," : "";
			if (high == pn + 1)
				fprintf(out, "%s %llu", comma, (unsigned long long)high);
			else
				fprintf(out, "%s %llu-%llu", comma, (unsigned long long)pn + 1,
					(unsigned long long)high);
		}
		run = set;
	}
	if (!ranges)
		fprintf(out, " nothing");
	fprintf(out, " after %u us, credit %llu", ack->delay_us, (unsigned long long)ack->credit);
	for (uint32_t i = 0; i < ack->nlimits; i++)
		fprintf(out, ", stream %u below record %u", stream_number(ack->limits[i].stream),
			ack->limits[i].records);
}

void story_packet(struct sim *sim, uint32_t from, uint32_t to, const char *verb,
	const uint8_t *bytes, uint32_t size)
{
	if (!sim->story)
		return;
	FILE *out = sim->story;
	fprintf(out, "%12.6f ms  %c -> %c  %s%s", (double)sim->now_ns / 1e6, node_letter(from),
		node_letter(to), verb, *verb ? " " : "");
	struct wire_header header;
	bool sense = wire_header_parse(&header, bytes, size);
	if (sense && header.type == WIRE_RESET && header.cid == 0) {
		fprintf(out, "RESET, a hint: that connection is unknown here\n");
		return;
	}
	if (!sense || size < WIRE_HEADER_SIZE + WIRE_TAG_SIZE) {
		fprintf(out, "%u bytes without sense\n", size);
		return;
	}
	uint32_t payload = size - WIRE_HEADER_SIZE - WIRE_TAG_SIZE;
	struct wire_ack ack;
	uint32_t used = 0;
	if (header.flags & WIRE_ACK_BLOCK)
		used = wire_ack_parse(&ack, bytes + WIRE_HEADER_SIZE, payload);
	if (used && header.type == WIRE_DATA)
		payload -= WIRE_ACK_RIDE_SIZE < payload ? WIRE_ACK_RIDE_SIZE : payload;
	else
		payload -= used;
	fprintf(out, "%s pn %llu", type_names[header.type], (unsigned long long)header.pn);
	if (header.type == WIRE_DATA) {
		uint32_t within = (uint32_t)(header.offset & ((1u << RECORD_SHIFT) - 1));
		fprintf(out, ", stream %u record %llu bytes %u-%u", stream_number(header.stream),
			(unsigned long long)(header.offset >> RECORD_SHIFT), within,
			within + payload);
	}
	flags_say(out, &header);
	if (used)
		ack_say(out, &ack);
	fprintf(out, "\n");
}
