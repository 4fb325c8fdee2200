// The sending side against the real receiving side, over a libsluice made by hand:
// few buffers, blocks out of order, a session that dies, a receiver that refuses.
#include "control/cli/sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "control/cli/receiver.h"
#include "tests/unit/control/cli/folder.h"

enum { BUFFERS = 3, EVENTS = 64, SESSION = 5, REQUEST = 11 };

#define CONTROL   SLUICE_STREAM(0, SLUICE_ORDERED)
#define FILE_SIZE ((size_t)(10 * TRANSFER_BLOCK + 77))

// ---- a libsluice of one session ----------------------------------------------------------------

struct sluice {
	int unused;
};

static struct {
	struct sluice handle;
	struct sluice_event events[EVENTS];
	unsigned first, count;
	uint8_t buffers[BUFFERS][SLUICE_BUFFER_SIZE];
	bool held[BUFFERS];
	uint8_t late[SLUICE_BUFFER_SIZE]; // a block that the next one overtakes
	uint32_t late_size;
	unsigned records, dies_after; // dies_after 0: lives
	uint64_t raw_bytes;           // of all records
	unsigned stale_looks;
	enum sluice_event_type death;
	int attach_error, connect_error; // SLUICE_E_*, 0: opens
	bool closed, aborted, corrupts;
	enum transfer_type untold; // said out of place: DONE at a block, REFUSE without a word
	struct receiver receiver;
	struct folder folder;
	char source[128];
	struct sender sender;
	struct outgoing out;
	struct progress progress;
	struct sender_result result;
} fake;

static void push(struct sluice_event event)
{
	assert_true(fake.count < EVENTS);
	event.session = SESSION;
	fake.events[(fake.first + fake.count++) % EVENTS] = event;
}

static int push_message(const struct transfer_message *message)
{
	uint8_t *bytes = malloc(TRANSFER_MESSAGE_MAX);

	push((struct sluice_event){
		.type = SLUICE_DATA,
		.stream = CONTROL,
		.data = bytes,
		.size = (uint32_t)transfer_frame(bytes, message),
	});
	return 0;
}

static int on_tell(void *owner, const struct transfer_message *message)
{
	struct transfer_message untold = {.type = fake.untold, .transfer = message->transfer};

	(void)owner;
	return push_message(fake.untold == TRANSFER_REFUSE ? &untold : message);
}

static void on_report(void *owner, const struct receiver_report *report)
{
	(void)owner;
	(void)report;
}

int sluice_attach(struct sluice **sluice, const struct sluice_options *options)
{
	(void)options;
	*sluice = fake.attach_error ? NULL : &fake.handle;
	return fake.attach_error;
}

void sluice_detach(struct sluice *sluice)
{
	(void)sluice;
}

int sluice_connect(struct sluice *sluice, const char *node, const char *service,
	const struct sluice_session_options *options)
{
	(void)sluice;
	(void)options;
	assert_string_equal(node, "b");
	assert_string_equal(service, TRANSFER_SERVICE);
	if (fake.connect_error)
		push((struct sluice_event){
			.type = SLUICE_FAILED,
			.request = REQUEST,
			.error = fake.connect_error,
			.text = "why not",
		});
	else
		push((struct sluice_event){.type = SLUICE_OPENED, .request = REQUEST});
	return REQUEST;
}

int sluice_close(struct sluice *sluice, uint32_t session)
{
	(void)sluice;
	assert_int_equal(session, SESSION);
	fake.closed = true;
	push((struct sluice_event){.type = SLUICE_CLOSED, .ok = true});
	return 0;
}

int sluice_abort(struct sluice *sluice, uint32_t session)
{
	(void)sluice;
	(void)session;
	fake.aborted = true;
	return 0;
}

void *sluice_buffer_get(struct sluice *sluice)
{
	(void)sluice;
	for (int i = 0; i < BUFFERS; i++) {
		if (fake.held[i])
			continue;
		fake.held[i] = true;
		return fake.buffers[i];
	}
	return NULL;
}

void sluice_buffer_put(struct sluice *sluice, const void *buffer)
{
	(void)sluice;
	for (int i = 0; i < BUFFERS; i++) {
		if (buffer != fake.buffers[i])
			continue;
		assert_true(fake.held[i]); // never twice
		fake.held[i] = false;
		return;
	}
	free((void *)buffer); // of on_tell
}

