// metrics: what a monitoring system reads, as families; the command line writes them as text.
#include "control/admin/method.h"

#include <time.h>

#include "control/admin/metrics.h"

json_t *method_metrics(struct method_call *call, struct rpc_error *error)
{
	struct timespec now;

	(void)error;
	clock_gettime(CLOCK_REALTIME, &now);
	return json_pack("{s:o}", "metrics",
		metrics_gather(call->node, call->now_ns,
			(double)now.tv_sec + (double)now.tv_nsec / 1e9,
			schema_boolean(call->params, "members")));
}
