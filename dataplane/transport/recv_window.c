// The receive window of one stream.
#include "dataplane/transport/recv_window.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void recv_window_init(struct recv_window *w)
{
	memset(w, 0, sizeof(*w));
	w->told = RECORD_WINDOW;
}

// The end of a record must agree with what came of it already.
static bool recv_slot_agrees(const struct recv_slot *s, const struct recv_spot *spot, uint32_t end,
	bool last, bool compressed)
{
	if (s->have && s->compressed != compressed)
		return false;
	if (s->cells)
		return last ? end == s->size : spot->cell + spot->cells < s->cells;
	return !last || s->have >> spot->cell == 0;
}

enum verdict recv_window_locate(const struct recv_window *w, const struct cell_cut *cut,
	const struct wire_header *header, uint32_t size, struct recv_spot *spot)
{
	uint64_t record = header->offset >> RECORD_SHIFT;
	uint32_t within = (uint32_t)header->offset & ((1u << RECORD_SHIFT) - 1);
	uint32_t cell = (uint32_t)((uint64_t)within * cut->inverse >> 32);
	bool last = header->flags & WIRE_RECORD_END;
	if (cell * cut->size != within || within + size > RECORD_WIRE_MAX)
		return DROP_OFFSET;
	uint32_t cells = size == cut->size ? 1 : cell_cut_count(cut, size);
	if (size == 0 || (!last && cells * cut->size != size))
		return DROP_OFFSET;
	if (cell == 0 && size < BLOCK_HEADER_SIZE)
		return DROP_OFFSET;
	*spot = (struct recv_spot){
		cells_mask(cell, cells), (uint32_t)record, cell, cells, within, true, false};
	if (record < w->base)
		return VERDICT_ACCEPT;
	if (record >= recv_window_limit(w) || record > RECORD_INDEX_MAX)
		return DROP_OFFSET;
	if (record_bits_test(&w->complete, spot->record) ||
		record_bits_test(&w->gone, spot->record))
		return VERDICT_ACCEPT;
	const struct recv_slot *s = &w->slots[record & (RECORD_WINDOW - 1)];
	uint64_t came = s->have & spot->set;
	spot->known = came == spot->set;
	spot->first = s->have == 0;
	if (spot->known)
		return VERDICT_ACCEPT;
	if (came)
		return DROP_OVERLAP; // good bytes are never overwritten
	bool compressed = header->flags & WIRE_COMPRESSED;
	return recv_slot_agrees(s, spot, within + size, last, compressed) ? VERDICT_ACCEPT
									  : DROP_OFFSET;
}

bool recv_window_add(struct recv_window *w, const struct recv_spot *spot,
	const struct wire_header *header, uint32_t size)
{
	struct recv_slot *s = recv_window_slot(w, spot->record);
	assert(s->block && !spot->known);
	if (s->have == 0)
		s->compressed = header->flags & WIRE_COMPRESSED;
	s->have |= spot->set;
	if (header->flags & WIRE_RECORD_END) {
		s->size = spot->within + size;
		s->cells = (uint8_t)(spot->cell + spot->cells);
	}
	if (spot->record >= w->top)
		w->top = spot->record + 1;
	return s->cells && s->have == (1ull << s->cells) - 1;
}

bool recv_window_next(const struct recv_window *w, uint32_t *record)
{
	*record = w->base;
	if (stream_ordered(w->stream))
		return record_bits_test(&w->complete, w->base);
	if (!record_bits_any(&w->complete))
		return false;
	*record = record_bits_first(&w->complete, w->base);
	return true;
}

void recv_window_release(struct recv_window *w, uint32_t record)
{
	struct recv_slot *s = recv_window_slot(w, record);
	s->have = 0;
	s->block = NULL;
	s->size = 0;
	s->cells = 0;
	record_bits_clear(&w->complete, record);
	record_bits_set(&w->gone, record);
	while (record_bits_test(&w->gone, w->base)) {
		record_bits_clear(&w->gone, w->base);
		w->base++;
	}
}
