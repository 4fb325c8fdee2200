// Files settled on threads: each job is taken once, and its file is there by then.
#include "control/cli/settler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>

#include "tests/unit/control/cli/folder.h"

enum { FILES = 16 };

static struct folder folder;
static struct settler settler;
static struct incoming files[FILES];
static struct settler_job jobs[FILES];

static int setup(void **state)
{
	(void)state;
	memset(jobs, 0, sizeof(jobs));
	return folder_open(&folder) < 0 ? -1 : settler_init(&settler);
}

static int teardown(void **state)
{
	(void)state;
	settler_fini(&settler);
	folder_close(&folder);
	return 0;
}

static void start(int i)
{
	struct transfer_message offer = {.type = TRANSFER_OFFER, .mode = 0600},
				end = {.type = TRANSFER_END};
	struct incoming_error error;
	uint8_t sha256[32];
	unsigned size = 32;

	snprintf(offer.name, sizeof(offer.name), "%d", i);
	EVP_Digest("", 0, end.sha256, &size, EVP_sha256(), NULL);
	assert_int_equal(incoming_open(&files[i], folder.fd, &offer, false, &error), 0);
	assert_int_equal(incoming_check(&files[i], &end, sha256, &error), 0);
}

static int taken(bool wait)
{
	int count = 0;

	for (int i = 0; i < FILES; i++) {
		if (!settler_take(&jobs[i], wait))
			continue;
		assert_int_equal(files[i].fd, -1);
		count++;
	}
	return count;
}

static void settler__every_job_once_as_the_event_says(void **state)
{
	struct pollfd ready = {.fd = settler.event, .events = POLLIN};
	int count = 0;

	(void)state;
	assert_int_equal(taken(true), 0); // nothing was started
	for (int i = 0; i < FILES; i++) {
		start(i);
		settler_start(&settler, &jobs[i], &files[i]);
	}
	while (count < FILES) {
		assert_int_equal(poll(&ready, 1, 10000), 1);
		settler_calm(&settler);
		count += taken(false);
	}
	assert_int_equal(taken(true), 0);
	assert_int_equal(folder_count(&folder), FILES);
	for (int i = 0; i < FILES; i++)
		assert_int_equal(jobs[i].result, 0);
}

static void settler__waits_for_what_is_under_way(void **state)
{
	(void)state;
	for (int i = 0; i < FILES; i++) {
		start(i);
		settler_start(&settler, &jobs[i], &files[i]);
	}
	assert_int_equal(taken(true), FILES);
	assert_int_equal(folder_count(&folder), FILES);
}

static void settler__a_failure_has_its_sentence(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(folder_put(&folder, "0", "x", 1), 0); // the name is taken meanwhile
	settler_start(&settler, &jobs[0], &files[0]);
	assert_int_equal(taken(true), 1);
	assert_int_equal(jobs[0].result, -1);
	assert_non_null(strstr(jobs[0].error.text, "appeared at the receiver meanwhile"));
	assert_int_equal(folder_count(&folder), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(settler__every_job_once_as_the_event_says),
		CASE(settler__waits_for_what_is_under_way),
		CASE(settler__a_failure_has_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
