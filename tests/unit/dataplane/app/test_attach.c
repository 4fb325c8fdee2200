// libsluice against the production door and channels (loopback.h):
// transfers, sleeping, refusals; children that are killed at random moments
// or scribble over their region, while an honest application goes on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/client/client.h"
#include "lib/client/sluice.h"
#include "tests/unit/dataplane/app/await.h"
#include "tests/unit/dataplane/app/loopback.h"

#define EVENTS  16
#define KILLS   25
#define VANDALS 12

static char folder[64];
static char path[80];
static struct loopback *loopback;

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/sluice-test-attach-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/data.sock", folder);
	loopback = loopback_start(path);
	return 0;
}

static int teardown(void **state)
{
	struct loopback_counts counts = loopback_counts_get(loopback);

	(void)state;
	loopback_stop(loopback);
	rmdir(folder);
	assert_null(counts.wrong);
	return 0;
}

static struct sluice *attach(uint32_t buffers)
{
	struct sluice_options options = {.socket = path, .buffers = buffers, .receive_buffers = 64};
	struct sluice *sluice;

	if (sluice_attach(&sluice, &options) != 0)
		fail_msg("%s", sluice_error(NULL));
	return sluice;
}

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

// The next event, whatever it is.
static struct sluice_event next(struct sluice *sluice)
{
	struct sluice_event event;
	int rc;

	while ((rc = sluice_receive(sluice, &event, 1)) == 0)
		await_event(sluice);
	assert_int_equal(rc, 1);
	return event;
}

static struct sluice_event expect(struct sluice *sluice, enum sluice_event_type type)
{
	struct sluice_event event = next(sluice);

	if (event.type != type)
		fail_msg("event %d instead of %d: %s", event.type, type, event.text);
	return event;
}

// Both ends of a session between `from` and `to`.
static void join(struct sluice *from, struct sluice *to, uint32_t *a, uint32_t *b)
{
	int request = sluice_connect(from, "self", "echo", NULL);

	assert_true(request > 0);
	struct sluice_event event = expect(from, SLUICE_OPENED);
	assert_int_equal(event.request, request);
	assert_false(event.accepted);
	assert_string_equal(event.service, "echo");
	*a = event.session;
	event = expect(to, SLUICE_OPENED);
	assert_true(event.accepted);
	assert_int_equal(event.request, 0);
	*b = event.session;
}

static uint32_t pattern_size(uint32_t n)
{
	static const uint32_t sizes[] = {0, 1, 1408, 65535, 65536, 4096, 17};

	return sizes[n % 7];
}

static void pattern_fill(uint8_t *bytes, uint32_t n)
{
	memset(bytes, (int)(n * 31 + 7), pattern_size(n));
}

static void pattern_check(const uint8_t *bytes, uint32_t size, uint32_t n)
{
	assert_int_equal(size, pattern_size(n));
	for (uint32_t i = 0; i < size; i += 61)
		assert_int_equal(bytes[i], (uint8_t)(n * 31 + 7));
	if (size > 0)
		assert_int_equal(bytes[size - 1], (uint8_t)(n * 31 + 7));
}

// Sends `count` records from a to b on one thread, with
// few buffers, and checks every byte, cookie and answer.
static void transfer(struct sluice *from, uint32_t a, struct sluice *to, uint32_t count)
{
	struct sluice_event events[EVENTS];
	uint32_t sent = 0, answered = 0, received = 0;

	while (answered < count || received < count) {
		void *buffer = sent < count ? sluice_buffer_get(from) : NULL;

		if (buffer != NULL) {
			pattern_fill(buffer, sent);
			assert_int_equal(
				sluice_send(from, a, SLUICE_STREAM(2, SLUICE_ORDERED), buffer,
					pattern_size(sent), sent % 3 == 0, 1000 + sent),
				0);
			sent++;
		}
		int got = sluice_receive(to, events, EVENTS);
		for (int i = 0; i < got; i++, received++) {
			assert_int_equal(events[i].type, SLUICE_DATA);
			assert_int_equal(events[i].stream, SLUICE_STREAM(2, SLUICE_ORDERED));
			assert_int_equal(events[i].message_end, received % 3 == 0);
			pattern_check(events[i].data, events[i].size, received);
			sluice_buffer_put(to, events[i].data);
		}
		int back = sluice_receive(from, events, EVENTS);
		for (int i = 0; i < back; i++, answered++) {
			assert_int_equal(events[i].type, SLUICE_SENT);
			assert_true(events[i].ok);
			assert_int_equal(events[i].cookie, 1000 + answered);
			sluice_buffer_put(from, events[i].data);
		}
		if (buffer == NULL && got == 0 && back == 0)
			sluice_wait(answered < sent ? from : to, 10);
	}
}

