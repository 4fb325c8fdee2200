// The members of the cluster, given to the dataplane.
#pragma once

#include "control/cluster/members/members.h"
#include "control/plane/plane.h"

// Into our region, where workers read it; nothing when no dataplane is attached.
void share_members(struct plane *plane, const struct members_view *view);
