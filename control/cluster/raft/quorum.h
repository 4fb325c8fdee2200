// What a majority says: of the voters, and while a change by joint consensus is under way of those
// before it, too. Values and bits are by position in conf->member.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"

enum quorum_verdict { QUORUM_PENDING, QUORUM_WON, QUORUM_LOST };

// The largest value that a majority has reached: an index that is committed, the time of a round
// that was confirmed. 0: nobody decides.
uint64_t quorum_value(const struct raft_conf *conf, const uint64_t value[RAFT_MEMBERS_MAX]);
// Bit n: member n said so. Who is in neither has not answered yet.
enum quorum_verdict quorum_decide(const struct raft_conf *conf, uint32_t yes, uint32_t no);
// These alone are enough.
bool quorum_has(const struct raft_conf *conf, uint32_t members);