// ---- honest -----------------------------------------------------------------------------------

static void transfer__every_byte_once(void **state)
{
	struct sluice *from = attach(8), *to = attach(8);
	struct sluice_stats stats;
	uint32_t a, b;

	(void)state;
	assert_int_equal(sluice_listen(to, "echo", 0), 0);
	join(from, to, &a, &b);
	transfer(from, a, to, 3000);
	assert_int_equal(sluice_session_stats(from, a, &stats), 0);
	assert_true(stats.cwnd_segments > 3.9 && stats.cwnd_segments < 4.1);

	assert_int_equal(sluice_close(from, a), 0);
	assert_int_equal(sluice_close(from, a), 0); // idempotent
	assert_int_equal(
		sluice_send(from, a, 0, sluice_buffer_get(from), 1, true, 0), SLUICE_E_CLOSED);
	assert_true(expect(from, SLUICE_CLOSED).ok);
	assert_true(expect(to, SLUICE_CLOSED).ok);
	assert_int_equal(sluice_session_stats(from, a, &stats), SLUICE_E_CLOSED);
	assert_int_equal(sluice_close(to, b), SLUICE_E_CLOSED);
	sluice_detach(from);
	sluice_detach(to);
}

static void wait__sleeps_and_is_woken(void **state)
{
	struct sluice *from = attach(4), *to = attach(4);
	uint32_t a, b;

	(void)state;
	assert_int_equal(sluice_listen(to, "echo", 0), 0);
	join(from, to, &a, &b);
	for (uint32_t i = 0; i < 2000; i++) { // each direction waits for the other
		uint8_t *buffer = sluice_buffer_get(from);

		buffer[0] = (uint8_t)i;
		assert_int_equal(sluice_send(from, a, 0, buffer, 1, true, i), 0);
		struct sluice_event event = expect(to, SLUICE_DATA);
		assert_int_equal(*(const uint8_t *)event.data, (uint8_t)i);
		sluice_buffer_put(to, event.data);
		sluice_buffer_put(from, expect(from, SLUICE_SENT).data);
	}
	assert_int_equal(sluice_wait(from, 200), 0); // nothing: a time-out
	sluice_detach(from);
	sluice_detach(to);
}

static void fd__becomes_readable_after_wait_said_nothing(void **state)
{
	struct sluice *from = attach(4), *to = attach(4);
	struct pollfd pollfd = {.fd = sluice_fd(to), .events = POLLIN};
	uint32_t a, b;

	(void)state;
	assert_int_equal(sluice_listen(to, "echo", 0), 0);
	join(from, to, &a, &b);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(sluice_wait(to, 0), 0);
		assert_int_equal(poll(&pollfd, 1, 0), 0);
		assert_int_equal(sluice_send(from, a, 0, sluice_buffer_get(from), 1, true, 0), 0);
		assert_int_equal(poll(&pollfd, 1, AWAIT_S * 1000), 1);
		sluice_buffer_put(to, expect(to, SLUICE_DATA).data);
		sluice_buffer_put(from, expect(from, SLUICE_SENT).data);
	}
	sluice_detach(from);
	sluice_detach(to);
}

static void connect__failures_have_sentences(void **state)
{
	struct sluice *sluice = attach(4), *other = attach(4);

	(void)state;
	int request = sluice_connect(sluice, "self", "nothing", NULL);
	struct sluice_event event = expect(sluice, SLUICE_FAILED);
	assert_int_equal(event.request, request);
	assert_int_equal(event.error, SLUICE_E_REFUSED);
	assert_string_equal(event.text, "nobody listens for nothing");
	struct sluice_session_options bad = {.codec = "rar"};
	assert_int_equal(sluice_connect(sluice, "self", "x", &bad), SLUICE_E_INVALID);
	assert_non_null(strstr(sluice_error(sluice), "rar"));
	assert_int_equal(sluice_listen(other, "echo", 0), 0);
	assert_int_equal(sluice_listen(sluice, "echo", 0), SLUICE_E_REFUSED);
	assert_non_null(strstr(sluice_error(sluice), "listens for echo already"));
	sluice_detach(sluice);
	sluice_detach(other);
}

