// Two real processes, one real link: every frame's bytes are checked in both directions, at every
// size up to the MTU.
//   port_pair LINK MTU [kill-server|kill-client]
// LINK: memif, memif_huge, vhost, vhost_huge, vdev, af_packet, af_xdp, tap
// with _ipv6: over IPv6; with _vlan: in a VLAN
// vhost: the caller has the virtio-user end. vdev: memif by its own device string.
// Exit code 77: not possible here (no root, no hugepages), with the reason.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/port/eal.h"
#include "dataplane/port/mbuf.h"
#include "dataplane/port/port.h"
#include "lib/base/bytes.h"

enum {
	FRAMES = 20000,
	WINDOW = 64,
	RESEND_MS = 50,
	DEADLINE_S = 90,
	KILLS = 5,
	RESUME_S = 20,
	SILENCE_MS = 150,    // a node's restart takes longer
	MESSAGE_HEADER = 12, // seq, size, who
	WORDS_MAX = 24,
	EXIT_SKIP = 77,
};

#define WHO_CALLER 0x43414c4cu
#define WHO_ECHO   0x4543484fu

struct node {
	struct port_config config;
	enum eal_memory memory;
	bool caller;
	uint32_t frames; // UINT32_MAX: until terminated
	struct address peer;

	struct eal *eal;
	struct port *port;
	struct port_route route;
	atomic_bool stop;
	atomic_uint done; // caller: frames answered; echo: answers sent

	// kill runs: how often traffic began to flow
	uint32_t kills, done_then;
	uint64_t progress_ns;
	atomic_uint *resumed; // shared with the parent, which kills no sooner

	char failure[256];
	uint64_t sent_ns[WINDOW]; // caller: 0 not sent yet, UINT64_MAX answered
	uint32_t base;            // caller: lowest unanswered
};

static volatile sig_atomic_t terminated;

