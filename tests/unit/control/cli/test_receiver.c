// The receiving side of a session against a sender that is honest, late, or hostile.
#include "control/cli/receiver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/rng.h"
#include "tests/unit/control/cli/folder.h"

struct fixture {
	struct folder folder;
	struct receiver r;
	uint8_t bytes[TRANSFER_PREFIX + TRANSFER_BLOCK];
	char told[256]; // what was answered and reported, in order
	struct transfer_message last;
	int settles; // asked for, and not done yet
};

static int on_tell(void *owner, const struct transfer_message *message)
{
	static const char *const names[] = {
		"", "offer", "accept", "refuse", "end", "done", "error", "join", "joined"};
	struct fixture *f = owner;
	size_t used = strlen(f->told);

	snprintf(f->told + used, sizeof(f->told) - used, "%s %u; ", names[message->type],
		message->transfer);
	f->last = *message;
	return 0;
}

static void on_report(void *owner, const struct receiver_report *report)
{
	static const char *const names[] = {"RECEIVED", "REFUSED", "FAILED"};
	struct fixture *f = owner;
	size_t used = strlen(f->told);

	snprintf(f->told + used, sizeof(f->told) - used, "%s %s; ", names[report->what],
		report->name);
}

static void on_settle(void *owner)
{
	((struct fixture *)owner)->settles++;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (folder_open(&f->folder) < 0)
		return -1;
	receiver_init(&f->r, f->folder.fd, false, "a");
	f->r.tell = on_tell;
	f->r.report = on_report;
	f->r.owner = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	receiver_stop(&f->r, "end of the test");
	folder_close(&f->folder);
	free(f);
	return 0;
}

static int say(struct fixture *f, const struct transfer_message *message)
{
	return receiver_on_message(&f->r, f->bytes, transfer_frame(f->bytes, message), 1);
}

static int say_offer(struct fixture *f, uint32_t transfer, const char *name)
{
	struct transfer_message m = {
		.type = TRANSFER_OFFER, .transfer = transfer, .size = 5, .mode = 0600};

	snprintf(m.name, sizeof(m.name), "%s", name);
	return say(f, &m);
}

static int say_end(struct fixture *f, uint32_t transfer, uint64_t size)
{
	struct transfer_message m = {.type = TRANSFER_END, .transfer = transfer, .size = size};
	unsigned hash_size = 32;

	EVP_Digest("hello", 5, m.sha256, &hash_size, EVP_sha256(), NULL);
	return say(f, &m);
}

static int say_block(struct fixture *f, uint32_t transfer)
{
	struct transfer_block block = {.size = 5, .transfer = transfer};

	transfer_block_frame(f->bytes, &block);
	memcpy(f->bytes + TRANSFER_PREFIX, "hello", 5);
	return receiver_on_block(&f->r, f->bytes, TRANSFER_PREFIX + 5, 2);
}

static struct receiver *on_join(void *owner, const uint8_t token[TRANSFER_TOKEN_SIZE])
{
	struct fixture *f = owner;

	return memcmp(f->r.token, token, TRANSFER_TOKEN_SIZE) == 0 ? &f->r : NULL;
}

// Another session of the same sender.
static void stripe_init(struct fixture *f, struct receiver *stripe)
{
	receiver_init(stripe, f->folder.fd, false, "a");
	stripe->tell = on_tell;
	stripe->report = on_report;
	stripe->join = on_join;
	stripe->owner = f;
	memset(f->r.token, 0x5a, sizeof(f->r.token));
	f->r.stripes = 2;
}

static int stripe_join(struct receiver *stripe, const uint8_t *token)
{
	struct transfer_message join = {.type = TRANSFER_JOIN, .transfer = 1};
	uint8_t bytes[TRANSFER_MESSAGE_MAX];

	memcpy(join.token, token, sizeof(join.token));
	return receiver_on_message(stripe, bytes, transfer_frame(bytes, &join), 1);
}

static int stripe_block(struct fixture *f, struct receiver *stripe)
{
	struct transfer_block block = {.size = 5, .transfer = 1};

	transfer_block_frame(f->bytes, &block);
	memcpy(f->bytes + TRANSFER_PREFIX, "hello", 5);
	return receiver_on_block(stripe, f->bytes, TRANSFER_PREFIX + 5, 2);
}

static void stripe__brings_blocks_of_its_main(void **state)
{
	struct fixture *f = *state;
	struct receiver stripe;

	stripe_init(f, &stripe);
	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(f->last.stripes, 2);
	assert_memory_equal(f->last.token, f->r.token, TRANSFER_TOKEN_SIZE);
	assert_int_equal(stripe_join(&stripe, f->last.token), 0);
	assert_int_equal(say_end(f, 1, 5), 0);
	assert_int_equal(stripe_block(f, &stripe), 0); // after END: another way, another time
	assert_string_equal(f->told, "accept 1; joined 1; RECEIVED one; done 1; ");
	receiver_stop(&stripe, "it left"); // when nothing is under way nobody minds
	assert_string_equal(f->told, "accept 1; joined 1; RECEIVED one; done 1; ");
	assert_int_equal(folder_get(&f->folder, "one", f->bytes, sizeof(f->bytes)), 5);
}

