// The application at one end of a connection: submits its records, checks what arrives, keeps
// buffers a while and gives them back, closes; and accounts for every buffer and every report.
#include <stdlib.h>
#include <string.h>

#include "dataplane/transport/conn.h"
#include "tests/sim/content.h"
#include "tests/sim/seal.h"

static struct node *end_node(const struct end *end)
{
	return &end->sim->nodes[end->node];
}

static char end_letter(const struct end *end)
{
	return node_letter(end->node);
}

void end_init(struct end *end, struct sim *sim, uint32_t pair, uint32_t side)
{
	*end = (struct end){.sim = sim, .pair = pair, .side = side};
	end->plan = &sim->plan->pair[pair].ends[side];
	end->node = end->plan->node;
	end->law.shortest_ns = UINT64_MAX;
	law_trace_start(end);
	if (sim->plan->pair[pair].stale) {
		end->disturbed = true;
		if (side == 1)
			end->state = END_DEAD; // the peer is an end of the former life's connection
	}
}

static uint64_t end_key(const struct end *end, uint32_t stream, uint32_t record)
{
	return content_key(end->sim->plan->seed, end->pair * 2 + end->side, stream, record);
}

struct stream_plan *end_stream(struct end *end, uint32_t stream)
{
	for (uint32_t i = 0; i < end->plan->nstreams; i++)
		if (end->plan->streams[i].stream == stream)
			return &end->plan->streams[i];
	return NULL;
}

static uint64_t end_total(const struct end *end)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < end->plan->nstreams; i++)
		total += end->plan->streams[i].count;
	return total;
}

// ---- blocks -----------------------------------------------------------------------------------

uint8_t *end_block_get(void *context, void *owner)
{
	struct sim *sim = context;
	struct end *end = owner;
	if (sim->now_ns < end_node(end)->pool_empty_until_ns)
		return NULL;
	if (end->blocks_out >= 2 * end->plan->credit_records)
		sim_fail(sim,
			"%c: connection %u takes more blocks than 2 for each of %u records of "
			"credit",
			end_letter(end), end->pair, end->plan->credit_records);
	for (uint32_t i = 0; i < BLOCKS_MAX; i++)
		if (!end->blocks[i]) {
			end->blocks_out++;
			end->blocks[i] = malloc(BLOCK_SIZE);
			return end->blocks[i];
		}
	return NULL;
}

void end_block_put(void *context, void *owner, uint8_t *block)
{
	struct sim *sim = context;
	struct end *end = owner;
	for (uint32_t i = 0; i < BLOCKS_MAX; i++)
		if (block && end->blocks[i] == block) {
			free(block);
			end->blocks[i] = NULL;
			end->blocks_out--;
			return;
		}
	sim_fail(sim, "%c: a block of connection %u comes back that is not out", end_letter(end),
		end->pair);
}

// ---- opening: control's work ------------------------------------------------------------------

static bool end_reserve(struct end *end)
{
	struct node *node = end_node(end);
	if (end->conn)
		return true;
	if (!node->transport)
		return false;
	end->conn = transport_reserve(node->transport);
	if (!end->conn)
		return false;
	end->cid = conn_cid(end->conn);
	return true;
}

// As if it had sent so many packets already: the one thing that is set behind the transport's back,
// because nobody can wait for 2^48 packets.
static void end_start_pn(struct end *end)
{
	uint64_t first = end->plan->first_pn;
	if (!first)
		return;
	end->conn->log.next_pn = end->conn->log.lowest = first;
	end->law.next_pn = end->law.cut_pn = first;
}

static void end_open(struct end *end)
{
	struct sim *sim = end->sim;
	const struct pair_plan *pair = &sim->plan->pair[end->pair];
	struct end *peer = end_peer(end);
	if (pair->stale) { // the cid that the former life talked to
		peer = &sim->ends[pair->of][sim->ends[pair->of][0].node == end->node];
		if (end_peer(peer)->state != END_DEAD || !peer->opened) {
			end->state = END_CLOSED; // there was no former life to take up
			return;
		}
	}
	if (!end_reserve(end) || (!pair->stale && peer->state == END_WAITING && !end_reserve(peer)))
		return;
	struct conn_open open = {
		.owner = end,
		.peer_cid = peer->cid,
		.peer_boot_id = pair->boot_ids_known ? sim->nodes[peer->node].boot_id : 0,
		.segment_size = pair->segment_size,
		.initiator = end->side == 0,
		.credit_records = end->plan->credit_records,
		.port_rate = end->plan->port_rate,
		.controller = (uint8_t)pair->controller,
	};
	if (sim->plan->sealed && !seal_start(end)) {
		sim_fail(sim, "%c: no keys", end_letter(end));
		return;
	}
	open.tag_size = sim->plan->sealed ? SEAL_TAG_SIZE : 0;
	memset(open.session_id, (int)(pair->stale ? pair->of : end->pair) + 1,
		sizeof(open.session_id));
	transport_open(end_node(end)->transport, end->conn, &open, node_clock(sim, end_node(end)));
	end_start_pn(end);
	conn_trace_set(end_node(end)->transport, end->conn, sim_strict(sim));
	end->state = END_OPENING;
	sim_say(sim, "%c: connection %u %s", end_letter(end), end->pair,
		open.initiator ? "connects" : "listens");
}

