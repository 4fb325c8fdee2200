// Events from this worker to control. A full ring loses
// the event and counts it: control then reads the tables.
#pragma once

#include <stdint.h>

#include "lib/ipc/plane.h"

struct plane_link;
struct session;
struct worker;

void report_reserved(struct worker *w, const struct plane_command *command, uint32_t cid);
void report_refused(struct worker *w, const struct plane_command *command, enum ipc_result result,
	const char *text);
void report_opened(struct worker *w, const struct session *s);
void report_closed(struct worker *w, const struct session *s);
// Any channel, also main's. False: lost.
bool report_event(struct plane_link *link, const struct plane_event *event);
