// DPDK's environment: command line, threads, and the slow work of all ports.
#include "dataplane/port/eal.h"

#include <errno.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "dataplane/port/gate.h"
#include "dataplane/port/pci.h"
#include "dataplane/port/port_private.h"

#define EAL_ARGS_MAX     64
#define EAL_ARG_SIZE     512
#define EAL_STEP_SLOW_NS 100000000ull // all links up: how late a peer's death may be noticed
#define EAL_STEP_FAST_NS \
	10000000ull // a gated link is coming up: memif has six messages, one per step and side
#define FREE_HUGEPAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"

struct eal {
	bool hugepages;
	struct gate *gate;
	struct port *ports; // list
	uint64_t window_ns; // the gate opens next then
};

struct args {
	int count;
	char *argv[EAL_ARGS_MAX + 1];
	char text[EAL_ARGS_MAX][EAL_ARG_SIZE];
};

__attribute__((format(printf, 2, 3))) static void args_add(struct args *a, const char *format, ...)
{
	va_list list;

	if (a->count == EAL_ARGS_MAX)
		return;
	va_start(list, format);
	vsnprintf(a->text[a->count], EAL_ARG_SIZE, format, list);
	va_end(list);
	a->argv[a->count] = a->text[a->count];
	a->count++;
}

static uint64_t hugepages_free(void)
{
	FILE *f = fopen(FREE_HUGEPAGES, "re");
	unsigned long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages;
}

// One lcore, the main thread, allowed on every CPU that it is allowed on now. DPDK would pin it to
// one and hand that affinity down to every thread made later; the workers are plain threads
// (eal_thread_join), because two nodes on two cores must be able to float, their number may change,
// and DPDK's own launch spins on an idle lcore's behalf.
static void args_lcores(struct args *a)
{
	char list[EAL_ARG_SIZE - 32] = "";
	cpu_set_t cpus;
	size_t used = 0;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (int cpu = 0; cpu < CPU_SETSIZE && used < sizeof(list) - 8; cpu++)
		if (CPU_ISSET(cpu, &cpus) && cpu < RTE_MAX_LCORE)
			used += (size_t)snprintf(
				list + used, sizeof(list) - used, "%s%d", used ? "," : "", cpu);
	args_add(a, "--lcores=0@(%s)", list);
}

static bool has_pci(const struct eal_config *c)
{
	return c->pci && c->pci[0];
}

// Only these; and how a card sees memory is DPDK's to find out: by virtual addresses only where
// there is an IOMMU.
static void args_pci(struct args *a, const struct eal_config *c)
{
	for (const char *const *address = c->pci; *address; address++)
		args_add(a, "--allow=%s", *address);
}

static bool pci_check_all(const struct eal_config *c, char *error, size_t size)
{
	for (const char *const *address = c->pci; has_pci(c) && *address; address++)
		if (!pci_check(PCI_DEVICES, *address, error, size))
			return false;
	return true;
}

static void args_fill(
	struct args *a, const struct eal_config *c, bool hugepages, uint32_t memory_mb)
{
	args_add(a, "sluice");
	args_lcores(a);
	// No files anywhere, so nothing to clean up after a kill -9. --in-memory refuses --no-huge
	// (with a message about
	// --legacy-mem); --no-shconf is the rest of what it does.
	args_add(a, hugepages ? "--in-memory" : "--no-shconf");
	if (has_pci(c))
		args_pci(a, c);
	else {
		args_add(a, "--iova-mode=va");
		args_add(a, "--no-pci");
	}
	args_add(a, "--no-telemetry");
	args_add(a, "--file-prefix=%s", c->name);
	// One file, not one descriptor per page.
	args_add(a, hugepages ? "--single-file-segments" : "--no-huge");
	args_add(a, "-m");
	args_add(a, "%u", memory_mb);
	args_add(a, "--log-level=%s", c->verbose ? "info" : "error");
	if (c->verbose)
		return;
	// A client that waits for its server would write an error at every try, and a tap that it
	// has no secondary process.
	args_add(a, "--log-level=pmd.net.memif:critical");
	args_add(a, "--log-level=pmd.net.virtio.*:critical");
	args_add(a, "--log-level=pmd.net.tap:critical");
}

// DPDK makes a folder <run>/dpdk/<prefix> whatever it is told, and goes on when it cannot as long
// as no files are shared (both of our modes). So it is told to make it where nobody can: nothing is
// left behind, not even by a kill -9 in here. Its complaint about that goes to `log`, with whatever
// else it says, which is worth reading only when it fails.
static int init_without_traces(struct args *a, bool verbose, char *log, size_t log_size)
{
	const char *before = getenv("RUNTIME_DIRECTORY");
	char *kept = before ? strdup(before) : NULL;
	FILE *stream = verbose ? NULL : fmemopen(log, log_size, "w");
	int result;

	setenv("RUNTIME_DIRECTORY", "/proc/self", 1);
	rte_openlog_stream(stream);
	result = rte_eal_init(a->count, a->argv);
	rte_openlog_stream(NULL);
	if (stream)
		fclose(stream);
	if (kept)
		setenv("RUNTIME_DIRECTORY", kept, 1);
	else
		unsetenv("RUNTIME_DIRECTORY");
	free(kept);
	return result;
}

