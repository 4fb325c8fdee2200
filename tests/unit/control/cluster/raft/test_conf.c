// Configurations: what may change how, and their bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "control/cluster/raft/conf.h"

enum { V = RAFT_VOTER, O = RAFT_VOTER_OLD, L = RAFT_LEARNER, P = RAFT_PROMOTE };

// Roles of members 1, 2, ... that came with entry 1.
static struct raft_conf conf_of(const uint8_t *roles)
{
	struct raft_conf conf = {.index = 1};

	for (; roles[conf.members]; conf.members++) {
		struct raft_member *member = &conf.member[conf.members];

		*member = (struct raft_member){
			.id = conf.members + 1, .session = 1, .roles = roles[conf.members]};
		snprintf(member->name, NAME_SIZE, "n%u", conf.members + 1);
	}
	return conf;
}

static struct raft_change change(enum raft_change_kind kind, uint64_t id)
{
	struct raft_change change = {.kind = kind, .id = id};

	snprintf(change.name, NAME_SIZE, "n%u", (unsigned)id);
	return change;
}

// "1:V 2:VO": who is what.
static const char *text(const struct raft_conf *conf)
{
	static char line[512];
	size_t at = 0;

	line[0] = 0;
	for (uint32_t i = 0; i < conf->members; i++) {
		const struct raft_member *m = &conf->member[i];

		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%u:%s%s%s%s", i ? " " : "",
			(unsigned)m->id, m->roles & V ? "V" : "", m->roles & O ? "O" : "",
			m->roles & L ? "L" : "", m->roles & P ? "P" : "");
	}
	return line;
}

static void expect(
	const uint8_t *roles, const struct raft_change *changes, uint32_t count, const char *then)
{
	struct raft_conf now = conf_of(roles), next;

	assert_int_equal(conf_change(&next, &now, 9, changes, count), RAFT_OK);
	assert_string_equal(text(&next), then);
	assert_int_equal(next.index, 9);
	assert_null(conf_check(&next));
}

static void refuse(const uint8_t *roles, const struct raft_change *changes, uint32_t count,
	enum raft_result result)
{
	struct raft_conf now = conf_of(roles), next = {.index = 77};

	assert_int_equal(conf_change(&next, &now, 9, changes, count), result);
	assert_int_equal(next.index, 77);
}

#define ROLES(...) ((const uint8_t[]){__VA_ARGS__, 0})
#define CHANGES(...)                           \
	((struct raft_change[]){__VA_ARGS__}), \
		sizeof((struct raft_change[]){__VA_ARGS__}) / sizeof(struct raft_change)

static void conf_change__one_voter_is_simple(void **state)
{
	(void)state;
	expect(ROLES(V, V, V), CHANGES(change(RAFT_ADD_VOTER, 4)), "1:V 2:V 3:V 4:LP");
	expect(ROLES(V, V, V), CHANGES(change(RAFT_ADD_LEARNER, 4)), "1:V 2:V 3:V 4:L");
	expect(ROLES(V, V, V, L | P), CHANGES(change(RAFT_MAKE_VOTER, 4)), "1:V 2:V 3:V 4:V");
	expect(ROLES(V, V, V), CHANGES(change(RAFT_MAKE_LEARNER, 1)), "1:L 2:V 3:V");
	expect(ROLES(V, V, V), CHANGES(change(RAFT_REMOVE, 2)), "1:V 3:V");
	expect(ROLES(V, L), CHANGES(change(RAFT_REMOVE, 2)), "1:V");
	expect(ROLES(V, L), CHANGES(change(RAFT_ADD_VOTER, 2)), "1:V 2:LP");
	expect(ROLES(V, L | P), CHANGES(change(RAFT_ADD_LEARNER, 2)), "1:V 2:L");
	// learners do not count
	expect(ROLES(V, L, L), CHANGES(change(RAFT_REMOVE, 2), change(RAFT_ADD_VOTER, 7)),
		"1:V 3:L 7:LP");
}

