// A helper is well and hears us, but not the one that we asked for.
#include "control/cluster/swim/core.h"

void on_nack(struct swim *swim, const struct control *nack)
{
	struct probe *probe = &swim->probe;

	if (probe->active && probe->indirect && probe->number == nack->number &&
		probe->nacks < probe->nacks_due)
		probe->nacks++;
}
