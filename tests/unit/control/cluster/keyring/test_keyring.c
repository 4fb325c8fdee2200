// Datagrams between nodes that share a key: they open once, within their time, and every changed
// byte is seen. Rotation: nobody is deaf at any step.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/rand.h>
#include <string.h>
#include <sys/random.h>

#include "control/cluster/keyring/keyring.h"

enum { NOW = 1800000000 };

static const uint8_t hello[] = "hello";

static struct keys keys_of(uint8_t first, uint8_t second)
{
	struct keys keys = {.count = second ? 2 : 1};

	memset(keys.key[0], first, KEYS_SIZE);
	memset(keys.key[1], second, KEYS_SIZE);
	return keys;
}

static void ring_init(struct keyring *keyring, uint8_t first, uint8_t second)
{
	const struct keys keys = keys_of(first, second);

	assert_int_equal(keyring_init(keyring), 0);
	assert_int_equal(keyring_set(keyring, &keys), 0);
}

static enum keyring_result pass(struct keyring *from, struct keyring *to, uint32_t now)
{
	uint8_t datagram[KEYRING_DATAGRAM_MAX], plain[KEYRING_PLAIN_MAX];
	size_t size = keyring_seal(from, NOW, hello, sizeof(hello), datagram), got = 0;
	enum keyring_result result;

	assert_int_equal(size, sizeof(hello) + KEYRING_OVERHEAD);
	assert_null(memmem(datagram, size, hello, sizeof(hello)));
	result = keyring_open(to, now, datagram, size, plain, &got);
	if (result == KEYRING_OK) {
		assert_int_equal(got, sizeof(hello));
		assert_memory_equal(plain, hello, sizeof(hello));
		assert_int_equal(
			keyring_open(to, now, datagram, size, plain, &got), KEYRING_REPLAYED);
	}
	return result;
}

static void keyring_open__only_with_the_key_and_in_its_time(void **state)
{
	struct keyring a, b, stranger;

	(void)state;
	ring_init(&a, 1, 0);
	ring_init(&b, 1, 0);
	ring_init(&stranger, 2, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pass(&a, &b, NOW), KEYRING_OK);
	assert_int_equal(b.use[0].opened, 100);
	assert_int_equal(pass(&stranger, &b, NOW), KEYRING_KEY);
	assert_int_equal(pass(&a, &b, NOW + KEYRING_SKEW_S), KEYRING_OK);
	assert_int_equal(pass(&a, &b, NOW - KEYRING_SKEW_S), KEYRING_OK);
	assert_int_equal(pass(&a, &b, NOW + KEYRING_SKEW_S + 1), KEYRING_CLOCK);
	assert_int_equal(pass(&a, &b, NOW - KEYRING_SKEW_S - 1), KEYRING_CLOCK);
	keyring_fini(&a);
	keyring_fini(&b);
	keyring_fini(&stranger);
}

static void keyring_open__sees_every_changed_bit_and_every_cut(void **state)
{
	uint8_t datagram[KEYRING_DATAGRAM_MAX], plain[KEYRING_PLAIN_MAX];
	struct keyring a, b;
	size_t size, got;

	(void)state;
	ring_init(&a, 1, 0);
	ring_init(&b, 1, 0);
	size = keyring_seal(&a, NOW, hello, sizeof(hello), datagram);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(
			keyring_open(&b, NOW, datagram, size, plain, &got), KEYRING_OK);
		datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t cut = 0; cut < size; cut++)
		assert_int_not_equal(keyring_open(&b, NOW, datagram, cut, plain, &got), KEYRING_OK);
	// None of them left a trace that would keep out the true one.
	assert_int_equal(keyring_open(&b, NOW, datagram, size, plain, &got), KEYRING_OK);
	keyring_fini(&a);
	keyring_fini(&b);
}

static void keyring_open__tells_what_is_wrong(void **state)
{
	static const uint8_t clear[] = "\1 a datagram in the clear", newer[40] = "SG\2";
	uint8_t plain[KEYRING_PLAIN_MAX], large[KEYRING_DATAGRAM_MAX + 1] = "SG\1";
	struct keyring a;
	size_t got;

	(void)state;
	ring_init(&a, 1, 0);
	assert_int_equal(keyring_open(&a, NOW, clear, sizeof(clear), plain, &got), KEYRING_CLEAR);
	assert_int_equal(keyring_open(&a, NOW, newer, sizeof(newer), plain, &got), KEYRING_VERSION);
	assert_int_equal(keyring_open(&a, NOW, large, sizeof(large), plain, &got), KEYRING_SHORT);
	assert_int_equal(keyring_open(&a, NOW, clear, 0, plain, &got), KEYRING_SHORT);
	keyring_fini(&a);
}

