// What a link may be configured to be, and the sizes that follow.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/port/port.h"
#include "dataplane/port/sizes.h"

static char error[256];

static struct port_config config_of(enum port_driver driver, uint32_t mtu)
{
	struct port_config c = {
		.name = "east",
		.driver = driver,
		.socket = "/run/sluice/a/memif.sock",
		.device = "net_ring0",
		.iface = "veth0",
		.mtu = mtu,
		.address = ADDRESS_IPV4(0x0a000001),
		.prefix = 24,
		.queues = 1,
	};

	if (driver == PORT_PCI)
		snprintf(c.device, sizeof(c.device), "0000:03:00.0");
	return c;
}

static void refused(const struct port_config *c, const char *word)
{
	error[0] = 0;
	assert_non_null(port_config_check(c, error, sizeof(error)));
	if (!strstr(error, word))
		fail_msg("\"%s\" does not say \"%s\"", error, word);
}

static void port_config_check__accepts(void **state)
{
	(void)state;
	for (int driver = 0; driver < PORT_DRIVER_COUNT; driver++) {
		struct port_config c = config_of((enum port_driver)driver, 1500);

		assert_null(port_config_check(&c, error, sizeof(error)));
	}
	for (int driver = 0; driver < PORT_DRIVER_COUNT; driver++) {
		struct port_config c = config_of((enum port_driver)driver, 9000);

		if (driver == PORT_AF_XDP || driver == PORT_TAP)
			continue;
		assert_null(port_config_check(&c, error, sizeof(error)));
	}
}

static void port_config_check__mtu(void **state)
{
	struct port_config c = config_of(PORT_MEMIF, 1499);

	(void)state;
	refused(&c, "from 1500 to 9000");
	c.mtu = 9001;
	refused(&c, "from 1500 to 9000");
	c = config_of(PORT_AF_XDP, 3498);
	assert_null(port_config_check(&c, error, sizeof(error)));
	c.mtu = 3499;
	refused(&c, "3498");
	c.mtu = 9000;
	refused(&c, "af_packet");
	c = config_of(PORT_TAP, 1501);
	refused(&c, "tap can carry, 1500");
}

static void port_config_check__addresses(void **state)
{
	static const uint32_t wrong[] = {
		0, 0x7f000001, 0xe0000001, 0xffffffff, 0x0a000000, 0x0a0000ff};
	static const struct address link_local = {{0xfe, 0x80, [15] = 9}};
	struct port_config c = config_of(PORT_MEMIF, 1500);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		c.address = address_from_ipv4(wrong[i]);
		refused(&c, "address");
	}
	c = config_of(PORT_MEMIF, 1500);
	c.prefix = 0;
	refused(&c, "from 8 to 31");
	c.prefix = 32;
	refused(&c, "from 8 to 31");
	c.prefix = 31; // both addresses are hosts (RFC 3021)
	c.address = address_from_ipv4(0x0a000000);
	assert_null(port_config_check(&c, error, sizeof(error)));
	c = config_of(PORT_MEMIF, 1500);
	c.gateway = address_from_ipv4(0x0a0000fe);
	assert_null(port_config_check(&c, error, sizeof(error)));
	c.gateway = address_from_ipv4(0x0a000101);
	refused(&c, "gateway");
	c.gateway = c.address;
	refused(&c, "gateway");
	c.gateway = link_local;
	refused(&c, "inside the link's prefix");
	c.address = (struct address){{0xfd, [15] = 1}};
	c.prefix = 64;
	assert_null(port_config_check(&c, error, sizeof(error)));
	c.gateway = (struct address){{0xfd, [7] = 1, [15] = 1}};
	refused(&c, "or a link-local one");
	c.gateway = (struct address){0};
	c.mac[0] = 0x03;
	refused(&c, "mac");
}

