// CONNECT: an application asks for a session. The request waits here
// until a worker delivers OPENED, control says that it failed, or its
// time is up; a control process that attaches anew gets it again.
#include "dataplane/app/door_state.h"

#include <stdio.h>
#include <string.h>

void door_connect_reap(struct door_client *client)
{
	for (int i = 0; i < APP_CONNECTS_MAX; i++) {
		// Pairs with the worker's release in deliver.c; only this thread empties a slot.
		uint32_t request = atomic_exchange_explicit(
			&client->channel->answered[i], 0, memory_order_acq_rel);

		if (request == 0)
			continue;
		for (int p = 0; p < APP_CONNECTS_MAX; p++) {
			if (client->pending[p].connect.request == request)
				client->pending[p].connect.request = 0;
		}
	}
}

static struct door_pending *connect_find(struct door_client *client, uint32_t request)
{
	for (int i = 0; i < APP_CONNECTS_MAX; i++) {
		if (client->pending[i].connect.request == request)
			return &client->pending[i];
	}
	return NULL;
}

static const char *connect_check(struct door_client *client, const struct door_message *m)
{
	if (m->request == 0 || connect_find(client, m->request) != NULL)
		return "the request number is 0 or in use";
	if (!door_name_valid(m->node) || !door_name_valid(m->service))
		return "names of nodes and services are 1 to 63 printable characters";
	if (m->codec >= CODEC_COUNT)
		return "no such codec";
	if (m->controller >= CONTROLLER_COUNT)
		return "no such congestion controller";
	return NULL;
}

bool door_on_connect(struct door *door, struct door_client *client, const struct door_message *m)
{
	uint32_t timeout_ms = m->timeout_ms == 0 ? DOOR_CONNECT_TIMEOUT_MS : m->timeout_ms;
	char text[REASON_SIZE] = "refused";
	struct door_pending *pending;
	enum ipc_result result;
	const char *wrong;

	door_connect_reap(client);
	wrong = connect_check(client, m);
	if (wrong != NULL)
		return door_reply(client, m->request, IPC_INVALID, wrong);
	pending = connect_find(client, 0);
	if (pending == NULL)
		return door_reply(client, m->request, IPC_REFUSED_FULL,
			"too many requests of this application wait already");
	if (timeout_ms > DOOR_CONNECT_TIMEOUT_MAX_MS)
		timeout_ms = DOOR_CONNECT_TIMEOUT_MAX_MS;

	pending->deadline_ns = door_now_ns() + (timeout_ms + DOOR_CONNECT_GRACE_MS) * 1000000ull;
	pending->connect = (struct door_connect){
		.app = door_app_of(client->channel),
		.worker = client->channel->worker,
		.request = m->request,
		.codec = m->codec,
		.level = m->level,
		.controller = m->controller,
		.dictionary = m->dictionary,
		.timeout_ms = timeout_ms,
	};
	memcpy(pending->connect.node, m->node, sizeof(pending->connect.node));
	memcpy(pending->connect.service, m->service, sizeof(pending->connect.service));
	result = door->config.hooks->on_connect(door->config.context, &pending->connect, text);
	if (result == IPC_OK)
		return true;
	pending->connect.request = 0;
	return door_reply(client, m->request, result, text);
}

bool door_connect_expire(struct door_client *client, uint64_t now_ns)
{
	bool keep = true;

	door_connect_reap(client);
	for (int i = 0; i < APP_CONNECTS_MAX; i++) {
		struct door_pending *pending = &client->pending[i];

		if (pending->connect.request == 0 || now_ns < pending->deadline_ns)
			continue;
		keep = door_reply(client, pending->connect.request, IPC_TIMEOUT,
			       "no answer in time") &&
		       keep;
		pending->connect.request = 0;
	}
	return keep;
}

void door_connect_failed(struct door *door, struct door_app app, uint32_t request,
	enum ipc_result result, const char *text)
{
	struct app_channel *channel = door_channel(door, app);
	struct door_pending *pending;
	struct door_client *client;

	if (channel == NULL || request == 0)
		return;
	client = door->app[app.index].client;
	pending = connect_find(client, request);
	if (pending == NULL)
		return;
	pending->connect.request = 0;
	if (result == IPC_OK) // only OPENED, through the ring, is good news
		result = IPC_INVALID;
	// A client that does not read is dropped when the
	// door polls it next: the hang-up is made here.
	if (!door_reply(client, request, result, text))
		shutdown(client->fd, SHUT_RDWR);
}

void door_connects_each(struct door *door,
	void (*each)(void *context, const struct door_connect *connect), void *context)
{
	for (int i = 0; i < APPS_MAX; i++) {
		struct door_client *client = door->app[i].client;

		if (client == NULL)
			continue;
		door_connect_reap(client);
		for (int p = 0; p < APP_CONNECTS_MAX; p++) {
			if (client->pending[p].connect.request != 0)
				each(context, &client->pending[p].connect);
		}
	}
}
