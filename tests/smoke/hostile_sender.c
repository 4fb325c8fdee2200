// hostile_sender DATA_SOCKET NODE NAME: offers a file under a name that no honest sender would, and
// says what came back. Exit 1: refused, with the receiver's sentence; 0: accepted, which is the
// failure; 3: no answer.
#include <stdio.h>
#include <string.h>

#include "control/cli/transfer_proto.h"
#include "lib/client/sluice.h"

static int say(int code, const char *text)
{
	fprintf(stderr, "hostile_sender: %s\n", text);
	return code;
}

static int offer(struct sluice *sluice, uint32_t session, const char *name)
{
	struct transfer_message message = {
		.type = TRANSFER_OFFER, .transfer = 1, .size = 4, .mode = 0644};
	void *buffer = sluice_buffer_get(sluice);

	if (!buffer)
		return SLUICE_E_AGAIN;
	snprintf(message.name, sizeof(message.name), "%s", name);
	size_t size = transfer_frame(buffer, &message);
	return sluice_send(sluice, session, SLUICE_STREAM(TRANSFER_STREAM_CONTROL, SLUICE_ORDERED),
		buffer, (uint32_t)size, true, 0);
}

// -1: not an answer, go on waiting.
static int answer(const void *bytes, uint32_t size)
{
	struct transfer_message message;
	const char *wrong = transfer_parse(&message, bytes, size);

	if (wrong)
		return say(3, wrong);
	if (message.type == TRANSFER_REFUSE || message.type == TRANSFER_ERROR)
		return say(1, message.text);
	return message.type == TRANSFER_ACCEPT ? say(0, "the name was accepted") : -1;
}

static int on_event(struct sluice *sluice, const struct sluice_event *event, const char *name)
{
	int code = -1;

	switch (event->type) {
	case SLUICE_OPENED:
		return offer(sluice, event->session, name) < 0 ? say(3, sluice_error(sluice)) : -1;
	case SLUICE_DATA:
		code = answer(event->data, event->size);
		sluice_buffer_put(sluice, event->data);
		return code;
	case SLUICE_CLOSED:
		// A receiver that hangs up on such a peer refused it, too.
		return say(1, event->text[0] ? event->text
					     : "the receiver closed the session over the name");
	case SLUICE_FAILED:
	case SLUICE_DETACHED:
		return say(3, event->text);
	case SLUICE_SENT:
	case SLUICE_MESSAGE:
		break;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct sluice *sluice;
	struct sluice_event events[16];
	struct sluice_options options = {.socket = argc == 4 ? argv[1] : NULL};
	int code = -1;

	if (argc != 4)
		return say(2, "usage: hostile_sender DATA_SOCKET NODE NAME");
	if (sluice_attach(&sluice, &options) != 0)
		return say(3, sluice_error(NULL));
	if (sluice_connect(sluice, argv[2], TRANSFER_SERVICE, NULL) < 0)
		code = say(3, sluice_error(sluice));
	while (code < 0) {
		if (sluice_wait(sluice, 15000) != 1) {
			code = say(3, "no answer");
			break;
		}
		int count = sluice_receive(sluice, events, 16);

		for (int i = 0; i < count && code < 0; i++)
			code = on_event(sluice, &events[i], argv[3]);
	}
	sluice_detach(sluice);
	return code;
}
