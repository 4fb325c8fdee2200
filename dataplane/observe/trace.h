// Steps of congestion control out of the worker, while control asks for them.
#pragma once

struct plane_command;
struct trace_record;
struct worker;

// PLANE_TRACE. A ring that does not exist or that somebody writes, and a session that is gone, are
// ignored: control sees in the tables what became of them.
void trace_apply(struct worker *w, const struct plane_command *command);
// For transport_env.trace: to every ring that this session is told in.
void trace_write(void *worker, void *session, const struct trace_record *record);
// Nobody reads any more: a control process left, or a new one came.
void trace_stop_all(struct worker *w);
