// A link of this process with both its ends here, and the bare ports beside it: made by the same
// driver with the same options, in its fastest mode, so that a limit is the same link without us.
#pragma once

#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"

enum link_kind { LINK_MEMIF, LINK_VHOST, LINK_AF_PACKET, LINK_AF_XDP, LINK_KINDS };

struct link {
	enum link_kind kind;
	struct eal *eal;
	struct port *port[2];
	uint16_t raw[2];      // bare ports of rte_ethdev; may be those of `port`
	bool raw_own;         // they are not
	const char *raw_mode; // "zero-copy", "copy"
	char directory[32];   // of sockets, ours alone
	char error[192];
};

const char *link_name(enum link_kind kind);
// NULL, or a sentence: why there is none on this machine.
const char *link_unavailable(enum link_kind kind);
// Starts DPDK: once in a process. Kernel links come in a network namespace of their own, which this
// process enters. -1 with a sentence in `error`; link_close in either case.
int link_open(struct link *link, enum link_kind kind, uint32_t mtu);
void link_close(struct link *link);
struct address link_address(unsigned side);
