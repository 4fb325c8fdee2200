// A verdict in words.
#include "tests/linear/print.h"

enum { NAME_MAX = 40 };

static const char *name_of(char text[NAME_MAX],
	const char *(*name)(const void *owner, uint64_t number), const void *owner, uint64_t number)
{
	if (name)
		return name(owner, number);
	snprintf(text, NAME_MAX, "%llu", (unsigned long long)number);
	return text;
}

static const char *key_name(char text[NAME_MAX], const struct linear_names *names, uint64_t key)
{
	return name_of(text, names ? names->key : NULL, names ? names->owner : NULL, key);
}

static const char *value_name(char text[NAME_MAX], const struct linear_names *names, uint64_t value)
{
	if (value == LINEAR_ABSENT)
		return "nothing";
	return name_of(text, names ? names->value : NULL, names ? names->owner : NULL, value);
}

static const char *held_text(const struct linear_op *op)
{
	if (op->outcome != LINEAR_OK)
		return "";
	if (op->kind == LINEAR_SWAP)
		return op->held == LINEAR_HELD ? ": done" : ": something else was there";
	if (op->kind != LINEAR_DELETE || op->held == LINEAR_UNTOLD)
		return "";
	return op->held == LINEAR_HELD ? ": it was there" : ": nothing was there";
}

static void op_print(FILE *out, const struct linear_op *op, const struct linear_names *names)
{
	char text[NAME_MAX], other[NAME_MAX];
	const char *value = value_name(text, names, op->value);

	fprintf(out, "  %12llu ", (unsigned long long)op->call_ns);
	if (op->outcome == LINEAR_UNKNOWN)
		fprintf(out, "%14s", "..");
	else
		fprintf(out, ".. %-11llu", (unsigned long long)op->return_ns);
	fprintf(out, " client %u ", op->client);
	switch (op->kind) {
	case LINEAR_GET:
		fprintf(out, "sees %s", value);
		break;
	case LINEAR_PUT:
		fprintf(out, "puts %s", value);
		break;
	case LINEAR_DELETE:
		fprintf(out, "deletes");
		break;
	case LINEAR_SWAP:
		fprintf(out, "puts %s if %s is there", value, value_name(other, names, op->expect));
		break;
	}
	fprintf(out, "%s%s\n", held_text(op),
		op->outcome == LINEAR_UNKNOWN ? ", nobody knows whether" : "");
}

void linear_print(FILE *out, const struct linear_op *ops, const struct linear_report *report,
	const struct linear_names *names)
{
	uint32_t shown =
		report->window_ops < LINEAR_WINDOW_MAX ? report->window_ops : LINEAR_WINDOW_MAX;
	char text[NAME_MAX];

	fprintf(out, "%s: %u keys, %llu steps\n", linear_verdict_text(report->verdict),
		report->keys, (unsigned long long)report->steps);
	if (report->verdict == LINEAR_YES)
		return;
	fprintf(out, "key %s", key_name(text, names, report->key));
	if (report->verdict == LINEAR_UNDECIDED) {
		fprintf(out, " was not decided: give it more time, or make the history shorter\n");
		return;
	}
	fprintf(out, ": %s, no order explains these %u operations (ns):\n",
		report->from_start ? "with nothing before" : "whatever was before",
		report->window_ops);
	for (uint32_t i = 0; i < shown; i++)
		op_print(out, &ops[report->window[i]], names);
	if (shown < report->window_ops)
		fprintf(out, "  and %u more\n", report->window_ops - shown);
	fprintf(out, "with the last of them to end:\n");
	op_print(out, &ops[report->last], names);
}
