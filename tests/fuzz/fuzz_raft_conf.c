// Configurations and changes of them: whatever the bytes, what is read is right, and so is what any
// change that is taken makes of it, in and out of joint consensus.
#include "control/cluster/raft/conf.h"
#include "tests/fuzz/fuzz.h"

static void conf_check_bytes(const struct raft_conf *conf)
{
	uint8_t bytes[RAFT_CONF_MAX];
	struct raft_conf back;

	FUZZ_CHECK(!conf_check(conf));
	FUZZ_CHECK(conf_read(&back, bytes, conf_write(conf, bytes)));
	FUZZ_CHECK(memcmp(&back, conf, sizeof(back)) == 0);
}

// Voters that the two do not share.
static uint32_t voters_changed(const struct raft_conf *a, const struct raft_conf *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->members; i++) {
		const struct raft_member *other = conf_find(b, a->member[i].id);

		n += (a->member[i].roles & RAFT_VOTER) && !(other && other->roles & RAFT_VOTER);
	}
	return n;
}

static void change_check(const struct raft_conf *conf, const uint8_t *bytes, uint32_t size)
{
	struct raft_change changes[RAFT_CHANGES_MAX];
	uint32_t count = changes_read(changes, bytes, size);
	struct raft_conf next;

	FUZZ_CHECK(count <= RAFT_CHANGES_MAX);
	if (conf_change(&next, conf, conf->index + 1, changes, count) != RAFT_OK)
		return;
	conf_check_bytes(&next);
	FUZZ_CHECK(next.index == conf->index + 1 && !conf_is_joint(conf));
	FUZZ_CHECK(conf_is_joint(&next) ==
		   (voters_changed(conf, &next) + voters_changed(&next, conf) > 1));
	if (!conf_is_joint(&next))
		return;
	conf_leave(&next, &next, next.index + 1);
	FUZZ_CHECK(!conf_check(&next) && !conf_is_joint(&next));
}

// The first two bytes: how many belong to the configuration; the rest are changes.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {.at = data, .left = size};
	uint32_t conf_size = (uint32_t)fuzz_number(&input, 2);
	struct raft_conf conf;
	uint8_t *bytes;

	if (conf_size > input.left)
		conf_size = (uint32_t)input.left;
	bytes = fuzz_copy(input.at, conf_size);
	if (conf_read(&conf, bytes, conf_size)) {
		uint8_t *rest = fuzz_copy(input.at + conf_size, input.left - conf_size);

		conf_check_bytes(&conf);
		change_check(&conf, rest, (uint32_t)(input.left - conf_size));
		free(rest);
	}
	free(bytes);
	return 0;
}
