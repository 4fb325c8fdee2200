// The log, group by group, to where it ends; and whether that end is a torn one or rot.
#include "control/store/recover.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void recover_why(struct recovery *recovery, enum store_verdict verdict, const char *format, ...)
{
	va_list list;

	recovery->verdict = verdict;
	va_start(list, format);
	vsnprintf(recovery->why, sizeof(recovery->why), format, list);
	va_end(list);
}

static struct group identity_at(const struct recovery *r, uint32_t segment, uint64_t offset)
{
	struct group identity = {
		.node = r->meta.node,
		.segment = r->segment[segment].number,
		.offset = offset,
	};

	memcpy(identity.cluster, r->meta.cluster, sizeof(identity.cluster));
	return identity;
}

static enum group_state examine(
	const struct recovery *r, struct group *group, uint32_t segment, uint64_t offset)
{
	const struct recover_segment *s = &r->segment[segment];
	struct group identity = identity_at(r, segment, offset);

	return group_examine(group, s->bytes + offset, s->size - offset, &identity);
}

// ---- replay ------------------------------------------------------------------------------------

static bool entry_add(struct recovery *r, const struct record *record)
{
	uint64_t count;

	if (r->first > r->last) // the first one says where the log begins
		r->first = record->index;
	count = record->index - r->first;
	if (count >= r->entries_room) {
		uint64_t room = r->entries_room ? 2 * r->entries_room : 1024;
		struct raft_entry *grown = realloc(r->entry, room * sizeof(*grown));

		if (!grown)
			return false;
		r->entry = grown;
		r->entries_room = room;
	}
	r->entry[count] = (struct raft_entry){
		.index = record->index,
		.term = record->term,
		.kind = (enum raft_entry_kind)record->kind,
		.size = record->size,
		.data = record->data,
	};
	r->last = record->index;
	r->last_term = record->term;
	return true;
}

static void truncate_to(struct recovery *r, uint64_t last)
{
	if (last >= r->last)
		return;
	r->last = last;
	if (last >= r->first)
		r->last_term = r->entry[last - r->first].term;
	else
		r->last_term = 0;
}

static void reset_to(struct recovery *r, const struct record *record)
{
	r->first = record->index + 1;
	r->last = record->index;
	r->last_term = record->term;
	r->reset_index = record->index;
	for (uint32_t i = 0; i <= r->end; i++)
		r->segment[i].index_max = 0;
}

static bool record_follows(const struct recovery *r, const struct record *record)
{
	if (record->type != RECORD_ENTRY)
		return record->type == RECORD_RESET || record->index > 0;
	if (record->kind < RAFT_NOOP || record->kind > RAFT_CONF || record->index == 0)
		return false;
	if (r->last == 0) // the beginning of what is left
		return true;
	return record->index == r->last + 1 && record->term >= r->last_term;
}

enum replay { REPLAY_GOOD, REPLAY_BAD, REPLAY_NO_MEMORY };

static enum replay replay(struct recovery *r, const struct group *group, const uint8_t *bytes)
{
	struct recover_segment *segment = &r->segment[r->end];
	struct record record;
	uint32_t at = 0, count = 0;

	if (group->offset == 0)
		segment->index_first = group->before_index + 1;
	while (group_record(&record, bytes, group, &at)) {
		count++;
		if (!record_follows(r, &record))
			return REPLAY_BAD;
		if (record.type == RECORD_TRUNCATE)
			truncate_to(r, record.index - 1);
		else if (record.type == RECORD_RESET)
			reset_to(r, &record);
		else if (!entry_add(r, &record))
			return REPLAY_NO_MEMORY;
		else if (record.index > segment->index_max)
			segment->index_max = record.index;
	}
	return at == UINT32_MAX || count != group->records ? REPLAY_BAD : REPLAY_GOOD;
}

// ---- the walk ----------------------------------------------------------------------------------

static bool follows(const struct recovery *r, const struct group *group)
{
	return r->sequence == 0 || (group->sequence == r->sequence + 1 && group->chain == r->chain);
}

// The next segment, if something was written to it.
static bool goes_on(const struct recovery *r)
{
	uint32_t next = r->end + 1;

	return next < r->segments && r->segment[next].number == r->segment[r->end].number + 1 &&
	       r->segment[next].size >= GROUP_BLOCK &&
	       !group_is_zero(r->segment[next].bytes, GROUP_SECTOR);
}