static void on_terminate(int signal_number)
{
	(void)signal_number;
	terminated = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint8_t pattern(uint32_t seq, uint32_t who, uint32_t at)
{
	return (uint8_t)((seq * 2654435761u + who + at * 40503u) >> 11);
}

// All sizes come by; every fourth frame is as large as the MTU allows.
static uint32_t message_size(const struct node *n, uint32_t seq)
{
	uint32_t max = port_payload_max(n->port);

	return seq % 4 == 0 ? max : MESSAGE_HEADER + seq * 7919u % (max - MESSAGE_HEADER + 1);
}

static void message_fill(uint8_t *bytes, uint32_t seq, uint32_t size, uint32_t who)
{
	be32_put(bytes, seq);
	be32_put(bytes + 4, size);
	be32_put(bytes + 8, who);
	for (uint32_t i = MESSAGE_HEADER; i < size; i++)
		bytes[i] = pattern(seq, who, i);
}

static bool message_check(struct node *n, const struct port_packet *in, uint32_t who, uint32_t *seq)
{
	*seq = in->size >= MESSAGE_HEADER ? be32_get(in->payload) : 0;
	if (in->size < MESSAGE_HEADER || be32_get(in->payload + 4) != in->size ||
		be32_get(in->payload + 8) != who || in->size != message_size(n, *seq) ||
		!address_equal(in->src, n->peer) || in->src_port != WIRE_UDP_PORT) {
		snprintf(n->failure, sizeof(n->failure),
			"message %u of %u bytes: wrong header or size", *seq, in->size);
		return false;
	}
	for (uint32_t i = MESSAGE_HEADER; i < in->size; i++)
		if (in->payload[i] != pattern(*seq, who, i)) {
			snprintf(n->failure, sizeof(n->failure), "message %u: byte %u differs",
				*seq, i);
			return false;
		}
	return true;
}

static bool message_send(struct node *n, uint32_t seq, uint32_t who)
{
	struct rte_mbuf *mbuf = port_mbuf_get(n->port, 0);
	uint32_t size = message_size(n, seq);

	if (!mbuf)
		return false;
	if ((uintptr_t)mbuf_payload(mbuf) % 64 != 0)
		snprintf(n->failure, sizeof(n->failure), "the payload is not cache aligned");
	message_fill(mbuf_header(mbuf), seq, size, who);
	port_frame(n->port, &n->route, mbuf, size);
	if (port_tx(n->port, 0, &mbuf, 1) == 1)
		return true;
	port_mbuf_put(mbuf);
	return false;
}

static void caller_send(struct node *n, uint64_t now)
{
	if (port_route_ready(n->port, 0, &n->route, now) != VERDICT_ACCEPT)
		return;
	for (uint32_t seq = n->base; seq < n->base + WINDOW && seq < n->frames; seq++) {
		uint64_t *sent = &n->sent_ns[seq % WINDOW];

		if (*sent == UINT64_MAX || (*sent != 0 && now - *sent < RESEND_MS * 1000000ull))
			continue;
		if (!message_send(n, seq, WHO_CALLER))
			return;
		*sent = now;
	}
}

static void caller_on_reply(struct node *n, uint32_t seq)
{
	if (seq < n->base || seq >= n->base + WINDOW)
		return;
	n->sent_ns[seq % WINDOW] = UINT64_MAX;
	while (n->sent_ns[n->base % WINDOW] == UINT64_MAX) {
		n->sent_ns[n->base % WINDOW] = 0;
		n->base++;
	}
	atomic_store(&n->done, n->base);
}

static void node_turn(struct node *n)
{
	struct port_packet in[BURST];
	uint64_t now = now_ns();
	uint16_t count = port_rx(n->port, 0, in, BURST, now);
	uint32_t seq;

	for (uint16_t i = 0; i < count; i++) {
		if (message_check(n, &in[i], n->caller ? WHO_ECHO : WHO_CALLER, &seq)) {
			if (n->caller)
				caller_on_reply(n, seq);
			else if (port_route_ready(n->port, 0, &n->route, now) == VERDICT_ACCEPT &&
				 message_send(n, seq, WHO_ECHO))
				atomic_fetch_add(&n->done, 1);
		}
		port_mbuf_put(in[i].mbuf);
	}
	if (n->caller)
		caller_send(n, now);
	if (count == 0)
		sched_yield();
}

static void *node_worker(void *arg)
{
	struct node *n = arg;

	if (eal_thread_join("port-pair", -1, n->failure, sizeof(n->failure)) != 0)
		return NULL;
	while (!atomic_load(&n->stop) && !n->failure[0])
		node_turn(n);
	eal_thread_leave();
	return NULL;
}

static void node_report(const struct node *n, const char *what)
{
	const struct port_counters *c = port_counters(n->port, 0);

	printf("%s: %s: rx %lu tx %lu refused %lu neighbours %lu/%lu/%lu echo %lu link changes %lu",
		n->config.name, what, c->rx_packets, c->tx_packets, c->tx_refused,
		c->neighbour_requests_sent, c->neighbour_replies_sent, c->neighbour_received,
		c->echo_replies_sent, port_link_changes(n->port));
	for (int v = 1; v < DROP_COUNT; v++)
		if (c->drops[v])
			printf(" %s %lu", drop_name((enum verdict)v), c->drops[v]);
	printf("\n");
	fflush(stdout);
}

// Counts how often traffic began again after a silence.
static void node_watch(struct node *n, uint64_t now)
{
	uint32_t done = atomic_load(&n->done);

	if (done == n->done_then)
		return;
	if (n->kills && now - n->progress_ns > SILENCE_MS * 1000000ull)
		atomic_fetch_add(n->resumed, 1);
	n->done_then = done;
	n->progress_ns = now;
}

static void node_judge(struct node *n)
{
	if (n->kills && atomic_load(n->resumed) < n->kills + 1)
		snprintf(n->failure, sizeof(n->failure),
			"traffic flowed %u times, the peer lived %u times", atomic_load(n->resumed),
			n->kills + 1);
	else if (n->caller && !n->kills && atomic_load(&n->done) < n->frames)
		snprintf(n->failure, sizeof(n->failure), "only %u frames within %d s",
			atomic_load(&n->done), DEADLINE_S);
}

static int node_run(struct node *n)
{
	struct eal_config eal = {.name = n->config.name, .memory = n->memory};
	struct sigaction act = {.sa_handler = on_terminate};
	uint64_t deadline = now_ns() + DEADLINE_S * 1000000000ull;
	pthread_t worker;

	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN); // as the dataplane does: drivers write to sockets of the dead
	eal.memory_mb = port_config_memory_mb(&n->config) + 32;
	eal.verbose = getenv("PORT_PAIR_VERBOSE") != NULL;
	n->eal = eal_start(&eal, n->failure, sizeof(n->failure));
	if (n->eal)
		n->port = port_open(n->eal, &n->config, n->failure, sizeof(n->failure));
	if (!n->port || !port_route_init(n->port, 0, &n->route, n->peer, WIRE_UDP_PORT)) {
		printf("%s: %s\n", n->config.name, n->failure);
		return 1;
	}
	pthread_create(&worker, NULL, node_worker, n);
	while (!n->failure[0] && now_ns() < deadline && !terminated &&
		atomic_load(&n->done) < n->frames) {
		eal_step(n->eal, now_ns());
		node_watch(n, now_ns());
		usleep(2000);
	}
	while (!n->caller && !terminated && now_ns() < deadline)
		usleep(2000); // the last answers are on their way, or are asked for again
	atomic_store(&n->stop, true);
	pthread_join(worker, NULL);
	node_report(n, "done");
	if (!n->failure[0])
		node_judge(n);
	uint32_t away = port_close(n->port);
	if (away && !n->failure[0])
		snprintf(n->failure, sizeof(n->failure), "%u packet buffers did not come back",
			away);
	eal_stop(n->eal);
	if (n->failure[0])
		printf("%s: %s\n", n->config.name, n->failure);
	return n->failure[0] ? 1 : 0;
}

