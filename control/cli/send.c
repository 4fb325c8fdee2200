// sluice send FILE... NODE: an ordinary application of libsluice.
#include "control/cli/cli.h"

#include <string.h>
#include <unistd.h>

#include "control/cli/clock.h"
#include "control/cli/format.h"
#include "control/cli/sender.h"
#include "control/cli/signals.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/controller_names.h"

#define PATH_SIZE  512
#define CODEC_TEXT 64

const struct schema_method send_method = {
	.name = "send",
	.sentence = "sends files to a node, where sluice serve must run; done only when the "
		    "receiver has checked and flushed them",
	.params =
		{
			{.name = "codec",
				.type = SCHEMA_CHOICE,
				.choices = codec_choices,
				.standard = "lz4",
				.sentence = "how the data is compressed on the way"},
			{.name = "level",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = CODEC_LEVEL_MAX,
				.standard = "0",
				.sentence = CODEC_LEVEL_SENTENCE},
			{.name = "dictionary",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = DICTIONARY_ID_MAX,
				.standard = "0",
				.sentence = DICTIONARY_SENTENCE},
			{.name = "controller",
				.type = SCHEMA_CHOICE,
				.choices = controller_choices,
				.standard = "aimd",
				.sentence = "congestion controller, at both ends: aimd, the same "
					    "with slow start, or CUBIC (RFC 9438)"},
			{.name = "stripes",
				.type = SCHEMA_INTEGER,
				.min = 0,
				.max = TRANSFER_STRIPES_MAX,
				.standard = "0",
				.sentence = "sessions that a file is striped over; 0: from 16 MiB "
					    "on as many as both nodes have workers"},
			{.name = "service",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = SLUICE_NAME_SIZE - 1,
				.standard = TRANSFER_SERVICE,
				.sentence = "service that the receiver listens for"},
			{.name = "progress",
				.type = SCHEMA_BOOLEAN,
				.sentence = "with --json: show the progress on standard error all "
					    "the same"},
		},
};

static const char note_dash[] =
	"A FILE whose name begins with a dash goes behind \"--\": sluice send -- -x b";
static const char note_busy[] =
	"One sluice serve takes 56 senders at once; one more is refused and may try again when one "
	"of them has ended. A file of the same name stays as it is, unless the receiver runs with "
	"--overwrite.";

const struct command_text send_text = {
	.operands = "FILE... NODE",
	.operand =
		{
			{"FILE", "regular file; there it is named by the last part of the path"},
			{"NODE", "name of a peer; sluice members lists them"},
		},
	.notes = {note_dash, note_busy},
	.exits =
		{
			"every file arrived and was verified",
			"refused, or a file failed",
			"wrong usage",
			"the dataplane of this node or the peer cannot be reached",
		},
};

struct send {
	struct cli *cli;
	const char *node, *codec;
	uint32_t dictionary; // that was asked for
	char **files;        // NULL-terminated by files_count
	int files_count, failed;
	bool progress;
	struct sender_result total;
	struct sender sender;
};

static double seconds_of(const struct sender_result *r)
{
	return (double)(r->duration_ns ? r->duration_ns : 1) / 1e9;
}

// Of the codec: 1 when nothing was compressed, or nothing was sent but what goes around a file.
static double ratio_of(const struct sender_result *r)
{
	return r->stored_bytes && r->bytes ? (double)r->raw_bytes / (double)r->stored_bytes : 1.0;
}

static json_t *plain_string(const char *raw)
{
	char plain[PATH_SIZE * 4];

	return json_string(format_plain(plain, sizeof(plain), raw));
}

static uint64_t blocks_raw_of(const struct sender_result *r)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < RAW_REASONS; i++)
		sum += r->blocks_raw_by[i];
	return sum;
}

// Why most of them went raw; NULL: none did.
static const char *raw_reason_of(const struct sender_result *r)
{
	uint32_t most = raw_reason_most(r->blocks_raw_by);

	return most < RAW_REASONS ? raw_reason_sentence(most) : NULL;
}

// "zstd 3", "snappy", "auto (lz4 1 at the end)"
static const char *codec_text(
	char text[CODEC_TEXT], const char *asked, const struct sender_result *r)
{
	bool other = strcmp(asked, r->codec) != 0;
	int used = snprintf(
		text, CODEC_TEXT, "%s%s%s", asked, other ? " (" : "", other ? r->codec : "");

	if (r->level)
		used += snprintf(text + used, CODEC_TEXT - (size_t)used, " %u", r->level);
	if (other)
		snprintf(text + used, CODEC_TEXT - (size_t)used, " at the end)");
	return text;
}

