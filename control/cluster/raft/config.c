// The numbers of a node, and which of them cannot be.
#include "control/cluster/raft/core.h"

void raft_config_init(struct raft_config *config)
{
	*config = (struct raft_config){
		.election_ms = 1000,
		.heartbeat_ms = 100,
		.batch_bytes = 256 * 1024,
		.inflight_messages = 64,
		.inflight_bytes = 4 * 1024 * 1024,
		.log_entries = 65536,
		.log_bytes = 64 * 1024 * 1024,
		.uncommitted_bytes = 16 * 1024 * 1024,
		.keep_entries = 4096,
		.chunk_bytes = 256 * 1024,
		.promote_lag = 128,
		.drift_permille = 50,
		.lease = true,
	};
}

static bool is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static const char *check_times(const struct raft_config *config)
{
	if (config->heartbeat_ms == 0)
		return "heartbeat_ms is 0: give at least 1";
	if (config->election_ms <= 2 * (uint64_t)config->heartbeat_ms)
		return "election_ms must be more than twice heartbeat_ms";
	if (config->election_ms > 3600 * 1000)
		return "election_ms is more than an hour";
	if (config->stall_ms > 3600 * 1000)
		return "stall_ms is more than an hour";
	if (config->drift_permille >= 1000)
		return "drift_permille must be below 1000";
	return NULL;
}

static const char *check_log(const struct raft_config *config)
{
	if (!is_power_of_two(config->log_entries) || config->log_entries < 64 ||
		config->log_entries > 1u << 24)
		return "log_entries must be a power of two, 64 to 16 Mi";
	if (!is_power_of_two(config->log_bytes) || config->log_bytes < 64 * 1024 ||
		config->log_bytes > 1u << 30)
		return "log_bytes must be a power of two, 64 KiB to 1 GiB";
	if (config->uncommitted_bytes < 4096)
		return "uncommitted_bytes must be at least 4096";
	if (config->uncommitted_bytes > config->log_bytes / 4)
		return "log_bytes must be at least 4 times uncommitted_bytes";
	if (config->keep_entries > config->log_entries / 2)
		return "keep_entries must be at most half of log_entries";
	return NULL;
}

const char *raft_config_check(const struct raft_config *config)
{
	const char *wrong = check_times(config);

	if (!wrong)
		wrong = check_log(config);
	if (wrong)
		return wrong;
	if (config->id == RAFT_NOBODY)
		return "id is 0, which is nobody's";
	if (config->batch_bytes == 0 || config->batch_bytes > 16 * 1024 * 1024)
		return "batch_bytes must be 1 to 16 MiB";
	if (config->inflight_messages == 0 || config->inflight_messages > 4096)
		return "inflight_messages must be 1 to 4096";
	if (config->inflight_bytes == 0)
		return "inflight_bytes is 0";
	if (config->chunk_bytes == 0 || config->chunk_bytes > 16 * 1024 * 1024)
		return "chunk_bytes must be 1 to 16 MiB";
	return NULL;
}
