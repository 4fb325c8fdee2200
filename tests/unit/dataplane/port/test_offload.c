// What is chosen of a device's capabilities.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <rte_ethdev.h>

#include "dataplane/port/offload.h"

static void offload_choose__vlan(void **state)
{
	struct port_config c = {.vlan = 5};
	struct offload all = offload_choose(&c, UINT64_MAX, UINT64_MAX), none;

	(void)state;
	assert_int_equal(all.rx, RTE_ETH_RX_OFFLOAD_VLAN_STRIP);
	assert_int_equal(all.tx, RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
	none = offload_choose(&c, ~RTE_ETH_RX_OFFLOAD_VLAN_STRIP, ~RTE_ETH_TX_OFFLOAD_VLAN_INSERT);
	assert_true(none.rx == 0 && none.tx == 0);
	c.vlan = 0; // a card that strips would take tags away that are to be seen
	none = offload_choose(&c, UINT64_MAX, UINT64_MAX);
	assert_true(none.rx == 0 && none.tx == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offload_choose__vlan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
