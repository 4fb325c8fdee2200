// Two transports, a link with delay, loss and reordering
// between them, and applications that verify every byte.
#include "tests/unit/dataplane/transport/pair.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint8_t *pair_block_get(void *context, void *owner)
{
	struct pair_side *s = owner;
	(void)context;
	if (s->blocks_out >= s->blocks_max)
		return NULL;
	s->blocks_out++;
	return malloc(BLOCK_SIZE);
}

static void pair_block_put(void *context, void *owner, uint8_t *block)
{
	struct pair_side *s = owner;
	(void)context;
	assert(s->blocks_out > 0);
	s->blocks_out--;
	free(block);
}

static uint64_t pair_random(struct pair *p)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return p->seed;
}

static void pair_side_init(struct pair *p, uint32_t i)
{
	struct pair_side *s = &p->side[i];
	struct transport_config config = {
		.worker = (uint8_t)i,
		.conns = 2,
		.boot_id = 100 + i,
		.seed = 7 + i,
		.env = {NULL, pair_block_get, pair_block_put},
	};
	size_t size = (transport_size(&config) + 63) & ~(size_t)63;
	s->memory = aligned_alloc(64, size);
	memset(s->memory, 0, size);
	s->t = transport_init(s->memory, &config, p->now_ns);
	s->blocks_max = PAIR_BLOCKS;
	s->credit_back = true;
}

void pair_open(struct pair *p, uint32_t credit_records)
{
	for (uint32_t i = 0; i < 2; i++) {
		p->side[i].c = transport_reserve(p->side[i].t);
		p->side[i].opened = p->side[i].closed = false;
		memset(p->side[i].next_record, 0, sizeof(p->side[i].next_record));
		memset(p->side[i].next_cookie, 0, sizeof(p->side[i].next_cookie));
	}
	for (uint32_t i = 0; i < 2; i++) {
		struct conn_open open = {
			.owner = &p->side[i],
			.session_id = "a session id 16",
			.peer_cid = conn_cid(p->side[1 - i].c),
			.segment_size = p->segment_size,
			.initiator = i == 0,
			.credit_records = credit_records,
		};
		transport_open(p->side[i].t, p->side[i].c, &open, p->now_ns);
	}
}

struct pair *pair_new(uint32_t credit_records)
{
	return pair_new_wide(credit_records, 1408, 1408);
}

