// The law, checked from outside: what one sees on the wire and in the counters of a connection must
// be what AIMD, the credits and the acknowledgement rules allow. Bounds are upper bounds: the
// shadow knows what arrived, not what the transport made of it.
#include <stdlib.h>

#include "lib/base/bytes.h"
#include "tests/sim/content.h"
#include "tests/sim/sim.h"

#define EPSILON        1e-6
#define PACE_BURST_MAX 65536.0
// A tail probe doubled the segment: each copy may be lost on its own, and be sent again for that.
#define SENT_TWICE UINT64_MAX

static bool bit_get(const uint64_t *words, uint64_t pn)
{
	return words[pn % PN_WINDOW / 64] >> pn % 64 & 1;
}

static void bit_set(uint64_t *words, uint64_t pn, bool value)
{
	uint64_t bit = 1ull << pn % 64;
	uint64_t *word = &words[pn % PN_WINDOW / 64];
	*word = value ? *word | bit : *word & ~bit;
}

static char letter(const struct end *end)
{
	return node_letter(end->node);
}

// ---- sent packets -----------------------------------------------------------------------------

static void check_pn(struct end *end, const struct send_packet *packet)
{
	struct law *law = &end->law;
	uint64_t pn = packet->header.pn;
	if (pn < law->next_pn || pn > WIRE_PN_MAX)
		sim_fail(end->sim, "%c: connection %u sends packet number %llu after %llu",
			letter(end), end->pair, (unsigned long long)pn,
			(unsigned long long)law->next_pn - 1);
	for (; law->next_pn <= pn; law->next_pn++) {
		bit_set(law->acked_words, law->next_pn, false);
		bit_set(law->eliciting_words, law->next_pn, false);
		bit_set(law->data_words, law->next_pn, false);
		bit_set(law->received_words, law->next_pn, false);
	}
	bool data = packet->header.type == WIRE_DATA;
	bit_set(law->data_words, pn, data);
	bit_set(law->eliciting_words, pn,
		data || packet->header.type == WIRE_PROBE || packet->header.type == WIRE_PATH ||
			packet->header.type == WIRE_HELLO);
	law->sent_ns[pn % PN_WINDOW] = node_clock(end->sim, &end->sim->nodes[end->node]);
	if (data || packet->header.flags & WIRE_FIN)
		law->timer_ns = law->sent_ns[pn % PN_WINDOW];
	if (packet->header.type == WIRE_FLOOR)
		law->floor_sent = be48_get(packet->control);
}

// Acknowledged is only what came.
static void check_ack(struct end *end, const struct wire_ack *ack)
{
	struct law *peer = &end_peer(end)->law;
	uint32_t bits = 64u * ack->nwords;
	if (bits && ack->largest >= peer->next_pn) {
		sim_fail(end->sim, "%c: connection %u acknowledges %llu, sent were %llu",
			letter(end), end->pair, (unsigned long long)ack->largest,
			(unsigned long long)peer->next_pn);
		return;
	}
	for (uint32_t i = 0; i < bits; i++) {
		if (!(ack->words[i / 64] >> i % 64 & 1))
			continue;
		uint64_t pn = ack->largest - i;
		// Packet number 0 is never sent; receivers mark
		// it seen, so that nothing is taken for it.
		if (pn && pn + PN_WINDOW > peer->next_pn && !bit_get(peer->received_words, pn))
			sim_fail(end->sim, "%c: connection %u acknowledges %llu, which never came",
				letter(end), end->pair, (unsigned long long)pn);
	}
}

// The bytes on the wire are those of the record, wherever the transport took them from.
static bool payload_right(struct end *end, const struct send_packet *packet, uint64_t key,
	uint32_t within, uint32_t total)
{
	for (uint32_t i = 0; i < packet->iov_count; i++) {
		const uint8_t *base = packet->iov[i].base;
		uint32_t size = packet->iov[i].size;
		if (within < BLOCK_HEADER_SIZE) {
			struct block_header header;
			if (within != 0 || size < BLOCK_HEADER_SIZE ||
				!block_header_parse(&header, base, size) ||
				header.crc32c != (uint32_t)key)
				return false;
			within += BLOCK_HEADER_SIZE;
			base += BLOCK_HEADER_SIZE;
			size -= BLOCK_HEADER_SIZE;
		}
		if (within + size > total)
			return false;
		if (size && !content_equal(key, within - BLOCK_HEADER_SIZE, base, size))
			return false;
		within += size;
	}
	bool ends = packet->header.flags & WIRE_RECORD_END;
	return ends == (within == total) && end;
}

