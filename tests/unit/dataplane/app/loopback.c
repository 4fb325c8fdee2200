// See loopback.h.
#include "tests/unit/dataplane/app/loopback.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/app/deliver.h"
#include "dataplane/app/door.h"
#include "dataplane/app/take.h"

#define PAIRS_MAX   256u
#define MAILS_MAX   1024u
#define CLOSE_LOCAL 1u
#define CLOSE_PEER  2u
#define CLOSE_RESET 3u
#define CLOSE_APP   8u

enum mail_type {
	MAIL_ATTACH, // main -> worker
	MAIL_DETACH,
	MAIL_OPEN,
	MAIL_RELEASED, // worker -> main
	MAIL_BROKEN,
	MAIL_FAILED,
};

struct mail {
	enum mail_type type;
	struct app_channel *from, *to; // OPEN: initiator, listener
	struct door_app app;
	uint32_t request;
	char service[NAME_SIZE];
};

struct mailbox { // a test may lock
	pthread_mutex_t lock;
	struct mail mails[MAILS_MAX];
	uint32_t count;
};

struct end {                         // one side of a session
	struct app_session *session; // NULL: not open
	bool closing;                // the application asked for a graceful end
};

struct pair {
	bool used;
	uint32_t generation;
	struct end end[2];
};

struct loopback {
	struct door *door;
	pthread_t main, worker;
	_Atomic bool stop;
	struct mailbox to_worker, to_main;
	pthread_mutex_t lock;
	struct loopback_counts counts; // under the lock

	struct app_channel *channels[APPS_MAX]; // worker
	bool reported[APPS_MAX];                // worker: broken, main knows
	struct pair pairs[PAIRS_MAX];           // worker
};

static void mail_put(struct mailbox *box, struct mail mail)
{
	pthread_mutex_lock(&box->lock);
	assert(box->count < MAILS_MAX);
	box->mails[box->count++] = mail;
	pthread_mutex_unlock(&box->lock);
}

static bool mail_take(struct mailbox *box, struct mail *mail)
{
	bool any = false;

	pthread_mutex_lock(&box->lock);
	if (box->count > 0) {
		any = true;
		*mail = box->mails[0];
		memmove(&box->mails[0], &box->mails[1], --box->count * sizeof(*mail));
	}
	pthread_mutex_unlock(&box->lock);
	return any;
}

#define COUNT(loopback, statement)                       \
	do {                                             \
		pthread_mutex_lock(&(loopback)->lock);   \
		statement;                               \
		pthread_mutex_unlock(&(loopback)->lock); \
	} while (0)

static void check(struct loopback *l, const struct app_channel *channel)
{
	const char *wrong = app_channel_check(channel);

	if (wrong != NULL)
		COUNT(l, l->counts.wrong = wrong);
}

// ---- worker -----------------------------------------------------------------------------------

// cid: generation:16 | pair:15 | side:1
static uint32_t end_cid(const struct loopback *l, uint32_t pair, uint32_t side)
{
	return l->pairs[pair].generation << 16 | pair << 1 | side;
}

static void pair_close(struct loopback *l, struct pair *pair, const uint32_t reason[2])
{
	for (int side = 0; side < 2; side++) {
		struct app_session *session = pair->end[side].session;

		if (session == NULL)
			continue;
		pair->end[side].session = NULL;
		app_session_close(session, reason[side]);
		app_deliver_flush(session->channel);
		check(l, session->channel);
	}
	pair->used = false;
	pair->generation++;
}

static void worker_publish(struct app_session *session, uint32_t side,
	const struct app_channel *peer, const char *service)
{
	struct session_stats stats = {
		.session = session->cid, .initiator = side == 0, .state = SESSION_OPEN};

	snprintf(stats.peer, sizeof(stats.peer), "%.15s", peer->name);
	snprintf(stats.service, sizeof(stats.service), "%.63s", service);
	stats.cwnd_milli = 4000;
	app_session_publish(session, &stats);
}

static void worker_open(struct loopback *l, const struct mail *mail)
{
	struct mail failed = {.type = MAIL_FAILED, .app = mail->app, .request = mail->request};
	struct app_channel *channels[2] = {mail->from, mail->to};
	uint32_t index = 0;

	while (index < PAIRS_MAX && l->pairs[index].used)
		index++;
	if (index == PAIRS_MAX || l->channels[mail->from->index] != mail->from ||
		l->channels[mail->to->index] != mail->to) {
		mail_put(&l->to_main, failed);
		return;
	}
	struct pair *pair = &l->pairs[index];
	for (uint32_t side = 0; side < 2; side++)
		pair->end[side] = (struct end){
			.session = app_session_open(channels[side], end_cid(l, index, side))};
	if (pair->end[0].session == NULL || pair->end[1].session == NULL) {
		pair_close(l, pair, (uint32_t[]){CLOSE_RESET, CLOSE_RESET});
		mail_put(&l->to_main, failed);
		return;
	}
	pair->used = true;
	for (uint32_t side = 0; side < 2; side++) {
		worker_publish(pair->end[side].session, side, channels[!side], mail->service);
		app_deliver_opened(pair->end[side].session, side == 0 ? mail->request : 0);
		app_deliver_flush(channels[side]);
	}
	COUNT(l, l->counts.opened++);
}