static bool memory_choose(
	const struct eal_config *c, uint32_t memory_mb, bool *hugepages, char *error, size_t size)
{
	uint64_t free_mb = 2 * hugepages_free();

	*hugepages = c->memory != EAL_NO_HUGE && free_mb >= memory_mb;
	if (c->memory != EAL_HUGEPAGES || *hugepages)
		return true;
	snprintf(error, size,
		"%u MiB of hugepages are needed and %lu MiB are free: raise vm.nr_hugepages by "
		"%lu, or allow ordinary memory",
		memory_mb, (unsigned long)free_mb, (unsigned long)(memory_mb - free_mb + 1) / 2);
	return false;
}

// What DPDK said after its complaint about the folder, on one line.
static char *log_tail(char *log)
{
	char *folder = strstr(log, "/proc/self"), *tail = folder ? strchr(folder, '\n') : log;

	tail = tail ? tail + strspn(tail, "\n") : log + strlen(log);
	for (char *c = tail; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : 0;
	return tail;
}

struct eal *eal_start(const struct eal_config *c, char *error, size_t error_size)
{
	uint32_t memory_mb = ((c->memory_mb ? c->memory_mb : 256) + 1) & ~1u;
	struct eal *e = calloc(1, sizeof(*e));
	struct args *a = calloc(1, sizeof(*a));
	char log[1024] = "";

	if (!e || !a) {
		snprintf(error, error_size, "no memory to start DPDK");
		goto failed;
	}
	if (!pci_check_all(c, error, error_size) ||
		!memory_choose(c, memory_mb, &e->hugepages, error, error_size))
		goto failed;
	args_fill(a, c, e->hugepages, memory_mb);
	if (init_without_traces(a, c->verbose, log, sizeof(log)) < 0) {
		snprintf(error, error_size, "DPDK does not start with %u MiB of %s: %s%s%s",
			memory_mb, e->hugepages ? "hugepages" : "ordinary memory",
			rte_strerror(rte_errno), log[0] ? "; it says: " : "", log_tail(log));
		goto failed;
	}
	e->gate = gate_new(error, error_size);
	if (!e->gate)
		goto failed;
	if (has_pci(c))
		gate_free(e->gate);
	free(a);
	return e;
failed:
	free(a);
	free(e);
	return NULL;
}

void eal_stop(struct eal *e)
{
	rte_eal_cleanup();
	free(e);
}

bool eal_hugepages(const struct eal *e)
{
	return e->hugepages;
}

int eal_thread_join(const char *name, int cpu, char *error, size_t error_size)
{
	cpu_set_t cpus;

	pthread_setname_np(pthread_self(), name);
	prctl(PR_SET_TIMERSLACK, 1ul);
	if (cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)cpu, &cpus);
		if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0) {
			snprintf(error, error_size,
				"%s cannot run on CPU %d: no such CPU, or not allowed here", name,
				cpu);
			return -1;
		}
	}
	if (rte_thread_register() != 0) {
		snprintf(error, error_size, "DPDK has no number left for thread %s: %s", name,
			rte_strerror(rte_errno));
		return -1;
	}
	return 0;
}

void eal_thread_leave(void)
{
	rte_thread_unregister();
}

void eal_port_add(struct eal *e, struct port *p)
{
	p->next = e->ports;
	e->ports = p;
	e->window_ns = 0;
}

void eal_port_remove(struct eal *e, struct port *p)
{
	struct port **link = &e->ports;

	while (*link && *link != p)
		link = &(*link)->next;
	if (*link)
		*link = p->next;
}

static void window_step(struct port *p, uint64_t now_ns, uint64_t *pause_ns)
{
	port_kind(p)->step(p, now_ns);
	if (!atomic_load(&p->link_up))
		*pause_ns = EAL_STEP_FAST_NS;
}

// All gated ports shut, DPDK's interrupt thread does what is pending, the ports follow. See gate.h.
static void window_open(struct eal *e, uint64_t now_ns)
{
	uint64_t pause_ns = EAL_STEP_SLOW_NS;
	bool held;

	for (struct port *p = e->ports; p; p = p->next)
		if (port_kind(p)->gated)
			port_shut(p);
	held = gate_round(e->gate);
	for (struct port *p = e->ports; held && p; p = p->next)
		if (port_kind(p)->gated && !port_kind(p)->device_comes_and_goes)
			window_step(p, now_ns, &pause_ns);
	// Last, with the others open: an answer of the peer may take long (virtio.c).
	for (struct port *p = e->ports; held && p; p = p->next)
		if (port_kind(p)->device_comes_and_goes)
			window_step(p, now_ns, &pause_ns);
	e->window_ns = held ? now_ns + pause_ns : now_ns;
}
uint64_t eal_step(struct eal *e, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + EAL_STEP_SLOW_NS;
	bool gated = false;

	for (struct port *p = e->ports; p; p = p->next) {
		if (port_kind(p)->gated)
			gated = true;
		else
			port_kind(p)->step(p, now_ns);
	}
	if (!gated)
		return due_ns;
	if (now_ns >= e->window_ns)
		window_open(e, now_ns);
	return e->window_ns < due_ns ? e->window_ns : due_ns;
}
