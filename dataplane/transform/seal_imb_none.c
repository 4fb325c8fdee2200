// In place of seal_imb.c where libipsec-mb is not installed (it is for x86 only).
#include <stdio.h>

#include "dataplane/transform/seal.h"

static void *imb_start(char *why, size_t size)
{
	snprintf(why, size, "this build is without libipsec-mb; use the backend evp");
	return NULL;
}

static void imb_stop(void *library)
{
	(void)library;
}

const struct seal_backend seal_imb = {.name = "imb", .start = imb_start, .stop = imb_stop};