static json_t *result_json(const struct send *send, const struct sender_result *r)
{
	return json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:s, s:I, s:f, s:b, "
			 "s:s, s:I, s:s, s:I, s:I, s:s?}", //
		"bytes", (json_int_t)r->bytes, "seconds", seconds_of(r), "goodput_bps",
		(json_int_t)((double)r->bytes * 8 / seconds_of(r)), "wire_bytes",
		(json_int_t)r->wire_bytes, "packets", (json_int_t)r->packets, "retransmits",
		(json_int_t)r->retransmits, "spurious", (json_int_t)r->spurious, "timeouts",
		(json_int_t)r->timeouts, "srtt_us", (double)r->srtt_ns / 1e3, "codec", send->codec,
		"cipher", r->cipher, "dictionary", (json_int_t)r->dictionary, "ratio", ratio_of(r),
		"verified", 1, "node", send->node, "stripes", (json_int_t)r->stripes, "codec_now",
		r->codec, "level", (json_int_t)r->level, "blocks_raw", (json_int_t)blocks_raw_of(r),
		"raw_reason", raw_reason_of(r));
}

static void print_raw(const struct sender_result *r)
{
	const char *reason = raw_reason_of(r);
	uint64_t raw = blocks_raw_of(r);

	if (reason)
		printf("  %llu record%s went raw%s: %s\n", (unsigned long long)raw,
			raw == 1 ? "" : "s",
			r->blocks_raw_by[raw_reason_most(r->blocks_raw_by)] < raw ? ", most of them"
										  : "",
			reason);
}

static void print_file(
	const struct send *send, const struct outgoing *out, const struct sender_result *r)
{
	char bytes[FORMAT_SIZE], duration[FORMAT_SIZE], rate[FORMAT_SIZE], wire[FORMAT_SIZE],
		packets[FORMAT_SIZE], again[FORMAT_SIZE], rtt[FORMAT_SIZE], sha256[65],
		name[PATH_SIZE], codec[CODEC_TEXT];

	format_hex(sha256, r->sha256, sizeof(r->sha256));
	if (send->cli->json) {
		json_t *line = result_json(send, r);

		json_object_set_new(line, "file", plain_string(out->path));
		json_object_set_new(line, "sha256", json_string(sha256));
		(void)cli_print_json(line);
		return;
	}
	printf("%s -> %s: %s in %s, %s, verified by the receiver\n",
		format_plain(name, sizeof(name), out->path), send->node,
		format_bytes(bytes, r->bytes), format_duration(duration, r->duration_ns),
		format_bits_rate(rate, (double)r->bytes * 8 / seconds_of(r)));
	if (r->stripes > 1)
		printf("  %u stripes,", r->stripes);
	else
		printf(" ");
	printf(" codec %s, ratio %.2f, %s, wire %s, %s packets, %s sent again, rtt %s\n",
		codec_text(codec, send->codec, r), ratio_of(r), r->cipher,
		format_bytes(wire, r->wire_bytes), format_count(packets, r->packets),
		format_count(again, r->retransmits),
		r->srtt_ns ? format_duration(rtt, r->srtt_ns) : "-");
	print_raw(r);
	if (r->dictionary)
		printf("  packed with dictionary %u\n", r->dictionary);
	else if (send->dictionary)
		printf("  without dictionary %u: node %s does not have the same; sluice session "
		       "show says which\n",
			send->dictionary, send->node);
	printf("  sha256 %s\n", sha256);
	fflush(stdout);
}

static void add_to_total(struct sender_result *total, const struct sender_result *r)
{
	total->bytes += r->bytes;
	total->duration_ns += r->duration_ns;
	total->wire_bytes += r->wire_bytes;
	total->packets += r->packets;
	total->retransmits += r->retransmits;
	total->spurious += r->spurious;
	total->timeouts += r->timeouts;
	total->raw_bytes += r->raw_bytes;
	total->stored_bytes += r->stored_bytes;
	total->srtt_ns = r->srtt_ns;
	total->dictionary = r->dictionary;
	total->cipher = r->cipher;
	total->codec = r->codec;
	total->level = r->level;
	for (uint32_t i = 0; i < RAW_REASONS; i++)
		total->blocks_raw_by[i] += r->blocks_raw_by[i];
	total->stripes = r->stripes > total->stripes ? r->stripes : total->stripes;
}

static int fail_verdict(const struct send *send, enum sender_verdict verdict, const char *file)
{
	char name[PATH_SIZE];
	const char *text = send->sender.text;

	format_plain(name, sizeof(name), file ? file : "");
	switch (verdict) {
	case SENDER_GONE:
		return cli_fail(send->cli, CLI_UNREACHABLE, "unreachable", "%s%s%s", name,
			file ? ": " : "", text);
	case SENDER_CANCELLED:
		return cli_fail(send->cli, CLI_REFUSED, "cancelled", "%s%s%s", name,
			file ? ": " : "", text);
	case SENDER_OK:
	case SENDER_FILE_FAILED:
	case SENDER_REFUSED:
		break;
	}
	return cli_fail(send->cli, CLI_REFUSED, "refused", "%s%s%s", name, file ? ": " : "", text);
}

