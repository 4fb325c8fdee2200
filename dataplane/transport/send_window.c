// The send window of one stream.
#include "dataplane/transport/send_window.h"

#include <assert.h>
#include <string.h>

void send_window_init(struct send_window *w)
{
	memset(w, 0, offsetof(struct send_window, slots));
}

bool send_window_full(const struct send_window *w)
{
	return w->next - w->base >= RECORD_WINDOW || w->next >= RECORD_INDEX_MAX;
}

void send_window_add(struct send_window *w, const struct send_record *record, uint32_t cell_size)
{
	assert(!send_window_full(w));
	struct send_slot *s = send_window_slot(w, w->next++);
	s->size = BLOCK_HEADER_SIZE + record->stored_size;
	s->cells = (uint8_t)((s->size + cell_size - 1) / cell_size);
	s->pending = 0;
	s->acked = 0;
	s->sent = 0;
	s->heads = 0;
	s->record = *record;
}

bool send_window_pick(struct send_window *w, uint32_t *record, uint32_t *cell)
{
	if (!record_bits_any(&w->pending))
		return false;
	*record = record_bits_first(&w->pending, w->base);
	*cell = (uint32_t)__builtin_ctzll(send_window_slot(w, *record)->pending);
	return true;
}

void send_window_start(struct send_window *w)
{
	assert(w->started < w->next && w->started < w->limit);
	struct send_slot *s = send_window_slot(w, w->started);
	s->pending = send_slot_all(s);
	record_bits_set(&w->pending, w->started++);
}

// Of the cells in `set` from `cell` on, how many go in one packet.
static uint32_t slot_run(const struct send_slot *s, uint64_t set, uint32_t cell, uint32_t max)
{
	uint64_t stop = (~set | s->heads) >> cell >> 1;     // bit 0: the cell after the first
	uint32_t run = 1 + (uint32_t)__builtin_ctzll(stop); // never 0: no record has 64 cells
	return run < max ? run : max;
}

uint32_t send_slot_run(const struct send_slot *s, uint32_t cell, uint32_t max)
{
	return max == 1 ? 1 : slot_run(s, s->pending, cell, max);
}

bool send_window_sent(struct send_window *w, uint32_t record, uint32_t cell, uint32_t cells)
{
	struct send_slot *s = send_window_slot(w, record);
	uint64_t set = cells_mask(cell, cells);
	bool again = s->sent & set;
	s->sent |= set;
	s->pending &= ~set;
	uint64_t head = set & -set;
	s->heads |= head | (set + head);
	if (s->pending == 0)
		record_bits_clear(&w->pending, record);
	return again;
}

// The record is started and has not been acknowledged as a whole.
static bool send_window_open(const struct send_window *w, uint32_t record)
{
	return record - w->base < w->started - w->base && !record_bits_test(&w->done, record) &&
	       !record_bits_test(&w->returned, record);
}

bool send_window_acked(struct send_window *w, uint32_t record, uint32_t cell, uint32_t cells)
{
	if (!send_window_open(w, record))
		return false;
	struct send_slot *s = send_window_slot(w, record);
	uint64_t set = cells_mask(cell, cells);
	s->acked |= set;
	s->pending &= ~set;
	if (s->pending == 0)
		record_bits_clear(&w->pending, record);
	if (s->acked != send_slot_all(s))
		return false;
	record_bits_set(&w->done, record);
	return true;
}

bool send_window_lost(struct send_window *w, uint32_t record, uint32_t cell, uint32_t cells)
{
	if (!send_window_open(w, record))
		return false;
	struct send_slot *s = send_window_slot(w, record);
	uint64_t set = cells_mask(cell, cells) & ~s->acked;
	if (set == 0)
		return false;
	s->pending |= set;
	record_bits_set(&w->pending, record);
	return true;
}

uint32_t send_window_wants(
	const struct send_window *w, uint32_t record, uint32_t *cell, uint32_t cells, uint32_t max)
{
	const struct send_slot *s = &w->slots[record & (RECORD_WINDOW - 1)];
	uint64_t set = send_window_open(w, record) ? cells_mask(*cell, cells) & ~s->acked : 0;
	if (set == 0)
		return 0;
	*cell = (uint32_t)__builtin_ctzll(set);
	return slot_run(s, set, *cell, max);
}

// Which record would go back next; `failed` ones only after those that were acknowledged.
static bool send_window_next(const struct send_window *w, bool failed, uint32_t *record, bool *ok)
{
	if (w->base == w->next)
		return false;
	bool ordered = stream_ordered(w->stream);
	*ok = !w->broken;
	*record = w->base;
	if (record_bits_test(&w->done, w->base))
		return true;
	if (!ordered && record_bits_any(&w->done)) {
		*record = record_bits_first(&w->done, w->base);
		return true;
	}
	*ok = false;
	return failed;
}

bool send_window_has(const struct send_window *w, bool failed)
{
	uint32_t record;
	bool ok;
	return send_window_next(w, failed, &record, &ok);
}

bool send_window_take(struct send_window *w, bool failed, struct send_record *record, bool *ok)
{
	uint32_t r;
	if (!send_window_next(w, failed, &r, ok))
		return false;
	*record = send_window_slot(w, r)->record;
	w->broken |= !*ok && stream_ordered(w->stream);
	record_bits_clear(&w->done, r);
	record_bits_clear(&w->pending, r);
	record_bits_set(&w->returned, r);
	while (w->base != w->next && record_bits_test(&w->returned, w->base)) {
		record_bits_clear(&w->returned, w->base);
		w->base++;
	}
	if ((int32_t)(w->started - w->base) < 0)
		w->started = w->base; // a failed record that was never started
	return true;
}
