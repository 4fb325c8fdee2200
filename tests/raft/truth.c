// See truth.h.
#include "tests/raft/truth.h"

#include <stdlib.h>
#include <string.h>

// Room for one more at `at`, zeroed.
static void *room(void *array, uint64_t *count, uint64_t at, size_t size)
{
	uint64_t more = *count ? *count : 64;
	uint8_t *bytes;

	if (at < *count)
		return array;
	while (more <= at)
		more *= 2;
	bytes = realloc(array, more * size);
	if (!bytes)
		abort();
	memset(bytes + *count * size, 0, (more - *count) * size);
	*count = more;
	return bytes;
}

void truth_fini(struct truth *truth)
{
	for (uint64_t i = 0; i < truth->indices; i++)
		while (truth->index[i].entries) {
			struct truth_entry *entry = truth->index[i].entries;

			truth->index[i].entries = entry->next;
			free(entry);
		}
	free(truth->index);
	free(truth->leader);
}

struct truth_index *truth_at(struct truth *truth, uint64_t index)
{
	truth->index = room(truth->index, &truth->indices, index, sizeof(*truth->index));
	return &truth->index[index];
}

bool truth_entry(struct truth *truth, uint64_t index, uint64_t term, uint64_t before, uint64_t sum)
{
	struct truth_index *at = truth_at(truth, index);
	struct truth_entry *entry = at->entries;

	while (entry && entry->term != term)
		entry = entry->next;
	if (entry)
		return entry->sum == sum && (!before || !entry->before || entry->before == before);
	entry = malloc(sizeof(*entry));
	if (!entry)
		abort();
	*entry = (struct truth_entry){term, before, sum, at->entries};
	at->entries = entry;
	return true;
}

bool truth_commit(struct truth *truth, uint64_t index, uint64_t term, uint64_t now_term)
{
	struct truth_index *at = truth_at(truth, index);

	if (at->term)
		return at->term == term;
	at->term = term;
	at->seen_term = now_term;
	if (index > truth->committed)
		truth->committed = index;
	return true;
}

bool truth_applied(struct truth *truth, uint64_t index, uint64_t hash)
{
	struct truth_index *at = truth_at(truth, index);

	if (!at->hash)
		at->hash = hash;
	return at->hash == hash;
}

bool truth_leads(struct truth *truth, uint64_t term, uint32_t node)
{
	truth->leader = room(truth->leader, &truth->terms, term, sizeof(*truth->leader));
	if (!truth->leader[term])
		truth->leader[term] = node + 1;
	return truth->leader[term] == node + 1;
}