// What is sent again was lost, and a loss cuts the window: since it was sent last, or it was in
// flight at a cut. Only a tail probe may repeat without.
static void check_again(struct end *end, struct record_plan *record,
	const struct send_packet *packet, uint32_t cell)
{
	struct law *law = &end->law;
	struct conn_stats stats;
	if (!record->sent_pn)
		record->sent_pn = calloc(64, sizeof(*record->sent_pn));
	uint64_t last = record->sent_pn[cell];
	conn_stats_get(end->conn, &stats);
	bool probe = law->probes + stats.tail_probes - law->tail_probes > 0;
	if (last == SENT_TWICE)
		return;
	record->sent_pn[cell] = last && probe ? SENT_TWICE : packet->header.pn;
	if (last && last >= law->cut_pn && !probe)
		sim_fail(end->sim,
			"%c: connection %u sends packet %llu again and did not cut its window",
			letter(end), end->pair, (unsigned long long)last);
}

static uint32_t payload_size(const struct send_packet *packet)
{
	uint32_t size = 0;
	for (uint32_t i = 0; i < packet->iov_count; i++)
		size += packet->iov[i].size;
	return size;
}

static void check_data(struct end *end, const struct send_packet *packet)
{
	struct sim *sim = end->sim;
	struct law *law = &end->law;
	uint32_t number = (uint32_t)(packet->header.offset >> RECORD_SHIFT);
	uint32_t within = (uint32_t)(packet->header.offset & ((1u << RECORD_SHIFT) - 1));
	struct stream_plan *stream = end_stream(end, packet->header.stream);
	if (!stream || number >= stream->count || !stream->records[number].submitted) {
		sim_fail(sim, "%c: connection %u sends record %u of stream %u, never submitted",
			letter(end), end->pair, number, packet->header.stream);
		return;
	}
	struct record_plan *record = &stream->records[number];
	uint64_t key = content_key(
		sim->plan->seed, end->pair * 2 + end->side, packet->header.stream, number);
	if (record->reported)
		sim_fail(sim, "%c: connection %u sends record %u of stream %u after reporting it",
			letter(end), end->pair, number, stream_number(packet->header.stream));
	else if (!payload_right(end, packet, key, within, record->stored_size + BLOCK_HEADER_SIZE))
		sim_fail(sim,
			"%c: connection %u sends wrong bytes for record %u of stream %u at %u",
			letter(end), end->pair, number, stream_number(packet->header.stream),
			within);
	uint32_t cell = cell_size(sim->plan->pair[end->pair].segment_size);
	for (uint32_t at = 0; at < payload_size(packet); at += cell)
		check_again(end, record, packet, (within + at) / cell);
	if (record->started)
		return;
	record->started = true;
	// A record is charged as the largest one, whatever it holds: it takes a whole buffer there.
	law->started_raw += RECORD_RAW_MAX;
	if (!sim_strict(sim))
		return; // what the peer granted is not known
	if (law->started_raw > law->credit)
		sim_fail(sim, "%c: connection %u sends %llu raw bytes, credit is %llu", letter(end),
			end->pair, (unsigned long long)law->started_raw,
			(unsigned long long)law->credit);
	if (number >= law->limits[stream_number(packet->header.stream)])
		sim_fail(sim, "%c: connection %u sends record %u of stream %u, the limit is %u",
			letter(end), end->pair, number, stream_number(packet->header.stream),
			law->limits[stream_number(packet->header.stream)]);
}

void law_on_sent(struct end *end, const struct send_packet *packet)
{
	check_pn(end, packet);
	bool ack_flag = packet->header.flags & WIRE_ACK_BLOCK;
	if (packet->has_ack != ack_flag)
		sim_fail(end->sim, "%c: the ACK_BLOCK flag does not say what the packet has",
			letter(end));
	if (packet->has_ack && sim_strict(end->sim) && !end->sim->plan->pair[end->pair].stale)
		check_ack(end, &packet->ack);
	if (packet->header.type == WIRE_DATA) {
		end->law.paced_bytes += payload_size(packet);
		check_data(end, packet);
	}
}

// ---- received packets -------------------------------------------------------------------------

