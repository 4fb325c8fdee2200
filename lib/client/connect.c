// Asking for a session. The answer is an event: OPENED through the ring, or FAILED through the
// socket.
#include <errno.h>
#include <string.h>

#include "lib/client/client.h"

static_assert((int)SLUICE_LISTEN_FALLBACK == (int)DOOR_LISTEN_FALLBACK,
	"sluice.h passes its flags through");
static_assert(SLUICE_BUFFER_SIZE == APP_BLOCK_SIZE && SLUICE_NAME_SIZE == NAME_SIZE,
	"sluice.h repeats these");

// -1: no such name. Whether this node has the codec, the dataplane says.
static int connect_find_codec(const char *name)
{
	static const char *const names[CODEC_COUNT] = {
		[CODEC_NONE] = "none",
		[CODEC_LZ4] = "lz4",
		[CODEC_ZSTD] = "zstd",
		[CODEC_DEFLATE] = "deflate",
		[CODEC_BROTLI] = "brotli",
		[CODEC_SNAPPY] = "snappy",
	};

	if (name == NULL)
		return CODEC_NONE;
	for (int i = 0; i < CODEC_COUNT; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
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
	int codec, rc;

	if (options == NULL)
		options = &defaults;
	if (sluice->detached)
		return SLUICE_E_UNREACHABLE;
	codec = connect_find_codec(options->codec);
	if (codec < 0)
		return client_fail(
			sluice, SLUICE_E_INVALID, "no codec of the name %.40s", options->codec);
	if (node == NULL || service == NULL || strlen(node) >= sizeof(m.node) ||
		strlen(service) >= sizeof(m.service))
		return client_fail(
			sluice, SLUICE_E_INVALID, "names of nodes and services have 1 to 63 bytes");
	if (options->level > UINT8_MAX)
		return client_fail(
			sluice, SLUICE_E_INVALID, "no codec has level %u", options->level);
	request = connect_find_free(sluice);
	if (request == NULL)
		return client_fail(
			sluice, SLUICE_E_AGAIN, "%d requests wait already", CLIENT_REQUESTS_MAX);

	m.request = client_next_request(sluice);
	m.timeout_ms = options->timeout_ms;
	m.codec = (uint8_t)codec;
	m.level = (uint8_t)options->level;
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
