// Door messages: descriptors arrive close-on-exec, and whatever is not exactly one message leaves
// nothing open.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ipc/door.h"

struct fixture {
	int sockets[2];
	int file; // something to send
	int open; // descriptors of this process, everything of the fixture included
};

static int count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static int setup(void **state)
{
	static struct fixture f;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, f.sockets), 0);
	f.file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	f.open = count_open();
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->sockets[0]);
	close(f->sockets[1]);
	close(f->file);
	return 0;
}

// Sends `size` bytes with `count` descriptors, however wrong.
static void send_raw(struct fixture *f, const void *bytes, size_t size, int count)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count > 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		for (int i = 0; i < count; i++)
			memcpy(CMSG_DATA(cmsg) + (size_t)i * sizeof(int), &f->file, sizeof(int));
	}
	assert_int_equal(sendmsg(f->sockets[0], &header, 0), (ssize_t)size);
}

static void refuse(struct fixture *f, int error)
{
	struct door_message m;
	int fds[DOOR_FDS_MAX], count = 99;

	assert_int_equal(door_receive(f->sockets[1], &m, fds, &count), error);
	assert_int_equal(count, 0);
	assert_int_equal(count_open(), f->open);
}

static void receive__gives_message_and_descriptors(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_WELCOME), got;
	int fds[DOOR_FDS_MAX], count;

	m.request = 42;
	snprintf(m.text, sizeof(m.text), "%s", "hello");
	assert_int_equal(door_send(f->sockets[0], &m, (int[]){f->file, f->file}, 2), 0);
	assert_int_equal(door_receive(f->sockets[1], &got, fds, &count), 0);
	assert_memory_equal(&m, &got, sizeof(m));
	assert_int_equal(count, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		close(fds[i]);
	}
	refuse(f, -EAGAIN);
}

static void receive__refuses_more_descriptors_than_two(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_HELLO_APP);

	for (int count = DOOR_FDS_MAX + 1; count <= 8; count++) {
		send_raw(f, &m, sizeof(m), count);
		refuse(f, DOOR_E_MALFORMED);
	}
}

static void receive__refuses_other_sizes(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[sizeof(struct door_message) + 1] = {0};
	struct door_message m = door_message_init(DOOR_LISTEN);

	memcpy(bytes, &m, sizeof(m));
	for (size_t size = 1; size <= sizeof(bytes); size++) {
		if (size == sizeof(m))
			continue;
		send_raw(f, bytes, size, 1);
		refuse(f, DOOR_E_MALFORMED);
	}
}

static void receive__refuses_magic_and_version(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_LISTEN);

	m.magic++;
	send_raw(f, &m, sizeof(m), 1);
	refuse(f, DOOR_E_MALFORMED);
	m = door_message_init(DOOR_LISTEN);
	m.version++;
	send_raw(f, &m, sizeof(m), 2);
	refuse(f, DOOR_E_VERSION);
}

static void receive__hang_up(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_LISTEN);

	shutdown(f->sockets[0], SHUT_RDWR);
	refuse(f, DOOR_E_HANGUP);
	assert_int_equal(door_send(f->sockets[1], &m, NULL, 0), DOOR_E_HANGUP);
}

// The other side closes without having read what we sent: its last words still arrive.
static void receive__last_words_before_a_reset(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_RESULT), got;
	int fds[DOOR_FDS_MAX], count;

	assert_int_equal(door_send(f->sockets[1], &m, NULL, 0), 0); // never read
	m.result = IPC_REFUSED_FULL;
	assert_int_equal(door_send(f->sockets[0], &m, NULL, 0), 0);
	close(f->sockets[0]);
	f->sockets[0] = -1;
	assert_int_equal(door_receive(f->sockets[1], &got, fds, &count), 0);
	assert_int_equal(got.result, IPC_REFUSED_FULL);
	assert_int_equal(door_receive(f->sockets[1], &got, fds, &count), DOOR_E_HANGUP);
}

static void send__does_not_block_on_a_lazy_reader(void **state)
{
	struct fixture *f = *state;
	struct door_message m = door_message_init(DOOR_RESULT);
	int rc = 0;

	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = door_send(f->sockets[0], &m, NULL, 0);
	assert_int_equal(rc, -EAGAIN);
}

static void name_valid__cases(void **state)
{
	char name[NAME_SIZE];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_false(door_name_valid(name)); // no end
	name[NAME_SIZE - 1] = '\0';
	assert_true(door_name_valid(name));
	name[0] = '\0';
	assert_false(door_name_valid(name));
	assert_true(door_name_valid((char[NAME_SIZE]){"file-1.x_y"}));
	assert_false(door_name_valid((char[NAME_SIZE]){"a b"}));
	assert_false(door_name_valid((char[NAME_SIZE]){"a\n"}));
	assert_false(door_name_valid((char[NAME_SIZE]){"\xc3\xa9"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			receive__gives_message_and_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(
			receive__refuses_more_descriptors_than_two, setup, teardown),
		cmocka_unit_test_setup_teardown(receive__refuses_other_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			receive__refuses_magic_and_version, setup, teardown),
		cmocka_unit_test_setup_teardown(receive__hang_up, setup, teardown),
		cmocka_unit_test_setup_teardown(
			receive__last_words_before_a_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(
			send__does_not_block_on_a_lazy_reader, setup, teardown),
		cmocka_unit_test(name_valid__cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
