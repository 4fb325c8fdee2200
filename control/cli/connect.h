// What the two kinds of request over the control socket share: connect.c, stream.c.
#pragma once

#include "control/cli/cli.h"

// Connects and sends the request. The socket, or -1 with *exit_code after the error was said.
int connect_ask(const struct cli *cli, const char *method, const json_t *params, int *exit_code);
// Takes the line of the answer apart: the result, or NULL with *exit_code after the error was said.
json_t *connect_result(const struct cli *cli, const char *method, const char *line, int *exit_code);
// Says that the node does not answer. The exit code.
int connect_fail(const struct cli *cli, const char *why);
