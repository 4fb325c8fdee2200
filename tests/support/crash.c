// See crash.h.
#include "tests/support/crash.h"

#include <signal.h>
#include <stddef.h>

static void (*crash_last_word)(void);

static void crash_on_signal(int number)
{
	crash_last_word();
	signal(number, SIG_DFL);
	raise(number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

void crash_catch(void (*last_word)(void))
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

	crash_last_word = last_word;
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(last_word);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], crash_on_signal);
}
