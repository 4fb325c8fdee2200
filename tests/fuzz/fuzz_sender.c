// What a hostile receiver answers to `sluice send`: any message at any time. The sender may call a
// file delivered only when all of it was sent and the SHA-256 that came back is the file's.
#include <sys/mman.h>
#include <unistd.h>

#include "control/cli/sender.h"
#include "tests/fuzz/fuzz.h"

enum { SESSION = 5, REQUEST = 11, EVENTS = 16, BUFFERS = 2, FILE_BYTES = TRANSFER_BLOCK + 100 };

#define CONTROL SLUICE_STREAM(TRANSFER_STREAM_CONTROL, SLUICE_ORDERED)

// A libsluice whose other end is the input.
struct sluice {
	struct fuzz_input input;
	struct sluice_event events[EVENTS];
	unsigned count;
	int buffers; // with the sender, ours and its own
	bool over;
	uint64_t blocks_bytes;
	struct sluice_stats stats;
	struct transfer_message end; // the newest that was sent
};

static struct sluice fake;
static int file = -1;
static char path[64];

static void push(struct sluice_event event)
{
	event.session = SESSION;
	if (fake.count < EVENTS)
		fake.events[fake.count++] = event;
}

int sluice_attach(struct sluice **sluice, const struct sluice_options *options)
{
	(void)options;
	*sluice = &fake;
	return 0;
}

void sluice_detach(struct sluice *sluice)
{
	(void)sluice;
}

int sluice_connect(struct sluice *sluice, const char *node, const char *service,
	const struct sluice_session_options *options)
{
	(void)sluice;
	(void)node;
	(void)service;
	(void)options;
	push((struct sluice_event){.type = SLUICE_OPENED, .request = REQUEST});
	return REQUEST;
}

static void session_end(bool ok)
{
	if (!fake.over)
		push((struct sluice_event){
			.type = SLUICE_CLOSED, .ok = ok, .text = "the input ended"});
	fake.over = true;
}

int sluice_close(struct sluice *sluice, uint32_t session)
{
	(void)sluice;
	(void)session;
	session_end(true);
	return 0;
}

int sluice_abort(struct sluice *sluice, uint32_t session)
{
	(void)sluice;
	(void)session;
	session_end(false);
	return 0;
}

static void *buffer_new(struct sluice *sluice)
{
	sluice->buffers++;
	return calloc(1, SLUICE_BUFFER_SIZE);
}

// Few, so that the sender looks for answers between two blocks.
void *sluice_buffer_get(struct sluice *sluice)
{
	return sluice->buffers < BUFFERS ? buffer_new(sluice) : NULL;
}

void sluice_buffer_put(struct sluice *sluice, const void *buffer)
{
	FUZZ_CHECK(buffer);
	sluice->buffers--;
	free((void *)buffer);
}

int sluice_send(struct sluice *sluice, uint32_t session, uint32_t stream, void *buffer,
	uint32_t size, bool message_end, uint64_t cookie)
{
	struct transfer_message message;
	struct transfer_block block;

	(void)session;
	FUZZ_CHECK(message_end);
	if (sluice->over)
		return SLUICE_E_CLOSED;
	if (sluice->count >= EVENTS / 2)
		return SLUICE_E_AGAIN;
	if (stream == CONTROL) {
		FUZZ_CHECK(transfer_parse(&message, buffer, size) == NULL);
		if (message.type == TRANSFER_END)
			sluice->end = message;
	} else {
		FUZZ_CHECK(transfer_block_parse(&block, buffer, size) == NULL);
		sluice->blocks_bytes += block.size;
	}
	push((struct sluice_event){.type = SLUICE_SENT,
		.ok = true,
		.data = buffer,
		.cookie = cookie,
		.stream = stream});
	return 0;
}