static void send__refuses_what_is_wrong(void **state)
{
	struct sluice *from = attach(2), *to = attach(2);
	uint8_t foreign[8];
	uint32_t a, b;

	(void)state;
	assert_int_equal(sluice_listen(to, "echo", 0), 0);
	join(from, to, &a, &b);
	uint8_t *buffer = sluice_buffer_get(from);
	assert_int_equal(sluice_send(from, a, 0, foreign, 1, true, 0), SLUICE_E_INVALID);
	assert_int_equal(sluice_send(from, a, 0, buffer + 1, 1, true, 0), SLUICE_E_INVALID);
	assert_int_equal(sluice_send(from, a, 0, buffer, 65537, true, 0), SLUICE_E_INVALID);
	assert_int_equal(
		sluice_send(from, a, SLUICE_STREAM(8, 0), buffer, 1, true, 0), SLUICE_E_INVALID);
	assert_int_equal(sluice_send(from, a + 2, 0, buffer, 1, true, 0), SLUICE_E_CLOSED);
	assert_int_equal(sluice_send(from, a, 0, buffer, 1, true, 0), 0);
	assert_int_equal(
		sluice_send(from, a, 0, buffer, 1, true, 0), SLUICE_E_INVALID); // in flight
	sluice_buffer_put(from, buffer); // ignored: not ours now
	assert_non_null(sluice_buffer_get(from));
	assert_null(sluice_buffer_get(from));
	struct sluice_event event = expect(to, SLUICE_DATA);
	sluice_buffer_put(to, event.data);
	sluice_buffer_put(to, event.data); // twice: ignored, does not break the contract
	expect(from, SLUICE_SENT);
	nap_ms(20);
	assert_int_equal(sluice_receive(to, &event, 1), 0);
	assert_int_equal(loopback_counts_get(loopback).broken, 0);
	sluice_detach(from);
	sluice_detach(to);
}

// The receiver takes nothing: the sender's records wait,
// and come back failed when it goes, before CLOSED.
static void close__every_send_is_answered_before(void **state)
{
	struct sluice *from = attach(256), *to = attach(2);
	uint32_t a, b, ok = 0, failed = 0;
	struct sluice_event event;
	void *buffer;

	(void)state;
	assert_int_equal(sluice_listen(to, "echo", 0), 0);
	join(from, to, &a, &b);
	while ((buffer = sluice_buffer_get(from)) != NULL)
		assert_int_equal(sluice_send(from, a, 0, buffer, 65536, true, 0), 0);
	nap_ms(50);
	sluice_detach(to);
	while ((event = next(from)).type == SLUICE_SENT) {
		ok += event.ok;
		failed += !event.ok;
		sluice_buffer_put(from, event.data);
	}
	assert_int_equal(event.type, SLUICE_CLOSED);
	assert_false(event.ok);
	assert_int_equal(ok + failed, 256);
	assert_true(ok > 0 && failed > 0);
	sluice_detach(from);
}

static void detached__is_told_once(void **state)
{
	struct sluice_options options = {.socket = path};
	struct sluice *sluice = attach(4);
	struct sluice_event event;

	(void)state;
	loopback_stop(loopback);
	event = expect(sluice, SLUICE_DETACHED);
	assert_true(strlen(event.text) > 0);
	assert_int_equal(sluice_receive(sluice, &event, 1), SLUICE_E_UNREACHABLE);
	assert_int_equal(sluice_wait(sluice, -1), SLUICE_E_UNREACHABLE);
	assert_int_equal(sluice_listen(sluice, "x", 0), SLUICE_E_UNREACHABLE);
	assert_int_equal(sluice_connect(sluice, "self", "x", NULL), SLUICE_E_UNREACHABLE);
	assert_null(sluice_buffer_get(sluice));
	sluice_detach(sluice);
	assert_int_equal(sluice_attach(&sluice, &options), SLUICE_E_UNREACHABLE);
	assert_non_null(strstr(sluice_error(NULL), path));
	assert_null(sluice);
	loopback = loopback_start(path);
	sluice_detach(attach(4)); // back again
}

// ---- children ---------------------------------------------------------------------------------

