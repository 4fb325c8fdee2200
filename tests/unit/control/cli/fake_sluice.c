// See fake_sluice.h.
#include "tests/unit/control/cli/fake_sluice.h"

int fake_sluice_fd = -1;

uint32_t sluice_workers(const struct sluice *sluice)
{
	(void)sluice;
	return 1;
}

uint32_t sluice_worker(const struct sluice *sluice)
{
	(void)sluice;
	return 1;
}

int sluice_fd(const struct sluice *sluice)
{
	(void)sluice;
	return fake_sluice_fd;
}

const char *sluice_error(const struct sluice *sluice)
{
	(void)sluice;
	return "no error";
}
