// What the worker lets others see: its counters and its
// sessions, in tables that control and applications map.
#pragma once

#include <stdint.h>

struct worker;
struct session;
struct session_stats;

// Fills `row` and writes it into control's table. Cheap
// enough for every change; on time for quiet changes.
void publish_session_row(struct worker *w, struct session *s, struct session_stats *row);
void publish_session_free(struct worker *w, struct session *s);
// Counters once a millisecond, changed sessions every 10 ms.
void publish_on_time(struct worker *w, uint64_t now_ns);
