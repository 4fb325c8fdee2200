// From the disk: the snapshot into kv, the log into raft.
#include <stdio.h>

#include "control/cluster/replica/internal.h"

static bool wrong(struct store_recovered *recovered, const char *why)
{
	snprintf(recovered->why, sizeof(recovered->why), "%s", why);
	return false;
}

static bool restore(struct replica *replica, struct store_recovered *recovered)
{
	const struct raft_boot *boot = &recovered->boot;
	uint64_t offset = 0;

	if (!boot->snapshot_index)
		return true;
	kv_restore_begin(replica->kv);
	while (offset < boot->snapshot_size) {
		int64_t size = store_snapshot_read_now(replica->store, boot->snapshot_index, offset,
			replica->chunk, replica->config.raft.chunk_bytes);

		if (size <= 0)
			return wrong(recovered, "the snapshot cannot be read: remove this member "
						"from the cluster, and its folder, and add it "
						"again");
		if (kv_restore_add(replica->kv, replica->chunk, (size_t)size) != KV_RESTORE_OK)
			return wrong(recovered, "the snapshot is of a newer version: start that "
						"version");
		offset += (uint64_t)size;
	}
	if (kv_restore_end(replica->kv) != KV_RESTORE_OK)
		return wrong(recovered, "the snapshot is not whole: remove this member from the "
					"cluster, and its folder, and add it again");
	replica->applied = boot->snapshot_index;
	replica->applied_term = boot->snapshot_term;
	return true;
}

bool boot_load(struct replica *replica, struct store_recovered *recovered)
{
	struct raft_entry entry;

	if (!restore(replica, recovered))
		return false;
	replica->raft = raft_init(replica->memory, &replica->config.raft, &recovered->boot);
	for (uint64_t i = recovered->first; i <= recovered->last; i++) {
		if (i <= recovered->boot.snapshot_index)
			continue;
		if (!store_entry(replica->store, i, &entry) || !raft_load(replica->raft, &entry))
			return wrong(recovered,
				"the log does not fit into memory, or behind the snapshot: raise "
				"raft.log_bytes, or remove this member and add it again");
	}
	store_forget_recovered(replica->store);
	return true;
}
