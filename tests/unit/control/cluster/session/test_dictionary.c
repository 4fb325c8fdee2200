// Stories of dictionaries: both ends find out whether they have the same one.
#include <stdio.h>
#include <string.h>

#include "tests/unit/control/cluster/session/stage.h"

#define OPEN_HERE                                                                                  \
	"ch2 OPEN from here cid 1000201 peer b 501 at 10.77.1.2:7654 link 1 segment 1408 service " \
	"files app 3 request 8 codec 2 controller 0 "

// Up to the offer.
static uint32_t offer(struct stage *s)
{
	uint32_t request;

	stage_dictionary(s, 7, 0xaa);
	stage_wanted_with(s, CODEC_ZSTD, 0, 7);
	request = stage_request_at(s, ATTEMPT_RESERVING);
	stage_event(s, PLANE_RESERVED, request, 0x01000201, 0, "");
	assert_non_null(strstr(s->story, " dictionary 7 sha256 aa...\n"));
	s->story[0] = 0;
	return request;
}

static void open__with_a_dictionary_that_the_peer_has(void **state)
{
	struct stage *s = *state;

	stage_accepted_with(s, offer(s), 1408, DICTIONARY_AGREED);
	assert_string_equal(s->story, OPEN_HERE "dictionary 7 state 1 sha256 aa...\n");
}

static void open__goes_on_without_what_the_peer_does_not_have(void **state)
{
	struct stage *s = *state;

	stage_accepted_with(s, offer(s), 1408, DICTIONARY_MISSING);
	assert_string_equal(s->story, OPEN_HERE "dictionary 7 state 2 sha256 aa...\n");
}

static void open__an_answer_that_says_nothing_of_the_dictionary(void **state)
{
	struct stage *s = *state;

	stage_accepted_with(s, offer(s), 1408, DICTIONARY_NONE);
	assert_non_null(strstr(s->story, "the peer's answer makes no sense"));
}

static void open__an_answer_about_a_dictionary_that_nobody_asked_for(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 8);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000201, 0, "");
	stage_accepted_with(s, stage_request_at(s, ATTEMPT_OFFERED), 1408, DICTIONARY_AGREED);
	assert_non_null(strstr(s->story, "the peer's answer makes no sense"));
}

static void open__what_this_node_does_not_have_is_refused_at_once(void **state)
{
	struct stage *s = *state;

	stage_dictionary(s, 7, 0xaa);
	stage_wanted_with(s, CODEC_ZSTD, 0, 8);
	assert_string_equal(s->story,
		"ch0 FAILED app 3.9 request 8 result 10: node a has no dictionary 8; name its file "
		"under \"dictionaries\" in the configuration of both nodes\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void open__only_zstd_at_levels_1_to_4_can_use_one(void **state)
{
	struct stage *s = *state;

	stage_dictionary(s, 7, 0xaa);
	stage_wanted_with(s, CODEC_LZ4, 0, 7);
	assert_non_null(strstr(s->story, "result 10: only the codec zstd can use a dictionary"));
	s->story[0] = 0;
	stage_wanted_with(s, CODEC_ZSTD, 5, 7);
	assert_non_null(strstr(s->story, "result 10: with a dictionary zstd has levels 1 to 4"));
	assert_int_equal(stage_attempts(s), 0);
}

static struct message offered(uint8_t sha256)
{
	struct message message = stage_offer_from_b("files");

	message.codec = CODEC_ZSTD;
	message.dictionary = 7;
	message.dictionary_sha256[0] = sha256;
	return message;
}

// What our end opens with, and what the opener hears.
static void accepts(
	struct stage *s, const struct message *message, const char *opens, const char *hears)
{
	stage_offered(s, message);
	assert_non_null(strstr(s->story, opens));
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_ACCEPTING), 0x01000201, 0, "");
	assert_non_null(strstr(s->story, hears));
}

static void accept__the_same_dictionary(void **state)
{
	struct message message = offered(0xaa);

	stage_dictionary(*state, 7, 0xaa);
	accepts(*state, &message, "dictionary 7 state 1 sha256 aa...\n", "dictionary state 1\n");
}

static void accept__another_one_under_that_id(void **state)
{
	struct message message = offered(0xab);

	stage_dictionary(*state, 7, 0xaa);
	accepts(*state, &message, "dictionary 7 state 3 ", "dictionary state 3\n");
}

// One byte is enough, wherever it is.
static void accept__another_one_that_differs_in_the_last_byte(void **state)
{
	struct message message = offered(0xaa);

	message.dictionary_sha256[DICTIONARY_SHA256_SIZE - 1] = 1;
	stage_dictionary(*state, 7, 0xaa);
	accepts(*state, &message, "dictionary 7 state 3 ", "dictionary state 3\n");
}

static void accept__none_under_that_id(void **state)
{
	struct message message = offered(0xaa);

	stage_dictionary(*state, 6, 0xaa);
	accepts(*state, &message, "dictionary 7 state 2 ", "dictionary state 2\n");
}

static void accept__a_dictionary_of_another_codec_is_refused(void **state)
{
	struct stage *s = *state;
	struct message message = offered(0xaa);

	message.codec = CODEC_AUTO;
	stage_dictionary(s, 7, 0xaa);
	stage_offered(s, &message);
	assert_non_null(strstr(s->story, "refuse 55 result 10: only the codec zstd"));
	assert_int_equal(stage_attempts(s), 0);
}

// Of a session that ran: what the dataplane has to say beyond its reason is for people.
static void closed__says_which_dictionary_was_not_agreed_on(void **state)
{
	struct stage *s = *state;
	struct plane_event event = {.type = PLANE_CLOSED, .cid = 0x01000201};

	snprintf(event.text, sizeof(event.text), "it was closed");
	session_on_event(&s->core, &s->turn, &event, &s->out);
	stage_tell(s);
	assert_string_equal(s->story, "");
	event.flags = PLANE_CLOSED_TELL;
	snprintf(event.text, sizeof(event.text), "node b sent a record packed with dictionary 7");
	session_on_event(&s->core, &s->turn, &event, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"log session 01000201 ended: node b sent a record packed with dictionary 7\n");
}

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(open__with_a_dictionary_that_the_peer_has),
		STORY(open__goes_on_without_what_the_peer_does_not_have),
		STORY(open__an_answer_that_says_nothing_of_the_dictionary),
		STORY(open__an_answer_about_a_dictionary_that_nobody_asked_for),
		STORY(open__what_this_node_does_not_have_is_refused_at_once),
		STORY(open__only_zstd_at_levels_1_to_4_can_use_one),
		STORY(accept__the_same_dictionary),
		STORY(accept__another_one_under_that_id),
		STORY(accept__another_one_that_differs_in_the_last_byte),
		STORY(accept__none_under_that_id),
		STORY(accept__a_dictionary_of_another_codec_is_refused),
		STORY(closed__says_which_dictionary_was_not_agreed_on),
	};
	return cmocka_run_group_tests(stories, NULL, NULL);
}
