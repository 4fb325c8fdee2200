// Sequences that xterm, the Linux console, screen and tmux understand alike.
#include "control/cli/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTER "\x1b[?1049h\x1b[?25l" // the other screen, no cursor
#define LEAVE "\x1b[?25h\x1b[?1049l"

bool terminal_usable(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDOUT_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

void terminal_size(uint32_t *columns, uint32_t *lines)
{
	struct winsize size;

	*columns = 80;
	*lines = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row)
		return;
	*columns = size.ws_col;
	*lines = size.ws_row;
}

static void say(const char *sequence)
{
	ssize_t n = write(STDOUT_FILENO, sequence, strlen(sequence));

	(void)n; // a terminal that is gone is found out by the next drawing
}

// Ctrl-Z: only what a signal handler may do.
static void on_suspend(int number)
{
	(void)number;
	say(LEAVE);
	raise(SIGSTOP);
	say(ENTER);
}

void terminal_start(void)
{
	struct sigaction action = {.sa_handler = on_suspend, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	sigaction(SIGTSTP, &action, NULL);
	say(ENTER);
}

bool terminal_draw(const char *text)
{
	fputs("\x1b[H", stdout); // over the old one, without a moment of emptiness
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		printf("%.*s\x1b[K%s", (int)(end - text), text, end[1] ? "\n" : "");
	fputs("\x1b[J\x1b[H", stdout); // what is typed meanwhile moves nothing
	return fflush(stdout) == 0;
}

void terminal_end(void)
{
	signal(SIGTSTP, SIG_DFL);
	say(LEAVE);
}