static void stripe__its_loss_is_the_loss_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct receiver stripe;

	stripe_init(f, &stripe);
	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(stripe_join(&stripe, f->last.token), 0);
	receiver_stop(&stripe, "the peer died");
	assert_string_equal(f->told, "accept 1; joined 1; FAILED one; error 1; ");
	assert_string_equal(f->last.text, "a stripe of the file was lost: the peer died");
	assert_int_equal(stripe_block(f, &stripe), -1); // it is a stripe no more
	assert_int_equal(say_offer(f, 2, "two"), 0);    // the session goes on
}

static void stripe__guesses_and_latecomers(void **state)
{
	struct fixture *f = *state;
	struct receiver stripe;
	uint8_t guess[TRANSFER_TOKEN_SIZE] = {0};

	stripe_init(f, &stripe);
	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(stripe_join(&stripe, guess), -1);
	assert_null(stripe.main);
	assert_int_equal(stripe_join(&f->r, f->r.token), -1); // it has files of its own
	stripe_init(f, &stripe);
	assert_int_equal(stripe_join(&stripe, f->r.token), 0);
	assert_int_equal(stripe_join(&stripe, f->r.token), -1); // twice
	assert_int_equal(
		receiver_on_message(&stripe, f->bytes,
			transfer_frame(f->bytes,
				&(struct transfer_message){.type = TRANSFER_OFFER, .transfer = 1}),
			1),
		-1);
}

static void receiver__a_file_and_another(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_block(f, 1), 0);
	assert_int_equal(say_end(f, 1, 5), 0);
	assert_int_equal(say_offer(f, 2, "two"), 0);
	assert_int_equal(say_end(f, 2, 5), 0); // the streams are independent: END may come first
	assert_int_equal(say_block(f, 2), 0);
	assert_string_equal(
		f->told, "accept 1; RECEIVED one; done 1; accept 2; RECEIVED two; done 2; ");
	assert_int_equal(folder_count(&f->folder), 2);
}

static void receiver__a_refused_file_does_not_end_the_session(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say_offer(f, 1, "../one"), 0);
	assert_int_equal(say_offer(f, 2, "two"), 0);
	assert_int_equal(say_block(f, 2), 0);
	assert_int_equal(say_end(f, 2, 5), 0);
	assert_string_equal(f->told, "REFUSED ../one; refuse 1; accept 2; RECEIVED two; done 2; ");
}

static void receiver__a_cancelled_file_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct transfer_message cancel = {
		.type = TRANSFER_ERROR, .transfer = 1, .reason = TRANSFER_CANCELLED};

	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say(f, &cancel), 0);
	assert_int_equal(folder_count(&f->folder), 0);
	assert_int_equal(say_block(f, 1), 0); // was on its way
	assert_int_equal(say_end(f, 1, 5), 0);
	assert_string_equal(f->told, "accept 1; FAILED one; ");
}

static void receiver__a_wrong_hash_is_an_error_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct transfer_message end = {.type = TRANSFER_END, .transfer = 1, .size = 5};

	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_block(f, 1), 0);
	assert_int_equal(say(f, &end), 0);
	assert_string_equal(f->told, "accept 1; FAILED one; error 1; ");
	assert_int_equal(f->last.reason, TRANSFER_MISMATCH);
	assert_int_equal(folder_count(&f->folder), 0);
}

static void receiver__another_size_at_the_end_fails_at_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_end(f, 1, 4), 0);
	assert_string_equal(f->told, "accept 1; FAILED one; error 1; ");
}

static void receiver__breaches_end_the_session(void **state)
{
	struct fixture *f = *state;
	struct transfer_message done = {.type = TRANSFER_DONE, .transfer = 1};

	assert_int_equal(receiver_on_message(&f->r, (const uint8_t *)"garbage", 7, 1), -1);
	assert_int_equal(say_end(f, 3, 5), -1); // of nothing that was offered
	assert_int_equal(say_block(f, 1), -1);  // before the offer
	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_offer(f, 2, "two"), -1); // before the end of the first
	assert_int_equal(folder_count(&f->folder), 0);
	assert_int_equal(say_offer(f, 1, "one"), -1); // a number again
	assert_int_equal(say(f, &done), -1);
}

static void receiver__two_ends_are_a_breach(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_end(f, 1, 5), 0);
	assert_int_equal(say_end(f, 1, 5), -1);
	assert_int_equal(folder_count(&f->folder), 0);
}

static void receiver_stop__leaves_nothing(void **state)
{
	struct fixture *f = *state;

	receiver_stop(&f->r, "nothing to stop");
	assert_string_equal(f->told, "");
	assert_int_equal(say_offer(f, 1, "one"), 0);
	receiver_stop(&f->r, "the peer vanished");
	assert_string_equal(f->told, "accept 1; FAILED one; ");
	assert_int_equal(folder_count(&f->folder), 0);
}

