// Where the dataplane without packets (fake_dataplane.c) is.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// As meson says in FAKE_DATAPLANE; for who runs the test by hand, beside the test.
static inline void fake_dataplane_path(char *path, size_t size)
{
	const char *told = getenv("FAKE_DATAPLANE");
	char self[512] = "";

	if (!told && readlink("/proc/self/exe", self, sizeof(self) - 1) > 0 && strrchr(self, '/'))
		*strrchr(self, '/') = 0;
	if (told)
		snprintf(path, size, "%s", told);
	else
		snprintf(path, size, "%s/fake_dataplane", self);
}
