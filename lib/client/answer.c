// What the dataplane says over data.sock: results of requests, and its death.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/client/client.h"

void client_detach(struct sluice *sluice, const char *why)
{
	if (sluice->detached)
		return;
	sluice->detached = true;
	client_fail(sluice, SLUICE_E_UNREACHABLE, "%s", why);
	shutdown(sluice->socket, SHUT_RDWR); // after nonsense: it learns that we are through
}

void client_break(struct sluice *sluice, const char *why)
{
	sluice->broken = true;
	client_detach(sluice, why);
}

uint32_t client_next_request(struct sluice *sluice)
{
	sluice->request_last =
		sluice->request_last % INT32_MAX + 1; // sluice_connect returns it as a positive int
	return sluice->request_last;
}

struct client_request *client_request_find(struct sluice *sluice, uint32_t request)
{
	for (int i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		if (sluice->request[i].state == CLIENT_REQUEST_WAITING &&
			sluice->request[i].request == request)
			return &sluice->request[i];
	}
	return NULL;
}

static void answer_take(struct sluice *sluice, struct door_message *m)
{
	struct client_request *request;

	m->text[sizeof(m->text) - 1] = '\0';
	if (m->type != DOOR_RESULT)
		return;
	if (m->request == 0) { // not an answer: the dataplane is about to hang up and says why
		client_detach(sluice, m->text);
		return;
	}
	if (m->request == sluice->listen_request) {
		sluice->listen_request = 0;
		sluice->listen_result = *m;
		return;
	}
	request = client_request_find(sluice, m->request);
	if (request == NULL || m->result == IPC_OK)
		return; // answered already: OPENED and a time-out may cross
	request->state = CLIENT_REQUEST_FAILED;
	request->error = client_error_of(m->result);
	memcpy(request->text, m->text, sizeof(request->text));
}

void client_read_socket(struct sluice *sluice)
{
	struct door_message m;
	int fds[DOOR_FDS_MAX];
	int count, rc;

	while (!sluice->detached) {
		rc = door_receive(sluice->socket, &m, fds, &count);
		if (rc == -EAGAIN)
			return;
		if (rc != 0) {
			client_detach(sluice, rc == DOOR_E_HANGUP
						      ? "the dataplane of this node went away"
						      : "the dataplane broke the protocol");
			return;
		}
		while (count > 0) // no descriptor is expected after the welcome
			close(fds[--count]);
		answer_take(sluice, &m);
	}
}