// Every second block waits until the next one has overtaken it.
static void deliver_block(const uint8_t *bytes, uint32_t size)
{
	if (!fake.late_size && fake.records % 2) {
		memcpy(fake.late, bytes, size);
		fake.late_size = size;
		return;
	}
	assert_int_equal(receiver_on_block(&fake.receiver, bytes, size, 1), 0);
	if (fake.late_size)
		assert_int_equal(
			receiver_on_block(&fake.receiver, fake.late, fake.late_size, 1), 0);
	fake.late_size = 0;
}

int sluice_send(struct sluice *sluice, uint32_t session, uint32_t stream, void *buffer,
	uint32_t size, bool message_end, uint64_t cookie)
{
	(void)sluice;
	assert_int_equal(session, SESSION);
	assert_true(message_end);
	fake.records++;
	if (fake.dies_after && fake.records >= fake.dies_after) {
		if (fake.records == fake.dies_after)
			push((struct sluice_event){.type = fake.death, .text = "gone"});
		return SLUICE_E_CLOSED;
	}
	fake.raw_bytes += size;
	if (stream == CONTROL) {
		// What is late arrives at last: the streams are independent.
		if (fake.late_size)
			assert_int_equal(
				receiver_on_block(&fake.receiver, fake.late, fake.late_size, 1), 0);
		fake.late_size = 0;
		assert_int_equal(receiver_on_message(&fake.receiver, buffer, size, 1), 0);
	} else {
		if (fake.corrupts && fake.records == 4)
			((uint8_t *)buffer)[TRANSFER_PREFIX] ^= 1;
		deliver_block(buffer, size);
		if (fake.untold == TRANSFER_DONE && fake.records == 2)
			push_message(&(struct transfer_message){
				.type = TRANSFER_DONE, .transfer = fake.sender.transfer});
	}
	push((struct sluice_event){.type = SLUICE_SENT,
		.ok = true,
		.data = buffer,
		.cookie = cookie,
		.stream = stream});
	return 0;
}

int sluice_receive(struct sluice *sluice, struct sluice_event *events, int max)
{
	int taken = 0;

	(void)sluice;
	while (taken < max && fake.count) {
		events[taken++] = fake.events[fake.first];
		fake.first = (fake.first + 1) % EVENTS;
		fake.count--;
	}
	return taken;
}

int sluice_wait(struct sluice *sluice, int timeout_ms)
{
	(void)sluice;
	(void)timeout_ms;
	// With nothing to come a wait would last for ever: the sender must not get here.
	assert_true(fake.count > 0);
	return 1;
}

int sluice_session_stats(struct sluice *sluice, uint32_t session, struct sluice_stats *stats)
{
	(void)sluice;
	(void)session;
	*stats = (struct sluice_stats){.packets = 1};
	if (fake.stale_looks) {
		fake.stale_looks--; // the worker has not written the row since the session opened
		return 0;
	}
	stats->packets = fake.records;
	stats->raw_bytes_sent = stats->wire_bytes = fake.raw_bytes;
	stats->stored_bytes_sent = fake.raw_bytes / 2;
	stats->spurious = fake.records / 2;
	stats->codec = "lz4";
	stats->level = 16;
	stats->blocks_raw = stats->blocks_raw_by[RAW_SMALL] = fake.records;
	return 0;
}

// ---- cases -------------------------------------------------------------------------------------

static int setup(void **state)
{
	uint8_t *content = malloc(FILE_SIZE);
	struct folder source;
	int result;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	for (size_t i = 0; i < FILE_SIZE; i++)
		content[i] = (uint8_t)(i * 31 + i / 509);
	if (folder_open(&fake.folder) < 0 || folder_open(&source) < 0)
		return -1;
	result = folder_put(&source, "file", content, FILE_SIZE);
	free(content);
	snprintf(fake.source, sizeof(fake.source), "%.90s/file", source.path);
	close(source.fd);
	receiver_init(&fake.receiver, fake.folder.fd, false, "a");
	fake.receiver.tell = on_tell;
	fake.receiver.report = on_report;
	return result;
}