// ---- sending ----------------------------------------------------------------------------------

static void submit_one(struct end *end, uint32_t index, uint64_t now_ns)
{
	struct stream_plan *stream = &end->plan->streams[index];
	uint32_t number = end->next[index];
	struct record_plan *record = &stream->records[number];
	uint64_t key = end_key(end, stream->stream, number);
	if (!record->memory) {
		record->memory = malloc(record->stored_size + 1);
		content_fill(key, record->memory, record->stored_size);
	}
	struct send_record send = {
		.stored = record->memory,
		.stored_size = record->stored_size,
		.raw_size = record->raw_size,
		.compressed = record->compressed,
		.cookie = index,
		.cookie2 = number,
	};
	struct block_header header = {
		.flags = record->message_end ? BLOCK_MESSAGE_END : 0,
		.codec = record->compressed,
		.raw_size = record->raw_size,
		.stored_size = record->stored_size,
		.crc32c = (uint32_t)key, // nobody but the other end looks at it
	};
	block_header_frame(send.header, &header);
	record->submitted = true;
	switch (transport_submit(
		end_node(end)->transport, end->conn, stream->stream, &send, now_ns)) {
	case SUBMIT_OK:
		end->next[index]++;
		end->submitted++;
		return;
	case SUBMIT_FULL:
		end->blocked[index] = true; // until TRANSPORT_WRITABLE
		break;
	case SUBMIT_CLOSED:
		end->refused = true;
		break;
	case SUBMIT_STREAM:
		sim_fail(end->sim, "%c: stream %u is refused", end_letter(end), stream->stream);
	}
	record->submitted = false;
	free(record->memory);
	record->memory = NULL;
}

static bool may_submit(const struct end *end, uint32_t index)
{
	return !end->refused && !end->close_asked && !end->blocked[index] &&
	       (end->opened || end->plan->submit_early) &&
	       end->next[index] < end->plan->streams[index].count;
}

void end_on_sent(struct end *end, const struct sent_record *sent)
{
	struct sim *sim = end->sim;
	uint64_t index = sent->record.cookie, number = sent->record.cookie2;
	if (index >= end->plan->nstreams || number >= end->plan->streams[index].count ||
		end->plan->streams[index].stream != sent->stream) {
		sim_fail(sim, "%c: a record is reported that nobody submitted", end_letter(end));
		return;
	}
	struct stream_plan *stream = &end->plan->streams[index];
	struct record_plan *record = &stream->records[number];
	sim_say(sim, "%c: connection %u stream %u record %u is %s", end_letter(end), end->pair,
		stream_number(stream->stream), (uint32_t)number,
		sent->ok ? "acknowledged" : "given up");
	if (!record->submitted || record->reported++) {
		sim_fail(sim, "%c: connection %u stream %u record %u is reported %u times",
			end_letter(end), end->pair, stream_number(stream->stream), (uint32_t)number,
			record->reported);
		return;
	}
	if (sent->record.stored != record->memory ||
		!content_equal(end_key(end, stream->stream, (uint32_t)number), 0, record->memory,
			record->stored_size))
		sim_fail(sim, "%c: the borrowed bytes of record %u came back changed",
			end_letter(end), (uint32_t)number);
	bool ordered = stream_ordered(stream->stream);
	if (ordered && end->sent_next[index]++ != number)
		sim_fail(sim, "%c: record %u of ordered stream %u is reported out of order",
			end_letter(end), (uint32_t)number, stream_number(stream->stream));
	if (sent->ok && !record->delivered && sim_strict(sim))
		sim_fail(sim,
			"%c: connection %u stream %u record %u is reported ok and was not "
			"delivered",
			end_letter(end), end->pair, stream_number(stream->stream),
			(uint32_t)number);
	free(record->memory);
	record->memory = NULL;
	end->reported++;
	end->reported_ok += sent->ok;
	if (sent->ok)
		sim->progress_ns = sim->now_ns;
}