struct pair *pair_new_wide(uint32_t credit_records, uint32_t segment_size, uint32_t carries)
{
	struct pair *p = calloc(1, sizeof(*p));
	p->now_ns = 1000000000;
	p->delay_ns = 20000;
	p->seed = 0x1234567;
	p->segment_size = segment_size;
	p->carries = carries;
	for (uint32_t i = 0; i < 2; i++) {
		// Not malloc: meson's MALLOC_PERTURB_ would write all of it, for every pair.
		p->queue[i] = mmap(NULL, PAIR_QUEUE * sizeof(struct pair_packet),
			PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert(p->queue[i] != MAP_FAILED);
		pair_side_init(p, i);
	}
	pair_open(p, credit_records);
	return p;
}

static void pair_take(struct pair *p, struct pair_side *s);

// What a test left open is ended the hard way, so that every buffer comes back whatever it did.
static void pair_end(struct pair *p, struct pair_side *s)
{
	struct send_packet packets[32];
	if (s->closed)
		return;
	s->hold = false;
	transport_abort(s->t, s->c, CLOSE_APPLICATION, p->now_ns);
	transport_send(s->t, packets, 32, p->now_ns);
	pair_take(p, s);
	assert(s->closed && s->blocks_out == 0);
}

void pair_free(struct pair *p)
{
	for (uint32_t i = 0; i < 2; i++) {
		pair_end(p, &p->side[i]);
		munmap(p->queue[i], PAIR_QUEUE * sizeof(struct pair_packet));
		free(p->side[i].memory);
	}
	free(p);
}

static bool pair_lost(struct pair *p, struct pair_side *s, const struct pair_packet *k)
{
	uint32_t ride = k->header.type == WIRE_DATA && k->has_ack ? WIRE_ACK_RIDE_SIZE : 0;
	if (s->mute || k->size + ride > p->carries)
		return true;
	if (p->loss_permille && pair_random(p) % 1000 < p->loss_permille)
		return true;
	if (k->header.type != WIRE_DATA)
		return false;
	bool lost = s->lose_mask & 1;
	s->lose_mask >>= 1;
	return lost;
}

static void pair_send(struct pair *p, uint32_t from, const struct send_packet *sp)
{
	struct pair_side *s = &p->side[from];
	uint32_t to = 1 - from;
	assert(p->tail[to] - p->head[to] < PAIR_QUEUE);
	struct pair_packet *k = &p->queue[to][p->tail[to] % PAIR_QUEUE];
	k->header = sp->header;
	k->has_ack = sp->has_ack;
	if (sp->has_ack)
		k->ack = sp->ack;
	assert(sp->has_ack == !!(sp->header.flags & WIRE_ACK_BLOCK));
	k->size = 0;
	for (uint32_t i = 0; i < sp->iov_count; i++) {
		memcpy(k->payload + k->size, sp->iov[i].base, sp->iov[i].size);
		k->size += sp->iov[i].size;
	}
	assert(k->size <= p->segment_size);
	if (sp->header.type == WIRE_DATA && sp->has_ack)
		assert(k->size + WIRE_ACK_RIDE_SIZE <= p->segment_size &&
			WIRE_ACK_FIXED + 8u * sp->ack.nwords + 8u * sp->ack.nlimits <=
				WIRE_ACK_RIDE_SIZE);
	k->arrive_ns = p->now_ns + p->delay_ns;
	s->sent_type[k->header.type]++;
	s->last = *k;
	if (pair_lost(p, s, k))
		return;
	p->tail[to]++;
	// Swapped with the one before: a reordering by one.
	if (p->reorder && p->tail[to] - p->head[to] >= 2 && pair_random(p) % 8 == 0) {
		struct pair_packet *a = &p->queue[to][(p->tail[to] - 2) % PAIR_QUEUE];
		uint64_t at = a->arrive_ns;
		a->arrive_ns = k->arrive_ns;
		k->arrive_ns = at;
		struct pair_packet swap = *a;
		*a = *k;
		*k = swap;
	}
}

static void pair_deliver(struct pair *p, uint32_t to, const struct pair_packet *k)
{
	struct pair_side *s = &p->side[to];
	struct conn *c = transport_find(s->t, k->header.cid);
	struct conn_place place;
	if (c == NULL) {
		s->drops[DROP_CID_UNKNOWN]++;
		return;
	}
	enum verdict v = conn_check_pn(c, k->header.pn);
	if (v == VERDICT_ACCEPT)
		v = conn_place(s->t, c, &k->header, k->size, &place);
	if (v == VERDICT_ACCEPT) {
		uint32_t at = 0;
		for (uint32_t i = 0; i < place.iov_count; i++) {
			memcpy(place.iov[i].base, k->payload + at, place.iov[i].size);
			at += place.iov[i].size;
		}
		assert(at == 0 || at == k->size);
		v = conn_on_packet(s->t, c, &k->header,
			k->header.type == WIRE_DATA ? NULL : k->payload, k->size,
			k->has_ack ? &k->ack : NULL, p->now_ns);
	}
	s->drops[v]++;
}

static uint8_t pair_byte(uint64_t seed, uint32_t i)
{
	return (uint8_t)((seed * 0x9e3779b97f4a7c15ull >> 32) + i * 7 + (i >> 8) * 13);
}

static void pair_take_records(struct pair *p, struct pair_side *s)
{
	struct recv_record r;
	while (!s->hold && transport_take_record(s->t, &r)) {
		uint32_t n = stream_number(r.stream);
		assert(r.header.raw_size == r.header.stored_size);
		for (uint32_t i = 0; i < r.header.stored_size; i++)
			if (r.block[i] != pair_byte((uint64_t)n << 32 | r.record, i)) {
				fprintf(stderr, "record %u of stream %u: byte %u is wrong\n",
					r.record, n, i);
				abort();
			}
		if (stream_ordered(r.stream) && r.record != s->next_record[n])
			s->ordered_broken = true;
		s->next_record[n] = r.record + 1;
		s->delivered++;
		s->bytes += r.header.stored_size;
		pair_block_put(NULL, s, r.block);
		if (s->credit_back)
			conn_credit(s->t, r.conn, 1, p->now_ns);
	}
}

static void pair_take(struct pair *p, struct pair_side *s)
{
	struct sent_record sent;
	struct transport_event e;
	pair_take_records(p, s);
	while (transport_take_sent(s->t, &sent)) {
		if (stream_ordered(sent.stream) &&
			sent.record.cookie != s->next_cookie[stream_number(sent.stream)])
			s->ordered_broken = true;
		s->next_cookie[stream_number(sent.stream)] = sent.record.cookie + 1;
		free((void *)(uintptr_t)sent.record.stored);
		if (sent.ok)
			s->returned_ok++;
		else
			s->returned_failed++;
	}
	while (transport_take_event(s->t, &e)) {
		if (e.type == TRANSPORT_OPENED)
			s->opened = true;
		if (e.type == TRANSPORT_WRITABLE)
			s->writable++;
		if (e.type != TRANSPORT_CLOSED)
			continue;
		transport_free(s->t, e.conn);
		if (e.conn != s->c)
			continue; // a test's own second connection
		assert(!s->closed);
		s->closed = true;
		s->reason = e.reason;
	}
}

void pair_turn(struct pair *p)
{
	struct send_packet packets[32];
	for (uint32_t i = 0; i < 2; i++) {
		struct pair_side *s = &p->side[i];
		while (p->head[i] != p->tail[i] &&
			p->queue[i][p->head[i] % PAIR_QUEUE].arrive_ns <= p->now_ns)
			pair_deliver(p, i, &p->queue[i][p->head[i]++ % PAIR_QUEUE]);
		pair_take(p, s);
		transport_on_time(s->t, p->now_ns);
		uint32_t n = transport_send(s->t, packets, 32, p->now_ns);
		for (uint32_t k = 0; k < n; k++)
			pair_send(p, i, &packets[k]);
		pair_take(p, s);
		const char *broken = transport_check(s->t);
		if (broken) {
			fprintf(stderr, "side %u at %llu: %s\n", i, (unsigned long long)p->now_ns,
				broken);
			abort();
		}
	}
}

static uint64_t pair_next(const struct pair *p)
{
	uint64_t next = NEVER;
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t at = transport_deadline(p->side[i].t);
		if (p->head[i] != p->tail[i] && p->queue[i][p->head[i] % PAIR_QUEUE].arrive_ns < at)
			at = p->queue[i][p->head[i] % PAIR_QUEUE].arrive_ns;
		if (at < next)
			next = at;
	}
	return next < p->now_ns ? p->now_ns : next;
}