static void walk_begin(struct recovery *r, uint32_t start)
{
	r->start = r->end = start;
	r->offset = 0;
	r->sequence = r->groups = 0;
	r->chain = 0;
	r->first = 1;
	r->last = r->last_term = r->reset_index = 0;
}

// To where the log ends. What is there instead of a group: state and group.
static bool walk(struct recovery *r, enum group_state *state, struct group *group)
{
	for (;;) {
		uint8_t *bytes = r->segment[r->end].bytes + r->offset;
		enum replay done;

		*state = examine(r, group, r->end, r->offset);
		if (*state == GROUP_ABSENT && goes_on(r)) {
			r->end++;
			r->offset_before = r->offset;
			r->offset = 0;
			continue;
		}
		if (*state != GROUP_WHOLE || !follows(r, group))
			return true;
		done = replay(r, group, bytes);
		if (done == REPLAY_BAD)
			recover_why(r, STORE_REFUSED,
				"group %llu of segment %llu is whole, but its records do not "
				"follow: a faulty version wrote it",
				(unsigned long long)group->sequence,
				(unsigned long long)group->segment);
		if (done != REPLAY_GOOD)
			return done == REPLAY_BAD;
		r->groups++;
		r->sequence = group->sequence;
		r->chain = group->crc;
		r->offset += group->size;
	}
}

// ---- the end -----------------------------------------------------------------------------------

static void lost(struct recovery *r, uint64_t term, uint64_t index)
{
	if (term > r->lost_term || (term == r->lost_term && index > r->lost_index)) {
		r->lost_term = term;
		r->lost_index = index;
	}
}

// Is the block inside of a group that is known? The bytes of applications prove nothing.
static bool inside(const struct recovery *r, uint32_t segment, uint64_t at, uint64_t *known)
{
	if (at < *known)
		return true;
	if (segment < r->end || (segment == r->end && at < r->offset)) {
		struct group group;

		if (examine(r, &group, segment, at) == GROUP_WHOLE)
			*known = at + group.size;
	}
	return at < *known;
}

// The bad group's own: it says nothing of whether it was durable, nor do an application's bytes.
static bool is_bads_own(
	const struct recovery *r, uint32_t segment, uint64_t at, const struct group *bad)
{
	const struct recover_segment *s = &r->segment[r->end];

	if (segment != r->end || at < r->offset || bad->size == 0 || bad->segment != s->number ||
		bad->offset != r->offset || at >= r->offset + bad->size || bad->size > s->size)
		return false;
	return at == r->offset ? bad->sequence == r->sequence + 1
			       : group_owns(s->bytes + r->offset, bad,
					 (uint32_t)((at - r->offset) / GROUP_SECTOR));
}

// Groups that came after the last good one, wherever they lie: each says that all before it had
// been flushed, and the metadata may say so, too.
static bool later_groups(struct recovery *r, const struct group *bad)
{
	bool found = r->meta.durable_sequence > r->sequence;

	for (uint32_t i = r->start; i < r->segments; i++) {
		const struct recover_segment *s = &r->segment[i];
		uint64_t known = 0;

		for (uint64_t at = 0; at + GROUP_BLOCK <= s->size; at += GROUP_BLOCK) {
			struct group group;

			if (inside(r, i, at, &known) || !group_parse(&group, s->bytes + at) ||
				memcmp(group.cluster, r->meta.cluster, GROUP_CLUSTER_SIZE) != 0 ||
				group.node != r->meta.node || group.sequence <= r->sequence ||
				is_bads_own(r, i, at, bad))
				continue;
			found = true;
			lost(r, group.before_term, group.before_index);
			lost(r, group.last_term, group.last_index);
		}
	}
	return found;
}

// The first sector is damaged. Its last one may say what it was.
static bool trailer_found(struct recovery *r)
{
	const struct recover_segment *s = &r->segment[r->end];

	for (uint64_t at = r->offset; at + GROUP_BLOCK <= s->size; at += GROUP_BLOCK) {
		struct group group;

		if (group_parse_trailer(&group, s->bytes + at + GROUP_BLOCK - GROUP_SECTOR) &&
			group.segment == s->number && group.offset == r->offset &&
			group.sequence > r->sequence) {
			lost(r, group.last_term, group.last_index);
			return true;
		}
	}
	return false;
}

