// Log lines of the control process: time, level, one sentence each, on standard error.
#include "control/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/printable.h"

#define LOG_LINE_MAX 1024

static enum log_level log_threshold = LOG_INFO; // of the process, like stderr itself

static const char *const log_names[] = {"error", "warning", "info", "debug"};

void log_init(void)
{
	const char *wish = getenv("SLUICE_LOG");

	for (int i = 0; wish && i <= LOG_DEBUG; i++) {
		if (strcmp(wish, log_names[i]) == 0)
			log_threshold = (enum log_level)i;
	}
}

bool log_wants(enum log_level level)
{
	return level <= log_threshold;
}

// One write per line, so that lines of several processes in one file do not mix.
void log_line(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	struct timespec now;
	struct tm utc;
	va_list arguments;
	size_t used;

	if (!log_wants(level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	used += (size_t)snprintf(line + used, sizeof(line) - used, ".%03ldZ %s ",
		now.tv_nsec / 1000000, log_names[level]);
	va_start(arguments, format);
	vsnprintf(line + used, sizeof(line) - used - 1, format, arguments);
	va_end(arguments);
	for (used = 0; line[used]; used++) // one line, and no escape, whatever a peer sent
		memset(line + used, ' ', printable_control(line + used));
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; // a full disk under the log must not stop the process
}
