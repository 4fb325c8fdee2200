// LISTEN and UNLISTEN: who accepts sessions for which
// service. An ordinary listener goes before a fallback one.
#include "dataplane/app/door_state.h"

#include <stdio.h>
#include <string.h>

const struct door_listener *door_listeners(const struct door *door)
{
	return door->listener;
}

// The row of a service with or without the fallback flag; NULL: none.
static struct door_listener *listen_find(struct door *door, const char *service, uint32_t fallback)
{
	for (int i = 0; i < DOOR_LISTENERS_MAX; i++) {
		struct door_listener *listener = &door->listener[i];

		if (listener->service[0] != '\0' && strcmp(listener->service, service) == 0 &&
			(listener->flags & DOOR_LISTEN_FALLBACK) == fallback)
			return listener;
	}
	return NULL;
}

const struct door_listener *door_listener_find(const struct door *door, const char *service)
{
	struct door *rows = (struct door *)(uintptr_t)door; // read only
	struct door_listener *listener = listen_find(rows, service, 0);

	return listener != NULL ? listener : listen_find(rows, service, DOOR_LISTEN_FALLBACK);
}

// Whether `app` may listen beside those of this service that are there already. *held: one of them
// is its own. NULL, or the one that is in the way.
static struct door_listener *listen_find_taken(
	struct door *door, struct door_app app, const struct door_message *m, bool *held)
{
	const struct app_channel *channel = door_channel(door, app);
	struct door_listener *taken = NULL;

	*held = false;
	for (int i = 0; i < DOOR_LISTENERS_MAX; i++) {
		struct door_listener *listener = &door->listener[i];
		const struct app_channel *other = door_channel(door, listener->app);

		if (strcmp(listener->service, m->service) != 0 ||
			((listener->flags ^ m->flags) & DOOR_LISTEN_FALLBACK))
			continue;
		if (door_app_same(listener->app, app))
			*held = true;
		else if (!(listener->flags & m->flags & DOOR_LISTEN_SHARED) || other == NULL ||
			 other->pid != channel->pid || other->uid != channel->uid)
			taken = listener;
	}
	return taken;
}

static struct door_listener *listen_find_free(struct door *door)
{
	for (int i = 0; i < DOOR_LISTENERS_MAX; i++) {
		if (door->listener[i].service[0] == '\0')
			return &door->listener[i];
	}
	return NULL;
}

static uint32_t listen_count(const struct door *door, struct door_app app)
{
	uint32_t count = 0;

	for (int i = 0; i < DOOR_LISTENERS_MAX; i++)
		count += door->listener[i].service[0] != '\0' &&
			 door_app_same(door->listener[i].app, app);
	return count;
}

static bool listen_refuse_taken(struct door *door, struct door_client *client,
	const struct door_message *m, const struct door_listener *taken)
{
	const struct app_channel *holder = door_channel(door, taken->app);
	char text[REASON_SIZE];

	snprintf(text, sizeof(text), "process %u (%.32s) listens for %.63s already",
		holder != NULL ? holder->pid : 0, holder != NULL ? holder->name : "?", m->service);
	return door_reply(client, m->request, IPC_REFUSED_SERVICE, text);
}

bool door_on_listen(struct door *door, struct door_client *client, const struct door_message *m)
{
	struct door_app app = door_app_of(client->channel);
	const uint32_t known = DOOR_LISTEN_FALLBACK | DOOR_LISTEN_SHARED;
	struct door_listener *listener;
	bool held;

	if (!door_name_valid(m->service) || (m->flags & ~known) != 0)
		return door_reply(client, m->request, IPC_INVALID,
			"a service's name is 1 to 63 printable characters");
	listener = listen_find_taken(door, app, m, &held);
	if (held)
		return door_reply(client, m->request, IPC_OK, "");
	if (listener != NULL)
		return listen_refuse_taken(door, client, m, listener);
	if (listen_count(door, app) >= DOOR_LISTENS_MAX)
		return door_reply(client, m->request, IPC_REFUSED_FULL,
			"this application listens for as many services as it may");
	listener = listen_find_free(door);
	if (listener == NULL)
		return door_reply(client, m->request, IPC_REFUSED_FULL,
			"this node has as many listeners as it can");

	listener->app = app;
	listener->flags = m->flags;
	memcpy(listener->service, m->service, sizeof(listener->service));
	door->config.hooks->on_tables(door->config.context);
	return door_reply(client, m->request, IPC_OK, "");
}

bool door_on_unlisten(struct door *door, struct door_client *client, const struct door_message *m)
{
	struct door_app app = door_app_of(client->channel);
	bool found = false;

	if (!door_name_valid(m->service))
		return door_reply(client, m->request, IPC_INVALID,
			"a service's name is 1 to 63 printable characters");
	for (int i = 0; i < DOOR_LISTENERS_MAX; i++) {
		struct door_listener *listener = &door->listener[i];

		if (door_app_same(listener->app, app) &&
			strcmp(listener->service, m->service) == 0) {
			*listener = (struct door_listener){0};
			found = true;
		}
	}
	if (!found)
		return door_reply(client, m->request, IPC_REFUSED_SERVICE,
			"this application does not listen for it");
	door->config.hooks->on_tables(door->config.context);
	return door_reply(client, m->request, IPC_OK, "");
}

void door_listen_forget(struct door *door, struct door_app app)
{
	for (int i = 0; i < DOOR_LISTENERS_MAX; i++) {
		if (door_app_same(door->listener[i].app, app))
			door->listener[i] = (struct door_listener){0};
	}
}
