// What an interface of the kernel must be before a link uses it: real ones, in a network namespace
// that dies with the test.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"

#define EXIT_SKIP 77

static char error[256];

// Words are separated by single spaces.
static bool command(const char *line)
{
	char words[256], *argv[24], *save = NULL;
	int argc = 0, status = -1;
	pid_t pid;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	return posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

static struct port port_of(enum port_driver driver, uint16_t queues)
{
	struct port p = {.config = {.name = "lan",
				 .driver = driver,
				 .iface = "left0",
				 .address = ADDRESS_IPV4(0x0a000001),
				 .mtu = MTU_MIN,
				 .queues = queues}};

	return p;
}

static void accepted(struct port p)
{
	error[0] = '\0';
	if (!kernel_link_open(&p, error, sizeof(error)))
		fail_msg("refused: %s", error);
	close(p.ioctl_socket);
}

static void refused(struct port p, const char *part)
{
	error[0] = '\0';
	assert_false(kernel_link_open(&p, error, sizeof(error)));
	if (strstr(error, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error, part);
	assert_int_equal(p.ioctl_socket, -1);
}

static void open__one_queue_with_any_driver(void **state)
{
	(void)state;
	accepted(port_of(PORT_AF_XDP, 1));
	accepted(port_of(PORT_AF_PACKET, 1));
}

// The driver would only say "Operation not permitted". The
// kernel's own count does not help: this veth has four.
static void open__af_xdp_wants_a_queue_for_each_worker(void **state)
{
	(void)state;
	refused(port_of(PORT_AF_XDP, 2), "interface left0 has 1 queue for af_xdp");
	refused(port_of(PORT_AF_XDP, 2), "at most 1 worker, or driver af_packet");
	accepted(port_of(PORT_AF_PACKET, 2));
}

static void open__interface_must_be_there_and_fit(void **state)
{
	struct port p = port_of(PORT_AF_PACKET, 1);

	(void)state;
	p.config.mtu = 1600;
	refused(p, "has MTU 1500");
	snprintf(p.config.iface, sizeof(p.config.iface), "nowhere0");
	refused(p, "there is no interface nowhere0");
	p = port_of(PORT_AF_PACKET, 1);
	snprintf(p.config.iface, sizeof(p.config.iface), "right0");
	refused(p, "ip addr flush dev right0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__one_queue_with_any_driver),
		cmocka_unit_test(open__af_xdp_wants_a_queue_for_each_worker),
		cmocka_unit_test(open__interface_must_be_there_and_fit),
	};

	if (unshare(CLONE_NEWNET) != 0 ||
		!command("ip link add left0 numrxqueues 4 numtxqueues 4 type veth peer name "
			 "right0") ||
		!command("ip addr add 10.9.9.9/24 dev right0")) {
		printf("skipped: needs root and veth interfaces\n");
		return EXIT_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
