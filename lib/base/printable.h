// Characters that a terminal obeys instead of showing them.
#pragma once

#include <stddef.h>

// The size of the control character that `text` (UTF-8, ends with 0) begins with: ASCII's, or one
// of U+0080 to U+009F, which terminals take for an escape too. 0: it begins with another one, or
// ends.
static inline size_t printable_control(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if ((at[0] > 0 && at[0] < ' ') || at[0] == 127)
		return 1;
	return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
}
