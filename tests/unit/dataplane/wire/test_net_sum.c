// The Internet checksum against known vectors and a slow one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/net.h"

// RFC 1071 §3: 0001 f203 f4f5 f6f7 add up to ddf2, whose complement is 220d.
static uint8_t noise(uint32_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static void net_sum__rfc1071_example(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(net_sum_fold(net_sum(0, bytes, sizeof(bytes))), 0x220d);
}

// The header that textbooks use: its checksum is b861.
static void net_sum__ipv4_header(void **state)
{
	static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
		0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	(void)state;
	assert_int_equal(net_sum_fold(net_sum(0, header, sizeof(header))), 0xb861);
}

static uint16_t slow_checksum(const uint8_t *bytes, uint32_t size)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum += (uint32_t)(i % 2 ? bytes[i] : bytes[i] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void net_sum__every_size_and_alignment(void **state)
{
	uint8_t bytes[9216 + 8];

	(void)state;
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = noise(i);
	for (uint32_t size = 0; size < 200; size++)
		for (uint32_t at = 0; at < 8; at++)
			assert_int_equal(net_sum_fold(net_sum(0, bytes + at, size)),
				slow_checksum(bytes + at, size));
	assert_int_equal(net_sum_fold(net_sum(0, bytes + 1, 9216)), slow_checksum(bytes + 1, 9216));
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(net_sum_fold(net_sum(0, bytes, 9216)), slow_checksum(bytes, 9216));
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(net_sum_fold(net_sum(0, bytes, 9216)), 0xffff);
}

// In exact-sized heap blocks: a sanitizer sees a read beyond the end.
static void net_sum__reads_nothing_beyond(void **state)
{
	(void)state;
	for (uint32_t size = 1; size < 80; size++) {
		uint8_t *bytes = malloc(size);

		memset(bytes, 0x5a, size);
		assert_int_equal(net_sum_fold(net_sum(0, bytes, size)), slow_checksum(bytes, size));
		free(bytes);
	}
}

static void net_sum__in_pieces(void **state)
{
	uint8_t bytes[100];

	(void)state;
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (uint32_t cut = 0; cut <= sizeof(bytes); cut += 2)
		assert_int_equal(net_sum_fold(net_sum(
					 net_sum(0, bytes, cut), bytes + cut, sizeof(bytes) - cut)),
			slow_checksum(bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(net_sum__rfc1071_example),
		cmocka_unit_test(net_sum__ipv4_header),
		cmocka_unit_test(net_sum__every_size_and_alignment),
		cmocka_unit_test(net_sum__reads_nothing_beyond),
		cmocka_unit_test(net_sum__in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