// ---- the two processes

struct child {
	struct node node;
	pid_t pid;
	int go;        // written once when the child may start
	int namespace; // network namespace of the first one's, which the next ones enter; -1: none
};

// Forks before DPDK starts. `isolated`: in a network
// namespace of its own, which dies with this program.
static bool child_fork(struct child *c, bool isolated)
{
	int ready[2], go[2];
	char byte = 0, path[64];

	if (pipe(ready) != 0 || pipe(go) != 0)
		return false;
	fflush(stdout);
	c->pid = fork();
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		if (isolated && (c->namespace < 0 ? unshare(CLONE_NEWNET)
						  : setns(c->namespace, CLONE_NEWNET)) != 0)
			_exit(1);
		if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		exit(node_run(&c->node));
	}
	close(ready[1]);
	close(go[0]);
	c->go = go[1];
	if (c->pid < 0 || read(ready[0], &byte, 1) != 1)
		return false;
	close(ready[0]);
	if (isolated && c->namespace < 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", c->pid);
		c->namespace = open(path, O_RDONLY | O_CLOEXEC);
	}
	return true;
}

static bool child_go(struct child *c)
{
	bool ok = write(c->go, "", 1) == 1;

	close(c->go);
	return ok;
}

static int child_wait(struct child *c)
{
	int status = 0;

	waitpid(c->pid, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		printf("%s: died of signal %d\n", c->node.config.name, WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs a command line without a shell: words are separated by single spaces.
__attribute__((format(printf, 1, 2))) static bool command(const char *format, ...)
{
	char line[256], *words[WORDS_MAX + 1] = {line};
	int status = -1;
	va_list list;
	pid_t pid;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	for (int n = 1; n < WORDS_MAX && (words[n] = strchr(words[n - 1], ' ')); n++)
		*words[n]++ = 0;
	return posix_spawnp(&pid, words[0], NULL, NULL, words, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

static bool veth_make(pid_t a, pid_t b, uint32_t mtu)
{
	return command("ip link add spa%d mtu %u netns %d type veth peer name spb%d mtu %u netns "
		       "%d",
		       getpid(), mtu, a, getpid(), mtu, b) &&
	       command("nsenter -t %d -n ip link set spa%d up", a, getpid()) &&
	       command("nsenter -t %d -n ip link set spb%d up", b, getpid());
}

// In each namespace a bridge with a tap, which is there before and after its process, and one end
// of a veth pair between the bridges.
static bool tap_bridge(pid_t pid, char side)
{
	return command("nsenter -t %d -n ip tuntap add sp%c%d mode tap pi multi_queue", pid, side,
		       getpid()) &&
	       command("nsenter -t %d -n ip link add br%c type bridge mcast_snooping 0", pid,
		       side) &&
	       command("nsenter -t %d -n ip link set sp%c%d master br%c", pid, side, getpid(),
		       side) &&
	       command("nsenter -t %d -n ip link set spv%c%d master br%c up", pid, side, getpid(),
		       side) &&
	       command("nsenter -t %d -n ip link set br%c up", pid, side);
}

static bool taps_make(pid_t a, pid_t b)
{
	return command("ip link add spva%d netns %d type veth peer name spvb%d netns %d", getpid(),
		       a, getpid(), b) &&
	       tap_bridge(a, 'a') && tap_bridge(b, 'b');
}

static bool is_memory(const char *link)
{
	return strncmp(link, "af_", 3) != 0 && strncmp(link, "tap", 3) != 0;
}

static enum port_driver driver_of(const char *link, bool caller)
{
	if (strncmp(link, "memif", 5) == 0)
		return PORT_MEMIF;
	if (strncmp(link, "vhost", 5) == 0)
		return caller ? PORT_VIRTIO_USER : PORT_VHOST;
	if (strncmp(link, "vdev", 4) == 0)
		return PORT_VDEV;
	if (strncmp(link, "tap", 3) == 0)
		return PORT_TAP;
	return strncmp(link, "af_xdp", 6) == 0 ? PORT_AF_XDP : PORT_AF_PACKET;
}

static struct address address_of(const char *link, bool caller)
{
	struct address v6 = {{0xfd, [15] = caller ? 1 : 2}};

	return strstr(link, "_ipv6") ? v6 : address_from_ipv4(caller ? 0xc0a80701u : 0xc0a80702u);
}

static void configure(
	struct node *n, bool caller, const char *link, uint32_t mtu, const char *directory)
{
	struct port_config *c = &n->config;

	memset(n, 0, sizeof(*n));
	n->caller = caller;
	n->frames = FRAMES;
	n->peer = address_of(link, !caller);
	snprintf(c->name, sizeof(c->name), "pair-%s", caller ? "caller" : "echo");
	c->driver = driver_of(link, caller);
	c->memif_server = c->driver == PORT_MEMIF && !caller;
	n->memory = strstr(link, "_huge") ? EAL_HUGEPAGES : EAL_NO_HUGE;
	if (is_memory(link) && c->driver != PORT_VDEV)
		snprintf(c->socket, sizeof(c->socket), "%s/pair.sock", directory);
	if (c->driver == PORT_VDEV)
		snprintf(c->device, sizeof(c->device),
			"net_memif0,role=%s,socket=%s/pair.sock,socket-abstract=no",
			caller ? "client" : "server", directory);
	if (!is_memory(link))
		snprintf(c->iface, sizeof(c->iface), "sp%c%d", caller ? 'a' : 'b', getpid());
	c->mtu = mtu;
	c->address = address_of(link, caller);
	c->prefix = 24;
	c->vlan = strstr(link, "_vlan") ? 5 : 0;
	c->queues = 1;
}

static bool resumed_wait(const struct child *survivor, uint32_t times)
{
	uint64_t start = now_ns(), deadline = start + RESUME_S * 1000000000ull;

	while (atomic_load(survivor->node.resumed) < times && now_ns() < deadline)
		usleep(1000);
	printf("traffic %u after %lu ms\n", times, (now_ns() - start) / 1000000);
	return now_ns() < deadline;
}

// The victim dies in the middle of traffic, several
// times; the survivor must go on with the next one.
static int kill_run(struct child *survivor, struct child *victim)
{
	int result;

	for (uint32_t i = 0; i < KILLS && resumed_wait(survivor, i + 1); i++) {
		usleep(20000 + 37123 * i);
		kill(victim->pid, SIGKILL);
		child_wait(victim);
		if (!child_fork(victim, victim->namespace >= 0) || !child_go(victim))
			return 1;
	}
	resumed_wait(survivor, KILLS + 1);
	kill(survivor->pid, SIGTERM);
	result = child_wait(survivor);
	kill(victim->pid, SIGKILL);
	child_wait(victim);
	return result;
}

static int pair_run(struct child *caller, struct child *echo)
{
	int result = child_wait(caller);

	kill(echo->pid, SIGTERM);
	return result ? result : child_wait(echo);
}

static const char *impossible(const char *link)
{
	unsigned long pages = 0;
	FILE *f;

	if (!is_memory(link) && geteuid() != 0)
		return "needs root: it makes interfaces in network namespaces";
	if (!strstr(link, "_huge"))
		return NULL;
	f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages < 80 ? "needs 80 free hugepages of 2 MiB" : NULL;
}

int main(int argc, char **argv)
{
	struct child caller = {.namespace = -1}, echo = {.namespace = -1};
	char directory[] = "/tmp/sluice-port-pair-XXXXXX", socket_path[PORT_SOCKET_SIZE];
	const char *link = argc > 1 ? argv[1] : "memif", *kill_who = argc > 3 ? argv[3] : NULL;
	uint32_t mtu = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1500;
	bool isolated = !is_memory(link);
	int result = 1;

	if (impossible(link)) {
		printf("skipped: %s\n", impossible(link));
		return EXIT_SKIP;
	}
	if (!mkdtemp(directory))
		return 1;
	configure(&caller.node, true, link, mtu, directory);
	configure(&echo.node, false, link, mtu, directory);
	caller.node.resumed = echo.node.resumed = mmap(NULL, sizeof(atomic_uint),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (kill_who)
		caller.node.frames = echo.node.frames = UINT32_MAX;
	if (kill_who)
		*(strcmp(kill_who, "kill-server") == 0 ? &caller.node.kills : &echo.node.kills) =
			KILLS;
	if (!child_fork(&caller, isolated) || !child_fork(&echo, isolated))
		printf("cannot fork into network namespaces\n");
	else if (isolated && !(strncmp(link, "tap", 3) == 0 ? taps_make(caller.pid, echo.pid)
							    : veth_make(caller.pid, echo.pid, mtu)))
		printf("cannot make the interfaces\n");
	else if (!child_go(&echo) || !child_go(&caller))
		printf("cannot start\n");
	else if (!kill_who)
		result = pair_run(&caller, &echo);
	else if (strcmp(kill_who, "kill-server") == 0)
		result = kill_run(&caller, &echo);
	else
		result = kill_run(&echo, &caller);
	snprintf(socket_path, sizeof(socket_path), "%s/pair.sock", directory);
	unlink(socket_path);
	rmdir(directory);
	printf("%s mtu %u%s%s: %s\n", link, mtu, kill_who ? " " : "", kill_who ? kill_who : "",
		result ? "FAILED" : "ok");
	return result;
}