static int teardown(void **state)
{
	(void)state;
	sender_close(&fake.sender);
	for (; fake.count; fake.count--, fake.first = (fake.first + 1) % EVENTS)
		if (fake.events[fake.first].type == SLUICE_DATA)
			free((void *)fake.events[fake.first].data);
	outgoing_close(&fake.out);
	receiver_stop(&fake.receiver, "end");
	folder_close(&fake.folder);
	unlink(fake.source);
	*strrchr(fake.source, '/') = '\0';
	rmdir(fake.source);
	return 0;
}

static enum sender_verdict open_session(void)
{
	const struct sender_options options = {
		.node = "b", .service = TRANSFER_SERVICE, .codec = "lz4"};

	return sender_open(&fake.sender, &options);
}

static enum sender_verdict send_once(void)
{
	outgoing_close(&fake.out);
	assert_int_equal(outgoing_open(&fake.out, fake.source), 0);
	progress_start(&fake.progress, NULL, "file", fake.out.size, 1);
	return sender_file(&fake.sender, &fake.out, &fake.progress, &fake.result);
}

static void buffers_are_back(void)
{
	for (int i = 0; i < BUFFERS; i++)
		assert_false(fake.held[i]);
}

static void sender_file__arrives_with_few_buffers_and_out_of_order(void **state)
{
	struct stat st;

	(void)state;
	fake.out.fd = -1;
	assert_int_equal(open_session(), SENDER_OK);
	assert_int_equal(send_once(), SENDER_OK);
	assert_int_equal(fake.result.bytes, FILE_SIZE);
	assert_int_equal(fake.sender.acked, FILE_SIZE);
	assert_int_equal(fstatat(fake.folder.fd, "file", &st, 0), 0);
	assert_int_equal(st.st_size, FILE_SIZE);
	assert_int_equal(folder_count(&fake.folder), 1);
	sender_close(&fake.sender);
	assert_true(fake.closed);
	buffers_are_back();
}

// An empty file has no blocks: the row was taken as it was before its offer was published.
static void sender_file__the_figures_are_those_of_the_end(void **state)
{
	(void)state;
	fake.out.fd = -1;
	assert_int_equal(truncate(fake.source, 0), 0);
	assert_int_equal(open_session(), SENDER_OK);
	fake.stale_looks = 5;
	assert_int_equal(send_once(), SENDER_OK);
	assert_int_equal(fake.result.packets, 2);
	assert_int_equal(fake.result.raw_bytes, fake.raw_bytes);
	assert_int_equal(fake.result.wire_bytes, fake.raw_bytes);
	assert_int_equal(fake.result.spurious, 1);
	assert_string_equal(fake.result.codec, "lz4");
	assert_int_equal(fake.result.level, 16);
	assert_int_equal(fake.result.blocks_raw_by[RAW_SMALL], 2);
	assert_int_equal(unlinkat(fake.folder.fd, "file", 0), 0);
	assert_int_equal(send_once(), SENDER_OK); // the next file has only its own
	assert_int_equal(fake.result.packets, 2);
	assert_int_equal(fake.result.raw_bytes * 2, fake.raw_bytes);
	assert_int_equal(fake.result.blocks_raw_by[RAW_SMALL], 2);
	fake.stale_looks = 100000; // and a worker that stands still does not keep us for ever
	assert_int_equal(unlinkat(fake.folder.fd, "file", 0), 0);
	assert_int_equal(send_once(), SENDER_OK);
}

static void sender_file__a_refusal_fails_the_file_not_the_session(void **state)
{
	(void)state;
	fake.out.fd = -1;
	assert_int_equal(open_session(), SENDER_OK);
	assert_int_equal(send_once(), SENDER_OK);
	assert_int_equal(send_once(), SENDER_FILE_FAILED); // it exists now
	assert_non_null(strstr(fake.sender.text, "--overwrite"));
	assert_int_equal(unlinkat(fake.folder.fd, "file", 0), 0);
	assert_int_equal(send_once(), SENDER_OK);
}

static void sender_file__a_mismatch_is_the_receivers_word(void **state)
{
	(void)state;
	fake.out.fd = -1;
	fake.corrupts = true;
	assert_int_equal(open_session(), SENDER_OK);
	assert_int_equal(send_once(), SENDER_FILE_FAILED);
	assert_non_null(strstr(fake.sender.text, "SHA-256"));
	assert_int_equal(folder_count(&fake.folder), 0);
}

