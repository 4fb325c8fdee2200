// A terminal whose screen is drawn anew in place: the other screen of it, so that what was there is
// there again afterwards, also while the program is stopped (Ctrl-Z).
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Standard output is a terminal that can do so.
bool terminal_usable(void);
void terminal_size(uint32_t *columns, uint32_t *lines);
void terminal_start(void);
// `text`: lines with their newlines, no more than fit. False: nobody is there any more.
bool terminal_draw(const char *text);
void terminal_end(void);
