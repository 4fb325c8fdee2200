// The flag of the stop signals:
// the one global of the program, because a signal handler has no argument.
#include "control/cli/signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_asked;

static void on_stop(int number)
{
	(void)number;
	stop_asked = 1;
}

void signals_start(void)
{
	// No SA_RESTART: a wait ends. SA_RESETHAND: the second signal does what it always does.
	struct sigaction action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool signals_stop(void)
{
	return stop_asked;
}
