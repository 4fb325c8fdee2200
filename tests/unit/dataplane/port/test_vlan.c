// Tags on packet buffers: by the device where it can, else by us; what comes in without the link's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/port/port_private.h"

static uint8_t room[512];
static struct rte_mbuf buffer;

// A buffer of `size` bytes behind ordinary headroom.
static struct rte_mbuf *mbuf_of(const uint8_t *bytes, uint16_t size)
{
	memset(&buffer, 0, sizeof(buffer));
	buffer.buf_addr = room;
	buffer.buf_len = sizeof(room);
	buffer.data_off = RTE_PKTMBUF_HEADROOM;
	buffer.data_len = size;
	buffer.pkt_len = size;
	buffer.nb_segs = 1;
	memcpy(room + RTE_PKTMBUF_HEADROOM, bytes, size);
	return &buffer;
}

static const uint8_t plain[60] = {2, [5] = 2, 2, [11] = 1, 0x08, 0x06, 'x'};

static struct port port_in(uint16_t vlan, bool insert)
{
	struct port p = {.config = {.vlan = vlan}};

	if (insert)
		p.offload.tx = RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	return p;
}

static void vlan__there_and_back(void **state)
{
	struct port five = port_in(5, false), six = port_in(6, false);
	struct rte_mbuf *mbuf = mbuf_of(plain, sizeof(plain));

	(void)state;
	vlan_tag(&five, mbuf);
	assert_int_equal(mbuf->data_len, sizeof(plain) + NET_VLAN_SIZE);
	assert_int_equal(mbuf->pkt_len, mbuf->data_len);
	assert_int_equal(vlan_check(&five, mbuf), VERDICT_ACCEPT);
	assert_int_equal(mbuf->data_len, sizeof(plain));
	assert_memory_equal(rte_pktmbuf_mtod(mbuf, void *), plain, sizeof(plain));
	assert_int_equal(vlan_check(&five, mbuf), DROP_VLAN); // it has no tag any more
	vlan_tag(&five, mbuf);
	assert_int_equal(vlan_check(&six, mbuf), DROP_VLAN);
}

// A device that writes sums counts from the beginning of the frame.
static void vlan_tag__before_sums(void **state)
{
	struct port p = port_in(5, false);
	struct rte_mbuf *mbuf = mbuf_of(plain, sizeof(plain));

	(void)state;
	vlan_tag(&p, mbuf);
	assert_int_equal(mbuf->l2_len, 0); // no datagram
	mbuf = mbuf_of(plain, sizeof(plain));
	mbuf->l2_len = NET_ETH_SIZE;
	vlan_tag(&p, mbuf);
	assert_int_equal(mbuf->l2_len, NET_ETH_SIZE + NET_VLAN_SIZE);
}

static void vlan_tag__by_the_device(void **state)
{
	struct port p = port_in(4094, true);
	struct rte_mbuf *mbuf = mbuf_of(plain, sizeof(plain));

	(void)state;
	vlan_tag(&p, mbuf);
	assert_memory_equal(rte_pktmbuf_mtod(mbuf, void *), plain, sizeof(plain));
	assert_int_equal(mbuf->data_len, sizeof(plain));
	assert_true(mbuf->ol_flags & RTE_MBUF_F_TX_VLAN);
	assert_int_equal(mbuf->vlan_tci, 4094);
}

static void vlan_check__by_the_device(void **state)
{
	struct port p = port_in(5, true);
	struct rte_mbuf *mbuf = mbuf_of(plain, sizeof(plain));

	(void)state;
	mbuf->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	mbuf->vlan_tci = 0xe005; // priority 7
	assert_int_equal(vlan_check(&p, mbuf), VERDICT_ACCEPT);
	mbuf->vlan_tci = 6;
	assert_int_equal(vlan_check(&p, mbuf), DROP_VLAN);
	mbuf->vlan_tci = 0;
	assert_int_equal(vlan_check(&p, mbuf), DROP_VLAN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vlan__there_and_back),
		cmocka_unit_test(vlan_tag__before_sums),
		cmocka_unit_test(vlan_tag__by_the_device),
		cmocka_unit_test(vlan_check__by_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