// ---- receiving --------------------------------------------------------------------------------

static const char *record_fault(struct end *end, const struct recv_record *got)
{
	struct end *peer = end_peer(end);
	struct stream_plan *stream = end_stream(peer, got->stream);
	if (!stream || got->record >= stream->count || !stream->records[got->record].submitted)
		return "nobody sent it";
	struct record_plan *record = &stream->records[got->record];
	uint64_t key = end_key(peer, got->stream, got->record);
	uint32_t index = (uint32_t)(stream - peer->plan->streams);
	if (record->delivered++)
		return "it was delivered before";
	if (stream_ordered(got->stream) && end->ordered_next[index]++ != got->record)
		return "it is out of order";
	if (got->header.raw_size != record->raw_size ||
		got->header.stored_size != record->stored_size ||
		got->header.codec != record->compressed || got->header.crc32c != (uint32_t)key ||
		got->header.flags != (record->message_end ? BLOCK_MESSAGE_END : 0) ||
		got->compressed != record->compressed)
		return "its header is another one";
	if (!got->block && record->stored_size)
		return "it has no block";
	if (got->block && !content_equal(key, 0, got->block, record->stored_size))
		return "its bytes are others";
	return NULL;
}

void end_on_record(struct end *end, const struct recv_record *got)
{
	struct sim *sim = end->sim;
	const char *wrong = record_fault(end, got);
	sim_say(sim, "%c: connection %u stream %u record %u delivered, %u bytes", end_letter(end),
		end->pair, stream_number(got->stream), got->record, got->header.stored_size);
	if (wrong && sim_strict(sim))
		sim_fail(sim, "%c: connection %u stream %u record %u is delivered: %s",
			end_letter(end), end->pair, stream_number(got->stream), got->record, wrong);
	end->delivered++;
	sim->progress_ns = sim->now_ns;
	if (got->block) {
		if (end->nheld == BLOCKS_MAX) {
			sim_fail(sim, "%c: more records than blocks", end_letter(end));
			return;
		}
		end->held[(end->held_first + end->nheld++) % BLOCKS_MAX] =
			(struct held_block){got->block, sim->now_ns + end->plan->hold_ns};
	} else if (end->conn) {
		conn_credit(end_node(end)->transport, end->conn, 1, node_clock(sim, end_node(end)));
	}
	if (wrong && !end->abort_asked) // what the dataplane does with a bad CRC
		end_abort(end, CLOSE_CORRUPT);
}

static uint64_t release_ns(const struct end *end)
{
	if (!end->nheld)
		return UINT64_MAX;
	uint64_t due_ns = end->held[end->held_first].release_ns;
	uint64_t stall_ns = end->sim->nodes[end->node].stall_until_ns;
	return due_ns > stall_ns ? due_ns : stall_ns;
}

static void give_back(struct end *end, uint64_t now_ns)
{
	uint32_t n = 0;
	for (; release_ns(end) <= end->sim->now_ns; n++) {
		end_block_put(end->sim, end, end->held[end->held_first].block);
		end->held_first = (end->held_first + 1) % BLOCKS_MAX;
		end->nheld--;
	}
	if (n && end->conn)
		conn_credit(end_node(end)->transport, end->conn, n, now_ns);
	end_node(end)->worked |= n > 0;
}

// ---- closing ----------------------------------------------------------------------------------

// Its own records are acknowledged and the peer's are
// here; the kinder one also waits until the peer knows it.
static bool work_done(struct end *end)
{
	struct end *peer = end_peer(end);
	bool kind = end->pair % 2 == 0;
	return end->opened && end->reported == end_total(end) &&
	       end->delivered == end_total(peer) &&
	       (!kind || peer->reported == end_total(peer) || peer->state != END_OPEN);
}

static void on_closed(struct end *end, enum close_reason reason)
{
	struct sim *sim = end->sim;
	end->reason = reason;
	if (reason == CLOSE_PN_SPENT) // before the work of both was done
		end->disturbed = end_peer(end)->disturbed = true;
	if (end->forgotten && reason != CLOSE_PEER_RESTARTED && sim_strict(sim))
		sim_fail(sim, "%c: connection %u heard the peer's next life and closed otherwise",
			end_letter(end), end->pair);
	if (end->reported != end->submitted)
		sim_fail(sim, "%c: connection %u closed, %llu records submitted and %llu reported",
			end_letter(end), end->pair, (unsigned long long)end->submitted,
			(unsigned long long)end->reported);
	if (end->blocks_out != end->nheld)
		sim_fail(sim, "%c: connection %u closed with %u blocks out, the application has %u",
			end_letter(end), end->pair, end->blocks_out, end->nheld);
	transport_free(end_node(end)->transport, end->conn);
	end->conn = NULL;
	end->state = END_CLOSED;
	sim->progress_ns = sim->now_ns;
}

