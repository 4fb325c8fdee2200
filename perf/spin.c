// A benchmark without its limit.
#include "perf/spin.h"

#include <stdio.h>

#include "perf/pin.h"
#include "perf/side.h"

#define SPIN_NS 500000000ull // finding out how much work that is takes about as long again

enum { EXIT_FAILED = 1, SAMPLES = 4 };

int spin(const char *id)
{
	static struct side side; // 70 KiB
	const struct bench *bench = bench_find(id);
	const char *reason;
	int result = 0;

	if (!bench) {
		fprintf(stderr, "sluice-perf: there is no '%s' (sluice-perf list)\n", id);
		return EXIT_FAILED;
	}
	pin();
	reason = bench->unavailable ? bench->unavailable(bench) : NULL;
	if (reason || side_open(&side, bench, SPIN_NS) < 0) {
		fprintf(stderr, "sluice-perf: %s: %s\n", id, reason ? reason : side.error);
		return EXIT_FAILED;
	}
	for (uint32_t i = 0; i < SAMPLES && result == 0; i++)
		if (side_sample(&side, i) < 0) {
			fprintf(stderr, "sluice-perf: %s: %s\n", id, side.error);
			result = EXIT_FAILED;
		}
	side_close(&side);
	return result;
}
