// Majorities against their definition, over every small case: each way to give five members roles,
// each way in which they answered.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "control/cluster/raft/quorum.h"

enum { MEMBERS = 5 };

static const uint8_t ROLES[] = {
	RAFT_LEARNER, RAFT_VOTER, RAFT_VOTER_OLD, RAFT_VOTER | RAFT_VOTER_OLD};

// Each member has one of four sets of roles. How many ways: 4 to the power of members.
static struct raft_conf conf_number(uint32_t number)
{
	struct raft_conf conf = {.members = MEMBERS};

	for (uint32_t i = 0; i < MEMBERS; i++, number /= 4)
		conf.member[i] = (struct raft_member){.id = i + 1, .roles = ROLES[number % 4]};
	return conf;
}

// By definition: more than half of those with this role are in the set.
static bool has_majority(const struct raft_conf *conf, enum raft_member_role role, uint32_t set)
{
	uint32_t all = 0, in = 0;

	for (uint32_t i = 0; i < conf->members; i++) {
		all += (conf->member[i].roles & role) != 0;
		in += (conf->member[i].roles & role) && (set >> i & 1);
	}
	return in * 2 > all;
}

static bool is_joint(const struct raft_conf *conf)
{
	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].roles & RAFT_VOTER_OLD)
			return true;
	return false;
}

static bool has_quorum(const struct raft_conf *conf, uint32_t set)
{
	return has_majority(conf, RAFT_VOTER, set) &&
	       (!is_joint(conf) || has_majority(conf, RAFT_VOTER_OLD, set));
}

// By definition: whatever those say who have not answered yet.
static enum quorum_verdict verdict(const struct raft_conf *conf, uint32_t yes, uint32_t no)
{
	if (has_quorum(conf, yes))
		return QUORUM_WON;
	return has_quorum(conf, ~no) ? QUORUM_PENDING : QUORUM_LOST;
}

static void quorum_decide__every_small_case(void **state)
{
	uint32_t seen[3] = {0};

	(void)state;
	for (uint32_t number = 0; number < 1u << (2 * MEMBERS); number++) {
		struct raft_conf conf = conf_number(number);

		for (uint32_t yes = 0; yes < 1u << MEMBERS; yes++)
			for (uint32_t no = 0; no < 1u << MEMBERS; no++) {
				enum quorum_verdict is = quorum_decide(&conf, yes, no);

				if (yes & no)
					continue;
				assert_int_equal(is, verdict(&conf, yes, no));
				assert_int_equal(quorum_has(&conf, yes), is == QUORUM_WON);
				seen[is]++;
			}
	}
	assert_true(seen[QUORUM_PENDING] && seen[QUORUM_WON] && seen[QUORUM_LOST]);
}

// The largest of the values such that those who have at least that are a quorum.
static uint64_t value_by_definition(const struct raft_conf *conf, const uint64_t *value)
{
	uint64_t best = 0;

	for (uint32_t i = 0; i < conf->members && i < RAFT_MEMBERS_MAX; i++) {
		uint32_t set = 0;

		for (uint32_t j = 0; j < conf->members && j < RAFT_MEMBERS_MAX; j++)
			set |= (uint32_t)(value[j] >= value[i]) << j;
		if (has_quorum(conf, set) && value[i] > best)
			best = value[i];
	}
	return best;
}

static void quorum_value__every_small_case(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < 1u << (2 * MEMBERS); number++) {
		struct raft_conf conf = conf_number(number);

		for (uint32_t values = 0; values < 1u << (2 * MEMBERS); values++) {
			uint64_t value[RAFT_MEMBERS_MAX];

			for (uint32_t i = 0; i < MEMBERS; i++)
				value[i] = values >> (2 * i) & 3;
			assert_int_equal(
				quorum_value(&conf, value), value_by_definition(&conf, value));
		}
	}
}

static void quorum_value__of_the_most_voters(void **state)
{
	struct raft_conf conf = {.members = RAFT_VOTERS_MAX};
	uint64_t value[RAFT_MEMBERS_MAX];

	(void)state;
	for (uint32_t i = 0; i < RAFT_VOTERS_MAX; i++) {
		conf.member[i] = (struct raft_member){.id = i + 1, .roles = RAFT_VOTER};
		value[i] = UINT64_MAX - i * 7 % RAFT_VOTERS_MAX; // each once, in no order
	}
	assert_int_equal(quorum_value(&conf, value), UINT64_MAX - RAFT_VOTERS_MAX / 2);
}

static void quorum__of_nobody(void **state)
{
	struct raft_conf conf = {0};
	uint64_t value[RAFT_MEMBERS_MAX] = {9};

	(void)state;
	assert_int_equal(quorum_value(&conf, value), 0);
	assert_int_equal(quorum_decide(&conf, UINT32_MAX, 0), QUORUM_LOST);
	assert_false(quorum_has(&conf, UINT32_MAX));
}

// A member that is listed in both does not count twice against itself.
static void quorum_decide__yes_wins_over_no(void **state)
{
	struct raft_conf conf = conf_number(1); // one voter

	(void)state;
	assert_int_equal(quorum_decide(&conf, 1, 1), QUORUM_WON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quorum_decide__every_small_case),
		cmocka_unit_test(quorum_value__every_small_case),
		cmocka_unit_test(quorum_value__of_the_most_voters),
		cmocka_unit_test(quorum__of_nobody),
		cmocka_unit_test(quorum_decide__yes_wins_over_no),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
