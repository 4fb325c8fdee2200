// sluice raft log verify, dump: what a log on the disk holds. Offline, and nothing is changed.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/cli/cli.h"
#include "control/cli/format.h"
#include "control/store/recover.h"

const struct schema_method raft_log_method = {
	.name = "raft.log",
	.sentence = "what the log of a stopped node holds, and whether it is whole",
	.params =
		{
			{.name = "folder",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = 4000,
				.sentence = "where the node keeps its log"},
			{.name = "from",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = INT64_MAX,
				.standard = "0",
				.sentence = "dump: the first entry that is shown"},
			{.name = "limit",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = INT32_MAX,
				.standard = "0",
				.sentence = "dump: so many records at most; 0: all"},
		},
};

static const char note_offline[] =
	"The node must not run: its folder is locked then. Nothing is changed, so that what is "
	"damaged remains as it was found; the node itself sets it aside as *.damaged when it "
	"starts.";
static const char note_torn[] =
	"A torn end is what a crash leaves of a write that nobody had been told of: the node cuts "
	"it off. Rot is damage to what had been durable: the node starts in quarantine and fetches "
	"from the others what it lacks.";

const struct command_text raft_log_text = {
	.operands = "verify|dump",
	.operand = {{"verify", "reads everything and says in what state it is"},
		{"dump", "the same, and shows every record"}},
	.notes = {note_offline, note_torn},
	.exits = {"read, and nothing that was durable is damaged", "rotten, or cannot be read",
		"wrong usage", "does not happen"},
};

static const char *const verdict_names[] = {
	[STORE_EMPTY] = "empty",
	[STORE_CLEAN] = "clean",
	[STORE_TORN] = "torn",
	[STORE_ROTTEN] = "rotten",
	[STORE_REFUSED] = "refused",
};

// What of the records is shown.
struct dump {
	const struct cli *cli;
	uint64_t from, left; // left: records
	json_t *records;
};

static const char *kind_name(const struct record *record)
{
	static const char *const kinds[] = {"?", "noop", "data", "conf"};

	if (record->type == RECORD_TRUNCATE)
		return "truncate";
	if (record->type == RECORD_RESET)
		return "reset";
	return kinds[record->kind <= RAFT_CONF ? record->kind : 0];
}

static void record_json(
	const struct dump *dump, const struct group *group, const struct record *record)
{
	json_array_append_new(dump->records,
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "kind", kind_name(record), "index",
			(json_int_t)record->index, "term", (json_int_t)record->term, "bytes",
			(json_int_t)record->size, "group", (json_int_t)group->sequence, "segment",
			(json_int_t)group->segment, "offset", (json_int_t)group->offset));
}

static void record_print(const struct record *record)
{
	switch (record->type) {
	case RECORD_ENTRY:
		printf("  entry %" PRIu64 "  term %" PRIu64 "  %s  %u bytes\n", record->index,
			record->term, kind_name(record), record->size);
		break;
	case RECORD_TRUNCATE:
		printf("  entries from %" PRIu64 " on are gone\n", record->index);
		break;
	case RECORD_RESET:
		printf("  a snapshot up to entry %" PRIu64 " of term %" PRIu64
		       " replaces all before\n",
			record->index, record->term);
		break;
	case RECORD_TYPE_END:
		break;
	}
}

static void dump_group(void *owner, const struct group *group, const uint8_t *bytes)
{
	struct dump *dump = owner;
	struct record record;
	uint32_t at = 0;

	if (dump->left == 0 || group->last_index < dump->from)
		return;
	if (!dump->cli->json)
		printf("group %" PRIu64 "  segment %" PRIu64 " at byte %" PRIu64
		       "  %u bytes  %u records\n",
			group->sequence, group->segment, group->offset, group->size,
			group->records);
	while (dump->left > 0 && group_record(&record, bytes, group, &at)) {
		if (record.index < dump->from)
			continue;
		dump->left--;
		if (dump->cli->json)
			record_json(dump, group, &record);
		else
			record_print(&record);
	}
}

static json_t *snapshots_json(const struct recovery *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->snapshots; i++) {
		const struct recover_snapshot *s = &r->snapshot[i];

		json_array_append_new(
			list, json_pack("{s:I, s:I, s:I, s:b, s:i}", "index", (json_int_t)s->index,
				      "term", (json_int_t)s->term, "bytes", (json_int_t)s->size,
				      "whole", s->whole, "members", (int)s->conf.members));
	}
	return list;
}

static json_t *found_json(const struct recovery *r, json_t *records)
{
	char node[17];
	json_t *found;

	snprintf(node, sizeof(node), "%016" PRIx64, r->meta.node);
	found = json_pack("{s:s, s:s, s:s, s:I, s:s, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:b}",
		"verdict", verdict_names[r->verdict], "why", r->why, "node", node, "term",
		(json_int_t)r->meta.term, "vote", "", "slots_differ", r->slots_differ, "snapshots",
		snapshots_json(r), "first", (json_int_t)r->first, "last", (json_int_t)r->last,
		"last_term", (json_int_t)r->last_term, "groups", (json_int_t)r->groups,
		"torn_bytes", (json_int_t)r->torn_bytes, "quarantined", r->quarantined);
	if (r->quarantined) {
		json_object_set_new(
			found, "durable_index", json_integer((json_int_t)r->lost_index));
		json_object_set_new(found, "durable_term", json_integer((json_int_t)r->lost_term));
	}
	snprintf(node, sizeof(node), "%016" PRIx64, r->meta.vote);
	json_object_set_new(found, "vote", r->meta.vote ? json_string(node) : json_null());
	if (records)
		json_object_set_new(found, "records", records);
	return found;
}