// Sends and echoes as fast as it can until it is killed. `scribble`: then writes garbage over the
// rings of its region.
static int child_main(const char *socket, uint32_t scribble)
{
	struct sluice_options options = {.socket = socket, .buffers = 16, .receive_buffers = 32};
	struct sluice *sluice;
	struct sluice_event event;
	uint32_t turns = 0;

	srandom(scribble);
	if (sluice_attach(&sluice, &options) != 0 ||
		sluice_connect(sluice, "self", "echo", NULL) < 0)
		return 3;
	uint32_t session = 0;
	for (;;) {
		void *buffer = session != 0 ? sluice_buffer_get(sluice) : NULL;

		if (buffer != NULL && sluice_send(sluice, session, 0, buffer, 30000, true, 0) != 0)
			sluice_buffer_put(sluice, buffer);
		if (sluice_receive(sluice, &event, 1) == 1) {
			if (event.type == SLUICE_OPENED)
				session = event.session;
			else if (event.type == SLUICE_SENT)
				sluice_buffer_put(sluice, event.data);
			else if (event.type == SLUICE_DETACHED)
				return 0;
		}
		if (scribble != 0 &&
			++turns > 50) { // garbage somewhere before the blocks, header included
			uint32_t at =
				(uint32_t)random() % (uint32_t)sizeof(struct app_region) & ~3u;
			uint32_t garbage = (uint32_t)random();

			if (random() % 2 == 0) // more often where it matters
				at = (uint32_t)offsetof(struct app_region, tx_tail) +
				     (uint32_t)random() % 3 * RING_LINE;
			memcpy(sluice->region.base + at, &garbage, sizeof(garbage));
		}
	}
}

static pid_t child_start(uint32_t scribble)
{
	char number[16];
	pid_t pid;

	snprintf(number, sizeof(number), "%u", scribble);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "test_app_attach", "child", path, number, (char *)NULL);
		_exit(127);
	}
	return pid;
}

// Serves children (returns their records, echoes nothing) for a while.
static void serve(struct sluice *sluice, long ms)
{
	struct sluice_event event;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
	do {
		while (sluice_receive(sluice, &event, 1) == 1) {
			assert_int_not_equal(event.type, SLUICE_DETACHED);
			if (event.type == SLUICE_DATA)
				sluice_buffer_put(sluice, event.data);
		}
		sluice_wait(sluice, 1);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < end);
}

// All applications but `left` are gone. What they had sent was published before.
static void wait_released(struct sluice *sluice, uint32_t left)
{
	struct loopback_counts counts;
	time_t end = time(NULL) + AWAIT_S;

	do {
		serve(sluice, 10);
		counts = loopback_counts_get(loopback);
	} while (counts.released + left < counts.attached && time(NULL) < end);
	assert_int_equal(counts.released + left, counts.attached);
	serve(sluice, 0);
}

// On a busy machine a child may need longer than the longest life of a round to come in at all.
static bool kill_enough(int round)
{
	struct loopback_counts counts = loopback_counts_get(loopback);

	return round >= KILLS && counts.opened > 3 && counts.records > 100;
}

static void kill__at_random_moments(void **state)
{
	struct sluice *server = attach(4), *from = attach(8);
	struct loopback_counts counts;
	uint32_t a, b;
	int status;

	(void)state;
	assert_int_equal(sluice_listen(server, "echo", 0), 0);
	for (int i = 0; !kill_enough(i) && i < 10 * KILLS; i++) {
		pid_t pid = child_start(0);

		serve(server, 1 + i * 2 % 37 + i / KILLS * 50);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	wait_released(server, 2); // every child that came is gone, its blocks with it
	counts = loopback_counts_get(loopback);
	assert_int_equal(counts.broken, 0); // death is no breach
	assert_true(counts.opened > 3 && counts.records > 100);
	join(from, server, &a, &b); // and the honest go on
	transfer(from, a, server, 500);
	sluice_detach(server);
	sluice_detach(from);
}

static void scribble__harms_only_itself(void **state)
{
	struct sluice *server = attach(4), *from = attach(8), *to = attach(8);
	uint32_t a, b;
	int status;

	(void)state;
	assert_int_equal(sluice_listen(to, "echo", DOOR_LISTEN_FALLBACK), 0);
	join(from, to, &a, &b);
	assert_int_equal(sluice_listen(server, "echo", 0), 0);
	for (uint32_t i = 1; i <= VANDALS; i++) {
		pid_t pid = child_start(i);

		transfer(from, a, to, 200); // undisturbed
		serve(server, 60);
		kill(pid, SIGKILL); // most were dropped and are gone already
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	}
	wait_released(server, 3);
	assert_true(loopback_counts_get(loopback).broken >= VANDALS / 2);
	transfer(from, a, to, 200);
	sluice_detach(server);
	sluice_detach(from);
	sluice_detach(to);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "child") == 0)
		return child_main(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(transfer__every_byte_once),
		CASE(wait__sleeps_and_is_woken),
		CASE(fd__becomes_readable_after_wait_said_nothing),
		CASE(connect__failures_have_sentences),
		CASE(send__refuses_what_is_wrong),
		CASE(close__every_send_is_answered_before),
		CASE(detached__is_told_once),
		CASE(kill__at_random_moments),
		CASE(scribble__harms_only_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
