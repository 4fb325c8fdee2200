// How far a transfer is.
#include "control/cli/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control/cli/format.h"

#define BAR_WIDTH  20
#define RATE_NS    200000000.0 // one piece of the rate
#define RATE_SHARE 0.2         // of the newest piece
#define ETA_MAX_S  1e9

static int progress_columns(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void progress_start(
	struct progress *p, FILE *out, const char *name, uint64_t total, uint64_t now_ns)
{
	*p = (struct progress){
		.out = out,
		.terminal = out && isatty(fileno(out)),
		.name = name,
		.total = total,
		.started_ns = now_ns,
		.rate_at_ns = now_ns,
	};
	if (p->terminal)
		p->columns = progress_columns(out);
}

static unsigned progress_tenth(const struct progress *p)
{
	return p->total ? (unsigned)((double)p->done / (double)p->total * 10) : 10;
}

static void progress_rate(struct progress *p, uint64_t now_ns)
{
	double ns = (double)(now_ns - p->rate_at_ns);

	if (ns < RATE_NS)
		return;
	double piece = (double)(p->done - p->rate_done) / ns * 1e9;

	p->rate = p->rate > 0 ? p->rate + (piece - p->rate) * RATE_SHARE : piece;
	p->rate_at_ns = now_ns;
	p->rate_done = p->done;
}

static void progress_eta(const struct progress *p, char text[FORMAT_SIZE])
{
	double seconds = p->rate >= 1 ? (double)(p->total - p->done) / p->rate : 0;
	char whole[FORMAT_SIZE];

	// Beyond years it is no estimate any more (and would not fit into nanoseconds).
	if (p->rate < 1 || seconds > ETA_MAX_S)
		snprintf(text, FORMAT_SIZE, "-");
	else if (seconds < 1)
		snprintf(text, FORMAT_SIZE, "< 1 s");
	else
		snprintf(text, FORMAT_SIZE, "%s",
			format_duration(whole, (uint64_t)seconds * 1000000000));
}

// Longest first: a narrow terminal loses the bar, then the name, never the figures.
const char *progress_line(const struct progress *p, char line[PROGRESS_LINE_SIZE])
{
	char done[FORMAT_SIZE], total[FORMAT_SIZE], rate[FORMAT_SIZE], eta[FORMAT_SIZE],
		figures[PROGRESS_LINE_SIZE / 2];
	double ratio = p->total ? (double)p->done / (double)p->total : 1.0;
	int filled = (int)(ratio * BAR_WIDTH);
	char bar[BAR_WIDTH + 1] = "";

	progress_eta(p, eta);
	snprintf(figures, sizeof(figures), "%s of %s  %3.0f %%  %s  ETA %s",
		format_bytes(done, p->done), format_bytes(total, p->total), ratio * 100,
		format_bits_rate(rate, p->rate * 8), eta);
	if (!p->terminal) {
		snprintf(line, PROGRESS_LINE_SIZE, "%.200s  %s", p->name, figures);
		return line;
	}
	memset(bar, '#', (size_t)filled);
	memset(bar + filled, '.', (size_t)(BAR_WIDTH - filled));
	snprintf(line, PROGRESS_LINE_SIZE, "%.200s  [%s]  %s", p->name, bar, figures);
	if (format_width(line) >= (size_t)p->columns)
		snprintf(line, PROGRESS_LINE_SIZE, "%.200s  %s", p->name, figures);
	if (format_width(line) >= (size_t)p->columns)
		snprintf(line, PROGRESS_LINE_SIZE, "%s", figures);
	return line;
}

static void progress_show(struct progress *p, uint64_t now_ns)
{
	char line[PROGRESS_LINE_SIZE];

	if (p->terminal)
		fprintf(p->out, "\r\x1b[K%s", progress_line(p, line));
	else
		fprintf(p->out, "%s\n", progress_line(p, line));
	fflush(p->out);
	p->shown_ns = now_ns;
	p->shown_tenth = progress_tenth(p);
}

void progress_step(struct progress *p, uint64_t done, uint64_t now_ns)
{
	uint64_t since_ms;

	p->done = done < p->total ? done : p->total;
	progress_rate(p, now_ns);
	if (!p->out)
		return;
	since_ms = (now_ns - (p->shown_ns ? p->shown_ns : p->started_ns)) / 1000000;
	if (p->terminal && since_ms >= PROGRESS_BAR_MS)
		progress_show(p, now_ns);
	// A short transfer has no plain lines but its summary;
	// at most one a second even when tenths fly by.
	else if (!p->terminal && (since_ms >= PROGRESS_LINE_MS ||
					 (since_ms >= 1000 && progress_tenth(p) > p->shown_tenth)))
		progress_show(p, now_ns);
}

void progress_clear(struct progress *p)
{
	if (p->out && p->terminal && p->shown_ns) {
		fprintf(p->out, "\r\x1b[K");
		fflush(p->out);
	}
	p->shown_ns = 0;
}
