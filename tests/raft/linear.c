// What clients saw is as if there were one register for each key.
#include <stdio.h>

#include "tests/linear/linear.h"
#include "tests/linear/print.h"
#include "tests/raft/raft_sim.h"

static struct linear_op op_of(const struct op *op)
{
	static const enum linear_kind kinds[] = {[OP_PUT] = LINEAR_PUT,
		[OP_GET] = LINEAR_GET,
		[OP_DELETE] = LINEAR_DELETE,
		[OP_SWAP] = LINEAR_SWAP};
	static const enum linear_outcome outcomes[] = {[OP_PENDING] = LINEAR_UNKNOWN,
		[OP_DONE] = LINEAR_OK,
		[OP_REFUSED] = LINEAR_FAILED,
		[OP_UNKNOWN] = LINEAR_UNKNOWN};
	struct linear_op linear = {.kind = kinds[op->kind],
		.outcome = outcomes[op->outcome],
		.client = op->client,
		.key = op->key,
		.value = op->value,
		.expect = op->expected,
		.call_ns = op->call_ns,
		.return_ns = op->return_ns};

	if ((op->kind == OP_SWAP || op->kind == OP_DELETE) && op->outcome == OP_DONE)
		linear.held = op->held ? LINEAR_HELD : LINEAR_NOT_HELD;
	return linear;
}

void linear_judge(struct world *w)
{
	static struct linear_op ops[HISTORY_MAX];
	struct linear_report report;

	for (uint32_t i = 0; i < w->ops; i++)
		ops[i] = op_of(&w->history[i]);
	switch (linear_check(ops, w->ops, NULL, &report)) {
	case LINEAR_YES:
		break;
	case LINEAR_NO:
		world_fail(w, "not linearizable: nothing explains operation %u, of %c at node %u",
			report.last, 'a' + (int)report.key, w->history[report.last].node);
		if (w->options.trace)
			linear_print(w->options.trace, ops, &report, NULL);
		break;
	case LINEAR_UNDECIDED:
		world_fail(w, "too many unknown outcomes to say whether it is linearizable");
		break;
	}
}