static void conf_change__more_voters_go_through_joint_consensus(void **state)
{
	(void)state;
	expect(ROLES(V, V, V, L, L),
		CHANGES(change(RAFT_MAKE_VOTER, 4), change(RAFT_MAKE_VOTER, 5)),
		"1:VO 2:VO 3:VO 4:V 5:V");
	expect(ROLES(V, V, V, L), CHANGES(change(RAFT_MAKE_VOTER, 4), change(RAFT_MAKE_LEARNER, 1)),
		"1:OL 2:VO 3:VO 4:V");
	expect(ROLES(V, V, V, L, L),
		CHANGES(change(RAFT_REMOVE, 3), change(RAFT_REMOVE, 2), change(RAFT_REMOVE, 5)),
		"1:VO 2:O 3:O 4:L");
}

static void conf_leave__ends_it(void **state)
{
	struct raft_conf conf = conf_of(ROLES(V | O, O, O | L, V, L | P));

	(void)state;
	assert_true(conf_is_joint(&conf));
	assert_null(conf_check(&conf));
	assert_true(conf_is_voter(&conf, 2));
	conf_leave(&conf, &conf, 12);
	assert_string_equal(text(&conf), "1:V 3:L 4:V 5:LP");
	assert_int_equal(conf.index, 12);
	assert_false(conf_is_joint(&conf));
	assert_null(conf_check(&conf));
}

// R5: the session tells who was removed and came again from who was there before.
static void conf_change__who_comes_again_has_another_session(void **state)
{
	struct raft_conf conf = conf_of(ROLES(V, V, V));
	struct raft_change remove = change(RAFT_REMOVE, 2), add = change(RAFT_ADD_VOTER, 2);

	(void)state;
	assert_int_equal(conf_find(&conf, 2)->session, 1);
	assert_int_equal(conf_change(&conf, &conf, 5, &remove, 1), RAFT_OK);
	assert_null(conf_find(&conf, 2));
	assert_int_equal(conf_change(&conf, &conf, 6, &add, 1), RAFT_OK);
	assert_int_equal(conf_find(&conf, 2)->session, 6);
	add = change(RAFT_MAKE_VOTER, 2);
	assert_int_equal(conf_change(&conf, &conf, 7, &add, 1), RAFT_OK);
	assert_int_equal(conf_find(&conf, 2)->session, 6);
	assert_int_equal(conf_position(&conf, 2), 1);
	assert_int_equal(conf_position(&conf, 9), conf.members);
}

static void conf_change__refuses(void **state)
{
	struct raft_change bad = change(RAFT_ADD_VOTER, 4);
	struct raft_change many[RAFT_CHANGES_MAX + 1];

	(void)state;
	refuse(ROLES(V | O, V), CHANGES(change(RAFT_REMOVE, 2)), RAFT_CHANGING);
	refuse(ROLES(V, V), CHANGES(change(RAFT_REMOVE, 3)), RAFT_NO_MEMBER);
	refuse(ROLES(V, V), CHANGES(change(RAFT_ADD_VOTER, 2)), RAFT_NO_MEMBER);
	refuse(ROLES(V, V), CHANGES(change(RAFT_ADD_LEARNER, 2)), RAFT_NO_MEMBER);
	refuse(ROLES(V, V), CHANGES(change(RAFT_MAKE_VOTER, 2)), RAFT_NO_MEMBER);
	refuse(ROLES(V, L), CHANGES(change(RAFT_MAKE_LEARNER, 2)), RAFT_NO_MEMBER);
	refuse(ROLES(V, L), CHANGES(change(RAFT_REMOVE, 1)), RAFT_LAST_VOTER);
	refuse(ROLES(V), CHANGES(change(RAFT_MAKE_LEARNER, 1)), RAFT_LAST_VOTER);
	refuse(ROLES(V), &bad, 0, RAFT_MALFORMED);
	// all or none
	refuse(ROLES(V, V), CHANGES(change(RAFT_ADD_VOTER, 5), change(RAFT_REMOVE, 7)),
		RAFT_NO_MEMBER);
	refuse(ROLES(V, V), CHANGES(change(RAFT_ADD_VOTER, 5), change(RAFT_REMOVE, 5)),
		RAFT_MALFORMED);
	for (uint64_t i = 0; i <= RAFT_CHANGES_MAX; i++)
		many[i] = change(RAFT_ADD_LEARNER, 10 + i);
	refuse(ROLES(V), many, RAFT_CHANGES_MAX + 1, RAFT_TOO_MANY);
	snprintf(bad.name, NAME_SIZE, "n1"); // somebody else's
	refuse(ROLES(V), &bad, 1, RAFT_MALFORMED);
	bad.name[0] = 0;
	refuse(ROLES(V), &bad, 1, RAFT_MALFORMED);
	memset(bad.name, 'x', NAME_SIZE); // without an end
	refuse(ROLES(V), &bad, 1, RAFT_MALFORMED);
	bad = change(RAFT_ADD_VOTER, RAFT_NOBODY);
	refuse(ROLES(V), &bad, 1, RAFT_MALFORMED);
	bad = change((enum raft_change_kind)99, 5);
	refuse(ROLES(V), &bad, 1, RAFT_MALFORMED);
}