static uint64_t used_bytes(const struct recover_segment *s, uint64_t from)
{
	uint64_t at = s->size / GROUP_SECTOR * GROUP_SECTOR;

	while (at > from && group_is_zero(s->bytes + at - GROUP_SECTOR, GROUP_SECTOR))
		at -= GROUP_SECTOR;
	return at > from ? at - from : 0;
}

// No later group says that this one was durable: was it torn?
static bool is_rotten(struct recovery *r, enum group_state state, const struct group *bad)
{
	const struct recover_segment *s = &r->segment[r->end];
	uint64_t used = used_bytes(s, r->offset);

	if (state == GROUP_ABSENT || state == GROUP_TORN)
		return false;
	if (bad->size > 0 && (bad->segment != s->number || bad->offset != r->offset))
		return false; // an old one, put here by mistake where nothing was
	if (bad->size > 0) {
		lost(r, bad->last_term, bad->last_index);
		return true;
	}
	if (trailer_found(r))
		return true;
	if (used <= GROUP_SECTOR)
		return false; // no group is that small: a damaged sector that nobody used
	// Nothing says what it was: no more entries than fit, of no later term than ours.
	lost(r, r->meta.term > r->last_term ? r->meta.term : r->last_term,
		r->last + used / GROUP_RECORD_SIZE);
	return true;
}

static void end_why(struct recovery *r, bool rotten)
{
	const struct recover_segment *s = &r->segment[r->end];

	if (rotten)
		recover_why(r, STORE_ROTTEN,
			"segment %llu is damaged at byte %llu, where the log had been durable: it "
			"ends at entry %llu and went to %llu",
			(unsigned long long)s->number, (unsigned long long)r->offset,
			(unsigned long long)r->last, (unsigned long long)r->lost_index);
	else
		recover_why(r, STORE_TORN,
			"a write to segment %llu at byte %llu did not end before the crash; its "
			"%llu bytes were never acknowledged and are cut off",
			(unsigned long long)s->number, (unsigned long long)r->offset,
			(unsigned long long)r->torn_bytes);
}

static void classify(struct recovery *r, enum group_state state, const struct group *bad)
{
	bool rotten;

	lost(r, r->meta.durable_term, r->meta.durable_index);
	lost(r, r->last_term, r->last);
	for (uint32_t i = r->end; i < r->segments; i++)
		r->torn_bytes += used_bytes(&r->segment[i], i == r->end ? r->offset : 0);
	r->junk = r->torn_bytes > 0;
	rotten = later_groups(r, bad) || is_rotten(r, state, bad);
	r->cut = rotten;
	r->torn_bytes = rotten ? 0 : r->torn_bytes;
	if (rotten || r->junk)
		end_why(r, rotten);
	if (rotten && r->offset == 0 && r->end > r->start) {
		r->end--; // nothing of it is good
		r->offset = r->offset_before;
	}
}

// A later segment whose first group says that all before it lies under the snapshot.
static uint32_t other_start(const struct recovery *r)
{
	uint64_t under = r->chosen < r->snapshots ? r->snapshot[r->chosen].index : 0;

	for (uint32_t i = r->end + 1; i < r->segments; i++) {
		struct group group;

		if (examine(r, &group, i, 0) == GROUP_WHOLE && group.before_index <= under)
			return i;
	}
	return r->segments;
}

void recover_each(const struct recovery *r, recover_on_group on_group, void *owner)
{
	for (uint32_t i = r->start; i <= r->end && i < r->segments; i++) {
		struct group group;
		uint64_t at = 0;

		while ((i < r->end || at < r->offset) && examine(r, &group, i, at) == GROUP_WHOLE) {
			on_group(owner, &group, r->segment[i].bytes + at);
			at += group.size;
		}
	}
}

bool recover_log(struct recovery *r)
{
	enum group_state state;
	struct group bad;
	uint32_t start = 0;

	walk_begin(r, 0);
	while (r->segments > 0) {
		if (!walk(r, &state, &bad))
			return false;
		if (r->verdict == STORE_REFUSED)
			return true;
		start = other_start(r);
		if (start == r->segments)
			break;
		walk_begin(r, start); // what is damaged is needed by nobody
	}
	if (r->segments > 0)
		classify(r, state, &bad);
	else if (r->meta.durable_sequence > 0) {
		lost(r, r->meta.durable_term, r->meta.durable_index);
		r->cut = true;
		recover_why(r, STORE_ROTTEN, "all segments of the log are missing");
	}
	return true;
}
