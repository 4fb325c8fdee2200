// Starts sluice-dataplane in a session of its own, so that nothing that happens to control happens
// to it.
#include "control/plane/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void words_add(struct launch_words *words, const char *option, const char *value)
{
	words->word[words->count++] = option;
	words->word[words->count++] = value;
}

// name=ab,role=server,socket=PATH,address=10.77.1.1/30,mtu=1500,vlan=5,mac=..,driver=memif; the
// configuration has no commas but in the device string of a vdev, so the driver comes last.
static void words_link(char text[LAUNCH_LINK_SIZE], const struct setup_link *link)
{
	char address[CONFIG_ADDRESS_TEXT], driver[SETUP_DRIVER_TEXT];
	int used = snprintf(text, LAUNCH_LINK_SIZE, "name=%s", link->name);

	if (link->driver == SETUP_MEMIF)
		used += snprintf(text + used, LAUNCH_LINK_SIZE - (size_t)used, ",role=%s",
			setup_role_names[link->role]);
	if (link->socket[0])
		used += snprintf(
			text + used, LAUNCH_LINK_SIZE - (size_t)used, ",socket=%s", link->socket);
	if (link->interface[0])
		used += snprintf(text + used, LAUNCH_LINK_SIZE - (size_t)used, ",interface=%s",
			link->interface);
	used += snprintf(text + used, LAUNCH_LINK_SIZE - (size_t)used, ",address=%s/%u,mtu=%u",
		config_address_text(address, link->address, 0), link->prefix, link->mtu);
	if (link->vlan)
		used += snprintf(
			text + used, LAUNCH_LINK_SIZE - (size_t)used, ",vlan=%u", link->vlan);
	if (link->mac_set)
		used += snprintf(text + used, LAUNCH_LINK_SIZE - (size_t)used,
			",mac=%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0], link->mac[1],
			link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
	snprintf(text + used, LAUNCH_LINK_SIZE - (size_t)used, ",driver=%s",
		setup_driver_text(driver, link));
}

void launch_words(struct launch_words *words, const struct config *config)
{
	memset(words, 0, sizeof(*words));
	snprintf(words->workers, sizeof(words->workers), "%u", config->dataplane.workers);
	snprintf(words->memory, sizeof(words->memory), "%u", config->dataplane.memory_mb);
	snprintf(words->port, sizeof(words->port), "%u", config->dataplane.udp_port);
	words->word[words->count++] = config->program;
	words_add(words, "--run-dir", config->run_dir);
	words_add(words, "--node", config->node);
	words_add(words, "--workers", words->workers);
	words_add(words, "--idle", setup_idle_names[config->dataplane.idle]);
	words_add(words, "--hugepages", setup_hugepages_names[config->dataplane.hugepages]);
	words_add(words, "--memory-mb", words->memory);
	words_add(words, "--udp-port", words->port);
	if (config->security.backend != CONFIG_BACKEND_AUTO)
		words_add(
			words, "--cipher-backend", config_backend_names[config->security.backend]);
	if (config->dataplane.cores[0])
		words_add(words, "--cores", config->dataplane.cores);
	for (uint32_t i = 0; i < config->links_count; i++) {
		words_link(words->links[i], &config->links[i]);
		words_add(words, "--link", words->links[i]);
	}
	for (uint32_t i = 0; i < config->dictionaries_count; i++) {
		snprintf(words->dictionaries[i], LAUNCH_DICTIONARY_SIZE, "%u=%s",
			config->dictionaries[i].id, config->dictionaries[i].file);
		words_add(words, "--dictionary", words->dictionaries[i]);
	}
}

static int launch_log(const struct config *config)
{
	char path[CONFIG_SOCKET_SIZE + 32];

	snprintf(path, sizeof(path), "%s/dataplane.log", config->run_dir);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// In the child, between fork and exec: only async-signal-safe calls.
static void launch_child(const struct launch_words *words, int null, int log)
	__attribute__((noreturn));

static void launch_child(const struct launch_words *words, int null, int log)
{
	static const char failed[] = "sluice-dataplane could not be executed\n";
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); // control reads its signals from a descriptor; the
					       // child must not inherit that
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	if (chdir("/") == 0)
		execv(words->word[0], (char *const *)words->word);
	(void)!write(STDERR_FILENO, failed, sizeof(failed) - 1);
	_exit(127);
}

pid_t launch_start(const struct config *config, int *pidfd, char *error, size_t error_size)
{
	struct launch_words words;
	int null, log;
	pid_t pid = -1;

	if (access(config->program, X_OK) < 0) {
		snprintf(error, error_size, "%s cannot be executed: %s", config->program,
			strerror(errno));
		return -1;
	}
	launch_words(&words, config);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log = launch_log(config);
	if (null < 0 || log < 0) {
		snprintf(error, error_size, "%s/dataplane.log cannot be opened: %s",
			config->run_dir, strerror(errno));
		goto out;
	}
	pid = fork();
	if (pid == 0)
		launch_child(&words, null, log);
	*pidfd = pid < 0 ? -1
			 : pidfd_open(pid,
				   0); // not reaped yet, so the number cannot mean somebody else
	if (pid < 0 || *pidfd < 0) {
		snprintf(error, error_size, "no process for the dataplane: %s", strerror(errno));
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		pid = -1;
	}
out:
	if (null >= 0)
		close(null);
	if (log >= 0)
		close(log);
	return pid;
}

void launch_last_words(const struct config *config, char *text, size_t size)
{
	char path[CONFIG_SOCKET_SIZE + 32], tail[512];
	ssize_t got = 0;
	char *line;
	int fd;

	text[0] = 0;
	snprintf(path, sizeof(path), "%s/dataplane.log", config->run_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (lseek(fd, -(off_t)(sizeof(tail) - 1), SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	got = read(fd, tail, sizeof(tail) - 1);
	close(fd);
	while (got > 0 && tail[got - 1] == '\n')
		got--;
	if (got <= 0)
		return;
	tail[got] = 0;
	line = strrchr(tail, '\n');
	snprintf(text, size, "%s", line ? line + 1 : tail);
}

int launch_reap(int pidfd, char *text, size_t size)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0) {
		snprintf(text, size, "is gone");
		return -1;
	}
	if (info.si_code == CLD_EXITED) {
		snprintf(text, size, "exited with status %d", info.si_status);
		return info.si_status;
	}
	snprintf(text, size, "was killed by signal %d (%s)", info.si_status,
		strsignal(info.si_status));
	return -1;
}
