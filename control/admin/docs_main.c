// Prints docs/admin.md from the schema. A test fails when the file in the tree is stale.
#include <ctype.h>
#include <stdio.h>

#include "control/admin/figures.h"
#include "control/admin/schema.h"

static void docs_param(const struct schema_param *p)
{
	printf("| `%s` | %s", p->name, schema_type_name(p->type));
	if (p->type == SCHEMA_CHOICE)
		for (const char *const *c = p->choices; *c; c++)
			printf("%s`%s`", c == p->choices ? ": " : ", ", *c);
	else if (p->type == SCHEMA_INTEGER)
		printf(", %lld to %lld", (long long)p->min, (long long)p->max);
	else if (p->type != SCHEMA_BOOLEAN)
		printf(", %lld to %lld %s", (long long)p->min, (long long)p->max,
			p->type == SCHEMA_HEX ? "digits" : "bytes");
	printf(" | %s | %s |\n",
		p->required   ? "required"
		: p->standard ? p->standard
			      : "",
		p->sentence);
}

static void docs_method(const struct schema_method *m)
{
	printf("\n## %s\n\n%c%s. Level: %s%s.\n", m->name, toupper(m->sentence[0]), m->sentence + 1,
		schema_level_name(m->level), m->change ? "; writes an audit line" : "");
	if (m->params[0].name)
		printf("\n| parameter | type | default | meaning |\n|---|---|---|---|\n");
	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++)
		docs_param(p);
	printf("\nResult: %s.\n", m->result);
}

static const char docs_head[] =
	"# The control socket\n"
	"\n"
	"Generated from `control/admin/schema.c` by `scripts/dev docs`; do not edit.\n"
	"\n"
	"`<run_dir>/control.sock` (mode 0660) speaks JSON-RPC 2.0: one request object per line, "
	"one answer object per line,\n"
	"one request at a time on a connection. Every request needs an `id` (notifications and "
	"batches are refused); `params`\n"
	"is an object, and a field that the method does not know is refused. A line has at most "
	"65,536 bytes, 64 clients may\n"
	"be connected; a client that leaves a request half sent or an answer unread for 10 s is "
	"dropped.\n"
	"\n"
	"Who may: root and the daemon's user are *admin*, members of the socket file's group are "
	"*operator*, nobody else is\n"
	"let in. A higher level may call what a lower one may.\n"
	"\n"
	"| error | meaning |\n"
	"|---|---|\n"
	"| -32700 | the line is no JSON |\n"
	"| -32600 | no valid request object |\n"
	"| -32601 | no such method |\n"
	"| -32602 | a parameter is unknown, missing, or out of range; the message says what is "
	"allowed |\n"
	"| -32603 | the control process failed |\n"
	"| -32000 | refused, for the reason in the message |\n"
	"| -32001 | the caller's level is too low |\n"
	"| -32002 | no such session, peer or method |\n"
	"| -32003 | the peer or the dataplane is not reachable |\n"
	"| -32004 | no answer within the deadline |\n"
	"| -32005 | a maximum is reached |\n";

int main(void)
{
	fputs(docs_head, stdout);
	for (const struct schema_method *m = schema_methods; m->name; m++)
		docs_method(m);
	printf("\n## Figures of a session\n\n| figure | meaning |\n|---|---|\n");
	for (size_t i = 0; i < figures_count; i++)
		printf("| `%s` | %s |\n", figures[i].name, figures[i].sentence);
	return 0;
}