// install everywhere, use everywhere, remove everywhere: in every mixture of two neighbouring steps
// both ends hear each other.
static void keyring_set__rotation_leaves_nobody_deaf(void **state)
{
	static const uint8_t steps[][2] = {{1, 0}, {1, 2}, {2, 1}, {2, 0}};
	struct keyring a, b;

	(void)state;
	ring_init(&a, 1, 0);
	ring_init(&b, 1, 0);
	for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct keys keys = keys_of(steps[i][0], steps[i][1]);

		assert_int_equal(keyring_set(&a, &keys), 0);
		assert_int_equal(pass(&a, &b, NOW), KEYRING_OK);
		assert_int_equal(pass(&b, &a, NOW), KEYRING_OK);
		assert_int_equal(keyring_set(&b, &keys), 0);
		assert_int_equal(pass(&b, &a, NOW), KEYRING_OK);
	}
	assert_int_equal(a.use[0].opened, 3); // of key 2, while it was the second key, too
	keyring_fini(&a);
	keyring_fini(&b);
}

// The counter is part of the nonce: it does not wrap under one salt.
static void keyring_seal__takes_a_new_salt_before_the_counter_wraps(void **state)
{
	struct keyring a, b;
	uint64_t salt;

	(void)state;
	ring_init(&a, 1, 0);
	ring_init(&b, 1, 0);
	salt = a.salt;
	a.counter = UINT32_MAX - 1;
	assert_int_equal(pass(&a, &b, NOW), KEYRING_OK);
	assert_int_equal(a.salt, salt);
	assert_int_equal(pass(&a, &b, NOW), KEYRING_OK);
	assert_int_not_equal(a.salt, salt);
	assert_int_equal(a.counter, 1);
	keyring_fini(&a);
	keyring_fini(&b);
}

// A frame over a connection opens as often as it comes: the connection keeps it from coming twice.
// But it is no datagram, nor a datagram a frame.
static void keyring_open_frame__only_with_the_key_and_as_a_frame(void **state)
{
	static uint8_t said[KEYRING_FRAME_PLAIN_MAX], sealed[KEYRING_FRAME_MAX + 1],
		plain[sizeof(said)];
	struct keyring a, b, stranger;
	size_t size, got = 0;

	(void)state;
	ring_init(&a, 1, 0);
	ring_init(&b, 1, 0);
	ring_init(&stranger, 2, 0);
	for (size_t i = 0; i < sizeof(said); i++)
		said[i] = (uint8_t)(i * 7);
	size = keyring_seal_frame(&a, NOW, said, sizeof(said), sealed);
	assert_int_equal(size, KEYRING_FRAME_MAX);
	assert_null(memmem(sealed, size, said, 64));
	for (int twice = 0; twice < 2; twice++) {
		memset(plain, 0, sizeof(plain));
		assert_int_equal(
			keyring_open_frame(&b, NOW, sealed, size, plain, &got), KEYRING_OK);
		assert_int_equal(got, sizeof(said));
		assert_memory_equal(plain, said, sizeof(said));
	}
	assert_int_equal(
		keyring_open_frame(&b, NOW + KEYRING_SKEW_S + 1, sealed, size, plain, &got),
		KEYRING_CLOCK);
	assert_int_equal(
		keyring_open_frame(&stranger, NOW, sealed, size, plain, &got), KEYRING_KEY);
	assert_int_equal(keyring_open_frame(&b, NOW, sealed, size + 1, plain, &got), KEYRING_SHORT);
	sealed[size / 2] ^= 1;
	assert_int_equal(keyring_open_frame(&b, NOW, sealed, size, plain, &got), KEYRING_FORGED);
	size = keyring_seal_frame(&a, NOW, hello, sizeof(hello), sealed);
	assert_int_equal(keyring_open(&b, NOW, sealed, size, plain, &got), KEYRING_FORGED);
	size = keyring_seal(&a, NOW, hello, sizeof(hello), sealed);
	assert_int_equal(keyring_open_frame(&b, NOW, sealed, size, plain, &got), KEYRING_FORGED);
	assert_int_equal(keyring_open(&b, NOW, sealed, size, plain, &got), KEYRING_OK);
	keyring_fini(&a);
	keyring_fini(&b);
	keyring_fini(&stranger);
}

static bool random_fails;

// In the place of OpenSSL's: what is ours calls this one.
int RAND_bytes(unsigned char *bytes, int size)
{
	return !random_fails && getrandom(bytes, (size_t)size, 0) == size;
}

// No random numbers, no datagram; never a nonce for the second time.
static void keyring_seal__without_a_new_salt_says_nothing(void **state)
{
	uint8_t datagram[KEYRING_DATAGRAM_MAX];
	struct keyring a;
	uint64_t salt;

	(void)state;
	ring_init(&a, 1, 0);
	salt = a.salt;
	a.counter = UINT32_MAX;
	random_fails = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(keyring_seal(&a, NOW, hello, sizeof(hello), datagram), 0);
	random_fails = false;
	assert_int_not_equal(keyring_seal(&a, NOW, hello, sizeof(hello), datagram), 0);
	assert_int_not_equal(a.salt, salt);
	keyring_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keyring_open__only_with_the_key_and_in_its_time),
		cmocka_unit_test(keyring_open__sees_every_changed_bit_and_every_cut),
		cmocka_unit_test(keyring_open__tells_what_is_wrong),
		cmocka_unit_test(keyring_set__rotation_leaves_nobody_deaf),
		cmocka_unit_test(keyring_seal__without_a_new_salt_says_nothing),
		cmocka_unit_test(keyring_open_frame__only_with_the_key_and_as_a_frame),
		cmocka_unit_test(keyring_seal__takes_a_new_salt_before_the_counter_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