// One record over: false when the other application has no room.
static bool worker_forward(struct loopback *l, const struct app_tx *tx, struct app_channel *from)
{
	struct pair *pair = &l->pairs[tx->session >> 1 & 0x7fff];
	struct app_session *to = pair->end[!(tx->session & 1)].session;
	uint8_t *block = to != NULL ? app_block_get(to) : NULL;

	if (block == NULL)
		return false;
	memcpy(block, app_tx_data(from, tx), tx->size);
	app_deliver_data(to, tx->stream, block, tx->size,
		(uint16_t)(tx->flags & APP_TX_PACKED        ? APP_RX_PACKED
			   : tx->flags & APP_TX_MESSAGE_END ? APP_RX_MESSAGE_END
							    : 0));
	app_deliver_sent(
		from, tx->session, tx->stream, tx->cookie, true, tx->flags & APP_TX_PACKED);
	COUNT(l, l->counts.records++);
	return true;
}

static void worker_flush(struct loopback *l, struct app_channel *channel)
{
	uint64_t wakes = channel->wakes;

	app_deliver_flush(channel);
	if (channel->wakes != wakes)
		COUNT(l, l->counts.wakes += channel->wakes - wakes);
}

static void worker_on_record(
	struct loopback *l, struct app_channel *channel, const struct app_record *record)
{
	const struct app_tx *tx = &record->tx;
	struct pair *pair = &l->pairs[tx->session >> 1 & (PAIRS_MAX - 1)];

	if (record->row == NULL) {
		if (tx->op == APP_TX_SEND)
			app_deliver_sent(
				channel, tx->session, tx->stream, tx->cookie, false, false);
	} else if (tx->op == APP_TX_SEND) {
		if (app_parked_any(record->row, stream_number(tx->stream)) ||
			!worker_forward(l, tx, channel))
			app_park(record->row, tx);
	} else if (tx->op == APP_TX_CLOSE) {
		pair->end[tx->session & 1].closing = true;
	} else {
		pair_close(l, pair,
			tx->session & 1 ? (uint32_t[]){CLOSE_RESET, CLOSE_LOCAL}
					: (uint32_t[]){CLOSE_LOCAL, CLOSE_RESET});
	}
}

static void worker_retry(struct loopback *l, struct app_session *session)
{
	for (uint32_t number = 0; number < STREAMS_MAX; number++) {
		const struct app_tx *tx;

		while ((tx = app_parked_first(session, number)) != NULL &&
			worker_forward(l, tx, session->channel))
			app_unpark(session, number);
	}
}

static void worker_serve_pairs(struct loopback *l)
{
	for (uint32_t i = 0; i < PAIRS_MAX; i++) {
		struct pair *pair = &l->pairs[i];

		for (int side = 0; side < 2 && pair->used; side++) {
			struct end *end = &pair->end[side];

			app_take_credit(end->session);
			worker_retry(l, end->session);
			if (end->closing && end->session->parked == 0)
				pair_close(l, pair,
					side ? (uint32_t[]){CLOSE_PEER, CLOSE_LOCAL}
					     : (uint32_t[]){CLOSE_LOCAL, CLOSE_PEER});
		}
	}
}

static uint32_t worker_serve(struct loopback *l, struct app_channel *channel)
{
	struct app_record records[APP_DESCRIPTORS_TURN];
	uint32_t work = app_take_returns(channel);
	uint32_t count = app_take(channel, records, APP_DESCRIPTORS_TURN);

	for (uint32_t i = 0; i < count; i++) {
		// An earlier one of the batch may have ended the session.
		records[i].row = app_session_find(channel, records[i].tx.session);
		worker_on_record(l, channel, &records[i]);
	}
	if (channel->broken != APP_BROKEN_NOT && !l->reported[channel->index]) {
		l->reported[channel->index] = true;
		mail_put(&l->to_main, (struct mail){.type = MAIL_BROKEN, .from = channel});
	}
	return work + count;
}

static void worker_detach(struct loopback *l, struct app_channel *channel)
{
	for (uint32_t i = 0; i < PAIRS_MAX; i++) {
		struct pair *pair = &l->pairs[i];

		for (int side = 0; side < 2 && pair->used; side++) {
			if (pair->end[side].session->channel == channel)
				pair_close(l, pair,
					side ? (uint32_t[]){CLOSE_RESET, CLOSE_APP}
					     : (uint32_t[]){CLOSE_APP, CLOSE_RESET});
		}
	}
	check(l, channel);
	if (!app_channel_quiet(channel))
		COUNT(l, l->counts.wrong = "something of a dead application is still in use");
	l->channels[channel->index] = NULL;
	mail_put(&l->to_main, (struct mail){.type = MAIL_RELEASED, .from = channel});
}

