// Reads a folder: metadata, snapshots, segments; and what they come to together.
#include "control/store/recover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/internal.h"

// ---- names -------------------------------------------------------------------------------------

struct names {
	struct recovery *recovery;
	uint64_t segment[RECOVER_NAMES_MAX], snapshot[RECOVER_SNAPSHOTS_MAX];
	char evidence[RECOVER_SNAPSHOTS_MAX][DISK_NAME_MAX];
	uint32_t segments, snapshots, evidences;
	bool too_many;
};

static bool number_of(const char *name, const char *prefix, uint64_t *number)
{
	size_t length = strlen(prefix);
	unsigned long long value;
	int end = 0;

	if (strncmp(name, prefix, length) != 0 || strlen(name) != length + 16)
		return false;
	if (sscanf(name + length, "%16llx%n", &value, &end) != 1 || end != 16)
		return false;
	*number = value;
	return true;
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), size = strlen(end);

	return length > size && strcmp(name + length - size, end) == 0;
}

static void on_name(void *owner, const char *name)
{
	struct names *names = owner;
	struct recovery *r = names->recovery;
	uint64_t number;

	if (number_of(name, "log.", &number)) {
		names->too_many |= names->segments == RECOVER_NAMES_MAX;
		if (names->segments < RECOVER_NAMES_MAX)
			names->segment[names->segments++] = number;
	} else if (number_of(name, "snap.", &number)) {
		names->too_many |= names->snapshots == RECOVER_SNAPSHOTS_MAX;
		if (names->snapshots < RECOVER_SNAPSHOTS_MAX)
			names->snapshot[names->snapshots++] = number;
	} else if (strcmp(name, "meta") == 0) {
		r->has_meta = true;
	} else if (strcmp(name, "next") == 0) {
		r->has_next = true;
	} else if (strcmp(name, "spare") == 0) {
		r->has_spare = true;
	} else if (strcmp(name, "snap.tmp") == 0) {
		r->has_temporary = true;
	} else if (ends_with(name, ".damaged") && names->evidences < RECOVER_SNAPSHOTS_MAX) {
		snprintf(names->evidence[names->evidences++], DISK_NAME_MAX, "%s", name);
	}
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

// ---- bytes -------------------------------------------------------------------------------------

static bool unreadable(struct recovery *r, const char *name, int64_t error)
{
	recover_why(r, STORE_REFUSED, "%s cannot be read: %s", name, strerror((int)-error));
	return false;
}

// All of a file, rounded up to whole blocks with zeros. NULL: refused, or (error 0) no memory.
static uint8_t *read_all(struct recovery *r, const char *name, uint64_t *size)
{
	const struct disk_ops *ops = r->disk->ops;
	int file = ops->open(r->disk, name, false, size);
	uint64_t whole, at = 0;
	uint8_t *bytes;

	if (file < 0) {
		unreadable(r, name, file);
		return NULL;
	}
	whole = (*size + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
	bytes = store_blocks(whole > 0 ? whole : DISK_BLOCK);
	if (!bytes)
		recover_why(r, STORE_REFUSED, "there is no memory to read %s", name);
	while (bytes && at < whole) {
		uint32_t piece = whole - at < STORE_ZEROS ? (uint32_t)(whole - at) : STORE_ZEROS;
		int64_t got = ops->read_now(r->disk, file, at, bytes + at, piece);

		if (got < 0) {
			unreadable(r, name, got);
			free(bytes);
			bytes = NULL;
			break;
		}
		memset(bytes + at + got, 0, piece - (uint64_t)got);
		at += piece;
	}
	ops->close(r->disk, file);
	*size = whole;
	return bytes;
}

// ---- metadata ----------------------------------------------------------------------------------

static bool meta_choose(struct recovery *r, const uint8_t *bytes, bool others)
{
	struct meta slot[META_SLOTS];
	enum meta_state state[META_SLOTS];

	for (uint32_t i = 0; i < META_SLOTS; i++) {
		state[i] = meta_parse(&slot[i], bytes + i * META_SLOT_SIZE);
		if (state[i] == META_NEWER) {
			recover_why(r, STORE_REFUSED,
				"the folder was written by a later version; start that one");
			return false;
		}
	}
	if (state[0] != META_WHOLE && state[1] != META_WHOLE) {
		if (state[0] == META_ZERO && state[1] == META_ZERO && !others) {
			r->has_meta = false; // it was being made
			return true;
		}
		recover_why(r, STORE_REFUSED,
			"both slots of the metadata are damaged: term and vote are lost; remove "
			"this node from the cluster, empty the folder, add it again");
		return false;
	}
	r->meta = state[1] != META_WHOLE ||
				  (state[0] == META_WHOLE && slot[0].sequence >= slot[1].sequence)
			  ? slot[0]
			  : slot[1];
	r->slots_differ = state[0] != state[1] || memcmp(&slot[0], &slot[1], sizeof(slot[0])) != 0;
	return true;
}

static bool meta_owner(struct recovery *r, const struct store_config *config)
{
	static const uint8_t none[STORE_IDENTITY_SIZE];

	if (config->node != 0 && r->meta.node != config->node) {
		recover_why(r, STORE_REFUSED,
			"the folder belongs to node %llx and this is node %llx",
			(unsigned long long)r->meta.node, (unsigned long long)config->node);
		return false;
	}
	if (memcmp(config->cluster, none, sizeof(none)) != 0 &&
		memcmp(config->cluster, r->meta.cluster, sizeof(none)) != 0) {
		recover_why(r, STORE_REFUSED, "the folder belongs to another cluster");
		return false;
	}
	return true;
}

static bool recover_meta(struct recovery *r, const struct store_config *config, bool others)
{
	uint64_t size = 0;
	uint8_t *bytes = r->has_meta ? read_all(r, "meta", &size) : NULL;
	uint8_t slots[META_SLOTS * META_SLOT_SIZE] = {0};
	bool good;

	if (r->has_meta && !bytes)
		return false;
	if (bytes)
		memcpy(slots, bytes, size < sizeof(slots) ? size : sizeof(slots));
	free(bytes);
	if (!r->has_meta && others) {
		recover_why(r, STORE_REFUSED,
			"there is a log but no metadata: term and vote are lost; remove this node "
			"from the cluster, empty the folder, add it again");
		return false;
	}
	good = meta_choose(r, slots, others);
	if (good && r->has_meta)
		return meta_owner(r, config);
	return good;
}

// ---- snapshots ---------------------------------------------------------------------------------

static bool snapshot_body_whole(
	const struct recover_snapshot *s, const uint8_t *bytes, uint32_t chain)
{
	uint64_t units = snapfile_units(s->size), left = s->size;
	uint32_t is = 0;

	for (uint64_t i = 0; i < units; i++) {
		uint32_t used, crc;
		uint32_t wants = left < SNAPFILE_UNIT_DATA ? (uint32_t)left : SNAPFILE_UNIT_DATA;

		if (!snapfile_parse_unit(bytes + SNAPFILE_HEADER_SIZE + i * SNAPFILE_UNIT_SIZE,
			    s->index, i, &used, &crc) ||
			used != wants)
			return false;
		is = snapfile_chain(is, crc);
		left -= used;
	}
	return is == chain;
}

static bool recover_snapshot(struct recovery *r, uint64_t index)
{
	struct recover_snapshot *s = &r->snapshot[r->snapshots];
	struct snapfile file;
	char name[DISK_NAME_MAX];
	uint64_t size;
	uint32_t chain;
	uint8_t *bytes;

	snapshot_name(name, index);
	bytes = read_all(r, name, &size);
	if (!bytes)
		return false;
	*s = (struct recover_snapshot){.index = index, .file_bytes = size};
	r->snapshots++;
	if (size >= SNAPFILE_HEADER_SIZE + SNAPFILE_TRAILER_SIZE &&
		snapfile_parse_header(&file, &s->conf, bytes) && file.index == index &&
		file.node == r->meta.node &&
		memcmp(file.cluster, r->meta.cluster, sizeof(file.cluster)) == 0 &&
		snapfile_parse_trailer(
			bytes + size - SNAPFILE_TRAILER_SIZE, &file, &s->size, &chain) &&
		s->size <= size && snapfile_bytes(s->size) == size &&
		snapshot_body_whole(s, bytes, chain)) {
		s->term = file.term;
		s->whole = true;
	}
	free(bytes);
	return true;
}

static bool recover_snapshots(struct recovery *r, struct names *names)
{
	qsort(names->snapshot, names->snapshots, sizeof(uint64_t), ascending);
	for (uint32_t i = names->snapshots; i-- > 0;)
		if (!recover_snapshot(r, names->snapshot[i]))
			return false;
	r->chosen = 0;
	while (r->chosen < r->snapshots && !r->snapshot[r->chosen].whole)
		r->chosen++;
	r->snapshot_lost = r->chosen > 0;
	return true;
}

// ---- together ----------------------------------------------------------------------------------

static void no_entries(struct recovery *r, uint64_t index, uint64_t term)
{
	r->first = index + 1;
	r->last = index;
	r->last_term = term;
}

// The entries void, but not yet so on the disk.
static void entries_void(struct recovery *r, uint64_t index, uint64_t term)
{
	r->reset_pending = r->groups > 0 || index > 0;
	no_entries(r, index, term);
}

static bool holds_snapshot(const struct recovery *r, const struct recover_snapshot *s)
{
	if (s->index < r->first)
		return s->index + 1 == r->first; // nothing to compare
	return s->index <= r->last && r->entry[s->index - r->first].term == s->term;
}

// The snapshot is what holds; the log, if it fits to it.
static void join(struct recovery *r)
{
	struct recover_snapshot none = {0};
	const struct recover_snapshot *s =
		r->chosen < r->snapshots ? &r->snapshot[r->chosen] : &none;
	bool entries = r->first <= r->last;

	if (!entries && r->last <= s->index) {
		entries_void(r, s->index, s->term);
		r->reset_pending = r->reset_pending && r->last != r->reset_index;
	} else if (s->index + 1 < r->first) {
		recover_why(r, STORE_ROTTEN, "the entries from %llu to %llu are missing: %s",
			(unsigned long long)s->index + 1, (unsigned long long)r->first - 1,
			r->snapshot_lost ? "the snapshot that held them is damaged"
					 : "a segment is gone");
		r->cut = true;
		entries_void(r, s->index, s->term);
	} else if (!holds_snapshot(r, s)) {
		entries_void(r, s->index, s->term); // it came from another node and replaces it
	}
}

// The log had been longer: since it was cut for rot, or because a write was lost.
static void check_durable(struct recovery *r)
{
	bool behind = r->last_term < r->meta.durable_term ||
		      (r->last_term == r->meta.durable_term && r->last < r->meta.durable_index);

	if (r->verdict != STORE_ROTTEN && behind)
		recover_why(r, STORE_ROTTEN,
			"the log ends at entry %llu of term %llu and had been durable to %llu of "
			"term %llu",
			(unsigned long long)r->last, (unsigned long long)r->last_term,
			(unsigned long long)r->meta.durable_index,
			(unsigned long long)r->meta.durable_term);
	r->quarantined = r->verdict == STORE_ROTTEN;
	if (r->lost_term < r->meta.durable_term ||
		(r->lost_term == r->meta.durable_term && r->lost_index < r->meta.durable_index)) {
		r->lost_term = r->meta.durable_term;
		r->lost_index = r->meta.durable_index;
	}
}

static bool recover_segments(struct recovery *r, struct names *names)
{
	qsort(names->segment, names->segments, sizeof(uint64_t), ascending);
	r->segment = calloc(names->segments + 1, sizeof(*r->segment));
	if (!r->segment)
		return false;
	for (uint32_t i = 0; i < names->segments; i++) {
		struct recover_segment *s = &r->segment[r->segments];
		char name[DISK_NAME_MAX];

		segment_name(name, names->segment[i]);
		s->number = names->segment[i];
		s->bytes = read_all(r, name, &s->size);
		if (!s->bytes)
			return true; // refused
		r->segments++;
	}
	return true;
}

static void count_evidence(struct recovery *r, const struct names *names)
{
	for (uint32_t i = 0; i < names->evidences; i++) {
		uint64_t size;
		int file = r->disk->ops->open(r->disk, names->evidence[i], false, &size);

		if (file < 0)
			continue;
		r->other_bytes += size;
		r->disk->ops->close(r->disk, file);
	}
}

static bool recover_named(
	struct recovery *r, struct names *names, const struct store_config *config)
{
	bool others = names->segments > 0 || names->snapshots > 0;

	count_evidence(r, names);
	if (names->too_many) {
		recover_why(r, STORE_REFUSED, "there are more files than a store makes");
		return true;
	}
	if (!recover_meta(r, config, others))
		return true;
	if (!r->has_meta) {
		r->verdict = STORE_EMPTY;
		return true;
	}
	r->verdict = STORE_CLEAN;
	if (!recover_snapshots(r, names))
		return true;
	if (!recover_segments(r, names))
		return false;
	if (r->verdict == STORE_REFUSED)
		return true;
	if (!recover_log(r))
		return false;
	if (r->verdict == STORE_REFUSED)
		return true;
	join(r);
	check_durable(r);
	return true;
}

bool recover(struct recovery *recovery, struct disk *disk, const struct store_config *config)
{
	struct names *names = calloc(1, sizeof(*names));
	bool good;
	int error;

	recovery->disk = disk;
	recovery->first = 1;
	if (!names)
		return false;
	names->recovery = recovery;
	error = disk->ops->list(disk, on_name, names);
	if (error < 0)
		good = !unreadable(recovery, "the folder", error);
	else
		good = recover_named(recovery, names, config);
	free(names);
	return good;
}

void recover_free(struct recovery *recovery)
{
	for (uint32_t i = 0; i < recovery->segments; i++)
		free(recovery->segment[i].bytes);
	free(recovery->segment);
	free(recovery->entry);
}