static int fail_file(const struct send *send, const struct outgoing *out)
{
	char name[PATH_SIZE];

	return cli_fail(send->cli, CLI_REFUSED, "refused", "%s %s",
		*out->path ? format_plain(name, sizeof(name), out->path) : "\"\"", out->text);
}

// Opens and sends one file. `over`: no other file can follow.
static int send_file(struct send *send, const char *path, bool *over)
{
	struct outgoing out;
	struct progress progress;
	struct sender_result result;
	enum sender_verdict verdict;
	char name[PATH_SIZE];
	int code = CLI_OK;

	if (outgoing_open(&out, path) != 0)
		return fail_file(send, &out);
	format_plain(name, sizeof(name), out.name);
	progress_start(&progress, send->cli->json && !send->progress ? NULL : stderr, name,
		out.size, clock_now_ns());
	verdict = sender_file(&send->sender, &out, &progress, &result);
	if (verdict == SENDER_OK) {
		print_file(send, &out, &result);
		add_to_total(&send->total, &result);
	} else {
		code = fail_verdict(send, verdict, path);
	}
	outgoing_close(&out);
	*over = verdict != SENDER_OK && verdict != SENDER_FILE_FAILED;
	return code;
}

// The worst of the files; the rest is sent although one failed.
static int send_files(struct send *send)
{
	bool over = false;
	int worst = CLI_OK;

	for (int i = 0; i < send->files_count && !over; i++) {
		int code = send_file(send, send->files[i], &over);

		send->failed += code != CLI_OK;
		worst = code > worst ? code : worst;
	}
	return worst;
}

static int send_summary(const struct send *send)
{
	json_t *line;

	if (send->files_count == 1)
		return CLI_OK;
	if (send->failed)
		return cli_fail(send->cli, CLI_REFUSED, "refused", "%d of %d files failed",
			send->failed, send->files_count);
	if (!send->cli->json)
		return CLI_OK;
	line = result_json(send, &send->total);
	json_object_set_new(line, "files", json_integer(send->files_count));
	json_object_set_new(line, "sha256", json_null());
	return cli_print_json(line);
}

// Before anything is connected:
// what is wrong with a name is seen at once, and nothing was sent yet.
static int check_files(const struct send *send)
{
	for (int i = 0; i < send->files_count; i++) {
		struct outgoing out;

		if (outgoing_open(&out, send->files[i]) != 0)
			return fail_file(send, &out);
		outgoing_close(&out);
	}
	return CLI_OK;
}

int send_run(struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	const struct schema_method *m = command_method(command);
	struct send send = {.cli = cli,
		.files = operands,
		.codec = schema_string(m, params, "codec"),
		.progress = schema_boolean(params, "progress")};
	char socket[PATH_SIZE];
	struct sender_options options = {
		.data_socket = cli_data_socket(cli, socket, sizeof(socket)),
		.service = schema_string(m, params, "service"),
		.codec = send.codec,
		.level = (uint32_t)schema_integer(m, params, "level"),
		.controller = schema_string(m, params, "controller"),
		.stripes = (uint32_t)schema_integer(m, params, "stripes"),
		.dictionary = (uint32_t)schema_integer(m, params, "dictionary"),
	};
	const char *refused = codec_level_refuse((uint32_t)codec_find(send.codec), options.level);
	enum sender_verdict verdict;
	int code;

	if (!refused)
		refused = codec_dictionary_refuse(
			(uint32_t)codec_find(send.codec), options.level, options.dictionary);
	if (refused)
		return cli_fail(cli, CLI_USAGE, "usage", "%s", refused);
	send.dictionary = options.dictionary;
	while (operands[send.files_count])
		send.files_count++;
	if (--send.files_count < 1)
		return cli_fail(
			cli, CLI_USAGE, "usage", "send needs at least one FILE, and the NODE last");
	options.node = send.node = operands[send.files_count];
	if (strlen(send.node) == 0 || strlen(send.node) >= SLUICE_NAME_SIZE ||
		strchr(send.node, '/'))
		return cli_fail(cli, CLI_USAGE, "usage",
			"the last argument is the NODE, and \"%.80s\" cannot be one", send.node);
	code = check_files(&send);
	if (code != CLI_OK)
		return code;
	signals_start();
	verdict = sender_open(&send.sender, &options);
	if (verdict != SENDER_OK)
		code = fail_verdict(&send, verdict, NULL);
	else
		code = send_files(&send);
	sender_close(&send.sender);
	if (verdict == SENDER_OK && send_summary(&send) != CLI_OK && code == CLI_OK)
		code = CLI_REFUSED;
	return code;
}
