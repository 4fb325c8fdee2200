// Asking for a session. The answer is an event: OPENED through the ring, or FAILED through the
// socket.
#include <errno.h>
#include <string.h>

#include "lib/client/client.h"
#include "lib/ipc/codec_names.h"
#include "lib/ipc/controller_names.h"

static_assert((int)SLUICE_LISTEN_FALLBACK == (int)DOOR_LISTEN_FALLBACK,
	"sluice.h passes its flags through");
static_assert(SLUICE_BUFFER_SIZE == APP_BLOCK_SIZE && SLUICE_NAME_SIZE == NAME_SIZE,
	"sluice.h repeats these");

bool client_name_fits(const char *name)
{
	size_t size = name ? strlen(name) : 0;

	return size > 0 && size < SLUICE_NAME_SIZE;
}

static struct client_request *connect_find_free(struct sluice *sluice)
{
	for (int i = 0; i < CLIENT_REQUESTS_MAX; i++) {
		if (sluice->request[i].state == CLIENT_REQUEST_FREE)
			return &sluice->request[i];
	}
	return NULL;
}

int sluice_connect(struct sluice *sluice, const char *node, const char *service,
	const struct sluice_session_options *options)
{
	static const struct sluice_session_options defaults;
	struct door_message m = door_message_init(DOOR_CONNECT);
	struct client_request *request;
	const char *refused;
	int codec, controller, rc;

	if (options == NULL)
		options = &defaults;
	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	codec = options->codec ? codec_find(options->codec) : CODEC_NONE;
	if (codec < 0)
		return client_fail(sluice, SLUICE_E_INVALID,
			"no codec of the name %.40s; there are none, lz4, zstd, deflate, brotli, "
			"snappy and auto",
			options->codec);
	controller = options->controller ? controller_find(options->controller) : CONTROLLER_AIMD;
	if (controller < 0)
		return client_fail(sluice, SLUICE_E_INVALID,
			"no congestion controller of the name %.40s; there are aimd, aimd-ss and "
			"cubic",
			options->controller);
	if (!client_name_fits(node) || !client_name_fits(service))
		return client_fail(
			sluice, SLUICE_E_INVALID, "names of nodes and services have 1 to 63 bytes");
	refused = codec_level_refuse((uint32_t)codec, options->level);
	if (refused == NULL)
		refused = codec_dictionary_refuse(
			(uint32_t)codec, options->level, options->dictionary);
	if (refused != NULL)
		return client_fail(sluice, SLUICE_E_INVALID, "%s", refused);
	request = connect_find_free(sluice);
	if (request == NULL)
		return client_fail(
			sluice, SLUICE_E_AGAIN, "%d requests wait already", CLIENT_REQUESTS_MAX);

	m.request = client_next_request(sluice);
	m.timeout_ms = options->timeout_ms;
	m.codec = (uint8_t)codec;
	m.level = (uint8_t)options->level;
	m.controller = (uint8_t)controller;
	m.dictionary = (uint8_t)options->dictionary;
	memcpy(m.node, node, strlen(node));
	memcpy(m.service, service, strlen(service));
	rc = door_send(sluice->socket, &m, NULL, 0);
	if (rc == -EAGAIN)
		return client_fail(
			sluice, SLUICE_E_AGAIN, "the dataplane has not read earlier requests yet");
	if (rc != 0) {
		client_read_socket(sluice);
		client_detach(sluice, "the dataplane of this node went away");
		return SLUICE_E_UNREACHABLE;
	}
	request->state = CLIENT_REQUEST_WAITING;
	request->request = m.request;
	return (int)m.request;
}