// With a settler the disk may take its time: what comes meanwhile changes nothing of the file.
static void settled__the_file_is_done_when_the_disk_is(void **state)
{
	struct fixture *f = *state;
	struct transfer_message cancel = {.type = TRANSFER_ERROR, .transfer = 1, .text = "no"};
	struct incoming_error error;

	f->r.settle = on_settle;
	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_block(f, 1), 0);
	assert_int_equal(say_end(f, 1, 5), 0);
	assert_int_equal(f->settles, 1);
	assert_int_equal(say(f, &cancel), 0); // too late
	assert_string_equal(f->told, "accept 1; ");
	assert_int_equal(incoming_settle(&f->r.in, &error), 0);
	assert_int_equal(receiver_on_settled(&f->r, NULL, 3), 0);
	assert_string_equal(f->told, "accept 1; RECEIVED one; done 1; ");
	assert_int_equal(say_offer(f, 2, "two"), 0);
}

static void settled__a_breach_meanwhile_ends_the_session_not_the_file(void **state)
{
	struct fixture *f = *state;
	struct incoming_error error;

	f->r.settle = on_settle;
	for (int breach = 0; breach < 3; breach++) {
		f->told[0] = '\0';
		receiver_init(&f->r, f->folder.fd, true, "a");
		f->r.settle = on_settle;
		f->r.tell = on_tell;
		f->r.report = on_report;
		f->r.owner = f;
		assert_int_equal(say_offer(f, 1, "one"), 0);
		assert_int_equal(say_block(f, 1), 0);
		assert_int_equal(say_end(f, 1, 5), 0);
		assert_int_equal(breach == 0   ? say_offer(f, 2, "two")
				 : breach == 1 ? say_block(f, 1)
					       : say_end(f, 1, 5),
			-1);
		receiver_stop(&f->r, "the session is over");
		assert_int_equal(incoming_settle(&f->r.in, &error), 0);
		assert_int_equal(receiver_on_settled(&f->r, NULL, 3), 0);
		assert_string_equal(f->told, "accept 1; RECEIVED one; "); // nobody is told
		assert_int_equal(folder_count(&f->folder), 1);
	}
}

static void settled__a_disk_that_fails_is_an_error_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct incoming_error error;

	f->r.settle = on_settle;
	assert_int_equal(say_offer(f, 1, "one"), 0);
	assert_int_equal(say_block(f, 1), 0);
	assert_int_equal(say_end(f, 1, 5), 0);
	assert_int_equal(unlinkat(f->folder.fd, f->r.in.temp, 0), 0); // somebody cleans up
	assert_int_equal(incoming_settle(&f->r.in, &error), -1);
	assert_int_equal(receiver_on_settled(&f->r, &error, 3), 0);
	assert_string_equal(f->told, "accept 1; FAILED one; error 1; ");
	assert_string_equal(
		f->last.text, "the incomplete file, or its folder, was removed at the receiver");
	assert_int_equal(say_offer(f, 2, "two"), 0);
}

static void receiver__survives_garbage(void **state)
{
	struct fixture *f = *state;
	struct rng rng = {2};

	for (int round = 0; round < 3000; round++) {
		struct transfer_message m = {
			.type = (enum transfer_type)rng_between(&rng, 1, TRANSFER_TYPE_COUNT - 1),
			.transfer = (uint32_t)rng_between(&rng, 1, 40),
			.size = rng_below(&rng, 8),
			.name = "one",
		};
		size_t size = transfer_frame(f->bytes, &m);

		f->bytes[rng_below(&rng, size)] ^= (uint8_t)rng_below(&rng, 3);
		(void)receiver_on_message(&f->r, f->bytes, size, 1);
		(void)say_block(f, (uint32_t)rng_between(&rng, 1, 40));
		f->told[0] = '\0';
	}
	receiver_stop(&f->r, "end");
	// At most the files that were whole; no temporary one.
	assert_int_equal(incoming_sweep(f->folder.fd), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(stripe__brings_blocks_of_its_main),
		CASE(stripe__its_loss_is_the_loss_of_the_file),
		CASE(stripe__guesses_and_latecomers),
		CASE(receiver__a_file_and_another),
		CASE(receiver__a_refused_file_does_not_end_the_session),
		CASE(receiver__a_cancelled_file_leaves_nothing),
		CASE(receiver__a_wrong_hash_is_an_error_of_the_file),
		CASE(receiver__another_size_at_the_end_fails_at_once),
		CASE(receiver__breaches_end_the_session),
		CASE(receiver__two_ends_are_a_breach),
		CASE(receiver_stop__leaves_nothing),
		CASE(settled__the_file_is_done_when_the_disk_is),
		CASE(settled__a_breach_meanwhile_ends_the_session_not_the_file),
		CASE(settled__a_disk_that_fails_is_an_error_of_the_file),
		CASE(receiver__survives_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
