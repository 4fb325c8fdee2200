// Attach and detach. Removal has two phases: sessions are ended first; the channel is handed back
// when the transport has returned every record and block of it (packets in a port's ring hold
// copies, never the application's memory).
#include "dataplane/command/letters.h"

#include "dataplane/app/deliver.h"
#include "dataplane/observe/trace.h"
#include "dataplane/worker.h"
#include "lib/ipc/plane.h"

static void app_attach(struct worker *w, struct app_channel *app)
{
	w->apps[w->apps_count++] = app; // main gives a worker at most APPS_MAX
}

static void app_sessions_abort(struct worker *w, struct app_channel *app, uint64_t now_ns)
{
	for (uint32_t slot = 0; slot < CONNS_MAX; slot++) {
		struct session *s = &w->sessions[slot];

		if (!s->conn || !s->app_row || s->app_row->channel != app)
			continue;
		if (s->routed) {
			transport_abort(w->transport, s->conn, CLOSE_APPLICATION, now_ns);
			continue;
		}
		s->close_reason = CLOSE_APPLICATION;
		if (s->peer_cid)
			w->unrouted--;
		session_free(w, s);
	}
}

static void app_detach(struct worker *w, struct app_channel *app, uint64_t now_ns)
{
	app->leaving = true;
	app_sessions_abort(w, app, now_ns);
}

static void control_attach(struct worker *w, const struct plane_control *control, int wake)
{
	uint32_t channel = 1u + w->index;

	ring_consumer_init(&w->plane.commands, control->channels[channel].command_slots,
		&control->channels[channel].command_tail,
		&w->tables->channels[channel].command_head, sizeof(struct plane_command),
		PLANE_COMMAND_SLOTS);
	ring_producer_init(&w->plane.events, w->tables->channels[channel].event_slots,
		&w->tables->channels[channel].event_tail, &control->channels[channel].event_head,
		sizeof(struct plane_event), PLANE_EVENT_SLOTS);
	w->plane.wake = wake;
	trace_stop_all(w); // those of a former control process
	w->plane.attached = true;
}

static void letter_apply(struct worker *w, const struct mail *mail, uint64_t now_ns)
{
	const struct mail done = {.type = MAIL_CONTROL_DONE, .index = mail->index};

	switch (mail->type) {
	case MAIL_APP_ATTACH:
		app_attach(w, mail->object);
		break;
	case MAIL_APP_DETACH:
		app_detach(w, mail->object, now_ns);
		break;
	case MAIL_CONTROL_ATTACH:
		control_attach(w, mail->object, mail->value);
		mailbox_give(w->outbox, &done);
		break;
	case MAIL_CONTROL_DETACH:
		w->plane.attached = false;
		trace_stop_all(w);
		mailbox_give(w->outbox, &done);
		break;
	case MAIL_STOP:
		w->stop = true;
		break;
	default:
		break;
	}
}

uint32_t letters_take(struct worker *w, uint64_t now_ns)
{
	struct mail mail;
	uint32_t n = 0;

	for (; n < COMMANDS_TURN && mailbox_take(w->inbox, &mail); n++)
		letter_apply(w, &mail, now_ns);
	return n;
}

void letters_apps(struct worker *w, uint64_t now_ns)
{
	for (uint32_t a = 0; a < w->apps_count; a++) {
		struct app_channel *app = w->apps[a];
		struct mail mail = {.index = app->index, .object = app};

		app_deliver_flush(app);
		if (app->broken && !app->reported) {
			mail.type = MAIL_APP_BROKEN;
			app->reported = mailbox_give(w->outbox, &mail);
			app_sessions_abort(w, app, now_ns);
		}
		if (!app->leaving || !app_channel_quiet(app))
			continue;
		mail.type = MAIL_APP_DETACHED;
		if (mailbox_give(w->outbox, &mail))
			w->apps[a--] = w->apps[--w->apps_count];
	}
}