static void conf_change__is_bounded(void **state)
{
	uint8_t roles[RAFT_MEMBERS_MAX + 1];

	(void)state;
	memset(roles, L, sizeof(roles));
	roles[RAFT_MEMBERS_MAX] = 0;
	roles[0] = V;
	refuse(roles, CHANGES(change(RAFT_ADD_LEARNER, 99)), RAFT_TOO_MANY);
	expect(ROLES(V), CHANGES(change(RAFT_ADD_LEARNER, 99)), "1:V 99:L");
	memset(roles, V, RAFT_VOTERS_MAX - 1);
	roles[RAFT_VOTERS_MAX - 1] = L | P; // counts as one: it will be
	refuse(roles, CHANGES(change(RAFT_ADD_VOTER, RAFT_VOTERS_MAX + 1)), RAFT_TOO_MANY);
	refuse(roles, CHANGES(change(RAFT_MAKE_VOTER, RAFT_VOTERS_MAX + 1)), RAFT_TOO_MANY);
}

static void conf_check__says_what_is_wrong(void **state)
{
	struct raft_conf good = conf_of(ROLES(V, V)), bad;

	(void)state;
	assert_null(conf_check(&good));
	bad = good, bad.member[1].id = 1;
	assert_non_null(strstr(conf_check(&bad), "ascend"));
	bad = good, bad.member[0].id = 0;
	assert_non_null(strstr(conf_check(&bad), "ascend"));
	bad = good, bad.member[1].roles = V | L;
	assert_non_null(strstr(conf_check(&bad), "roles"));
	bad = good, bad.member[1].roles = 0;
	assert_non_null(strstr(conf_check(&bad), "roles"));
	bad = good, bad.member[1].session = 2;
	assert_non_null(strstr(conf_check(&bad), "newer"));
	bad = good, bad.member[1].name[0] = '\n';
	assert_non_null(strstr(conf_check(&bad), "printable"));
	bad = good, memset(bad.member[1].name, 'a', NAME_SIZE);
	assert_non_null(strstr(conf_check(&bad), "printable"));
	bad = good, bad.member[1].name[1] = '1';
	assert_non_null(strstr(conf_check(&bad), "same name"));
	bad = good, bad.index = UINT64_MAX;
	assert_non_null(strstr(conf_check(&bad), "index"));
	bad = conf_of(ROLES(L, L));
	assert_non_null(strstr(conf_check(&bad), "no voter"));
	bad = good, bad.members = RAFT_MEMBERS_MAX + 1;
	assert_non_null(strstr(conf_check(&bad), "too many members"));
}

// ---- bytes ------------------------------------------------------------------------------------

static struct raft_conf conf_largest(void)
{
	struct raft_conf conf = {.index = INT64_MAX, .members = RAFT_MEMBERS_MAX};

	for (uint32_t i = 0; i < RAFT_MEMBERS_MAX; i++) {
		struct raft_member *member = &conf.member[i];

		*member = (struct raft_member){.id = UINT64_MAX - 100 + i,
			.session = INT64_MAX - i,
			.roles = i < RAFT_VOTERS_MAX ? V | O : L};
		snprintf(member->name, NAME_SIZE, "%063u", i);
	}
	return conf;
}