// A packet is acknowledged for the first time. The sender has forgotten what is IN_FLIGHT_MAX ago.
static void learn_acked(struct end *end, uint64_t pn, const struct wire_ack *ack)
{
	struct law *law = &end->law;
	struct law_gain *gain = &law->gain;
	bit_set(law->acked_words, pn, true);
	law->largest_acked = pn > law->largest_acked ? pn : law->largest_acked;
	if (!bit_get(law->eliciting_words, pn) || pn + IN_FLIGHT_MAX < law->next_pn)
		return;
	law->measured = true;
	gain->data += bit_get(law->data_words, pn);
	gain->data_since_cut += bit_get(law->data_words, pn) && pn >= law->cut_pn;
	if (gain->acked)
		return; // the block counts down: the first was the largest
	gain->acked = true;
	gain->largest = pn;
	gain->elapsed_ns =
		node_clock(end->sim, &end->sim->nodes[end->node]) - law->sent_ns[pn % PN_WINDOW];
	gain->delay_ns = ack->delay_us * 1000ull;
}

static void learn_ack(struct end *end, const struct wire_ack *ack)
{
	struct law *law = &end->law;
	for (uint32_t i = 0; i < 64u * ack->nwords && i < ack->largest; i++) {
		uint64_t pn = ack->largest - i;
		if (ack->words[i / 64] >> i % 64 & 1 && pn < law->next_pn &&
			pn + PN_WINDOW > law->next_pn && !bit_get(law->acked_words, pn))
			learn_acked(end, pn, ack);
	}
	if (ack->credit > law->credit)
		law->credit = ack->credit;
	for (uint32_t i = 0; i < ack->nlimits; i++) {
		uint32_t number = stream_number(ack->limits[i].stream);
		if (number < STREAMS_MAX && ack->limits[i].records > law->limits[number])
			law->limits[number] = ack->limits[i].records;
	}
}

void law_on_received(struct end *end, const struct wire_header *header, const struct wire_ack *ack,
	const struct wire_hello *hello)
{
	struct law *sender = &end_peer(end)->law;
	if (header->pn + PN_WINDOW > sender->next_pn) {
		if (bit_get(sender->received_words, header->pn))
			sim_fail(end->sim, "%c: connection %u accepts packet %llu twice",
				letter(end), end->pair, (unsigned long long)header->pn);
		bit_set(sender->received_words, header->pn, true);
	}
	sender->unseen += header->type == WIRE_DATA && header->pn < sender->floor_sent;
	if (ack)
		learn_ack(end, ack);
	if (hello && hello->credit > end->law.credit)
		end->law.credit = hello->credit;
	for (uint32_t i = 0; hello && i < STREAMS_MAX; i++)
		if (hello->records > end->law.limits[i])
			end->law.limits[i] = hello->records;
}

// ---- the window -------------------------------------------------------------------------------

// A cut that is no timeout needs a packet sent after the last
// cut, unacknowledged, with three later ones acknowledged.
static void check_cut(struct end *end, const struct conn_stats *stats)
{
	struct law *law = &end->law;
	uint64_t cuts = stats->cuts - law->cuts;
	uint64_t timeouts = stats->timeouts - law->timeouts;
	if (cuts <= timeouts || !sim_strict(end->sim))
		return;
	for (uint64_t pn = law->cut_pn; pn + 3 <= law->largest_acked; pn++)
		if (bit_get(law->eliciting_words, pn) && !bit_get(law->acked_words, pn))
			return;
	sim_fail(end->sim, "%c: connection %u cuts its window without a loss after packet %llu",
		letter(end), end->pair, (unsigned long long)law->cut_pn);
}

// Data goes only inside the window. A tail probe need not, and may be data: returns how many were.
static uint64_t check_in_flight(struct end *end, const struct conn_stats *stats)
{
	struct law *law = &end->law;
	uint64_t data = stats->data_packets_sent - law->data_sent;
	law->probes += stats->tail_probes - law->tail_probes;
	law->tail_probes = stats->tail_probes;
	law->data_sent = stats->data_packets_sent;
	uint64_t probes = data < law->probes ? data : law->probes;
	// In one burst the probe may follow data that went in order.
	double most = stats->cwnd_segments + (double)probes + EPSILON;
	if (data > probes && stats->in_flight > most)
		sim_fail(end->sim, "%c: connection %u has %u in flight, the window is %.3f",
			letter(end), end->pair, stats->in_flight, stats->cwnd_segments);
	law->probes -= probes;
	return probes;
}

// What the bucket holds: two turns of the rate, at least two segments, at most 64 KiB. Measured
// when an acknowledgement brought something; one turn may lie between the transport's look at the
// loop time and ours.
static double pace_burst(
	const struct law *law, const struct node *node, double rate, double segment)
{
	double burst = 2 * rate * (double)node->loop_ns * 8 / 7 / 1e9;
	if (!law->measured)
		return law->burst;
	burst = burst < PACE_BURST_MAX ? burst : PACE_BURST_MAX;
	return burst > 2 * segment ? burst : 2 * segment;
}