void pair_run(struct pair *p, uint64_t until_ns)
{
	uint32_t still = 0; // turns without time passing: a deadline that never clears
	for (;;) {
		uint64_t next = pair_next(p);
		if (next > until_ns)
			break;
		still = next == p->now_ns ? still + 1 : 0;
		if (still > 20000) {
			fprintf(stderr, "time stands still at %llu\n",
				(unsigned long long)p->now_ns);
			abort();
		}
		p->now_ns = next;
		pair_turn(p);
	}
	p->now_ns = until_ns;
}

void pair_for(struct pair *p, uint64_t ns)
{
	pair_turn(p); // what the test did meanwhile has no deadline
	pair_run(p, p->now_ns + ns);
}

void pair_unpaced(struct pair *p, uint32_t side)
{
	p->side[side].c->pacer.port_rate = 1;
}

enum submit_result pair_submit(struct pair *p, uint32_t side, uint32_t stream, uint32_t size)
{
	struct pair_side *s = &p->side[side];
	uint32_t record = s->c->send[stream_number(stream)].next;
	uint8_t *bytes = malloc(size + 1);
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = pair_byte((uint64_t)stream_number(stream) << 32 | record, i);
	struct send_record r = {
		.stored = bytes, .stored_size = size, .raw_size = size, .cookie = record};
	struct block_header h = {.raw_size = size, .stored_size = s->forged_crc ? size + 1 : size};
	h.raw_size = h.stored_size;
	block_header_frame(r.header, &h);
	enum submit_result result = transport_submit(s->t, s->c, stream, &r, p->now_ns);
	if (result != SUBMIT_OK)
		free(bytes);
	return result;
}

bool pair_bulk(struct pair *p, uint32_t side, uint32_t stream, uint32_t records, uint32_t size,
	uint64_t limit_ns)
{
	struct pair_side *s = &p->side[side];
	uint32_t submitted = 0, before = s->returned_ok;
	uint64_t end = p->now_ns + limit_ns;
	while (s->returned_ok - before < records) {
		while (submitted < records && pair_submit(p, side, stream, size) == SUBMIT_OK)
			submitted++;
		uint64_t next = pair_next(p);
		if (next > end || s->closed)
			return false;
		p->now_ns = next;
		pair_turn(p);
	}
	return true;
}
