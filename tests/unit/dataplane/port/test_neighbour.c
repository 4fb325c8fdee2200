// The neighbour table in virtual time: resolve, back off, refresh, age, floods.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/port/neighbour.h"

#define MS 1000000ull
#define S  1000000000ull

static struct neighbour_table table;
static const uint8_t mac_b[6] = {2, 0, 0, 0, 0, 0xb};
static const uint8_t mac_c[6] = {2, 0, 0, 0, 0, 0xc};
static uint64_t now;

static const struct address B = ADDRESS_IPV4(0x0a000002);

static int setup(void **state)
{
	(void)state;
	neighbour_init(&table);
	now = S;
	return 0;
}

static uint32_t requests_take(struct address *last)
{
	struct address ip;
	uint32_t n = 0;

	while (neighbour_take_request(&table, &ip, now)) {
		n++;
		if (last)
			*last = ip;
		assert_true(n <= NEIGHBOURS_MAX);
	}
	return n;
}

static void b_resolve(void)
{
	assert_null(neighbour_resolve(&table, B, now));
	assert_int_equal(requests_take(NULL), 1);
	assert_true(neighbour_on_reply(&table, B, mac_b, now));
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
}

static void neighbour_resolve__asks_and_learns(void **state)
{
	uint32_t version = table.version;
	struct address ip = {0};

	(void)state;
	assert_null(neighbour_resolve(&table, B, now));
	assert_null(neighbour_resolve(&table, B, now));
	assert_int_equal(requests_take(&ip), 1);
	assert_true(address_equal(ip, B));
	assert_int_equal(table.version, version);
	now += MS;
	assert_true(neighbour_on_reply(&table, B, mac_b, now));
	assert_int_not_equal(table.version, version);
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
	assert_int_equal(requests_take(NULL), 0);
	assert_int_equal(table.pending, 0);
}

// At most every 100 ms, growing to 1 s, as long as somebody wants it.
static void neighbour_take_request__backs_off(void **state)
{
	uint64_t start = now, at[16];
	uint32_t n = 0;

	(void)state;
	for (; n < 8 && now < start + 20 * S; now += 10 * MS) {
		neighbour_resolve(&table, B, now);
		if (requests_take(NULL))
			at[n++] = now - start;
	}
	assert_int_equal(n, 8);
	assert_int_equal(at[0], 0);
	assert_int_equal(at[1], 100 * MS);
	assert_int_equal(at[2], 300 * MS);
	assert_int_equal(at[3], 700 * MS);
	assert_int_equal(at[4], 1500 * MS);
	assert_int_equal(at[5], 2500 * MS);
	assert_int_equal(at[7], 4500 * MS);
}

static void neighbour_take_request__forgets_what_nobody_wants(void **state)
{
	uint64_t end = now + 40 * S;
	uint32_t n = 0;

	(void)state;
	neighbour_resolve(&table, B, now);
	for (; now < end; now += 100 * MS)
		n += requests_take(NULL);
	assert_in_range(n, 30, 35);
	assert_int_equal(table.pending, 0);
	assert_int_equal(table.entries[0].state, NEIGHBOUR_FREE);
	assert_false(neighbour_on_reply(&table, B, mac_b, now));
}

// In use: probed after 30 s while it goes on being used; the answer makes it fresh.
static void neighbour_resolve__refreshes_in_use(void **state)
{
	uint32_t version, n = 0;
	uint64_t end;

	(void)state;
	b_resolve();
	version = table.version;
	for (end = now + 100 * S; now < end; now += 100 * MS) {
		assert_non_null(neighbour_resolve(&table, B, now));
		if (requests_take(NULL)) {
			n++;
			assert_true(neighbour_on_reply(&table, B, mac_b, now));
		}
	}
	assert_int_equal(n, 3);
	assert_int_equal(table.version, version);
}

// In use but silent: usable while it is probed, then not believed any more, but still asked for.
static void neighbour_resolve__gives_up_a_silent_one(void **state)
{
	uint32_t version;
	uint64_t lost = 0, start = now, end;

	(void)state;
	b_resolve();
	version = table.version;
	for (end = now + 60 * S; now < end && !lost; now += 10 * MS) {
		if (!neighbour_resolve(&table, B, now))
			lost = now - start;
		requests_take(NULL);
	}
	assert_in_range(lost, 33 * S, 36 * S);
	assert_int_not_equal(table.version, version);
	now += S;
	assert_null(neighbour_resolve(&table, B, now));
	requests_take(NULL);
	assert_true(neighbour_on_reply(&table, B, mac_c, now));
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_c, 6);
}

