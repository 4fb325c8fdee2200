// The log in memory.
#include "control/cluster/raft/log.h"

#include <assert.h>
#include <string.h>

#define NO_PLACE UINT64_MAX

size_t raft_log_size(uint32_t entries, uint32_t bytes)
{
	return entries * sizeof(struct raft_log_slot) + bytes;
}

void raft_log_init(struct raft_log *log, void *memory, uint32_t entries, uint32_t bytes,
	uint64_t index, uint64_t term)
{
	assert(entries && (entries & (entries - 1)) == 0 && bytes && (bytes & (bytes - 1)) == 0);
	*log = (struct raft_log){.slot = memory, .slots = entries, .room = bytes};
	log->bytes = (uint8_t *)(log->slot + entries);
	raft_log_reset(log, index, term);
}

void raft_log_reset(struct raft_log *log, uint64_t index, uint64_t term)
{
	log->base_index = log->last = index;
	log->base_term = term;
	log->base_total = 0;
}

static struct raft_log_slot *slot_of(const struct raft_log *log, uint64_t index)
{
	return &log->slot[index & (log->slots - 1)];
}

static bool is_there(const struct raft_log *log, uint64_t index)
{
	return index > log->base_index && index <= log->last;
}

// Bytes of all entries up to this one, or the base.
static uint64_t total_of(const struct raft_log *log, uint64_t index)
{
	return index == log->base_index ? log->base_total : slot_of(log, index)->total;
}

uint64_t raft_log_first(const struct raft_log *log)
{
	return log->base_index + 1;
}

uint64_t raft_log_last_term(const struct raft_log *log)
{
	return log->last == log->base_index ? log->base_term : slot_of(log, log->last)->term;
}

uint64_t raft_log_bytes(const struct raft_log *log, uint64_t first, uint64_t last)
{
	if (first > last)
		return 0;
	assert(is_there(log, first) && is_there(log, last));
	return total_of(log, last) - total_of(log, first - 1);
}

uint64_t raft_log_used(const struct raft_log *log)
{
	return total_of(log, log->last) - log->base_total;
}

// Where so many bytes go: behind the last entry, or at the start of the ring if they would pass its
// end.
static uint64_t place(const struct raft_log *log, uint32_t size)
{
	uint64_t tail = 0, head = 0, rest;

	if (log->last - log->base_index == log->slots || size > log->room)
		return NO_PLACE;
	if (log->last > log->base_index) {
		tail = slot_of(log, log->base_index + 1)->at;
		head = slot_of(log, log->last)->at + slot_of(log, log->last)->size;
	}
	rest = log->room - (head & (log->room - 1));
	if (size > rest)
		head += rest;
	return head + size - tail <= log->room ? head : NO_PLACE;
}

bool raft_log_has_room(const struct raft_log *log, uint32_t size)
{
	return place(log, size) != NO_PLACE;
}

bool raft_log_append(struct raft_log *log, const struct raft_entry *entry)
{
	uint64_t at = place(log, entry->size);
	struct raft_log_slot *slot = slot_of(log, entry->index);

	assert(entry->index == log->last + 1 && entry->term >= raft_log_last_term(log));
	if (at == NO_PLACE)
		return false;
	*slot = (struct raft_log_slot){.term = entry->term,
		.at = at,
		.total = total_of(log, log->last) + entry->size,
		.size = entry->size,
		.kind = entry->kind};
	if (entry->size)
		memcpy(log->bytes + (at & (log->room - 1)), entry->data, entry->size);
	log->last = entry->index;
	return true;
}

void raft_log_truncate(struct raft_log *log, uint64_t from)
{
	assert(from > log->base_index);
	if (from <= log->last)
		log->last = from - 1;
}

void raft_log_compact(struct raft_log *log, uint64_t index, uint32_t keep)
{
	uint64_t base = index > keep ? index - keep : 0;

	assert(index <= log->last);
	if (base <= log->base_index)
		return;
	log->base_term = slot_of(log, base)->term;
	log->base_total = slot_of(log, base)->total;
	log->base_index = base;
}

bool raft_log_entry(const struct raft_log *log, uint64_t index, struct raft_entry *entry)
{
	const struct raft_log_slot *slot = slot_of(log, index);

	if (!is_there(log, index))
		return false;
	*entry = (struct raft_entry){.index = index,
		.term = slot->term,
		.kind = (enum raft_entry_kind)slot->kind,
		.size = slot->size,
		.data = log->bytes + (slot->at & (log->room - 1))};
	return true;
}

uint32_t raft_log_batch(const struct raft_log *log, uint64_t first, uint32_t bytes,
	uint32_t entries, struct raft_entry *entry)
{
	uint64_t sum = 0;
	uint32_t count = 0;

	while (count < entries && raft_log_entry(log, first + count, &entry[count])) {
		sum += entry[count].size;
		if (count && sum > bytes)
			break;
		count++;
	}
	return count;
}

bool raft_log_term(const struct raft_log *log, uint64_t index, uint64_t *term)
{
	if (index != log->base_index && !is_there(log, index))
		return false;
	*term = index == log->base_index ? log->base_term : slot_of(log, index)->term;
	return true;
}

bool raft_log_matches(const struct raft_log *log, uint64_t index, uint64_t term)
{
	uint64_t ours;

	return raft_log_term(log, index, &ours) && ours == term;
}

bool raft_log_is_behind(const struct raft_log *log, uint64_t index, uint64_t term)
{
	uint64_t ours = raft_log_last_term(log);

	return term > ours || (term == ours && index >= log->last);
}

uint32_t raft_log_known(
	const struct raft_log *log, const struct raft_entry *entry, uint32_t entries)
{
	uint32_t count = 0;

	while (count < entries &&
		(entry[count].index <= log->base_index ||
			raft_log_matches(log, entry[count].index, entry[count].term)))
		count++;
	return count;
}

uint64_t raft_log_hint(const struct raft_log *log, uint64_t index, uint64_t term, uint64_t *found)
{
	uint64_t at = index < log->last ? index : log->last;

	while (raft_log_term(log, at, found)) {
		if (*found <= term)
			return at;
		if (at == 0)
			break;
		at--;
	}
	*found = 0;
	return at;
}

uint64_t raft_log_newest(const struct raft_log *log, enum raft_entry_kind kind, uint64_t index)
{
	uint64_t at = index < log->last ? index : log->last;

	while (at > log->base_index && slot_of(log, at)->kind != kind)
		at--;
	return at > log->base_index ? at : 0;
}
