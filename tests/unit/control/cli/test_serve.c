// sluice serve as a whole, over a libsluice and a disk made by hand: two senders at once, a disk
// that takes its time for the file of the first one, and a stop while it still does.
#include "control/cli/cli.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "control/cli/transfer_proto.h"
#include "lib/client/sluice.h"
#include "tests/unit/control/cli/fake_sluice.h"
#include "tests/unit/control/cli/folder.h"

enum { EVENTS = 32, SLOW_MS = 800 };

#define CONTROL SLUICE_STREAM(TRANSFER_STREAM_CONTROL, SLUICE_ORDERED)

struct sluice {
	struct sluice_event events[EVENTS];
	int count;
	char told[256];
	int left_behind; // events that nobody took before the end
};

static struct sluice fake;
static bool flood, answered_in_flood; // other traffic without a gap
static time_t flood_end;
static struct folder folder;
static sem_t disk;

// ---- a disk ------------------------------------------------------------------------------------

static bool is_slow(int fd)
{
	char link[32], name[4096] = {0};

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, name, sizeof(name) - 1) > 0 && strstr(name, "/.slow.") != NULL;
}

// Instead of libc's: the file "slow" waits until it may, and then a while.
int fsync(int fd)
{
	struct timespec slow = {.tv_nsec = SLOW_MS * 1000000};

	if (is_slow(fd)) {
		// Never for ever: a serve that waits here fails the test, and does not hang it.
		struct timespec end;

		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += 5;
		if (sem_timedwait(&disk, &end) == 0)
			nanosleep(&slow, NULL);
	}
	return (int)syscall(SYS_fsync, fd);
}

// ---- a libsluice -------------------------------------------------------------------------------

static void push(struct sluice_event event)
{
	assert_true(fake.count < EVENTS);
	fake.events[fake.count++] = event;
}

static void push_message(uint32_t session, struct transfer_message message)
{
	uint8_t *bytes = malloc(TRANSFER_MESSAGE_MAX);

	message.transfer = 1;
	push((struct sluice_event){.type = SLUICE_DATA,
		.session = session,
		.stream = CONTROL,
		.data = bytes,
		.size = (uint32_t)transfer_frame(bytes, &message)});
}

// A sender of an empty file, all at once.
static void push_sender(uint32_t session, const char *name)
{
	struct transfer_message offer = {.type = TRANSFER_OFFER, .mode = 0600},
				end = {.type = TRANSFER_END};
	unsigned size = 32;

	snprintf(offer.name, sizeof(offer.name), "%s", name);
	EVP_Digest("", 0, end.sha256, &size, EVP_sha256(), NULL);
	push((struct sluice_event){
		.type = SLUICE_OPENED, .session = session, .accepted = true, .peer = "a"});
	push_message(session, offer);
	push_message(session, end);
}

int sluice_attach(struct sluice **sluice, const struct sluice_options *options)
{
	(void)options;
	*sluice = &fake;
	fake_sluice_fd = eventfd(0, EFD_CLOEXEC);
	push_sender(1, "slow");
	push_sender(2, "quick");
	return 0;
}

void sluice_detach(struct sluice *sluice)
{
	if (!sluice)
		return;
	fake.left_behind = fake.count;
	close(fake_sluice_fd);
}

int sluice_listen(struct sluice *sluice, const char *service, uint32_t flags)
{
	(void)sluice;
	(void)service;
	(void)flags;
	return 0;
}

int sluice_close(struct sluice *sluice, uint32_t session)
{
	(void)sluice;
	(void)session;
	return 0;
}

int sluice_abort(struct sluice *sluice, uint32_t session)
{
	(void)sluice;
	(void)session;
	return 0;
}

void *sluice_buffer_get(struct sluice *sluice)
{
	(void)sluice;
	return malloc(SLUICE_BUFFER_SIZE);
}

void sluice_buffer_put(struct sluice *sluice, const void *buffer)
{
	(void)sluice;
	free((void *)buffer);
}

int sluice_send(struct sluice *sluice, uint32_t session, uint32_t stream, void *buffer,
	uint32_t size, bool message_end, uint64_t cookie)
{
	struct transfer_message message;
	size_t used = strlen(sluice->told);

	(void)message_end;
	(void)cookie;
	assert_null(transfer_parse(&message, buffer, size));
	snprintf(sluice->told + used, sizeof(sluice->told) - used, "%s to %u; ",
		message.type == TRANSFER_ACCEPT ? "accept"
		: message.type == TRANSFER_DONE ? "done"
						: message.text,
		session);
	push((struct sluice_event){.type = SLUICE_SENT,
		.session = session,
		.ok = true,
		.stream = stream,
		.data = buffer});
	if (session == 2 && message.type == TRANSFER_DONE) {
		answered_in_flood = flood;
		flood = false;
		raise(SIGTERM);
		sem_post(&disk);
	}
	return 0;
}

int sluice_wait(struct sluice *sluice, int timeout_ms)
{
	(void)timeout_ms;
	flood = flood && time(NULL) < flood_end;
	return sluice->count + flood;
}

int sluice_receive(struct sluice *sluice, struct sluice_event *events, int max)
{
	int taken = sluice->count < max ? sluice->count : max;

	if (taken == 0 && flood) {
		events[0] = (struct sluice_event){.type = SLUICE_FAILED}; // of no interest to serve
		return 1;
	}
	memcpy(events, sluice->events, (size_t)taken * sizeof(*events));
	sluice->count -= taken;
	memmove(sluice->events, sluice->events + taken, (size_t)sluice->count * sizeof(*events));
	return taken;
}

int sluice_connect(struct sluice *sluice, const char *node, const char *service,
	const struct sluice_session_options *options)
{
	(void)sluice;
	(void)node;
	(void)service;
	(void)options;
	return -1;
}

int sluice_session_stats(struct sluice *sluice, uint32_t session, struct sluice_stats *stats)
{
	(void)sluice;
	(void)session;
	(void)stats;
	return -1;
}

// ---- the case ----------------------------------------------------------------------------------

static void serve_two(void)
{
	struct cli cli = {0};
	const struct command *command = cli_commands;
	char *operands[] = {NULL};
	json_t *params;

	memset(&fake, 0, sizeof(fake));
	assert_true(folder_open(&folder) >= 0);
	sem_init(&disk, 0, 0);
	while (strcmp(command->group, "serve") != 0)
		command++;
	params = json_pack("{s:s}", "dir", folder.path);
	assert_int_equal(serve_run(&cli, command, params, operands), CLI_OK);
	json_decref(params);
}

static void serve_two_end(void)
{
	sem_destroy(&disk);
	folder_close(&folder);
}

static void serve__a_slow_disk_holds_up_only_its_own_file(void **state)
{
	(void)state;
	serve_two();
	// The quick file did not wait for the slow one, and the stop waited for the disk.
	assert_string_equal(fake.told, "accept to 1; accept to 2; done to 2; done to 1; ");
	assert_int_equal(fake.left_behind, 0);
	assert_int_equal(folder_count(&folder), 2);
	serve_two_end();
}

// A file that is on the disk is answered, whatever others send meanwhile. In a process of its own:
// a stop is for ever.
static void serve__answers_in_the_midst_of_other_traffic(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		flood = true, flood_end = time(NULL) + 4;
		serve_two();
		serve_two_end();
		_exit(answered_in_flood ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serve__answers_in_the_midst_of_other_traffic),
		cmocka_unit_test(serve__a_slow_disk_holds_up_only_its_own_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