static void neighbour_take_request__unused_ages_out_silently(void **state)
{
	(void)state;
	b_resolve();
	now += NEIGHBOUR_FRESH_NS + S;
	assert_int_equal(requests_take(NULL), 0);
	assert_int_equal(table.entries[0].state, NEIGHBOUR_FREE);
}

static void neighbour_on_reply__only_what_was_asked(void **state)
{
	(void)state;
	assert_false(neighbour_on_reply(&table, B, mac_b, now));
	assert_null(neighbour_resolve(&table, B, now));
	assert_false(neighbour_on_reply(
		&table, B, mac_b, now)); // wanted, but no request has gone out yet
	requests_take(NULL);
	assert_true(neighbour_on_reply(&table, B, mac_b, now));
	assert_false(neighbour_on_reply(&table, B, mac_c, now)); // the second answer
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
}

static void neighbour_on_request__learns_who_asks(void **state)
{
	(void)state;
	assert_true(neighbour_on_request(&table, B, mac_b, now));
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
	assert_int_equal(requests_take(NULL), 0);
	assert_int_equal(table.pending, 0);
}

// Another address for one we know: asked for, and what we know stands until the answer.
static void neighbour_on_request__does_not_override(void **state)
{
	(void)state;
	b_resolve();
	now += S;
	assert_false(neighbour_on_request(&table, B, mac_c, now));
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
	assert_int_equal(requests_take(NULL), 1);
	assert_true(neighbour_on_reply(&table, B, mac_c, now));
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_c, 6);
}

// A thousand strangers: the table stays bounded, and who is in use stays in it.
static void neighbour_on_request__flood_spares_those_in_use(void **state)
{
	uint32_t version;

	(void)state;
	b_resolve();
	for (uint32_t i = 0; i < 1000; i++) {
		now += MS;
		neighbour_on_request(&table, address_from_ipv4(0x0a010000u + i), mac_c, now);
	}
	version = table.version;
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
	assert_int_equal(table.version, version);
	assert_int_equal(requests_take(NULL), 0);
}

// All entries in use: a stranger is refused, our own new wish is too, and nobody is lost.
static void neighbour_on_request__full_table(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) {
		assert_true(neighbour_on_request(
			&table, address_from_ipv4(0x0a010000u + i), mac_b, now));
		assert_non_null(neighbour_resolve(&table, address_from_ipv4(0x0a010000u + i), now));
	}
	assert_false(neighbour_on_request(&table, B, mac_b, now));
	assert_null(neighbour_resolve(&table, B, now));
	assert_int_equal(requests_take(NULL), 0);
	assert_int_equal(table.refused, 2);
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
		assert_non_null(neighbour_resolve(&table, address_from_ipv4(0x0a010000u + i), now));
}

// Many unanswered questions: at most ARP_PENDING_MAX at a time, the newest wish wins, the steady
// one is not crowded out.
static void neighbour_resolve__pending_is_bounded(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		now += MS;
		assert_null(neighbour_resolve(&table, address_from_ipv4(0x0a010000u + i), now));
		assert_null(neighbour_resolve(&table, B, now));
		assert_true(table.pending <= ARP_PENDING_MAX);
		requests_take(NULL);
	}
	assert_true(neighbour_on_reply(&table, B, mac_b, now));
	assert_memory_equal(neighbour_resolve(&table, B, now), mac_b, 6);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(neighbour_resolve__asks_and_learns),
		CASE(neighbour_take_request__backs_off),
		CASE(neighbour_take_request__forgets_what_nobody_wants),
		CASE(neighbour_resolve__refreshes_in_use),
		CASE(neighbour_resolve__gives_up_a_silent_one),
		CASE(neighbour_take_request__unused_ages_out_silently),
		CASE(neighbour_on_reply__only_what_was_asked),
		CASE(neighbour_on_request__learns_who_asks),
		CASE(neighbour_on_request__does_not_override),
		CASE(neighbour_on_request__flood_spares_those_in_use),
		CASE(neighbour_on_request__full_table),
		CASE(neighbour_resolve__pending_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
