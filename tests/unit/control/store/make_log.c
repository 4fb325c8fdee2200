// A folder with a log, for tests of who reads it from outside: make_log FOLDER.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/control/store/stage.h"

int main(int argc, char **argv)
{
	struct stage stage;
	struct disk *disk = argc == 2 ? disk_threads_new(argv[1]) : NULL;

	if (!disk) {
		fprintf(stderr, "usage: make_log FOLDER\n");
		return 2;
	}
	stage_init_on(&stage, disk);
	stage_open(&stage);
	stage_vote(&stage, 4, 3);
	stage_append(&stage, 1, 10, 4);
	stage_append(&stage, 11, 12, 4);
	stage_write(&stage, 12, 12, 30, 5);
	stage_run(&stage);
	if (stage_snapshot(&stage, 5, 4, 1000, false) != 0)
		return 1;
	stage_run(&stage);
	stage_fini(&stage);
	return 0;
}
