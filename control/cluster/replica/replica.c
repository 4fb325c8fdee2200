// See replica.h: a replica's life, and the doors to it.
#include <stdlib.h>
#include <string.h>

#include "control/cluster/replica/internal.h"

void replica_config_init(struct replica_config *config)
{
	*config = (struct replica_config){
		.store = {.segment_bytes = 64 * 1024 * 1024, .group_bytes = 1024 * 1024},
		.requests = REPLICA_REQUESTS_MAX,
		.request_ms = 10000,
		.snapshot_entries = 32768,
		.snapshot_bytes = 16 * 1024 * 1024,
		.retry_ms = 1000,
	};
	raft_config_init(&config->raft);
	kv_config_init(&config->kv);
}

const char *replica_config_check(const struct replica_config *config)
{
	const char *wrong = raft_config_check(&config->raft);

	if (wrong)
		return wrong;
	if (config->store.node != config->raft.id)
		return "the store's node must be the raft id";
	if (!config->boot)
		return "boot is 0: give a number that no start before had";
	if (!config->requests || config->requests > REPLICA_REQUESTS_MAX)
		return "requests must be 1 to 512";
	if (!config->request_ms || !config->retry_ms)
		return "request_ms and retry_ms must be at least 1";
	if (!config->snapshot_entries || config->snapshot_entries > config->raft.log_entries / 2)
		return "snapshot_entries must be 1 to half of log_entries";
	if (!config->snapshot_bytes || config->snapshot_bytes > config->raft.log_bytes / 2)
		return "snapshot_bytes must be 1 to half of log_bytes";
	return NULL;
}

// False: no memory.
static bool allocate(struct replica *replica)
{
	const struct raft_config *raft = &replica->config.raft;

	replica->message_room = raft_message_max(raft);
	replica->memory = aligned_alloc(64, (raft_size(raft) + 63) & ~(size_t)63);
	replica->waiting = calloc(replica->config.requests, sizeof(*replica->waiting));
	replica->entry = calloc(raft->log_entries, sizeof(*replica->entry));
	replica->encoded = malloc(KV_REQUEST_MAX);
	replica->chunk = malloc(raft->chunk_bytes);
	replica->message = malloc(replica->message_room);
	replica->kv = kv_new(&replica->config.kv);
	for (uint32_t i = 0; i < REPLICA_SENDS_MAX; i++) {
		replica->sending[i].bytes = malloc(raft->chunk_bytes);
		if (!replica->sending[i].bytes)
			return false;
	}
	return replica->memory && replica->waiting && replica->entry && replica->encoded &&
	       replica->chunk && replica->message && replica->kv;
}

struct replica *replica_new(const struct replica_config *config,
	const struct replica_callbacks *callbacks, struct disk *disk, uint64_t now_ns,
	struct store_recovered *recovered)
{
	struct replica *replica = calloc(1, sizeof(*replica));
	const struct store_callbacks ends = {
		disk_on_written, snapshot_on_end, snapshot_on_chunk, replica};

	*recovered = (struct store_recovered){.verdict = STORE_REFUSED, .why = "no memory"};
	if (!replica)
		return NULL;
	replica->config = *config;
	replica->callbacks = *callbacks;
	replica->now_ns = now_ns;
	replica->oldest = 1;
	replica->retry_ns = replica->again_ns = NEVER;
	if (allocate(replica))
		replica->store = store_open(disk, &config->store, &ends, recovered);
	if (!replica->store || recovered->verdict == STORE_REFUSED ||
		!boot_load(replica, recovered)) {
		recovered->verdict = STORE_REFUSED;
		replica_free(replica);
		return NULL;
	}
	raft_start(replica->raft, now_ns);
	pump(replica);
	return replica;
}

void replica_free(struct replica *replica)
{
	if (!replica)
		return;
	if (replica->waiting)
		requests_free(replica);
	if (replica->store)
		store_free(replica->store);
	if (replica->kv)
		kv_free(replica->kv);
	for (uint32_t i = 0; i < REPLICA_SENDS_MAX; i++)
		free(replica->sending[i].bytes);
	free(replica->message);
	free(replica->chunk);
	free(replica->encoded);
	free(replica->entry);
	free(replica->waiting);
	free(replica->memory);
	free(replica);
}

// Time does not go back.
static void at(struct replica *replica, uint64_t now_ns)
{
	if (now_ns > replica->now_ns)
		replica->now_ns = now_ns;
}

void replica_stop(struct replica *replica)
{
	store_stop(replica->store);
	store_turn(replica->store);
}

bool replica_is_idle(const struct replica *replica)
{
	return store_idle(replica->store);
}

bool replica_bootstrap(struct replica *replica, uint64_t now_ns, const struct raft_conf *conf)
{
	at(replica, now_ns);
	if (!raft_bootstrap(replica->raft, replica->now_ns, conf))
		return false;
	pump(replica);
	return true;
}

enum raft_result replica_on_message(
	struct replica *replica, uint64_t now_ns, uint64_t from, const uint8_t *bytes, size_t size)
{
	struct raft_message message;
	enum raft_result result;

	at(replica, now_ns);
	result = raft_message_read(&message, &replica->scratch, bytes, size);
	if (result != RAFT_OK)
		return result;
	if (message.from != from || message.to != replica->config.raft.id)
		return RAFT_MALFORMED;
	result = raft_on_message(replica->raft, replica->now_ns, &message);
	pump(replica);
	return result;
}

void replica_on_tick(struct replica *replica, uint64_t now_ns)
{
	at(replica, now_ns);
	raft_on_tick(replica->raft, replica->now_ns);
	disk_on_tick(replica);
	requests_on_tick(replica);
	pump(replica);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t replica_next_ns(const struct replica *replica)
{
	uint64_t next_ns = earlier(raft_next_ns(replica->raft), requests_next_ns(replica));

	return earlier(next_ns, replica->retry_ns);
}

void replica_disk_turn(struct replica *replica, uint64_t now_ns)
{
	at(replica, now_ns);
	disk_turn(replica);
	pump(replica);
}

enum raft_result replica_transfer(struct replica *replica, uint64_t now_ns, uint64_t to)
{
	enum raft_result result;

	at(replica, now_ns);
	result = raft_transfer(replica->raft, replica->now_ns, to);
	pump(replica);
	return result;
}

void replica_status(const struct replica *replica, struct replica_status *status)
{
	*status = (struct replica_status){.waiting = replica->waits,
		.snapshot = replica->making != MAKING_NONE,
		.install = replica->receiving != RECEIVING_NONE,
		.no_room = replica->full.id != 0,
		.halted = replica->halted,
		.snapshots = replica->snapshots,
		.installs = replica->installs,
		.chunks_sent = replica->chunks_sent,
		.unknown = replica->unknown,
		.refused = replica->refused};
	raft_status(replica->raft, &status->raft);
	store_status(replica->store, &status->store);
	kv_state(replica->kv, &status->kv);
}

const struct raft *replica_raft(const struct replica *replica)
{
	return replica->raft;
}

const struct kv *replica_kv(const struct replica *replica)
{
	return replica->kv;
}