static void conf_bytes__come_back_the_same(void **state)
{
	struct raft_conf conf[] = {
		conf_largest(), conf_of(ROLES(V)), conf_of(ROLES(V | O, O, V, O | L, L, L | P))};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t bytes[RAFT_CONF_MAX];
		uint32_t size = conf_write(&conf[i], bytes);
		struct raft_conf back;

		assert_in_range(size, 1, RAFT_CONF_MAX);
		assert_true(conf_read(&back, bytes, size));
		assert_memory_equal(&back, &conf[i], sizeof(back));
	}
}

static void conf_read__refuses_what_is_cut_or_longer(void **state)
{
	struct raft_conf conf = conf_of(ROLES(V | O, O, V)), back;
	uint8_t bytes[RAFT_CONF_MAX] = {0};
	uint32_t size = conf_write(&conf, bytes);

	(void)state;
	for (uint32_t cut = 0; cut < size; cut++)
		assert_false(conf_read(&back, bytes, cut));
	assert_false(conf_read(&back, bytes, size + 1));
	bytes[0]++; // a version that we do not know
	assert_false(conf_read(&back, bytes, size));
	bytes[0]--;
	bytes[1] = RAFT_MEMBERS_MAX + 1;
	assert_false(conf_read(&back, bytes, size));
	bytes[1] = 3;
	bytes[10 + 16] = V | L; // what conf_check refuses
	assert_false(conf_read(&back, bytes, size));
	bytes[10 + 16] = V;
	assert_true(conf_read(&back, bytes, size));
	bytes[10 + 18 + 1] = 0; // a name with an end inside: "n", and something behind it
	assert_false(conf_read(&back, bytes, size));
}

static void changes_bytes__come_back_the_same(void **state)
{
	struct raft_change changes[RAFT_CHANGES_MAX], back[RAFT_CHANGES_MAX];
	uint8_t bytes[CONF_CHANGES_MAX + 1] = {0};
	uint32_t size;

	(void)state;
	memset(changes, 0, sizeof(changes));
	memset(back, 0, sizeof(back));
	for (uint32_t i = 0; i < RAFT_CHANGES_MAX; i++) {
		changes[i] =
			(struct raft_change){.kind = (enum raft_change_kind)(i % (RAFT_REMOVE + 1)),
				.id = UINT64_MAX - i};
		snprintf(changes[i].name, NAME_SIZE, "%063u", i);
	}
	size = changes_write(changes, RAFT_CHANGES_MAX, bytes);
	assert_int_equal(size, CONF_CHANGES_MAX);
	assert_int_equal(changes_read(back, bytes, size), RAFT_CHANGES_MAX);
	for (uint32_t i = 0; i < RAFT_CHANGES_MAX; i++) {
		assert_int_equal(back[i].kind, changes[i].kind);
		assert_int_equal(back[i].id, changes[i].id);
		assert_string_equal(back[i].name, changes[i].name);
	}
	for (uint32_t cut = 0; cut < size; cut++)
		assert_int_equal(changes_read(back, bytes, cut), 0);
	assert_int_equal(changes_read(back, bytes, size + 1), 0);
	bytes[2] = RAFT_REMOVE + 1;
	assert_int_equal(changes_read(back, bytes, size), 0);
	bytes[2] = 0;
	bytes[1]++;
	assert_int_equal(changes_read(back, bytes, size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf_change__one_voter_is_simple),
		cmocka_unit_test(conf_change__more_voters_go_through_joint_consensus),
		cmocka_unit_test(conf_leave__ends_it),
		cmocka_unit_test(conf_change__who_comes_again_has_another_session),
		cmocka_unit_test(conf_change__refuses),
		cmocka_unit_test(conf_change__is_bounded),
		cmocka_unit_test(conf_check__says_what_is_wrong),
		cmocka_unit_test(conf_bytes__come_back_the_same),
		cmocka_unit_test(conf_read__refuses_what_is_cut_or_longer),
		cmocka_unit_test(changes_bytes__come_back_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