static void port_config_check__names_and_paths(void **state)
{
	struct port_config c = config_of(PORT_MEMIF, 1500);

	(void)state;
	snprintf(c.name, sizeof(c.name), "%s", "");
	refused(&c, "name");
	snprintf(c.name, sizeof(c.name), "%s", "a,role=server");
	refused(&c, "name");
	memset(c.name, 'a', sizeof(c.name));
	refused(&c, "name");
	c = config_of(PORT_MEMIF, 1500);
	snprintf(c.socket, sizeof(c.socket), "%s", "relative.sock");
	refused(&c, "absolute");
	snprintf(c.socket, sizeof(c.socket), "%s", "/run/x,zero-copy=yes");
	refused(&c, "absolute");
	c = config_of(PORT_AF_PACKET, 1500);
	snprintf(c.iface, sizeof(c.iface), "%s", "");
	refused(&c, "interface");
	snprintf(c.iface, sizeof(c.iface), "%s", "a,qpairs=9");
	refused(&c, "interface");
	c = config_of(PORT_DRIVER_COUNT, 1500);
	refused(&c, "no such driver");
	c = config_of(PORT_PCI, 1500);
	snprintf(c.device, sizeof(c.device), "%s", "0000:03:00.0,role=x");
	refused(&c, "PCI");
	c = config_of(PORT_VDEV, 1500);
	snprintf(c.device, sizeof(c.device), "%s", "");
	refused(&c, "device string");
}

static void port_config_check__sizes(void **state)
{
	struct port_config c = config_of(PORT_MEMIF, 1500);

	(void)state;
	c.queues = 0;
	refused(&c, "workers");
	c.queues = WORKERS_MAX + 1;
	refused(&c, "workers");
	c.queues = 1;
	c.ring_size = 1000;
	refused(&c, "power of two");
	c.ring_size = 0;
	c.mbufs = 100;
	refused(&c, "buffers");
	c.mbufs = 0;
	c.udp_base_port = 65535;
	refused(&c, "UDP");
	c.udp_base_port = 0;
	c.zero_copy = true;
	refused(&c, "zero_copy");
	c = config_of(PORT_AF_PACKET, 1500);
	c.zero_copy = true;
	refused(&c, "zero_copy");
}

// The laws of the drivers that sizes.c explains, at every MTU.
static void sizes_frame__laws(void **state)
{
	(void)state;
	for (uint32_t mtu = MTU_MIN; mtu <= MTU_MAX; mtu++) {
		struct port_config memif = config_of(PORT_MEMIF, mtu),
				   packet = config_of(PORT_AF_PACKET, mtu);
		struct port_config xdp = config_of(PORT_AF_XDP, mtu);

		assert_true(sizes_frame(&memif) >= mtu + 14 && sizes_frame(&memif) <= 9216);
		assert_true(sizes_frame(&packet) >= mtu + 14 + 96 &&
			    sizes_frame(&packet) <= UINT16_MAX - SIZES_HEADROOM);
		assert_true(sizes_frame(&packet) == 2048 || sizes_frame(&packet) % 4096 == 0);
		memif.vlan = packet.vlan = 5;
		assert_true(sizes_frame(&memif) >= mtu + 18 && sizes_frame(&memif) <= 9216);
		assert_true(sizes_frame(&packet) >= mtu + 18 + 96);
		if (mtu > PORT_AF_XDP_MTU_MAX)
			continue;
		assert_true(sizes_element(&xdp) <= 4096);
		assert_true(sizes_frame(&xdp) - 256 >= mtu + 14); // the kernel's XDP headroom
	}
	for (int driver = PORT_VHOST; driver < PORT_DRIVER_COUNT; driver++)
		for (uint32_t mtu = MTU_MIN; mtu <= MTU_MAX; mtu++) {
			struct port_config c = config_of((enum port_driver)driver, mtu);

			// Two VLAN tags and a checksum beside the headers; in steps of a card.
			assert_true(
				sizes_frame(&c) >= mtu + 14 + 12 && sizes_frame(&c) % 1024 == 0);
		}
	assert_int_equal(
		sizes_frame(&(struct port_config){.driver = PORT_MEMIF, .mtu = 9000}), 9216);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_config_check__accepts),
		cmocka_unit_test(port_config_check__mtu),
		cmocka_unit_test(port_config_check__addresses),
		cmocka_unit_test(port_config_check__names_and_paths),
		cmocka_unit_test(port_config_check__sizes),
		cmocka_unit_test(sizes_frame__laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
