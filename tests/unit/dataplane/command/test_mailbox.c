// Letters between the main thread and a worker: order, bound, two threads.
#include "dataplane/command/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct mailbox box;

static void mailbox_give__keeps_order_and_says_when_full(void **state)
{
	struct mail mail = {.type = MAIL_APP_ATTACH};

	(void)state;
	mailbox_init(&box);
	assert_false(mailbox_take(&box, &mail));
	for (uint16_t i = 0; i < MAILBOX_SLOTS; i++) {
		mail.index = i;
		assert_true(mailbox_give(&box, &mail));
	}
	assert_false(mailbox_give(&box, &mail));
	for (uint16_t i = 0; i < MAILBOX_SLOTS; i++) {
		assert_true(mailbox_take(&box, &mail));
		assert_int_equal(mail.index, i);
	}
	assert_false(mailbox_take(&box, &mail));
}

#define LETTERS 20000

static void *giver(void *argument)
{
	struct mail mail = {.type = MAIL_APP_DETACHED};

	(void)argument;
	for (int i = 0; i < LETTERS; i++) {
		mail.value = i;
		while (!mailbox_give(&box, &mail))
			sched_yield();
	}
	return NULL;
}

static void mailbox_take__between_two_threads_nothing_is_lost(void **state)
{
	struct mail mail;
	pthread_t thread;

	(void)state;
	mailbox_init(&box);
	assert_int_equal(pthread_create(&thread, NULL, giver, NULL), 0);
	for (int i = 0; i < LETTERS; i++) {
		while (!mailbox_take(&box, &mail))
			sched_yield();
		assert_int_equal(mail.value, i);
		assert_int_equal(mail.type, MAIL_APP_DETACHED);
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mailbox_give__keeps_order_and_says_when_full),
		cmocka_unit_test(mailbox_take__between_two_threads_nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
