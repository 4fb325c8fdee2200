// Metadata and snapshots, as whoever writes to the disk could have made them: raw, and with CRCs
// that are right.
#include "control/store/group.h"
#include "control/store/meta.h"
#include "control/store/snapfile.h"
#include "lib/base/bytes.h"
#include "lib/base/crc32c.h"
#include "tests/fuzz/fuzz.h"

enum { AT_CRC = 12 };

static void fix_crc(uint8_t *bytes, uint32_t size)
{
	be32_put(bytes + AT_CRC,
		crc32c_more(crc32c(bytes, AT_CRC), bytes + AT_CRC + 4, size - (AT_CRC + 4)));
}

static void slot_check(const uint8_t *bytes)
{
	uint8_t again[META_SLOT_SIZE];
	struct meta meta, back;

	if (meta_parse(&meta, bytes) != META_WHOLE)
		return;
	meta_seal(again, &meta);
	FUZZ_CHECK(meta_parse(&back, again) == META_WHOLE);
	FUZZ_CHECK(memcmp(&meta, &back, sizeof(meta)) == 0);
}

static void header_check(const uint8_t *bytes)
{
	uint8_t again[SNAPFILE_HEADER_SIZE];
	struct snapfile file, back;
	static struct raft_conf conf, conf_back;

	if (!snapfile_parse_header(&file, &conf, bytes))
		return;
	FUZZ_CHECK(conf.members <= RAFT_MEMBERS_MAX);
	snapfile_seal_header(again, &file, &conf);
	FUZZ_CHECK(snapfile_parse_header(&back, &conf_back, again));
	FUZZ_CHECK(back.index == file.index && back.term == file.term);
	FUZZ_CHECK(conf_back.members == conf.members);
}

static void group_check(const uint8_t *bytes, size_t size)
{
	struct group identity = {.node = 7, .segment = 1}, group;
	struct record record;
	uint32_t at = 0;
	uint64_t seen = 0;

	if (group_examine(&group, bytes, size, &identity) != GROUP_WHOLE)
		return;
	while (group_record(&record, bytes, &group, &at))
		seen += group_record_size(record.size);
	FUZZ_CHECK(seen <= group.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seeds[][8] = {"SLUIMET1", "SLUISNA1", "SLUISNZ1", "SLUILOG1"};
	uint8_t *bytes = calloc(1, SNAPFILE_UNIT_SIZE);
	struct snapfile file = {0};
	uint64_t snapshot_size;
	uint32_t used, crc;

	FUZZ_CHECK(bytes);
	memcpy(bytes, data, size < SNAPFILE_UNIT_SIZE ? size : SNAPFILE_UNIT_SIZE);
	for (uint32_t i = 0; i <= sizeof(seeds) / sizeof(seeds[0]); i++) {
		slot_check(bytes);
		header_check(bytes);
		(void)snapfile_parse_trailer(bytes, &file, &snapshot_size, &crc);
		(void)snapfile_parse_unit(bytes, 0, 0, &used, &crc);
		group_check(bytes, SNAPFILE_UNIT_SIZE);
		if (i == sizeof(seeds) / sizeof(seeds[0]))
			break;
		memcpy(bytes, seeds[i], 8);
		bytes[8] = 0;
		bytes[9] = 1;
		fix_crc(bytes, i == 1 ? SNAPFILE_HEADER_SIZE : i == 3 ? 512 : 4096);
	}
	free(bytes);
	return 0;
}
