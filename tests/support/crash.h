// A test program that draws its input at random must not lose it when it dies.
#pragma once

// `last_word` is called when an assert, a signal or a sanitizer ends the process; from a signal
// handler, so it may only write() and _exit().
void crash_catch(void (*last_word)(void));
