// impair: attaches the impairment program to an interface of this network namespace, reads its
// counters, removes it.
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/support/impair.h"

// Where our filter sits among those of the hook: removal takes exactly this one.
#define HANDLE   1
#define PRIORITY 7

// The read-only data of impair_bpf.c, in its order.
struct rates {
	unsigned drop, duplicate, corrupt, delay, at_ingress;
};

static const char *usage = "usage: impair on IFACE [--drop N] [--duplicate N] [--corrupt N] "
			   "[--reorder N] [--ingress]\n"
			   "       impair off|stats IFACE [--ingress]\n"
			   "Rates are per mille of the UDP frames that pass IFACE (egress, unless "
			   "--ingress says otherwise).\n"
			   "--reorder sends N per mille by a slower lane; only at egress, and "
			   "`tests/support/impair.sh` makes the lanes.\n";

// What the verifier says matters; the rest is chatter ("the hook is there already").
static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN || !strncmp(format, "libbpf: Kernel error", 20))
		return 0;
	return vfprintf(stderr, format, args);
}

static struct bpf_tc_hook hook_of(const char *iface, unsigned at_ingress)
{
	struct bpf_tc_hook hook = {
		.sz = sizeof(hook),
		.ifindex = (int)if_nametoindex(iface),
		.attach_point = at_ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
	return hook;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "impair: %s: %s\n", what, strerror(error < 0 ? -error : error));
	return 1;
}

static int impair_on(struct bpf_tc_hook *hook, const struct rates *rates, const char *program)
{
	struct bpf_tc_opts opts = {.sz = sizeof(opts),
		.handle = HANDLE,
		.priority = PRIORITY,
		.flags = BPF_TC_F_REPLACE};
	struct bpf_object *object = bpf_object__open_file(program, NULL);
	struct bpf_map *map;
	int error;

	if (!object)
		return fail(program, errno);
	bpf_object__for_each_map(
		map, object) if (strstr(bpf_map__name(map), ".rodata") &&
				 (error = bpf_map__set_initial_value(
					  map, rates, sizeof(*rates)))) return fail("rates", error);
	error = bpf_object__load(object);
	if (error)
		return fail("load", error);
	error = bpf_tc_hook_create(hook);
	if (error && error != -EEXIST)
		return fail("clsact", error);
	opts.prog_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "impair"));
	error = bpf_tc_attach(hook, &opts);
	bpf_object__close(object); // the filter holds the program, the program holds its maps
	return error ? fail("attach", error) : 0;
}

static int impair_off(struct bpf_tc_hook *hook)
{
	struct bpf_tc_opts opts = {.sz = sizeof(opts), .handle = HANDLE, .priority = PRIORITY};
	int error = bpf_tc_detach(hook, &opts);

	return error && error != -ENOENT && error != -EINVAL ? fail("detach", error) : 0;
}

// The counters have no name in a file system: the filter leads to the program, the program to its
// maps.
static int counters_open(struct bpf_tc_hook *hook)
{
	struct bpf_tc_opts opts = {.sz = sizeof(opts), .handle = HANDLE, .priority = PRIORITY};
	unsigned ids[8];
	struct bpf_prog_info info = {.nr_map_ids = 8, .map_ids = (unsigned long)ids};
	unsigned size = sizeof(info);
	int fd;

	if (bpf_tc_query(hook, &opts))
		return -1;
	fd = bpf_prog_get_fd_by_id(opts.prog_id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -1;
	close(fd);
	for (unsigned i = 0; i < info.nr_map_ids && i < 8; i++) {
		struct bpf_map_info map = {0};

		size = sizeof(map);
		fd = bpf_map_get_fd_by_id(ids[i]);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map, &size) &&
			!strcmp(map.name, "counts"))
			return fd;
		close(fd);
	}
	return -1;
}

static int impair_stats(struct bpf_tc_hook *hook)
{
	static const char *const names[IMPAIR_COUNT] = {
		"seen", "dropped", "duplicated", "corrupted", "delayed"};
	int fd = counters_open(hook);

	if (fd < 0)
		return fail("nothing is attached here", errno);
	for (unsigned i = 0; i < IMPAIR_COUNT; i++) {
		unsigned long long value = 0;

		bpf_map_lookup_elem(fd, &i, &value);
		printf("%s\"%s\":%llu", i ? "," : "{", names[i], value);
	}
	printf("}\n");
	return 0;
}

static int rate_set(struct rates *rates, const char *option, const char *value)
{
	char *end = NULL;
	unsigned long number = value ? strtoul(value, &end, 10) : 1001;

	if (!end || *end || number > 1000)
		return -1;
	if (!strcmp(option, "--drop"))
		rates->drop = (unsigned)number;
	else if (!strcmp(option, "--duplicate"))
		rates->duplicate = (unsigned)number;
	else if (!strcmp(option, "--corrupt"))
		rates->corrupt = (unsigned)number;
	else if (!strcmp(option, "--reorder"))
		rates->delay = (unsigned)number;
	else
		return -1;
	return 0;
}

// The program's object lies beside this executable.
static void program_path(char *path, size_t size)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length > 0 ? length : 0] = '\0';
	snprintf(path, size, "%.*s/impair_bpf.o",
		(int)(strrchr(self, '/') ? strrchr(self, '/') - self : 0), self);
}

int main(int argc, char **argv)
{
	struct rates rates = {0};
	char program[4200];

	if (argc < 3)
		return fputs(usage, stderr), 2;
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "--ingress"))
			rates.at_ingress = 1;
		else if (rate_set(&rates, argv[i], argv[i + 1]))
			return fputs(usage, stderr), 2;
		else
			i++;
	}
	struct bpf_tc_hook hook = hook_of(argv[2], rates.at_ingress);
	if (!hook.ifindex)
		return fail(argv[2], errno);
	libbpf_set_print(print);
	program_path(program, sizeof(program));
	if (!strcmp(argv[1], "on"))
		return impair_on(&hook, &rates, program);
	if (!strcmp(argv[1], "off"))
		return impair_off(&hook);
	if (!strcmp(argv[1], "stats"))
		return impair_stats(&hook);
	return fputs(usage, stderr), 2;
}