static void worker_on_mail(struct loopback *l, const struct mail *mail)
{
	if (mail->type == MAIL_ATTACH) {
		l->channels[mail->from->index] = mail->from;
		l->reported[mail->from->index] = false;
	} else if (mail->type == MAIL_DETACH) {
		worker_detach(l, mail->from);
	} else {
		worker_open(l, mail);
	}
}

static void *worker_main(void *argument)
{
	const struct timespec nap = {.tv_nsec = 20000};
	struct loopback *l = argument;
	struct mail mail;

	while (!l->stop) {
		uint32_t work = 0;

		for (; mail_take(&l->to_worker, &mail); work++)
			worker_on_mail(l, &mail);
		for (int i = 0; i < APPS_MAX; i++)
			work += l->channels[i] != NULL ? worker_serve(l, l->channels[i]) : 0;
		worker_serve_pairs(l);
		for (int i = 0; i < APPS_MAX; i++) {
			if (l->channels[i] != NULL)
				worker_flush(l, l->channels[i]);
		}
		if (work == 0)
			nanosleep(&nap, NULL);
	}
	return NULL;
}

// ---- main -------------------------------------------------------------------------------------

static enum ipc_result on_app_attached(
	void *context, struct app_channel *channel, char text[REASON_SIZE])
{
	struct loopback *l = context;

	(void)text;
	channel->worker = 0;
	COUNT(l, l->counts.attached++);
	mail_put(&l->to_worker, (struct mail){.type = MAIL_ATTACH, .from = channel});
	return IPC_OK;
}

static void on_app_gone(void *context, struct app_channel *channel)
{
	mail_put(&((struct loopback *)context)->to_worker,
		(struct mail){.type = MAIL_DETACH, .from = channel});
}

static enum ipc_result on_connect(
	void *context, const struct door_connect *connect, char text[REASON_SIZE])
{
	struct loopback *l = context;
	const struct door_listener *listener = door_listener_find(l->door, connect->service);
	struct mail mail = {.type = MAIL_OPEN, .app = connect->app, .request = connect->request};

	if (listener == NULL) {
		snprintf(text, REASON_SIZE, "nobody listens for %s", connect->service);
		return IPC_REFUSED_SERVICE;
	}
	mail.from = door_channel(l->door, connect->app);
	mail.to = door_channel(l->door, listener->app);
	memcpy(mail.service, connect->service, sizeof(mail.service));
	mail_put(&l->to_worker, mail);
	return IPC_OK;
}

static enum ipc_result on_control_attached(
	void *context, pid_t pid, int region_fd, struct door_welcome *welcome)
{
	(void)context, (void)pid, (void)region_fd, (void)welcome;
	abort(); // no test does that
}

static void on_nothing(void *context)
{
	(void)context;
}

static void main_on_mail(struct loopback *l, const struct mail *mail)
{
	if (mail->type == MAIL_RELEASED) {
		door_app_released(l->door, mail->from);
		COUNT(l, l->counts.released++);
	} else if (mail->type == MAIL_BROKEN) {
		COUNT(l, l->counts.broken++);
		door_app_drop(l->door, mail->from);
	} else {
		door_connect_failed(l->door, mail->app, mail->request, IPC_REFUSED_FULL,
			"no room for a session");
	}
}

static void *main_main(void *argument)
{
	struct loopback *l = argument;
	struct mail mail;

	while (!l->stop) {
		door_poll(l->door, 1);
		while (mail_take(&l->to_main, &mail))
			main_on_mail(l, &mail);
	}
	return NULL;
}

struct loopback *loopback_start(const char *path)
{
	static const struct door_hooks hooks = {
		.on_app_attached = on_app_attached,
		.on_app_gone = on_app_gone,
		.on_control_attached = on_control_attached,
		.on_control_gone = on_nothing,
		.on_doorbell = on_nothing,
		.on_connect = on_connect,
		.on_tables = on_nothing,
	};
	struct loopback *l = calloc(1, sizeof(*l));
	struct door_config config = {
		.path = path, .gid = (gid_t)-1, .boot_id = 1, .hooks = &hooks, .context = l};
	char text[REASON_SIZE];

	for (uint32_t i = 0; i < PAIRS_MAX; i++)
		l->pairs[i].generation = 1;
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->to_worker.lock, NULL);
	pthread_mutex_init(&l->to_main.lock, NULL);
	if (door_new(&l->door, &config, text) != 0 ||
		pthread_create(&l->worker, NULL, worker_main, l) != 0 ||
		pthread_create(&l->main, NULL, main_main, l) != 0) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
	return l;
}

void loopback_stop(struct loopback *l)
{
	l->stop = true;
	pthread_join(l->main, NULL);
	pthread_join(l->worker, NULL);
	door_free(l->door);
	free(l);
}

struct loopback_counts loopback_counts_get(struct loopback *l)
{
	struct loopback_counts counts;

	COUNT(l, counts = l->counts);
	return counts;
}