// cwnd * segment / srtt bytes a second, through that bucket. Probes are free. A port that is slower
// than the rate paces by itself.
static void check_pace(struct end *end, const struct conn_stats *stats, uint64_t probes)
{
	struct law *law = &end->law;
	const struct node *node = &end->sim->nodes[end->node];
	uint32_t larger = stats->segment_bytes > law->segment ? stats->segment_bytes : law->segment;
	double segment = larger;
	double port_rate = (double)end->plan->port_rate;
	uint64_t now_ns = node_clock(end->sim, node);
	double rate =
		stats->srtt_ns ? stats->cwnd_segments * segment * 1e9 / (double)stats->srtt_ns : 0;
	double burst = pace_burst(law, node, rate, segment);

	if (rate > 0 && (port_rate <= 0 || rate < port_rate)) {
		double fastest = rate > law->rate ? rate : law->rate;
		double room = burst > law->burst ? burst : law->burst;
		law->tokens += fastest * (double)(now_ns - law->paced_ns) / 1e9;
		law->tokens = law->tokens < room ? law->tokens : room;
		law->tokens -= (double)law->paced_bytes - (double)probes * segment;
		// The two buckets are cut to size at different moments: half a packet.
		if (law->tokens < -segment / 2)
			sim_fail(end->sim, "%c: connection %u is %.0f bytes ahead of %.0f bytes/s",
				letter(end), end->pair, -law->tokens, rate);
	} else {
		law->tokens = PACE_BURST_MAX;
	}
	law->burst = burst;
	law->rate = rate;
	law->paced_ns = now_ns;
	law->paced_bytes = 0;
	law->measured = false;
}

// Nothing is faster than the links: a shorter round trip was measured wrong.
static void check_rtt(struct end *end, const struct conn_stats *stats)
{
	const struct plan *plan = end->sim->plan;
	uint32_t peer = end_peer(end)->node;
	uint64_t path_ns =
		plan->links[end->node][peer].delay_ns + plan->links[peer][end->node].delay_ns;
	// While a delayed ACK waits, a clock that jumps makes the delay look longer than it was.
	for (uint32_t i = 0; i < plan->nfaults; i++)
		if (plan->faults[i].type == FAULT_CLOCK_JUMP)
			path_ns -= plan->faults[i].duration_ns < path_ns
					   ? plan->faults[i].duration_ns
					   : path_ns;
	if (stats->min_rtt_ns && stats->min_rtt_ns < path_ns && sim_strict(end->sim))
		sim_fail(end->sim, "%c: connection %u measures %llu ns on a path of %llu ns",
			letter(end), end->pair, (unsigned long long)stats->min_rtt_ns,
			(unsigned long long)path_ns);
}

void law_step(struct end *end, bool after_send)
{
	struct law *law = &end->law;
	if (!end->conn || end->state == END_WAITING || end->sim->failed)
		return;
	struct conn_stats stats;
	conn_stats_get(end->conn, &stats);
	if (stats.cwnd_segments != law->cwnd || stats.cuts != law->cuts)
		sim_say(end->sim, "%c: connection %u window %.3f, %s%llu in flight, srtt %.3f ms",
			letter(end), end->pair, stats.cwnd_segments,
			stats.cuts != law->cuts
				? (stats.timeouts != law->timeouts ? "cut by timeout, "
								   : "cut by loss, ")
				: "",
			(unsigned long long)stats.in_flight, (double)stats.srtt_ns / 1e6);
	if (stats.cwnd_segments < 1 - EPSILON)
		sim_fail(end->sim, "%c: window %.6f", letter(end), stats.cwnd_segments);
	if (sim_strict(end->sim))
		law_trace_step(end, &stats, after_send);
	check_cut(end, &stats);
	check_rtt(end, &stats);

	if (after_send) {
		uint64_t probes = check_in_flight(end, &stats);
		if (sim_strict(end->sim))
			check_pace(end, &stats, probes);
	}
	if (stats.cuts != law->cuts) {
		law->cut_pn = law->next_pn;
		law->measured = true;
	}
	law->measured |= stats.segment_bytes != law->segment;
	law->segment = stats.segment_bytes;
	law->cwnd = stats.cwnd_segments;
	law->cuts = stats.cuts;
	law->timeouts = stats.timeouts;
}
