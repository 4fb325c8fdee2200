// What every command of `sluice` shares: global options, exit codes, how an error is said.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "control/admin/schema.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1,
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3,
};

#define CLI_SOCKET_DEFAULT "/run/sluice/control.sock"

struct cli {
	bool json;
	bool help;        // --help was given
	bool version;     // --version was given, in front of any command
	bool quiet;       // errors are not said: the caller has a use for the failure
	bool color;       // standard output is a terminal, and NO_COLOR is not set
	const char *node; // --node; NULL: not given
};

#define CLI_EXIT_CODES 4
#define HELP_NOTES_MAX 4

// What the help of a command says beyond the schema.
struct command_text {
	const char *operands; // in the usage after the options
	struct {
		const char *name, *sentence; // name NULL: end
	} operand[HELP_NOTES_MAX];
	const char *notes[HELP_NOTES_MAX]; // paragraphs, ends with NULL
	const char *exits[CLI_EXIT_CODES]; // what each exit code means; NULL: as for any command
};

// A command of the command line. Its options are parameters of the schema:
// of the admin method it calls, or its own.
struct command {
	const char *group, *word; // "session", "list"; word NULL: the group is the command
	const struct schema_method *method; // NULL: looked up in the schema by `calls`
	const char *calls;                  // admin method
	const struct command_text *text;    // NULL: its operands are the required parameters
	const char *sentence;               // NULL: that of the method
	// Prints an admin method's result for people; or does the whole command instead.
	int (*print)(const struct cli *cli, const json_t *result);
	int (*run)(struct cli *cli, const struct command *command, const json_t *params,
		char **operands);
};

extern const struct command cli_commands[]; // ends with group NULL

const struct schema_method *command_method(const struct command *command);

// Says an error, on standard error or as JSON on standard output, and returns `exit_code`.
// `code` is one word.
int cli_fail(const struct cli *cli, int exit_code, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// One JSON object on one line of standard output. Takes `object`.
// Returns CLI_OK, or CLI_REFUSED when nobody reads.
int cli_print_json(json_t *object);

// Path of the control socket: --node, $SLUICE_NODE, or the default.
const char *cli_socket(const struct cli *cli);
// Path of data.sock beside it, or NULL: libsluice finds it by the environment.
const char *cli_data_socket(const struct cli *cli, char *path, size_t size);

// dispatch.c: finds the command, reads its options, runs it. The exit code.
int command_main(struct cli *cli, int argc, char **argv);
// Says that there is no such command, and the nearest one. `group` NULL: `word` is the first.
int command_unknown(const struct cli *cli, const char *group, const char *word);

// help.c: as text, or with --json as one object (help_json.c)
int help_overview(const struct cli *cli);
int help_group(const struct cli *cli, const char *group);
int help_command(const struct cli *cli, const struct command *command);
int help_run(struct cli *cli, const struct command *command, const json_t *params, char **operands);
// The command or group nearest to a misspelt word, or NULL.
const char *help_nearest(const char *word, const char *group);
const char *help_sentence(const struct command *command);
// "sluice send FILE... NODE [OPTION]..."
const char *help_usage(const struct command *command, char *text, size_t size);
// What an exit code means. `command` NULL: of any command.
const char *help_exit(const struct command *command, enum cli_exit code);
// "sluice link" means this one; NULL: nothing. `group` exists.
const struct command *help_default(const char *group);
// --timeout-ms of timeout_ms; FILE of a required parameter "file".
const char *help_param_name(const struct schema_param *param, char *text, size_t size);

struct help_option {
	const char *name, *value, *sentence; // value NULL: takes none
};

extern const struct help_option help_options[];      // of every command; ends with name NULL
extern const struct help_option help_option_version; // in front of a command only

// help_json.c
int help_json_overview(void);
int help_json_group(const char *group);
int help_json_command(const struct command *command);

// options.c: options of a command (and the global ones) in any order with its operands.
// The required parameters of an admin method are taken from the operands.
// 0, or an exit code after the error was said.
int options_parse(struct cli *cli, const struct command *command, int argc, char **argv,
	json_t **params, char ***operands);
// Global options in front of a command. Index of the first word, or -1 after the error was said.
int options_global(struct cli *cli, int argc, char **argv);

// connect.c: one request and its result (a new reference), or NULL with *exit_code after
// the error was said.
json_t *connect_call(
	const struct cli *cli, const char *method, const json_t *params, int *exit_code);

// The same for a method that answers with steps first: `on_step` has the params of each, as text;
// false ends it. NULL with *exit_code untouched: it was ended here, by on_step or a stop signal.
json_t *connect_stream(const struct cli *cli, const char *method, const json_t *params,
	bool (*on_step)(void *owner, const char *params, size_t size), void *owner, int *exit_code);

// print_<noun>.c
int print_status(const struct cli *cli, const json_t *result);
int print_links(const struct cli *cli, const json_t *result);
int print_workers(const struct cli *cli, const json_t *result);
int print_sessions(const struct cli *cli, const json_t *result);
int print_session(const struct cli *cli, const json_t *result);
int print_session_opened(const struct cli *cli, const json_t *result);
int print_session_closed(const struct cli *cli, const json_t *result);
int print_members(const struct cli *cli, const json_t *result);
int print_left(const struct cli *cli, const json_t *result);
int print_pong(const struct cli *cli, const json_t *result);
int print_keys(const struct cli *cli, const json_t *result);
int print_keys_installed(const struct cli *cli, const json_t *result);
int print_key_used(const struct cli *cli, const json_t *result);
int print_key_removed(const struct cli *cli, const json_t *result);
int print_pool(const struct cli *cli, const json_t *result);
int print_pool_done(const struct cli *cli, const json_t *result);
int print_pool_explained(const struct cli *cli, const json_t *result);
int print_kv_value(const struct cli *cli, const json_t *result);
int print_kv_items(const struct cli *cli, const json_t *result);
int print_kv_deleted(const struct cli *cli, const json_t *result);
int print_raft(const struct cli *cli, const json_t *result);
int print_raft_begun(const struct cli *cli, const json_t *result);
int print_raft_transfer(const struct cli *cli, const json_t *result);
int print_raft_changed(const struct cli *cli, const json_t *result);
int print_metrics(const struct cli *cli, const json_t *result);

// version.c: only of this program; no node is asked.
int version_print(const struct cli *cli);
// version.c, send.c, trace.c, members.c, join.c, serve.c, pki.c, dict.c, raft_log.c
int version_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int send_run(struct cli *cli, const struct command *command, const json_t *params, char **operands);
int trace_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int members_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int join_run(struct cli *cli, const struct command *command, const json_t *params, char **operands);
// members_watch.c: until a stop signal. `table`: standard output is a terminal. The exit code.
int members_watch(const struct cli *cli, bool table, bool down);
int kv_put_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int serve_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int pki_init_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int pki_issue_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int pki_show_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int dict_train_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int dict_show_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);
int raft_log_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands);

extern const struct schema_method kv_put_method;
extern const struct command_text kv_get_text, kv_put_text;
extern const struct schema_method members_method, join_method, send_method, serve_method,
	version_method, help_method;
extern const struct schema_method pki_init_method, pki_issue_method, pki_show_method;
extern const struct schema_method dict_train_method, dict_show_method, raft_log_method;
extern const struct command_text members_text, join_text, trace_text, send_text, serve_text,
	version_text, help_text;
extern const struct command_text pki_show_text, dict_train_text, dict_show_text, raft_log_text;
