// A segment of the log, as whoever writes to the disk could have made it: groups that are sealed
// and wrong, in order or not, and raw bytes between. Whatever is found is consistent, the store
// goes on from there, and finds that again.
#include "control/store/group.h"
#include "control/store/meta.h"
#include "control/store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/disk_sim.h"

enum { SEGMENT = 32 * 1024, GROUP = 8 * 1024 };

static struct disk *disk;
static struct disk_sim *sim;
static int ended;

static void on_written(void *owner, uint64_t id, int error)
{
	(void)owner, (void)id;
	FUZZ_CHECK(error == 0);
	ended++;
}

static void on_end(void *owner, uint64_t index, int error)
{
	(void)owner, (void)index, (void)error;
}

static void file_put(const char *name, const uint8_t *bytes, uint32_t size)
{
	uint64_t was;
	int file = disk->ops->open(disk, name, true, &was);

	FUZZ_CHECK(file >= 0 && disk->ops->write_now(disk, file, 0, bytes, size) == 0);
	FUZZ_CHECK(disk->ops->flush_now(disk, file) == 0);
	disk->ops->close(disk, file);
}

static uint64_t small(struct fuzz_input *input)
{
	uint64_t kind = fuzz_number(input, 1);

	return kind == 255 ? fuzz_number(input, 8) : kind;
}

// Mostly what follows, sometimes anything.
static uint32_t put_group(struct fuzz_input *input, uint8_t *bytes, struct group *like)
{
	struct group group = *like;
	uint64_t count = fuzz_number(input, 1) % 8, term = like->last_term;

	for (uint64_t i = 0; i < count; i++) {
		uint8_t data[256] = {0}, what = (uint8_t)fuzz_number(input, 1);
		struct record record = {
			.type = what % 16 == 1   ? RECORD_TRUNCATE
				: what % 16 == 2 ? RECORD_RESET
						 : RECORD_ENTRY,
			.kind = what & 64 ? (uint8_t)small(input) : RAFT_DATA,
			.index = what & 128 ? small(input) : like->last_index + 1,
			.term = what & 32 ? small(input) : term,
			.size = (uint32_t)fuzz_number(input, 1),
			.data = data,
		};

		if (group_record_size(record.size) + group.payload > group_room(GROUP))
			break;
		group.payload = group_add(bytes, group.payload, &record);
		group.records++;
		like->last_index = record.type == RECORD_TRUNCATE ? record.index - 1 : record.index;
		term = record.term;
	}
	group.last_index = like->last_index;
	group.last_term = like->last_term = term;
	group_seal(bytes, &group);
	like->sequence++;
	like->chain = group.crc;
	like->before_index = group.last_index;
	like->before_term = group.last_term;
	return group.size;
}

static void put_segment(struct fuzz_input *input, uint8_t *bytes, struct group *like)
{
	like->offset = 0;
	memset(bytes, 0, SEGMENT);
	while (input->left > 0 && like->offset + GROUP <= SEGMENT) {
		uint64_t what = fuzz_number(input, 1);

		if (what >= 250)
			break;
		if (what >= 240)
			like->sequence = small(input);
		if (what >= 230 && what < 240)
			like->chain++;
		like->offset += put_group(input, bytes + like->offset, like);
		if (what >= 200 && what < 230) {
			uint64_t at = fuzz_number(input, 2) % SEGMENT;

			bytes[at] = (uint8_t)fuzz_number(input, 1);
		}
	}
}

static struct store *open_store(struct store_recovered *found)
{
	const struct store_config config = {
		.node = 7, .segment_bytes = SEGMENT, .group_bytes = GROUP};
	const struct store_callbacks callbacks = {
		.on_written = on_written, .on_snapshot = on_end, .on_chunk = on_end};
	struct store *store = store_open(disk, &config, &callbacks, found);

	FUZZ_CHECK(store);
	FUZZ_CHECK(found->verdict == STORE_CLEAN || found->why[0] || found->verdict == STORE_EMPTY);
	return store;
}

static uint64_t check_entries(struct store *store, const struct store_recovered *found)
{
	uint64_t term = 0;

	for (uint64_t i = found->first; i <= found->last; i++) {
		struct raft_entry entry;

		FUZZ_CHECK(store_entry(store, i, &entry));
		FUZZ_CHECK(entry.index == i && entry.term >= term && entry.size <= 255);
		term = entry.term;
	}
	return term;
}

static void go_on(struct store *store, const struct store_recovered *found, uint64_t term)
{
	struct raft_entry entry = {.index = found->last + 1, .term = term, .kind = RAFT_NOOP};
	struct raft_write write = {
		.id = 1, .term = term, .first = entry.index, .last = entry.index};
	uint64_t now = 0;

	ended = 0;
	store_write(store, &write, &entry);
	for (store_turn(store); (now = disk_sim_next_ns(sim)) != UINT64_MAX; store_turn(store))
		disk_sim_at(sim, now);
	FUZZ_CHECK(ended == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct disk_sim_config config = {.seed = 1, .write_ns = 1, .flush_ns = 1};
	struct fuzz_input input = {data, size};
	struct group like = {.node = 7, .segment = 1, .sequence = 1, .last_term = 1};
	struct meta meta = {.node = 7, .sequence = 1, .term = fuzz_number(&input, 1)};
	uint8_t *bytes = aligned_alloc(4096, SEGMENT);
	struct store_recovered found;
	struct store *store;
	uint64_t term;

	FUZZ_CHECK(bytes);
	sim = disk_sim_new(&config);
	disk = disk_sim_disk(sim);
	meta.durable_sequence = fuzz_number(&input, 1) % 8;
	meta.durable_index = fuzz_number(&input, 1) % 32;
	meta.durable_term = fuzz_number(&input, 1) % 4;
	meta_seal(bytes, &meta);
	meta_seal(bytes + META_SLOT_SIZE, &meta);
	file_put("meta", bytes, 2 * META_SLOT_SIZE);
	put_segment(&input, bytes, &like);
	file_put("log.0000000000000001", bytes, SEGMENT);
	like.segment = 2 + fuzz_number(&input, 1) / 250;
	put_segment(&input, bytes, &like);
	file_put("log.0000000000000002", bytes, SEGMENT);
	FUZZ_CHECK(disk->ops->flush_now(disk, DISK_FOLDER) == 0);

	store = open_store(&found);
	if (found.verdict != STORE_REFUSED) {
		term = check_entries(store, &found);
		term = term > found.boot.term ? term : found.boot.term;
		term = term > found.boot.last_term ? term : found.boot.last_term;
		if (term < UINT64_MAX) {
			go_on(store, &found, term + 1);
			uint64_t last = found.last + 1;

			store_free(store);
			store = open_store(&found);
			FUZZ_CHECK(found.verdict == STORE_CLEAN && found.last == last);
			check_entries(store, &found);
		}
	}
	store_free(store);
	disk_sim_free(sim);
	free(bytes);
	return 0;
}