void end_on_event(struct end *end, const struct transport_event *event)
{
	struct sim *sim = end->sim;
	if (event->conn != end->conn) {
		sim_fail(sim, "%c: an event of a connection that was freed", end_letter(end));
		return;
	}
	switch (event->type) {
	case TRANSPORT_OPENED:
		sim_say(sim, "%c: connection %u is open", end_letter(end), end->pair);
		if (end->opened)
			sim_fail(sim, "%c: connection %u opens twice", end_letter(end), end->pair);
		end->opened = true;
		end->state = END_OPEN;
		break;
	case TRANSPORT_CLOSED:
		sim_say(sim, "%c: connection %u is closed: %s", end_letter(end), end->pair,
			close_reason_sentence(event->reason));
		on_closed(end, event->reason);
		break;
	case TRANSPORT_WRITABLE:
		for (uint32_t i = 0; i < end->plan->nstreams; i++)
			if (end->plan->streams[i].stream == event->stream)
				end->blocked[i] = false;
	}
}

void end_step(struct end *end, uint64_t now_ns)
{
	struct node *node = end_node(end);
	if (end->state == END_WAITING && end->sim->now_ns >= end->plan->open_ns)
		end_open(end);
	give_back(end, now_ns);
	if (end->state != END_OPENING && end->state != END_OPEN)
		return;
	for (uint32_t i = 0; i < end->plan->nstreams; i++)
		for (uint32_t n = 0; n < 8 && may_submit(end, i); n++) {
			submit_one(end, i, now_ns);
			node->worked = true;
		}
	bool closes = !end->close_asked && !end->abort_asked && end->plan->closes && work_done(end);
	if (closes && !end->done_ns)
		end->done_ns = end->sim->now_ns;
	if (closes && end->sim->now_ns >= end->done_ns + end->plan->linger_ns) {
		end->close_asked = true;
		sim_say(end->sim, "%c: connection %u closes", end_letter(end), end->pair);
		transport_close(node->transport, end->conn, now_ns);
	}
}

uint64_t end_deadline(const struct end *end)
{
	uint64_t now_ns = end->sim->now_ns;
	uint64_t due_ns = release_ns(end);
	if (end->state == END_WAITING && end->plan->open_ns < due_ns)
		due_ns = end->plan->open_ns > now_ns ? end->plan->open_ns : now_ns + 1 * MS;
	if (end->state != END_OPENING && end->state != END_OPEN)
		return due_ns;
	for (uint32_t i = 0; i < end->plan->nstreams; i++)
		if (may_submit(end, i))
			return now_ns;
	// A kind closer looks at its peer now and then.
	bool closes = end->plan->closes && !end->close_asked;
	uint64_t look_ns = end->done_ns ? end->done_ns + end->plan->linger_ns : now_ns + 1 * MS;
	if (closes && end->reported == end_total(end) && look_ns < due_ns)
		due_ns = look_ns;
	return due_ns;
}

// Not a natural end: the account asks less of both sides.
void end_abort(struct end *end, enum close_reason reason)
{
	struct node *node = end_node(end);
	if (!end->conn || end->state == END_WAITING)
		return;
	end->abort_asked = end->disturbed = end_peer(end)->disturbed = true;
	transport_abort(node->transport, end->conn, reason, node_clock(end->sim, node));
	node->wake_ns = end->sim->now_ns;
}

void end_die(struct end *end)
{
	for (uint32_t i = 0; i < end->plan->nstreams; i++)
		for (uint32_t n = 0; n < end->plan->streams[i].count; n++) {
			free(end->plan->streams[i].records[n].memory);
			end->plan->streams[i].records[n].memory = NULL;
		}
	for (uint32_t i = 0; i < BLOCKS_MAX; i++)
		free(end->blocks[i]);
	memset(end->blocks, 0, sizeof(end->blocks));
	end->blocks_out = end->nheld = 0;
	end->conn = NULL;
	end->state = END_DEAD;
}

bool end_done(const struct end *end)
{
	return (end->state == END_CLOSED || end->state == END_DEAD) && end->nheld == 0;
}
