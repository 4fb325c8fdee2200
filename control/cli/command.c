// The commands of `sluice`, and how errors are said.
#include "control/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "control/admin/json_line.h"
#include "control/cli/format.h"

const struct command cli_commands[] = {
	{"status", NULL, NULL, "status", NULL, NULL, print_status, NULL},
	{"link", "list", NULL, "link.list", NULL, NULL, print_links, NULL},
	{"worker", "list", NULL, "worker.list", NULL, NULL, print_workers, NULL},
	{"session", "list", NULL, "session.list", NULL, NULL, print_sessions, NULL},
	{"session", "show", NULL, "session.show", NULL, NULL, print_session, NULL},
	{"session", "open", NULL, "session.open", NULL, NULL, print_session_opened, NULL},
	{"session", "trace", NULL, "session.trace", &trace_text, NULL, NULL, trace_run},
	{"session", "close", NULL, "session.close", NULL, NULL, print_session_closed, NULL},
	{"members", NULL, &members_method, "members", &members_text, NULL, NULL, members_run},
	{"join", NULL, &join_method, "join", &join_text, NULL, NULL, join_run},
	{"leave", NULL, NULL, "leave", NULL, NULL, print_left, NULL},
	{"ping", NULL, NULL, "ping", NULL, NULL, print_pong, NULL},
	{"keyring", "list", NULL, "keyring.list", NULL, NULL, print_keys, NULL},
	{"keyring", "install", NULL, "keyring.install", NULL, NULL, print_keys_installed, NULL},
	{"keyring", "use", NULL, "keyring.use", NULL, NULL, print_key_used, NULL},
	{"keyring", "remove", NULL, "keyring.remove", NULL, NULL, print_key_removed, NULL},
	{"pool", "show", NULL, "pool.show", NULL, NULL, print_pool, NULL},
	{"pool", "explain", NULL, "pool.explain", NULL, NULL, print_pool_explained, NULL},
	{"pool", "drain", NULL, "pool.drain", NULL, NULL, print_pool_done, NULL},
	{"pool", "pause", NULL, "pool.pause", NULL, NULL, print_pool_done, NULL},
	{"pool", "resume", NULL, "pool.resume", NULL, NULL, print_pool_done, NULL},
	{"pool", "warm", NULL, "pool.warm", NULL, NULL, print_pool_done, NULL},
	{"kv", "get", NULL, "kv.get", &kv_get_text, NULL, print_kv_value, NULL},
	{"kv", "put", &kv_put_method, "kv.put", &kv_put_text, NULL, NULL, kv_put_run},
	{"kv", "delete", NULL, "kv.delete", NULL, NULL, print_kv_deleted, NULL},
	{"kv", "list", NULL, "kv.list", NULL, NULL, print_kv_items, NULL},
	{"raft", "show", NULL, "raft.show", NULL, NULL, print_raft, NULL},
	{"raft", "bootstrap", NULL, "raft.bootstrap", NULL, NULL, print_raft_begun, NULL},
	{"raft", "transfer", NULL, "raft.transfer", NULL, NULL, print_raft_transfer, NULL},
	{"raft", "member", NULL, "raft.member", NULL, NULL, print_raft_changed, NULL},
	{"raft", "log", &raft_log_method, NULL, &raft_log_text, NULL, NULL, raft_log_run},
	{"metrics", NULL, NULL, "metrics", NULL, NULL, print_metrics, NULL},
	{"send", NULL, &send_method, NULL, &send_text, NULL, NULL, send_run},
	{"serve", NULL, &serve_method, NULL, &serve_text, NULL, NULL, serve_run},
	{"pki", "init", &pki_init_method, NULL, NULL, NULL, NULL, pki_init_run},
	{"pki", "issue", &pki_issue_method, NULL, NULL, NULL, NULL, pki_issue_run},
	{"pki", "show", &pki_show_method, NULL, &pki_show_text, NULL, NULL, pki_show_run},
	{"dict", "train", &dict_train_method, NULL, &dict_train_text, NULL, NULL, dict_train_run},
	{"dict", "show", &dict_show_method, NULL, &dict_show_text, NULL, NULL, dict_show_run},
	{"version", NULL, &version_method, NULL, &version_text, NULL, NULL, version_run},
	{"help", NULL, &help_method, NULL, &help_text, NULL, NULL, help_run},
	{0},
};

const struct schema_method *command_method(const struct command *command)
{
	return command->method ? command->method : schema_find(command->calls);
}

int cli_print_json(json_t *object)
{
	char *line = json_line(object);

	json_decref(object);
	printf("%s\n", line ? line : "");
	free(line);
	return line && fflush(stdout) == 0 ? CLI_OK : CLI_REFUSED;
}

int cli_fail(const struct cli *cli, int exit_code, const char *code, const char *format, ...)
{
	char text[1024], plain[4 * 1024];
	va_list args;

	if (cli->quiet)
		return exit_code;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (cli->json) {
		json_t *message = json_string(text);

		// A file name need not be UTF-8.
		for (char *c = text; !message && *c; c++)
			*c = (unsigned char)*c >= 0x80 ? '?' : *c;
		message = message ? message : json_string(text);
		(void)cli_print_json(
			json_pack("{s:{s:s, s:o}}", "error", "code", code, "message", message));
	} else {
		// Nor may a terminal obey it.
		fflush(stdout);
		fprintf(stderr, "sluice: %s\n", format_plain(plain, sizeof(plain), text));
	}
	return exit_code;
}

const char *cli_socket(const struct cli *cli)
{
	const char *environment = getenv("SLUICE_NODE");

	if (cli->node)
		return cli->node;
	return environment && *environment ? environment : CLI_SOCKET_DEFAULT;
}

const char *cli_data_socket(const struct cli *cli, char *path, size_t size)
{
	const char *slash;

	// Without --node the library knows the order of its variables;
	// both then mean the same node.
	if (!cli->node)
		return NULL;
	slash = strrchr(cli->node, '/');
	snprintf(path, size, "%.*sdata.sock", slash ? (int)(slash - cli->node) + 1 : 0, cli->node);
	return path;
}
