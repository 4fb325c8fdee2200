// PCI devices that DPDK may have.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PCI_DEVICES "/sys/bus/pci/devices"

// True when `address` ("0000:03:00.0") is a device of `root` (PCI_DEVICES, or a test's own) and
// bound to a driver through which DPDK can have it; else a sentence that says what to run.
bool pci_check(const char *root, const char *address, char *error, size_t error_size);
