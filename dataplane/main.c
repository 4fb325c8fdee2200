// sluice-dataplane: start in order, serve, stop in reverse.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "dataplane/dataplane.h"

static struct {
	struct dataplane dp;
	volatile sig_atomic_t signalled;
} main_state;

static void on_signal(int signal)
{
	main_state.signalled = signal;
}

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "sluice-dataplane: %s: %s\n", what, why);
	return -1;
}

static void start_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGTERM, &stop, NULL); // no SA_RESTART: the poll must return
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL); // the terminal it was started from may go away
	prctl(PR_SET_DUMPABLE, 0);        // keys lie in memory
}

// Two dataplanes on one run directory would fight over links and the door.
static int start_lock(struct dataplane *dp)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/dataplane.lock", dp->config.run_dir);
	dp->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (dp->lock_fd < 0)
		return complain(path, strerror(errno));
	if (flock(dp->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return complain(path, "another sluice-dataplane runs in this directory");
	return 0;
}

static int start_dictionaries(struct dataplane *dp)
{
	char why[DICTIONARIES_WHY_SIZE];

	if (dictionaries_load(
		    &dp->dictionaries, dp->config.dictionary, dp->config.dictionaries, why) == 0)
		return 0;
	fprintf(stderr, "sluice-dataplane: %s\n", why);
	return -1;
}

static int start_eal(struct dataplane *dp)
{
	struct eal_config config = {
		.name = dp->config.node, .memory = dp->config.memory, .memory_mb = 32};
	const char *pci[PORTS_MAX + 1] = {NULL};
	char why[256];

	for (uint16_t i = 0, n = 0; i < dp->config.links; i++) {
		config.memory_mb += port_config_memory_mb(&dp->config.link[i]);
		if (dp->config.link[i].driver == PORT_PCI)
			pci[n++] = dp->config.link[i].device;
	}
	config.pci = pci;
	if (dp->config.memory_mb > config.memory_mb)
		config.memory_mb = dp->config.memory_mb;
	dp->eal = eal_start(&config, why, sizeof(why));
	if (!dp->eal)
		return complain("packet memory", why);
	if (!eal_hugepages(dp->eal))
		fprintf(stderr,
			"sluice-dataplane: without hugepages (--no-huge): it works, but slower\n");
	return 0;
}

static int start_ports(struct dataplane *dp)
{
	char why[256];

	for (uint16_t i = 0; i < dp->config.links; i++) {
		dp->port[i] = port_open(dp->eal, &dp->config.link[i], why, sizeof(why));
		if (!dp->port[i]) {
			fprintf(stderr, "sluice-dataplane: %s\n", why); // it names the link
			return -1;
		}
		dp->ports++;
	}
	if (dp->config.workers > 1 &&
		!(dp->steer = steer_new(dp->config.workers, why, sizeof(why))))
		return complain("rings between workers", why);
	return 0;
}

static int start_workers(struct dataplane *dp)
{
	for (uint16_t i = 0; i < dp->config.workers; i++) {
		struct worker *w = &dp->worker[i];

		if (worker_init(w, i, &dp->config, dp->port, dp->steer, dp->tables, dp->boot_id) !=
			0)
			return complain("worker", w->error);
		w->dictionaries = &dp->dictionaries;
		if (worker_start(w) != 0) {
			complain("worker", w->error);
			worker_fini(w);
			return -1;
		}
		dp->workers++;
		snprintf(dp->tables->cipher_backend, sizeof(dp->tables->cipher_backend), "%s",
			w->seal.backend->name);
	}
	return 0;
}

static int start_door(struct dataplane *dp)
{
	char path[128], why[REASON_SIZE];
	struct door_config config = {.path = path,
		.gid = (gid_t)-1,
		.boot_id = dp->boot_id,
		.workers = dp->workers,
		.hooks = &dataplane_hooks,
		.context = dp};

	snprintf(path, sizeof(path), "%s/data.sock", dp->config.run_dir);
	if (door_new(&dp->door, &config, why) != 0)
		return complain(path, why);
	return 0;
}

static int start(struct dataplane *dp)
{
	if (start_lock(dp) != 0 ||
		getrandom(&dp->boot_id, sizeof(dp->boot_id), 0) != sizeof(dp->boot_id))
		return -1;
	if (start_dictionaries(dp) != 0 || start_eal(dp) != 0 || start_ports(dp) != 0)
		return -1;
	if (tables_init(dp) != 0)
		return complain("tables", "no shared memory");
	tables_dictionaries(dp);
	tables_ports(dp);
	if (start_workers(dp) != 0)
		return -1;
	return start_door(dp); // last: who attaches finds everything running
}

// Nobody uses the link any more: a packet buffer that is not back now never comes.
static void stop_port(struct port *port)
{
	char name[NAME_SIZE];
	uint32_t away;

	snprintf(name, sizeof(name), "%s", port_config(port)->name);
	away = port_close(port);
	if (away)
		fprintf(stderr, "sluice-dataplane: link %s: %u packet buffers did not come back\n",
			name, away);
}

static void stop(struct dataplane *dp)
{
	if (dp->door)
		plane_detach(dp);
	for (uint16_t i = 0; i < dp->workers; i++)
		worker_stop(&dp->worker[i]);
	if (dp->door)
		door_free(dp->door);
	for (uint16_t i = 0; i < dp->workers; i++)
		worker_fini(&dp->worker[i]);
	if (dp->steer)
		steer_free(dp->steer);
	for (uint16_t i = 0; i < dp->ports; i++)
		stop_port(dp->port[i]);
	if (dp->eal)
		eal_stop(dp->eal);
	dictionaries_free(&dp->dictionaries);
	region_fini(&dp->tables_region);
	if (dp->lock_fd >= 0)
		close(dp->lock_fd);
}

// Letters of workers have no descriptor: they are looked for this often.
#define LETTERS_MS 50

static void serve(struct dataplane *dp)
{
	while (!dp->stop && !main_state.signalled) {
		uint64_t now_ns = clock_now();
		uint64_t wait_ms;

		if (now_ns >= dp->eal_due_ns)
			dp->eal_due_ns = eal_step(dp->eal, now_ns);
		if (now_ns - dp->ports_published_ns > 100000000ull) {
			dp->ports_published_ns = now_ns;
			tables_ports(dp);
		}
		hooks_deferred(dp);
		wait_ms = dp->eal_due_ns > now_ns ? (dp->eal_due_ns - now_ns) / 1000000 : 0;
		if (door_poll(dp->door, (int)(wait_ms < LETTERS_MS ? wait_ms : LETTERS_MS)) < 0 &&
			errno != EINTR)
			break;
	}
}

int main(int argc, char **argv)
{
	struct dataplane *dp = &main_state.dp;
	enum config_result parsed = config_parse(&dp->config, argc, argv);
	int status = EXIT_SUCCESS;

	if (parsed != CONFIG_OK)
		return parsed == CONFIG_HELP ? EXIT_SUCCESS : 2;
	dp->lock_fd = -1;
	dp->tables_region.fd = dp->control_region.fd = -1;
	start_signals();
	if (start(dp) != 0)
		status = EXIT_FAILURE;
	else
		serve(dp);
	stop(dp);
	return status;
}
