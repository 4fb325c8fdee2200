// Sentences for people: the last failure, refusals of the dataplane, reasons of a close.
#include <stdarg.h>
#include <stdio.h>

#include "lib/client/client.h"

static _Thread_local char attach_error[CLIENT_ERROR_SIZE] = "no error";

int client_fail(struct sluice *sluice, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sluice != NULL ? sluice->error : attach_error, CLIENT_ERROR_SIZE, format,
		arguments);
	va_end(arguments);
	return error;
}

const char *sluice_error(const struct sluice *sluice)
{
	return sluice != NULL ? sluice->error : attach_error;
}

int client_error_of(uint32_t ipc_result)
{
	switch (ipc_result) {
	case IPC_OK:
		return 0;
	case IPC_TIMEOUT:
		return SLUICE_E_TIMEOUT;
	case IPC_UNREACHABLE:
	case IPC_NO_CONTROL:
		return SLUICE_E_UNREACHABLE;
	case IPC_INVALID:
		return SLUICE_E_INVALID;
	case IPC_REFUSED_FULL:
		return SLUICE_E_BUSY;
	default:
		return SLUICE_E_REFUSED;
	}
}

// By enum close_reason of dataplane/transport/transport.h, which applications cannot include; a
// unit test compares.
const char *client_close_sentence(uint32_t close_reason)
{
	static const char *const sentences[] = {
		"not closed",
		"closed here",
		"the peer closed after everything was delivered",
		"the peer ended the session at once: its application stopped or died",
		"the peer's dataplane restarted, or has given up on the session",
		"nothing was heard from the peer for too long",
		"the peer's dataplane never answered",
		"a record that arrived does not decode",
		"the application at the other end, or this one, died or broke its rings",
		"the session has used up its packet numbers, and delivered what was sent: open a "
		"new one",
		"the keys of the session have sealed as many packets as they may: open a new one",
	};

	if (close_reason >= sizeof(sentences) / sizeof(sentences[0]))
		return "closed for a reason that this library does not know";
	return sentences[close_reason];
}
