// sluice-control: options, then the parts of a node, started in order and stopped in reverse.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/admin/admin.h"
#include "control/config.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/node.h"
#include "control/privileges.h"
#include "control/rundir.h"

static struct node node; // the one global of this process

enum main_exit { EXIT_OK = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

struct main_options {
	const char *config;
	bool check;
	bool leave_dataplane;
};

static const char usage[] =
	"Usage: sluice-control --config FILE [--leave-dataplane]\n"
	"       sluice-control --check --config FILE\n"
	"\n"
	"The control process of a Sluice node: starts and watches sluice-dataplane, sets up "
	"sessions\n"
	"with the control processes of its peers, and answers on <run_dir>/control.sock.\n"
	"\n"
	"  -c, --config FILE      configuration of the node (YAML)\n"
	"      --check            read the configuration, certificates and keys, say what is wrong "
	"with\n"
	"                         them, and exit\n"
	"      --leave-dataplane  keep the dataplane running when this process is asked to stop\n"
	"  -V, --version          print the version and exit\n"
	"  -h, --help             print this and exit\n"
	"\n"
	"SIGHUP reads the node's certificates and keys again; a change of their files is seen "
	"anyway.\n"
	"\n"
	"SLUICE_LOG=error|warning|info|debug says how much is logged to standard error (info).\n"
	"SLUICE_LOOP=epoll keeps away from io_uring.\n";

// -1: go on; otherwise the exit code.
static int main_options_parse(struct main_options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"leave-dataplane", no_argument, NULL, 'l'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", table, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'k':
			options->check = true;
			break;
		case 'l':
			options->leave_dataplane = true;
			break;
		case 'V':
			puts("sluice-control " SLUICE_VERSION);
			return EXIT_OK;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (options->config && optind == argc)
		return -1;
	if (optind < argc)
		fprintf(stderr,
			"sluice-control: '%s' is no option; the configuration goes with "
			"--config FILE\n",
			argv[optind]);
	else
		fprintf(stderr, "sluice-control: no configuration; give one with --config FILE\n");
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static void main_on_signal(void *owner, int number)
{
	struct node *stopping = owner;

	if (number == SIGHUP) {
		identity_reload(&stopping->identity);
		gossip_keys_reload(&stopping->gossip);
		return;
	}
	log_info("%s: stopping.", strsignal(number));
	admin_stop(stopping); // no new requests; its waiters hear that we go
	node_stop(stopping);
}

static int main_signals(struct loop *loop)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return loop_signals_start(loop, &set, main_on_signal, &node);
}

// Started in order, stopped in reverse. 0 when the loop ran and ended as asked.
static int main_run(struct loop *loop)
{
	char error[CONFIG_ERROR_SIZE] = "out of memory";
	int result;

	if (node_init(&node, loop) < 0 || node_start(&node, error, sizeof(error)) < 0) {
		log_error("%s.", error);
		node_fini(&node);
		return -1;
	}
	result = admin_start(&node, error, sizeof(error));
	if (result < 0) {
		log_error("%s.", error);
		node_stop(&node);
	}
	// Everything that wants them is done: sockets are bound, the run directory is ours.
	if (privileges_drop() < 0)
		log_warning("Capabilities are kept: %s.", strerror(errno));
	if (loop_run(loop) < 0)
		log_error("The loop broke: %s.", strerror(errno));
	admin_stop(&node);
	node_fini(&node);
	return result;
}

// The exit code that a start would have.
static int main_check(const struct main_options *options)
{
	const struct config *config = &node.config;
	char error[CONFIG_ERROR_SIZE];

	if (identity_check(&config->security, config->node, error, sizeof(error)) < 0 ||
		gossip_keys_check(config, error, sizeof(error)) < 0) {
		fprintf(stderr, "sluice-control: %s\n", error);
		return EXIT_REFUSED;
	}
	printf("%s: good, node %s with %u link%s and %u peer%s\n", options->config, config->node,
		config->links_count, config->links_count == 1 ? "" : "s", config->peers_count,
		config->peers_count == 1 ? "" : "s");
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct main_options options = {0};
	struct config_machine machine;
	char error[CONFIG_ERROR_SIZE];
	int exit_code = main_options_parse(&options, argc, argv);
	struct loop *loop;
	int lock;

	if (exit_code >= 0)
		return exit_code;
	privileges_close_memory();
	log_init();
	config_machine_read(&machine);
	if (config_load(&node.config, options.config, error, sizeof(error)) < 0 ||
		config_machine_check(&node.config, &machine, error, sizeof(error)) < 0) {
		fprintf(stderr, "sluice-control: %s\n", error);
		return EXIT_USAGE;
	}
	if (options.check)
		return main_check(&options);
	umask(0077); // what this process makes is its user's alone
	lock = rundir_take(&node.config, error, sizeof(error));
	if (lock < 0) {
		fprintf(stderr, "sluice-control: %s\n", error);
		return EXIT_REFUSED;
	}
	node.leave_dataplane = options.leave_dataplane;
	loop = loop_new();
	exit_code = EXIT_REFUSED;
	if (loop && main_signals(loop) == 0) {
		log_info("sluice-control %s, node %s, loop on %s.", SLUICE_VERSION,
			node.config.node, loop_backend(loop));
		exit_code = main_run(loop) < 0 ? EXIT_REFUSED : EXIT_OK;
	}
	loop_free(loop);
	rundir_give(lock);
	return exit_code;
}
