// PCI devices as the kernel shows them: a folder of its own stands for /sys/bus/pci/devices.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/port/pci.h"

static char root[] = "/tmp/sluice-test-pci-XXXXXX";
static char error[256];

static const char *path_of(const char *address, const char *more)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s%s", root, address, more);
	return path;
}

static void device(const char *address, const char *driver, const char *interface)
{
	char target[64], below[64];

	assert_int_equal(mkdir(path_of(address, ""), 0700), 0);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver ? driver : "");
	if (driver)
		assert_int_equal(symlink(target, path_of(address, "/driver")), 0);
	if (!interface)
		return;
	snprintf(below, sizeof(below), "/net/%s", interface);
	assert_int_equal(mkdir(path_of(address, "/net"), 0700), 0);
	assert_int_equal(mkdir(path_of(address, below), 0700), 0);
}

static void removed(const char *address, const char *interface)
{
	char below[64];

	snprintf(below, sizeof(below), "/net/%s", interface ? interface : "");
	unlink(path_of(address, "/driver"));
	rmdir(path_of(address, below));
	rmdir(path_of(address, "/net"));
	assert_int_equal(rmdir(path_of(address, "")), 0);
}

static void pci_check__drivers_for_dpdk(void **state)
{
	static const char *const usable[] = {"vfio-pci", "uio_pci_generic", "igb_uio", "mlx5_core"};

	(void)state;
	for (size_t i = 0; i < sizeof(usable) / sizeof(usable[0]); i++) {
		device("0000:03:00.0", usable[i], "eth0");
		assert_true(pci_check(root, "0000:03:00.0", error, sizeof(error)));
		removed("0000:03:00.0", "eth0");
	}
}

static void pci_check__no_such_device(void **state)
{
	(void)state;
	assert_false(pci_check(root, "0000:04:00.0", error, sizeof(error)));
	assert_string_equal(error,
		"there is no PCI device 0000:04:00.0 here: \"lspci -D\" lists those that are");
}

static void pci_check__the_kernels(void **state)
{
	(void)state;
	device("0000:05:00.1", "e1000e", "enp5s0f1");
	assert_false(pci_check(root, "0000:05:00.1", error, sizeof(error)));
	assert_string_equal(error,
		"PCI device 0000:05:00.1 belongs to the kernel's driver e1000e (interface "
		"enp5s0f1), and DPDK needs it bound to vfio-pci: \"modprobe vfio-pci && "
		"dpdk-devbind.py --bind=vfio-pci 0000:05:00.1\"; the kernel loses the interface by "
		"it");
	removed("0000:05:00.1", "enp5s0f1");
}

static void pci_check__nobodys(void **state)
{
	(void)state;
	device("0000:06:00.0", NULL, NULL);
	assert_false(pci_check(root, "0000:06:00.0", error, sizeof(error)));
	assert_string_equal(error,
		"PCI device 0000:06:00.0 has no driver, and DPDK needs it bound to vfio-pci: "
		"\"modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci 0000:06:00.0\"");
	removed("0000:06:00.0", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pci_check__drivers_for_dpdk),
		cmocka_unit_test(pci_check__no_such_device),
		cmocka_unit_test(pci_check__the_kernels),
		cmocka_unit_test(pci_check__nobodys),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(root);
	return failed;
}