static void sender_file__a_session_that_dies_at_any_record(void **state)
{
	(void)state;
	fake.out.fd = -1;
	for (fake.dies_after = 1; fake.dies_after <= 13; fake.dies_after++) {
		fake.records = fake.late_size = 0;
		fake.death = fake.dies_after % 2 ? SLUICE_CLOSED : SLUICE_DETACHED;
		assert_int_equal(open_session(), SENDER_OK);
		assert_int_equal(send_once(), SENDER_GONE);
		assert_non_null(strstr(fake.sender.text, "gone"));
		sender_close(&fake.sender);
		receiver_stop(&fake.receiver, "the sender is gone");
		fake.receiver.transfer = 0;
		assert_int_equal(folder_count(&fake.folder), 0);
		memset(fake.held, 0, sizeof(fake.held));
	}
}

static void sender_file__a_file_that_shrinks_is_said_on_both_sides(void **state)
{
	(void)state;
	assert_int_equal(open_session(), SENDER_OK);
	assert_int_equal(outgoing_open(&fake.out, fake.source), 0);
	assert_int_equal(truncate(fake.source, TRANSFER_BLOCK * 3), 0);
	progress_start(&fake.progress, NULL, "file", fake.out.size, 1);
	assert_int_equal(sender_file(&fake.sender, &fake.out, &fake.progress, &fake.result),
		SENDER_FILE_FAILED);
	assert_non_null(strstr(fake.sender.text, "shrank"));
	assert_false(fake.receiver.active); // it heard of it
	assert_int_equal(folder_count(&fake.folder), 0);
}

// DONE with a hash of zeroes, before anything was sent: once that was taken for a success.
static void sender_file__done_before_the_end_is_a_breach(void **state)
{
	(void)state;
	fake.out.fd = -1;
	fake.untold = TRANSFER_DONE;
	assert_int_equal(open_session(), SENDER_OK);
	assert_int_equal(send_once(), SENDER_REFUSED);
	assert_non_null(strstr(fake.sender.text, "order of messages"));
	assert_true(fake.aborted);
}

static void sender_file__a_refusal_without_a_word_is_a_sentence_all_the_same(void **state)
{
	(void)state;
	fake.out.fd = -1;
	fake.untold = TRANSFER_REFUSE;
	assert_int_equal(open_session(), SENDER_OK);
	assert_int_equal(send_once(), SENDER_FILE_FAILED);
	assert_string_equal(fake.sender.text, "the receiver gave up and does not say why");
}

static void sender_open__says_why_not(void **state)
{
	(void)state;
	fake.out.fd = -1;
	fake.connect_error = SLUICE_E_REFUSED;
	assert_int_equal(open_session(), SENDER_REFUSED);
	assert_non_null(strstr(fake.sender.text, "why not"));
	fake.connect_error = SLUICE_E_TIMEOUT;
	assert_int_equal(open_session(), SENDER_GONE);
	fake.connect_error = SLUICE_E_BUSY;
	assert_int_equal(open_session(), SENDER_REFUSED);
	assert_string_equal(fake.sender.text,
		"no room for another session with b now: why not; try again when one has ended");
}

static void sender_open__a_socket_of_others_is_not_reachable(void **state)
{
	(void)state;
	fake.out.fd = -1;
	fake.attach_error = SLUICE_E_PERMISSION;
	assert_int_equal(open_session(), SENDER_GONE);
	assert_string_equal(fake.sender.text, "no error"); // is it running? It is.
	fake.attach_error = SLUICE_E_REFUSED;
	assert_int_equal(open_session(), SENDER_REFUSED);
	fake.attach_error = SLUICE_E_UNREACHABLE;
	assert_int_equal(open_session(), SENDER_GONE);
	assert_non_null(strstr(fake.sender.text, "is sluice-dataplane running?"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sender_file__arrives_with_few_buffers_and_out_of_order),
		CASE(sender_file__the_figures_are_those_of_the_end),
		CASE(sender_file__a_refusal_fails_the_file_not_the_session),
		CASE(sender_file__a_mismatch_is_the_receivers_word),
		CASE(sender_file__a_session_that_dies_at_any_record),
		CASE(sender_file__a_file_that_shrinks_is_said_on_both_sides),
		CASE(sender_file__done_before_the_end_is_a_breach),
		CASE(sender_file__a_refusal_without_a_word_is_a_sentence_all_the_same),
		CASE(sender_open__says_why_not),
		CASE(sender_open__a_socket_of_others_is_not_reachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