// The receiver's next word. Its first byte: type, early (8), mutated (16), raw (32), transfer.
static void answer(struct sluice *sluice)
{
	uint8_t how = (uint8_t)fuzz_number(&sluice->input, 1), *bytes;
	struct transfer_message m = {
		.type = (how & 7) % (TRANSFER_TYPE_COUNT - 1) + 1,
		.transfer = 1 + (how >> 6),
		.reason = how,
		.stripes = 1 + (how >> 3) % TRANSFER_STRIPES_MAX,
	};
	uint32_t size = TRANSFER_MESSAGE_MAX;

	bytes = buffer_new(sluice);
	if (how & 0x20) {
		size = (uint32_t)fuzz_number(&sluice->input, 1) + 1;
		fuzz_bytes(&sluice->input, bytes, size);
	} else {
		memcpy(m.sha256, sluice->end.sha256, sizeof(m.sha256));
		fuzz_bytes(&sluice->input, m.text, fuzz_number(&sluice->input, 1) % 32);
		size = (uint32_t)transfer_frame(bytes, &m);
		if (how & 0x10)
			bytes[fuzz_number(&sluice->input, 1) % size] ^=
				(uint8_t)fuzz_number(&sluice->input, 1);
	}
	push((struct sluice_event){.type = SLUICE_DATA,
		.stream = how & 0x08 && how & 0x20 ? CONTROL + 1 : CONTROL,
		.data = bytes,
		.size = size});
}

int sluice_wait(struct sluice *sluice, int timeout_ms)
{
	(void)timeout_ms;
	if (sluice->count == 0 && sluice->input.left && !sluice->over)
		answer(sluice);
	else if (sluice->count == 0)
		session_end(false);
	return 1;
}

int sluice_receive(struct sluice *sluice, struct sluice_event *events, int max)
{
	int taken = 0;

	// Some answers come while blocks are still on their way.
	if (sluice->input.left && sluice->input.at[0] & 8 && sluice->count < EVENTS / 2 &&
		!sluice->over)
		answer(sluice);
	while (taken < max && (unsigned)taken < sluice->count) {
		events[taken] = sluice->events[taken];
		taken++;
	}
	memmove(sluice->events, sluice->events + taken,
		(sluice->count - (unsigned)taken) * sizeof(sluice->events[0]));
	sluice->count -= (unsigned)taken;
	return taken;
}

int sluice_session_stats(struct sluice *sluice, uint32_t session, struct sluice_stats *stats)
{
	(void)session;
	// Whatever is awaited is there: the sender sleeps until it is.
	sluice->stats.raw_bytes_sent += 1 << 20;
	*stats = sluice->stats;
	return 0;
}

static void file_begin(void)
{
	file = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(file >= 0 && ftruncate(file, FILE_BYTES) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sender_options options = {.node = "b", .service = TRANSFER_SERVICE, .codec = "none"};
	enum sender_verdict verdict;
	struct progress progress;
	struct sender_result result;
	struct outgoing out;
	struct sender s;

	if (file < 0)
		file_begin();
	fake = (struct sluice){.input = {data, size}};
	verdict = sender_open(&s, &options);
	FUZZ_CHECK(verdict == SENDER_OK || s.text[0]);
	for (int i = 0; i < 3 && s.over == SENDER_OK; i++) {
		fake.blocks_bytes = 0;
		fake.end = (struct transfer_message){0};
		FUZZ_CHECK(outgoing_open(&out, path) == 0);
		progress_start(&progress, NULL, "file", out.size, 0);
		verdict = sender_file(&s, &out, &progress, &result);
		if (verdict == SENDER_OK) {
			FUZZ_CHECK(fake.end.type == TRANSFER_END);
			FUZZ_CHECK(fake.blocks_bytes == FILE_BYTES);
			FUZZ_CHECK(memcmp(fake.end.sha256, result.sha256, 32) == 0);
		} else {
			FUZZ_CHECK(s.text[0]);
		}
		outgoing_close(&out);
	}
	sender_close(&s);
	for (unsigned i = 0; i < fake.count; i++)
		if (fake.events[i].data)
			sluice_buffer_put(&fake, fake.events[i].data);
	FUZZ_CHECK(fake.buffers == 0);
	return 0;
}
