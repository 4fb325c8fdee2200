// One request over the control socket.
#include "control/cli/connect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/admin/rpc.h"

#define CONNECT_ANSWER_MAX (16u * 1024 * 1024)
#define CONNECT_PATIENCE_S 90 // longer than any deadline of the schema

int connect_fail(const struct cli *cli, const char *why)
{
	return cli_fail(cli, CLI_UNREACHABLE, "unreachable",
		"no control process answers at %s: %s (is sluice-control running? --node or "
		"SLUICE_NODE names another)",
		cli_socket(cli), why);
}

// By errno of connecting.
static int fail_connect(const struct cli *cli, int number)
{
	if (number != EACCES && number != EPERM)
		return connect_fail(cli, strerror(number));
	return cli_fail(cli, CLI_UNREACHABLE, "unreachable",
		"no permission for %s: root, the user of the node and the group of this socket "
		"have it",
		cli_socket(cli));
}

static int connect_open(const struct cli *cli)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = CONNECT_PATIENCE_S};
	const char *path = cli_socket(cli);
	int fd = -1;

	errno = ENAMETOOLONG;
	if (strlen(path) < sizeof(address.sun_path))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int number = errno;

		close(fd);
		errno = number;
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static int send_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

// The answer is one line; NULL with errno (0: the other side hung up, or the answer is too long).
static char *read_line(int fd)
{
	size_t size = 0, room = 65536;
	char *line = malloc(room);

	while (line) {
		ssize_t n = recv(fd, line + size, room - size - 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		errno = n == 0 ? 0 : errno;
		if (n <= 0)
			break;
		size += (size_t)n;
		line[size] = '\0';
		if (line[size - 1] == '\n')
			return line;
		if (size + 1 < room)
			continue;
		room *= 2;
		errno = 0;
		char *wider = room <= CONNECT_ANSWER_MAX ? realloc(line, room) : NULL;
		if (!wider)
			break;
		line = wider;
	}
	free(line);
	return NULL;
}

static const char *code_word(json_int_t code)
{
	switch (code) {
	case RPC_PERMISSION:
		return "permission";
	case RPC_NOT_FOUND:
		return "not_found";
	case RPC_UNREACHABLE:
		return "unreachable";
	case RPC_TIMEOUT:
		return "timeout";
	case RPC_BUSY:
		return "busy";
	case RPC_PARAMS:
		return "usage";
	case RPC_METHOD:
	case RPC_INVALID:
		return "invalid";
	case RPC_INTERNAL:
		return "internal";
	default:
		return "refused";
	}
}

// What to do about it here: the node's sentences are for any client of the socket.
static const char *code_hint(json_int_t code, const char *method)
{
	bool by_id = strcmp(method, "session.show") == 0 || strcmp(method, "session.close") == 0 ||
		     strcmp(method, "session.trace") == 0;

	return code == RPC_NOT_FOUND && by_id ? "; sluice session list shows them" : "";
}

// A value that only the node could refuse is wrong usage, too.
static enum cli_exit code_exit(json_int_t code)
{
	if (code == RPC_PARAMS)
		return CLI_USAGE;
	return code == RPC_UNREACHABLE ? CLI_UNREACHABLE : CLI_REFUSED;
}

// Takes the answer apart: the result, or the error said.
json_t *connect_result(const struct cli *cli, const char *method, const char *line, int *exit_code)
{
	json_t *answer = json_loads(line, 0, NULL);
	json_t *result = json_incref(json_object_get(answer, "result"));
	const json_t *error = json_object_get(answer, "error");
	const char *message = json_string_value(json_object_get(error, "message"));
	json_int_t code = json_integer_value(json_object_get(error, "code"));

	if (!result && message)
		*exit_code = cli_fail(cli, code_exit(code), code_word(code), "%s%s", message,
			code_hint(code, method));
	else if (!result)
		*exit_code = cli_fail(cli, CLI_UNREACHABLE, "unreachable",
			"what answers at %s is no control process", cli_socket(cli));
	json_decref(answer);
	return result;
}

int connect_ask(const struct cli *cli, const char *method, const json_t *params, int *exit_code)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:O}", "jsonrpc", "2.0", "id", 1, "method",
		method, "params", params);
	char *text = json_dumps(request, JSON_COMPACT);
	int fd = connect_open(cli);

	if (fd < 0) {
		*exit_code = fail_connect(cli, errno);
	} else if (!text || send_all(fd, text, strlen(text)) != 0 || send_all(fd, "\n", 1) != 0) {
		*exit_code = connect_fail(cli, strerror(errno));
		close(fd);
		fd = -1;
	}
	free(text);
	json_decref(request);
	return fd;
}

json_t *connect_call(
	const struct cli *cli, const char *method, const json_t *params, int *exit_code)
{
	int fd = connect_ask(cli, method, params, exit_code);
	json_t *result = NULL;
	char *line;

	if (fd < 0)
		return NULL;
	line = read_line(fd);
	if (line)
		result = connect_result(cli, method, line, exit_code);
	else
		*exit_code =
			connect_fail(cli, errno ? strerror(errno) : "it hung up without an answer");
	close(fd);
	free(line);
	return result;
}
