// State of a kernel interface under af_packet or af_xdp: the drivers always say "up".
#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"

#define KERNEL_LINK_NS 100000000ull

static bool interface_ask(const struct port *p, unsigned long what, struct ifreq *request)
{
	memset(request, 0, sizeof(*request));
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", p->config.iface);
	return ioctl(p->ioctl_socket, what, request) == 0;
}

static bool interface_running(const struct port *p)
{
	struct ifreq request;

	return interface_ask(p, SIOCGIFFLAGS, &request) && request.ifr_flags & IFF_UP &&
	       request.ifr_flags & IFF_RUNNING;
}

// Queues that af_xdp can have, as DPDK counts them: combined channels, and one where the driver has
// no such thing (veth counts receive and transmit queues apart).
static uint32_t interface_queues(const struct port *p)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (char *)&channels};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", p->config.iface);
	if (ioctl(p->ioctl_socket, SIOCETHTOOL, &request) != 0 || channels.max_combined == 0)
		return 1;
	return channels.combined_count;
}

static bool interface_check_queues(const struct port *p, char *error, size_t size)
{
	const struct port_config *c = &p->config;

	if (c->driver != PORT_AF_XDP || c->queues <= interface_queues(p))
		return true;
	snprintf(error, size,
		"link %s: interface %s has %u queue%s for af_xdp, and each of the %u workers needs "
		"one: configure at most %u worker%s, or driver af_packet",
		c->name, c->iface, interface_queues(p), interface_queues(p) == 1 ? "" : "s",
		c->queues, interface_queues(p), interface_queues(p) == 1 ? "" : "s");
	return false;
}

// IPv6 is no different, but for the link-local address that every interface has.
static bool interface_has_ipv6(const struct port *p)
{
	struct ifaddrs *all = NULL;
	bool has = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *at = all; at && !has; at = at->ifa_next) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)at->ifa_addr;

		has = in6 && in6->sin6_family == AF_INET6 &&
		      strcmp(at->ifa_name, p->config.iface) == 0 &&
		      !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
	}
	freeifaddrs(all);
	return has;
}

static bool interface_check_own(const struct port *p, char *error, size_t size)
{
	const struct port_config *c = &p->config;
	bool v4 = address_is_ipv4(c->address);
	struct ifreq request;

	if (v4 ? !interface_ask(p, SIOCGIFADDR, &request) : !interface_has_ipv6(p))
		return true;
	snprintf(error, size,
		"link %s: interface %s has an %s address of the kernel's; it must have none: \"ip "
		"%s"
		"addr flush dev %s%s\"",
		c->name, c->iface, v4 ? "IPv4" : "IPv6", v4 ? "" : "-6 ", c->iface,
		v4 ? "" : " scope global");
	return false;
}

static bool interface_check(const struct port *p, char *error, size_t size)
{
	const struct port_config *c = &p->config;
	struct ifreq request;

	if (!interface_ask(p, SIOCGIFMTU, &request)) {
		snprintf(error, size, "link %s: there is no interface %s here: %s", c->name,
			c->iface, strerror(errno));
		return false;
	}
	if ((uint32_t)request.ifr_mtu < c->mtu) {
		snprintf(error, size,
			"link %s: interface %s has MTU %d: \"ip link set %s mtu %u\", or configure "
			"mtu %d",
			c->name, c->iface, request.ifr_mtu, c->iface, c->mtu, request.ifr_mtu);
		return false;
	}
	// With an address of its own the kernel would answer
	// our peers, too: with ICMP "port unreachable".
	return interface_check_own(p, error, size) && interface_check_queues(p, error, size);
}

static bool group_add(const struct port *p, struct packet_mreq member)
{
	member.mr_ifindex = (int)if_nametoindex(p->config.iface);
	return setsockopt(p->group_socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member,
		       sizeof(member)) == 0;
}

// IPv6 neighbours ask for us by multicast, which an interface may drop that nobody told of the
// group; and one that filters VLANs drops those that nobody told it of, unless it drops nothing.
// What a packet socket is a member of ends with it.
static bool group_join(struct port *p, char *error, size_t size)
{
	struct packet_mreq group = {.mr_type = PACKET_MR_MULTICAST, .mr_alen = 6},
			   every = {.mr_type = PACKET_MR_PROMISC};
	bool v6 = !address_is_ipv4(p->config.address);

	if (!v6 && !p->config.vlan)
		return true;
	net_group_mac(group.mr_address, net_solicited_node(p->config.address));
	p->group_socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (p->group_socket >= 0 && (!v6 || group_add(p, group)) &&
		(!p->config.vlan || group_add(p, every)))
		return true;
	snprintf(error, size, "link %s: interface %s does not join a group of frames: %s",
		p->config.name, p->config.iface, strerror(errno));
	return false;
}

bool kernel_link_open(struct port *p, char *error, size_t size)
{
	p->ioctl_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (p->ioctl_socket < 0) {
		snprintf(error, size, "link %s: no socket: %s", p->config.name, strerror(errno));
		return false;
	}
	if (!interface_check(p, error, size) || !group_join(p, error, size)) {
		close(p->ioctl_socket);
		p->ioctl_socket = -1;
		return false;
	}
	return true;
}

void kernel_link_step(struct port *p, uint64_t now_ns)
{
	if (now_ns < p->link_ns)
		return;
	p->link_ns = now_ns + KERNEL_LINK_NS;
	port_link_set(p, interface_running(p));
}