static void snapshots_print(const struct recovery *r)
{
	char bytes[FORMAT_SIZE];

	if (r->snapshots == 0)
		printf("snapshots  none\n");
	for (uint32_t i = 0; i < r->snapshots; i++) {
		const struct recover_snapshot *s = &r->snapshot[i];

		if (s->whole)
			printf("snapshot   up to entry %" PRIu64 " of term %" PRIu64
			       ", %s bytes, %u members, whole\n",
				s->index, s->term, format_count(bytes, s->size), s->conf.members);
		else
			printf("snapshot   up to entry %" PRIu64 ", damaged\n", s->index);
	}
}

static void found_print(const struct recovery *r)
{
	char vote[32] = "nobody";

	if (r->meta.vote)
		snprintf(vote, sizeof(vote), "%016" PRIx64, r->meta.vote);
	printf("node       %016" PRIx64 "\n", r->meta.node);
	printf("term       %" PRIu64 ", voted for %s%s\n", r->meta.term, vote,
		r->slots_differ ? "; one of the two slots of the metadata is damaged or older"
				: "");
	snapshots_print(r);
	if (r->first <= r->last)
		printf("log        entries %" PRIu64 " to %" PRIu64 ", the last of term %" PRIu64
		       ", in %" PRIu64 " groups\n",
			r->first, r->last, r->last_term, r->groups);
	else
		printf("log        no entries after %" PRIu64 "\n", r->last);
	if (r->quarantined)
		printf("quarantine until the log reaches entry %" PRIu64 " of term %" PRIu64 "\n",
			r->lost_index, r->lost_term);
	printf("verdict    %s%s%s\n", verdict_names[r->verdict], r->why[0] ? ": " : "", r->why);
}

static int show(struct cli *cli, struct recovery *r, struct dump *dump)
{
	bool good = r->verdict == STORE_CLEAN || r->verdict == STORE_TORN;
	int code;

	if (r->verdict == STORE_REFUSED)
		return cli_fail(cli, CLI_REFUSED, "unreadable", "%s", r->why);
	if (r->verdict == STORE_EMPTY)
		return cli_fail(cli, CLI_REFUSED, "empty", "there is no log in this folder");
	if (dump)
		recover_each(r, dump_group, dump);
	if (cli->json) {
		code = cli_print_json(found_json(r, dump ? json_incref(dump->records) : NULL));
		return code == CLI_OK && !good ? CLI_REFUSED : code;
	}
	found_print(r);
	return good ? CLI_OK : CLI_REFUSED;
}

static int read_folder(struct cli *cli, const char *folder, struct dump *dump)
{
	struct store_config config = {0};
	struct recovery recovery = {0};
	struct disk *disk = disk_readonly_new(folder);
	int code;

	if (!disk && errno == EBUSY)
		return cli_fail(cli, CLI_REFUSED, "busy",
			"%s is in use by a running node; stop it first", folder);
	if (!disk && errno == EPERM)
		return cli_fail(cli, CLI_REFUSED, "owner",
			"%s belongs to somebody else, or others may write to it", folder);
	if (!disk)
		return cli_fail(cli, CLI_REFUSED, "unreadable", "%s cannot be read: %s", folder,
			strerror(errno));
	if (recover(&recovery, disk, &config))
		code = show(cli, &recovery, dump);
	else
		code = cli_fail(cli, CLI_REFUSED, "memory", "there is no memory to read the log");
	recover_free(&recovery);
	disk->ops->free(disk);
	return code;
}

int raft_log_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	const struct schema_method *m = command_method(command);
	const char *folder = schema_string(m, params, "folder");
	bool dumps = *operands && strcmp(*operands, "dump") == 0;
	struct dump dump = {
		.cli = cli,
		.from = (uint64_t)schema_integer(m, params, "from"),
		.left = (uint64_t)schema_integer(m, params, "limit"),
	};
	int code;

	if (!*operands || operands[1] || (!dumps && strcmp(*operands, "verify") != 0))
		return cli_fail(cli, CLI_USAGE, "usage",
			"raft log needs one of: verify, dump; sluice raft log --help");
	if (!folder || !*folder)
		return cli_fail(cli, CLI_USAGE, "usage",
			"raft log needs --folder DIR: where the node keeps its log");
	if (dump.left == 0)
		dump.left = UINT64_MAX;
	dump.records = dumps && cli->json ? json_array() : NULL;
	code = read_folder(cli, folder, dumps ? &dump : NULL);
	json_decref(dump.records);
	return code;
}
