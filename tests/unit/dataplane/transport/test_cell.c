// How a record is cut: sizes, and division without dividing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/cell.h"

static void cut__divides_exactly(void **state)
{
	(void)state;
	for (uint32_t size = CELL_SIZE_MIN; size <= CELL_SIZE_MAX; size += 64) {
		struct cell_cut c = cell_cut_make(size);
		for (uint32_t within = 0; within < 1u << RECORD_SHIFT; within++)
			assert_int_equal((uint64_t)within * c.inverse >> 32, within / size);
		for (uint32_t bytes = 0; bytes <= RECORD_WIRE_MAX; bytes++)
			assert_int_equal(cell_cut_count(&c, bytes), (bytes + size - 1) / size);
		assert_true(cell_cut_count(&c, RECORD_WIRE_MAX) <= CELLS_MAX);
	}
}

// 1500 and 9000 lose nothing by cells; every size between keeps within its bounds.
static void size__for_every_mtu(void **state)
{
	(void)state;
	assert_int_equal(cell_size(wire_segment_size(1500)), 1408);
	assert_int_equal(cell_size(wire_segment_size(9000)), 1408);
	assert_int_equal(cell_size(wire_segment_size(3498)), 1088);
	for (uint32_t mtu = MTU_MIN; mtu <= MTU_MAX; mtu++) {
		uint32_t segment = wire_segment_size(mtu), cell = cell_size(segment);
		assert_true(cell >= CELL_SIZE_MIN && cell <= CELL_SIZE_MAX && cell % 64 == 0);
		assert_true(segment / cell >= 1 && segment / cell <= 8);
	}
}

static void mask__of_cells(void **state)
{
	(void)state;
	assert_true(cells_mask(0, 1) == 1);
	assert_true(cells_mask(3, 2) == 0x18);
	assert_true(cells_mask(0, CELLS_MAX) == (1ull << CELLS_MAX) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut__divides_exactly),
		cmocka_unit_test(size__for_every_mtu),
		cmocka_unit_test(mask__of_cells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
