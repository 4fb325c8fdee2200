// What a peer's control process sends: a payload alone, and a stream of frames on a connection.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/net/conn.h"
#include "lib/base/bytes.h"
#include "tests/fuzz/fuzz.h"

static struct loop *loop;
static struct conn conn = {.fd = -1};
static unsigned messages;
static bool closed;

static void text_check(const char *text, size_t size)
{
	FUZZ_CHECK(memchr(text, 0, size));
	for (; *text; text++)
		FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 127);
}

static void raft_check(const struct message *message)
{
	FUZZ_CHECK(message->data_size > 0 && message->data_size <= MESSAGE_RAFT_MAX);
	for (uint32_t i = 0; i < message->data_size; i++)
		(void)*(const volatile uint8_t *)&message->data[i];
}

// What is accepted frames again, and means the same.
static void message_check(const struct message *message)
{
	static uint8_t frame[MESSAGE_FRAME_MAX];
	struct message again;
	char error[REASON_SIZE];
	size_t size = message_frame(message, frame, sizeof(frame));

	FUZZ_CHECK(message->type > 0 && message->type < MESSAGE_TYPE_COUNT);
	text_check(message->node, sizeof(message->node));
	text_check(message->to, sizeof(message->to));
	text_check(message->service, sizeof(message->service));
	text_check(message->text, sizeof(message->text));
	FUZZ_CHECK(size > MESSAGE_FRAME_HEAD && message_frame_size(frame) == size);
	FUZZ_CHECK(message_parse_frame(frame, size, &again, error, sizeof(error)) == 0);
	if (message->type == MESSAGE_SYNC) {
		FUZZ_CHECK(message->data_size <= MESSAGE_DATA_MAX);
		FUZZ_CHECK(again.data_size == message->data_size &&
			   memcmp(again.data, message->data, again.data_size) == 0);
		again.data = message->data;
	}
	FUZZ_CHECK(memcmp(&again, message, sizeof(again)) == 0);
}

static void on_message(void *owner, const struct message *message)
{
	(void)owner;
	messages++;
	if (message->type == MESSAGE_RAFT)
		raft_check(message);
	else
		message_check(message);
}

static void on_closed(void *owner, const char *why)
{
	(void)owner;
	FUZZ_CHECK(why[0]);
	closed = true;
}

static const struct conn_events events = {.on_message = on_message, .on_closed = on_closed};

static void payload(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	char error[REASON_SIZE] = "";
	struct message message;

	if (message_parse(bytes, size, &message, error, sizeof(error)) == 0)
		message_check(&message);
	else
		FUZZ_CHECK(error[0] && memchr(error, 0, sizeof(error)));
	free(bytes);
}

// The bytes arrive in two pieces, then the peer hangs up.
static void stream(const uint8_t *data, size_t size)
{
	size_t half = size ? data[0] % size : 0;
	int pair[2];

	if (!loop)
		loop = loop_new();
	FUZZ_CHECK(loop && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	conn = (struct conn){.fd = -1, .events = &events};
	closed = false;
	FUZZ_CHECK(conn_open(&conn, loop, pair[0]) == 0);
	FUZZ_CHECK(write(pair[1], data, half) == (ssize_t)half);
	loop_turn(loop, 0);
	if (!closed)
		FUZZ_CHECK(write(pair[1], data + half, size - half) == (ssize_t)(size - half));
	close(pair[1]);
	for (int i = 0; i < 8 && !closed; i++)
		loop_turn(loop, 10);
	FUZZ_CHECK(closed && conn.fd < 0);
}

// The payload once more with a head that fits it: mutation alone seldom gets it right.
static void framed(const uint8_t *data, size_t size, uint32_t kind)
{
	static uint8_t frame[MESSAGE_FRAME_HEAD + 4096];

	if (size == 0 || size > 4096)
		return;
	be32_put(frame, kind | (uint32_t)size);
	memcpy(frame + MESSAGE_FRAME_HEAD, data, size);
	stream(frame, MESSAGE_FRAME_HEAD + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	payload(data, size);
	stream(data, size);
	framed(data, size, 0);
	framed(data, size, MESSAGE_FRAME_SYNC);
	framed(data, size, MESSAGE_FRAME_RAFT);
	return 0;
}
