// How a session is written: its id, its connection id, its state.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "lib/ipc/stats.h"

#define SESSION_ID_TEXT 33

static inline const char *session_id_text(char text[SESSION_ID_TEXT], const uint8_t id[16])
{
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	return text;
}

static inline const char *session_cid_text(char text[9], uint32_t cid)
{
	snprintf(text, 9, "%08x", cid);
	return text;
}

static inline const char *session_state_name(uint8_t state)
{
	static const char *const names[] = {
		[SESSION_FREE] = "free",
		[SESSION_RESERVED] = "reserved",
		[SESSION_CONNECTING] = "connecting",
		[SESSION_OPEN] = "open",
		[SESSION_CLOSING] = "closing",
		[SESSION_CLOSED] = "closed",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
