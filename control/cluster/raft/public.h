// A row for other threads and processes: who leads, and how far we are. One writer, any reader,
// without a lock.
#pragma once

#include "control/cluster/raft/raft.h"
#include "lib/shm/seqlock.h"

struct raft_row {
	_Atomic uint32_t seq;
	uint32_t pad;
	struct raft_public row;
};

// By the one thread that owns raft.
void raft_publish(const struct raft *raft, struct raft_row *row);
// False: it was being written all the time (a writer that died inside).
bool raft_row_read(const struct raft_row *row, struct raft_public *now);
