// What the configuration may say of consensus: where its log is, how patient it is.
#include "control/config_check.h"

// Longer than any pause of a machine that is well, and what a cluster can be without a leader.
#define ELECTION_MS  1000
#define HEARTBEAT_MS 100
#define SEGMENT_MB   16

static int check_switch(
	const struct check *check, const char *key, const char *text, bool standard, bool *on)
{
	static const char *const switches[] = {"off", "on", NULL};
	char why[SETUP_WHY_SIZE];
	int choice = standard;

	if (text && !setup_choice(&choice, text, switches, why))
		return check_fail(check, "consensus.%s: %s", key, why);
	*on = choice;
	return 0;
}

static int check_number(const struct check *check, const char *key, const char *text, uint32_t min,
	uint32_t max, uint32_t *number)
{
	char why[SETUP_WHY_SIZE];

	if (text && !setup_number(number, text, min, max, why))
		return check_fail(check, "consensus.%s: %s", key, why);
	return 0;
}

int check_consensus(const struct check *check)
{
	static const struct raw_consensus nothing;
	const struct raw_consensus *raw = check->raw->consensus ? check->raw->consensus : &nothing;
	struct config_consensus *consensus = &check->config->consensus;

	consensus->election_ms = ELECTION_MS;
	consensus->heartbeat_ms = HEARTBEAT_MS;
	consensus->segment_mb = SEGMENT_MB;
	if (check_switch(check, "join", raw->join, true, &consensus->join) < 0 ||
		check_switch(check, "lease", raw->lease, false, &consensus->lease) < 0 ||
		check_number(check, "election_ms", raw->election_ms, 100, 60000,
			&consensus->election_ms) < 0 ||
		check_number(check, "heartbeat_ms", raw->heartbeat_ms, 10, 10000,
			&consensus->heartbeat_ms) < 0 ||
		check_number(
			check, "segment_mb", raw->segment_mb, 4, 1024, &consensus->segment_mb) < 0)
		return -1;
	if (consensus->heartbeat_ms * 3 > consensus->election_ms)
		return check_fail(check,
			"consensus.heartbeat_ms: %u is too long for an election_ms of %u; a third "
			"of that, at most, so that one that is lost does not depose a leader",
			consensus->heartbeat_ms, consensus->election_ms);
	if (!check->raw->consensus)
		return 0;
	if (!raw->folder)
		return check_fail(check,
			"consensus.folder: is missing; write an absolute path on a disk that "
			"keeps what it "
			"was told, for example /var/lib/sluice/%s",
			check->config->node);
	return check_path(check, "consensus.folder", raw->folder, consensus->folder,
		sizeof(consensus->folder));
}
