// Events to control: one row into its ring, and a wake-up if it sleeps.
#include "dataplane/command/report.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/worker.h"

bool report_event(struct plane_link *link, const struct plane_event *event)
{
	if (!link->attached || ring_put(&link->events, event, 1) != 1)
		return false;
	// The socket may be full of wake-ups already: then control is awake soon enough.
	if (ring_wake_needed(&link->events))
		(void)!send(link->wake, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

static void report(struct worker *w, const struct plane_event *event)
{
	if (!report_event(&w->plane, event))
		w->counters.events_lost++;
}

void report_reserved(struct worker *w, const struct plane_command *command, uint32_t cid)
{
	struct plane_event event = {.type = PLANE_RESERVED,
		.request = command->request,
		.cid = cid,
		.app = command->app,
		.app_generation = command->app_generation,
		.worker = w->index};

	report(w, &event);
}

void report_refused(struct worker *w, const struct plane_command *command, enum ipc_result result,
	const char *text)
{
	struct plane_event event = {.type = PLANE_REFUSED,
		.request = command->request,
		.cid = command->cid,
		.app = command->app,
		.worker = w->index,
		.result = (uint32_t)result};

	snprintf(event.text, sizeof(event.text), "%s", text);
	report(w, &event);
}

void report_opened(struct worker *w, const struct session *s)
{
	struct plane_event event = {.type = PLANE_OPENED,
		.request = s->request,
		.cid = s->cid,
		.app = s->app_index,
		.worker = w->index};

	report(w, &event);
}

void report_closed(struct worker *w, const struct session *s)
{
	struct plane_event event = {.type = PLANE_CLOSED,
		.request = s->request,
		.cid = s->cid,
		.app = s->app_index,
		.worker = w->index,
		.reason = s->close_reason};

	snprintf(event.text, sizeof(event.text), "%s",
		close_reason_sentence((enum close_reason)s->close_reason));
	if (s->dictionary_refused) {
		event.flags = PLANE_CLOSED_TELL;
		snprintf(event.text, sizeof(event.text),
			"node %.40s sent a record packed with dictionary %u, which this session "
			"has not agreed on",
			s->peer, s->dictionary_refused);
	}
	report(w, &event);
}
