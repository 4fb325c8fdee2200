// One request over the control socket that is answered with steps, then with a result.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/admin/rpc.h"
#include "control/cli/connect.h"
#include "control/cli/signals.h"

#define STREAM_ROOM 65536u // the longest line

struct stream {
	int fd;
	size_t used;
	char bytes[STREAM_ROOM];
};

// The params of a step, NULL when the line is none: it is the answer then.
static const char *step_params(const char *line, size_t size, size_t *params_size)
{
	static const char head[] = RPC_TRACE_HEAD;
	const size_t head_size = sizeof(head) - 1;

	if (size <= head_size || memcmp(line, head, head_size) != 0)
		return NULL;
	*params_size = size - head_size - 1; // without the last brace
	return line + head_size;
}

// False when it is over, with errno (0: the other side hung up).
static bool stream_read(struct stream *s)
{
	ssize_t n = -1;

	errno = EMSGSIZE;
	while (s->used < STREAM_ROOM && !signals_stop()) {
		n = recv(s->fd, s->bytes + s->used, STREAM_ROOM - s->used, 0);
		// A session that rests has nothing to tell for as long as it likes.
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	errno = n == 0 ? 0 : errno;
	s->used += n > 0 ? (size_t)n : 0;
	return n > 0;
}

// Hands out the whole lines; the answer is left in *answer. False: ended by on_step.
static bool stream_lines(struct stream *s,
	bool (*on_step)(void *owner, const char *params, size_t size), void *owner, char **answer)
{
	char *line = s->bytes, *end;
	size_t left = s->used, params_size;
	bool wanted = true;

	while (wanted && !*answer && (end = memchr(line, '\n', left))) {
		size_t size = (size_t)(end - line);
		const char *params = step_params(line, size, &params_size);

		if (params)
			wanted = on_step(owner, params, params_size);
		else
			*answer = strndup(line, size);
		left -= size + 1;
		line = end + 1;
	}
	memmove(s->bytes, line, left);
	s->used = left;
	return wanted && fflush(stdout) == 0;
}

json_t *connect_stream(const struct cli *cli, const char *method, const json_t *params,
	bool (*on_step)(void *owner, const char *params, size_t size), void *owner, int *exit_code)
{
	struct stream s = {.fd = connect_ask(cli, method, params, exit_code)};
	json_t *result = NULL;
	char *answer = NULL;

	if (s.fd < 0)
		return NULL;
	while (!answer && stream_read(&s))
		if (!stream_lines(&s, on_step, owner, &answer))
			break;
	if (answer)
		result = connect_result(cli, method, answer, exit_code);
	else if (!signals_stop() && !ferror(stdout))
		*exit_code =
			connect_fail(cli, errno ? strerror(errno) : "it hung up without an answer");
	close(s.fd);
	free(answer);
	return result;
}
