// sluice pki init, issue, show: the cluster's certificates. No node is asked.
#include "control/cli/cli.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/cli/format.h"
#include "control/cluster/keyring/keys.h"
#include "control/pki/pki.h"

#define PKI_FOLDER_DEFAULT "/etc/sluice/pki"
#define PKI_DAYS_MAX       36500

#define PKI_PARAM_DIR                                                                             \
	{                                                                                         \
		.name = "dir", .type = SCHEMA_STRING, .min = 1, .max = PKI_PATH_SIZE - NAME_SIZE, \
		.standard = PKI_FOLDER_DEFAULT, .sentence = "folder of the cluster's authority",  \
	}
#define PKI_PARAM_ALGORITHM                                                                  \
	{                                                                                    \
		.name = "algorithm", .type = SCHEMA_CHOICE, .choices = pki_algorithms,       \
		.standard = "ed25519",                                                       \
		.sentence = "kind of key; ml-dsa-65 withstands quantum computers and needs " \
			    "OpenSSL 3.5",                                                   \
	}
#define PKI_PARAM_DAYS(days)                                                           \
	{                                                                              \
		.name = "days", .type = SCHEMA_INTEGER, .min = 1, .max = PKI_DAYS_MAX, \
		.standard = days, .sentence = "how long the certificate lasts",        \
	}
#define PKI_PARAM_REPLACE                                                                          \
	{                                                                                          \
		.name = "replace", .type = SCHEMA_BOOLEAN, .sentence = "replace files that exist", \
	}

const struct schema_method pki_init_method = {
	.name = "pki.init",
	.sentence = "makes the cluster's authority, which signs the certificates of its nodes, and "
		    "the keys of its datagrams",
	.params =
		{
			PKI_PARAM_DIR,
			{.name = "cluster",
				.type = SCHEMA_STRING,
				.min = 1,
				.max = NAME_SIZE - 1,
				.standard = "sluice",
				.sentence = "name of the cluster, in the certificate"},
			PKI_PARAM_ALGORITHM,
			PKI_PARAM_DAYS("3650"),
			PKI_PARAM_REPLACE,
		},
};

const struct schema_method pki_issue_method = {
	.name = "pki.issue",
	.sentence =
		"makes the key and the certificate of one node, and puts the cluster's keys beside "
		"them",
	.params =
		{
			{.name = "name",
				.type = SCHEMA_STRING,
				.required = 1,
				.min = 1,
				.max = NAME_SIZE - 1,
				.sentence = "node: of its configuration, as its peers know it"},
			PKI_PARAM_DIR,
			PKI_PARAM_ALGORITHM,
			PKI_PARAM_DAYS("365"),
			PKI_PARAM_REPLACE,
		},
};

const struct schema_method pki_show_method = {
	.name = "pki.show",
	.sentence = "what certificates say, and how long they last",
};

const struct command_text pki_show_text = {
	.operands = "[PATH]...",
	.operand = {{"PATH", "a certificate (PEM), or an authority's folder with all that it "
			     "issued; default " PKI_FOLDER_DEFAULT}},
	.exits = {"shown, and all of them are valid now",
		"one cannot be read, is not valid now, or "
		"is not of its folder's authority or not of the key beside it",
		"wrong usage", "does not happen"},
};

enum pki_sizes { PKI_PLAIN_SIZE = 4 * PKI_ERROR_SIZE };

// A path need not be text.
static json_t *pki_text(const char *raw)
{
	char plain[PKI_PLAIN_SIZE];

	return json_string(format_plain(plain, sizeof(plain), raw));
}

// What is wrong first.
static const char *pki_state(const struct pki_certificate *c, enum pki_fit fit)
{
	return fit == PKI_FITS ? pki_age_names[pki_age(c, time(NULL))] : pki_fit_names[fit];
}

static json_t *pki_json(const struct pki_certificate *c, const char *file, enum pki_fit fit)
{
	int64_t now = time(NULL);
	char from[PKI_TIME_SIZE], until[PKI_TIME_SIZE];

	return json_pack("{s:o, s:s, s:o, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:I, s:s}", //
		"file", pki_text(file), "subject", c->subject, "node",
		c->node[0] ? json_string(c->node) : json_null(), "issuer", c->issuer, "algorithm",
		c->algorithm, "serial", c->serial, "sha256", c->sha256, "authority", c->authority,
		"not_before", pki_time_text(from, c->not_before), "not_after",
		pki_time_text(until, c->not_after), "expires_in_s",
		(json_int_t)(c->not_after - now), "state", pki_state(c, fit));
}

