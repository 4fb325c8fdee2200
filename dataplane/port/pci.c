// PCI devices: is this one there, and may DPDK have it? Asked before DPDK starts, so that it never
// sees a device that the kernel uses.
#include "dataplane/port/pci.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PCI_PATH_SIZE 320

// Drivers of the kernel that hand a device to DPDK, or share it.
static const char *const usable[] = {
	"vfio-pci", "uio_pci_generic", "igb_uio", "mlx4_core", "mlx5_core", "mana", "hv_netvsc"};

// Name of the driver that has the device; empty: none.
static void driver_of(const char *root, const char *address, char *driver, size_t size)
{
	char path[PCI_PATH_SIZE], target[PCI_PATH_SIZE];
	const char *name;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/%s/driver", root, address);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = 0;
	name = strrchr(target, '/');
	snprintf(driver, size, "%.63s", name ? name + 1 : target);
}

// The interface that the kernel has on it; empty: none.
static void interface_of(const char *root, const char *address, char *interface, size_t size)
{
	char path[PCI_PATH_SIZE];
	struct dirent *entry;
	DIR *directory;

	interface[0] = 0;
	snprintf(path, sizeof(path), "%s/%s/net", root, address);
	directory = opendir(path);
	while (directory && !interface[0] && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			snprintf(interface, size, "%.63s", entry->d_name);
	if (directory)
		closedir(directory);
}

bool pci_check(const char *root, const char *address, char *error, size_t size)
{
	char path[PCI_PATH_SIZE], driver[64], interface[64];

	snprintf(path, sizeof(path), "%s/%s", root, address);
	if (access(path, F_OK) != 0) {
		snprintf(error, size,
			"there is no PCI device %s here: \"lspci -D\" lists those that are",
			address);
		return false;
	}
	driver_of(root, address, driver, sizeof(driver));
	for (size_t i = 0; i < sizeof(usable) / sizeof(usable[0]); i++)
		if (strcmp(driver, usable[i]) == 0)
			return true;
	interface_of(root, address, interface, sizeof(interface));
	snprintf(error, size,
		"PCI device %s %s%s%s%s%s, and DPDK needs it bound to vfio-pci: \"modprobe "
		"vfio-pci && "
		"dpdk-devbind.py --bind=vfio-pci %s\"%s",
		address, driver[0] ? "belongs to the kernel's driver " : "has no driver", driver,
		interface[0] ? " (interface " : "", interface, interface[0] ? ")" : "", address,
		interface[0] ? "; the kernel loses the interface by it" : "");
	return false;
}
