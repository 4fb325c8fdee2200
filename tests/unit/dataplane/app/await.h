// Waiting for an application's next event, on a machine that may give a test little of its time.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "lib/client/sluice.h"

#define AWAIT_S 90 // the suite's own limit is 120 s

// In one sleep, unless a signal ends it: who is not woken sleeps to the end, and fails.
static inline void await_event(struct sluice *sluice)
{
	time_t end = time(NULL) + AWAIT_S;
	int rc;

	while ((rc = sluice_wait(sluice, AWAIT_S * 1000)) == 0 && time(NULL) < end)
		;
	if (rc != 1)
		fail_msg("nothing happened: %s", sluice_error(sluice));
}
