// The table of controllers.
#include "dataplane/transport/cc.h"

#include <stddef.h>

const struct cc_ops *cc_by_id(uint32_t id)
{
	static const struct cc_ops *const table[CONTROLLER_COUNT] = {
		[CONTROLLER_AIMD] = &cc_aimd,
		[CONTROLLER_AIMD_SS] = &cc_aimd_ss,
		[CONTROLLER_CUBIC] = &cc_cubic,
	};
	return id < CONTROLLER_COUNT ? table[id] : NULL;
}