static void pki_print(const struct pki_certificate *c, const char *file, enum pki_fit fit)
{
	int64_t now = time(NULL), left = c->not_after - now;
	char from[PKI_TIME_SIZE], until[PKI_TIME_SIZE], plain[PKI_PLAIN_SIZE];

	printf("%s\n", format_plain(plain, sizeof(plain), file));
	printf("  %-10s %s\n",
		c->node[0]     ? "node"
		: c->authority ? "authority"
			       : "subject",
		c->node[0] ? c->node : c->subject);
	printf("  %-10s %s\n", "issuer", c->issuer);
	printf("  %-10s %s\n", "key", c->algorithm);
	printf("  %-10s %s to %s\n", "valid", pki_time_text(from, c->not_before),
		pki_time_text(until, c->not_after));
	printf("  %-10s %s", "state", pki_state(c, fit));
	if (left > 0)
		printf(", %lld day%s left", (long long)(left / 86400),
			left / 86400 == 1 ? "" : "s");
	printf("\n  %-10s %s\n  %-10s %s\n", "serial", c->serial, "sha256", c->sha256);
}

// A certificate that was made. Fields of `more` (taken; NULL is legal) are of JSON.
static int pki_made(const struct cli *cli, const struct pki_certificate *made, const char *folder,
	const char *file, json_t *more)
{
	char path[PKI_PATH_SIZE + NAME_SIZE];
	json_t *row;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	if (!cli->json) {
		pki_print(made, path, PKI_FITS);
		json_decref(more);
		return CLI_OK;
	}
	row = pki_json(made, path, PKI_FITS);
	if (more)
		json_object_update(row, more);
	json_decref(more);
	return cli_print_json(row);
}

static struct pki_want pki_want(const struct schema_method *m, const json_t *params)
{
	const char *algorithm = schema_string(m, params, "algorithm");
	int64_t now = time(NULL);

	return (struct pki_want){
		.folder = schema_string(m, params, "dir"),
		.algorithm = strcmp(algorithm, pki_algorithms[PKI_ED25519]) == 0 ? PKI_ED25519
										 : PKI_ML_DSA_65,
		.not_before = now - PKI_SKEW_SECONDS,
		.not_after = now + schema_integer(m, params, "days") * 86400,
		.replace = schema_boolean(params, "replace"),
	};
}

int pki_init_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	struct pki_want want = pki_want(command->method, params);
	struct pki_certificate made;
	char error[PKI_ERROR_SIZE];

	(void)operands;
	want.name = schema_string(command->method, params, "cluster");
	if (pki_init(&want, &made, error) < 0)
		return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
	return pki_made(cli, &made, want.folder, PKI_AUTHORITY, NULL);
}

// What the configuration of a node names, which is in its folder `home`.
static void pki_print_security(const char *home, const char *node)
{
	char plain[PKI_PLAIN_SIZE];

	format_plain(plain, sizeof(plain), home);
	printf("\n%s has all that node %s needs; its configuration names it:\n\n"
	       "security:\n  ca: %s/" PKI_AUTHORITY "\n  certificate: %s/" PKI_NODE
	       "\n  key: %s/" PKI_KEY "\n  keyring: %s/" KEYS_FILE "\n",
		plain, node, plain, plain, plain, plain);
}

static json_t *pki_issued_json(const char *home, bool shortened)
{
	char plain[PKI_PLAIN_SIZE];

	format_plain(plain, sizeof(plain), home);
	return json_pack("{s:b, s:s+, s:s+, s:s+, s:s+}", "shortened", shortened, "ca", plain,
		"/" PKI_AUTHORITY, "certificate", plain, "/" PKI_NODE, "key", plain, "/" PKI_KEY,
		"keyring", plain, "/" KEYS_FILE);
}

int pki_issue_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	struct pki_want want = pki_want(command->method, params);
	char error[PKI_ERROR_SIZE], file[NAME_SIZE + 16], home[PKI_PATH_SIZE + NAME_SIZE];
	char *real;
	struct pki_certificate made;
	bool shortened;
	int result;

	(void)operands;
	want.name = schema_string(command->method, params, "name");
	if (pki_issue(&want, &made, error) < 0)
		return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
	snprintf(file, sizeof(file), "%s/" PKI_NODE, want.name);
	snprintf(home, sizeof(home), "%s/%s", want.folder, want.name);
	real = realpath(home, NULL); // the configuration wants absolute ones
	shortened = made.not_after < want.not_after;
	result = pki_made(
		cli, &made, want.folder, file, pki_issued_json(real ? real : home, shortened));
	if (result == CLI_OK && !cli->json && shortened)
		printf("\nNot %lld days: it ends with its authority.\n",
			(long long)schema_integer(command->method, params, "days"));
	if (result == CLI_OK && !cli->json)
		pki_print_security(real ? real : home, want.name);
	free(real);
	return result;
}

