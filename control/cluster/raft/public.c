// The row that others read.
#include "control/cluster/raft/public.h"

void raft_publish(const struct raft *raft, struct raft_row *row)
{
	struct raft_status status;

	raft_status(raft, &status);
	seqlock_write(&row->seq, &row->row, &status.now, sizeof(status.now));
}

bool raft_row_read(const struct raft_row *row, struct raft_public *now)
{
	return seqlock_read(&row->seq, &row->row, now, sizeof(*now), 1000);
}
