// Listening for a service; waits the few milliseconds until the dataplane's main thread has
// answered.
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/client/client.h"

#define LISTEN_TIMEOUT_MS 2000

static int listen_wait(struct sluice *sluice)
{
	struct pollfd pollfd = {.fd = sluice->socket, .events = POLLIN};

	for (;;) {
		int rc = poll(&pollfd, 1, LISTEN_TIMEOUT_MS);

		if (rc < 0 && errno != EINTR)
			return client_fail(sluice, SLUICE_E_SYSTEM, "poll: %s", strerror(errno));
		if (rc == 0) {
			sluice->listen_request = 0;
			return client_fail(
				sluice, SLUICE_E_TIMEOUT, "the dataplane does not answer");
		}
		client_read_socket(sluice);
		if (sluice->listen_request == 0)
			return 0;
		if (sluice->detached)
			return SLUICE_E_UNREACHABLE;
	}
}

int sluice_listen(struct sluice *sluice, const char *service, uint32_t flags)
{
	struct door_message m = door_message_init(DOOR_LISTEN);
	int rc;

	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	if (!client_name_fits(service) ||
		(flags & ~(uint32_t)(SLUICE_LISTEN_FALLBACK | SLUICE_LISTEN_SHARED)) != 0)
		return client_fail(sluice, SLUICE_E_INVALID, "a service's name has 1 to 63 bytes");
	m.request = client_next_request(sluice);
	m.flags = flags;
	memcpy(m.service, service, strlen(service));
	rc = door_send(sluice->socket, &m, NULL, 0);
	if (rc == -EAGAIN)
		return client_fail(
			sluice, SLUICE_E_AGAIN, "the dataplane has not read earlier requests yet");
	if (rc != 0) {
		client_read_socket(sluice); // its last words, if any
		client_detach(sluice, "the dataplane of this node went away");
		return SLUICE_E_UNREACHABLE;
	}
	sluice->listen_request = m.request;
	rc = listen_wait(sluice);
	if (rc != 0 || sluice->listen_result.result == IPC_OK)
		return rc;
	return client_fail(sluice, client_error_of(sluice->listen_result.result), "%s",
		sluice->listen_result.text);
}