static int pki_show_unreadable(
	const struct cli *cli, const char *file, const char *error, json_t *list)
{
	if (!list)
		return cli_fail(cli, CLI_REFUSED, "refused", "%s", error);
	json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "file", pki_text(file), "state",
					    "unreadable", "error", pki_text(error)));
	return CLI_REFUSED;
}

// One certificate. With `list` it goes there instead of to people. `why`: of a bad `fit`, or empty.
// An exit code.
static int pki_show_one(const struct pki_certificate *certificate, const char *file,
	enum pki_fit fit, const char *why, json_t *list)
{
	enum pki_age age = pki_age(certificate, time(NULL));
	json_t *row = list ? pki_json(certificate, file, fit) : NULL;
	char plain[PKI_PLAIN_SIZE];

	if (!list)
		pki_print(certificate, file, fit);
	if (!list && why[0])
		printf("  %-10s %s\n", "", format_plain(plain, sizeof(plain), why));
	if (list && why[0])
		json_object_set_new(row, "error", pki_text(why));
	if (list)
		json_array_append_new(list, row);
	return fit == PKI_FITS && (age == PKI_GOOD || age == PKI_EXPIRING) ? CLI_OK : CLI_REFUSED;
}

// All of one file. `node`: its first is what the authority of `folder` issued to that; NULL: it is
// by itself.
static int pki_show_file(
	const struct cli *cli, const char *folder, const char *node, const char *file, json_t *list)
{
	struct pki_certificate *certificates;
	char error[PKI_ERROR_SIZE];
	int count = pki_read(file, &certificates, error), code;
	enum pki_fit fit;

	if (count < 0 && folder && !node)
		pki_say_init(file, error);
	if (count < 0)
		return pki_show_unreadable(cli, file, error, list);
	error[0] = 0;
	fit = node ? pki_fit(folder, node, error) : PKI_FITS;
	code = pki_show_one(&certificates[0], file, fit, error, list);
	for (int i = 1; i < count; i++)
		if (pki_show_one(&certificates[i], file, PKI_FITS, "", list) != CLI_OK)
			code = CLI_REFUSED;
	free(certificates);
	return code;
}

static int pki_show_folder(const struct cli *cli, const char *folder, json_t *list)
{
	char path[2 * PKI_PATH_SIZE];
	struct dirent **entries = NULL;
	struct stat status;
	int count, code;

	snprintf(path, sizeof(path), "%s/" PKI_AUTHORITY, folder);
	code = pki_show_file(cli, folder, NULL, path, list);
	count = scandir(folder, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *node = entries[i]->d_name;

		snprintf(path, sizeof(path), "%s/%s/" PKI_NODE, folder, node);
		if (node[0] != '.' && lstat(path, &status) == 0 &&
			pki_show_file(cli, folder, node, path, list) != CLI_OK)
			code = CLI_REFUSED;
		free(entries[i]);
	}
	free(entries);
	return code;
}

static int pki_show_path(const struct cli *cli, const char *path, json_t *list)
{
	struct stat status;

	if (strlen(path) >= PKI_PATH_SIZE)
		return cli_fail(cli, CLI_REFUSED, "refused", "a path of more than %d characters",
			PKI_PATH_SIZE - 1);
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode)
		       ? pki_show_folder(cli, path, list)
		       : pki_show_file(cli, NULL, NULL, path, list);
}

int pki_show_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	json_t *list = cli->json ? json_array() : NULL;
	int code = CLI_OK, printed;

	(void)command;
	(void)params;
	if (!operands[0])
		code = pki_show_folder(cli, PKI_FOLDER_DEFAULT, list);
	for (char **path = operands; *path; path++)
		if (pki_show_path(cli, *path, list) != CLI_OK)
			code = CLI_REFUSED;
	if (!list)
		return code;
	printed = cli_print_json(json_pack("{s:o}", "certificates", list));
	return printed == CLI_OK ? code : printed;
}
