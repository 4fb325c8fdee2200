# shellcheck shell=bash
# shellcheck disable=SC2154 # bed*: the testbed's settings, see bed.sh
# Network namespaces of a testbed: nodes, the bridge of the dataplane, the bridge of control traffic.

# Whose a namespace is stands in the alias of its loopback interface: nobody removes another's.
net_owner() { # NAMESPACE -> "<folder>" or nothing
	ip -n "$1" -j link show lo 2>/dev/null | sed -n 's/.*"ifalias":"sluice-testbed:\([^"]*\)".*/\1/p'
}

net_netns_exists() { [ -e "/run/netns/$1" ]; }

# net_netns_add NAME: no IPv6 and nothing filtered on a bridge, before the first interface appears.
net_netns_add() {
	local owner
	if net_netns_exists "$1"; then
		owner=$(net_owner "$1")
		[ -z "$owner" ] || die "namespace $1 belongs to the testbed in $owner; only one testbed with" \
			"--link veth or tap at a time (SLUICE_TESTBED=$owner scripts/testbed down)"
		die "namespace $1 exists and no testbed made it; remove it first (ip netns del $1)"
	fi
	bed_made netns "$1"
	ip netns add "$1"
	ip -n "$1" link set lo alias "sluice-testbed:$bed"
	ip -n "$1" link set lo up
	# shellcheck disable=SC2016 # expanded inside the namespace
	ip netns exec "$1" sh -c 'for key in ipv6/conf/all/disable_ipv6=1 ipv6/conf/default/disable_ipv6=1 \
		bridge/bridge-nf-call-iptables=0 bridge/bridge-nf-call-arptables=0; do
		[ ! -e "/proc/sys/net/${key%=*}" ] || echo "${key#*=}" >"/proc/sys/net/${key%=*}"
	done'
}

# Interfaces go first and at once; the rest of a namespace ends in the background.
net_netns_remove() {
	net_netns_exists "$1" || return 0
	if ! ip netns exec "$1" true 2>/dev/null; then
		rm -f -- "/run/netns/$1" # a name without a namespace: the run was killed between the two
		return 0
	fi
	local owner name
	owner=$(net_owner "$1")
	if [ -n "$owner" ] && [ "$owner" != "$bed" ]; then
		return 0
	fi
	for name in $(ip -n "$1" -o link show | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'); do
		[ "$name" = lo ] || ip -n "$1" link del "$name" 2>/dev/null || true
	done
	ip netns del "$1"
}

# A bridge that only forwards: no spanning tree, no snooping, no address, no waiting.
net_bridge_add() { # NAMESPACE NAME MTU
	ip -n "$1" link add "$2" type bridge stp_state 0 forward_delay 0
	# Not every kernel has snooping; where it is missing there is nothing to switch off.
	ip -n "$1" link set "$2" type bridge mcast_snooping 0 2>/dev/null || true
	ip -n "$1" link set "$2" mtu "$3" addrgenmode none
	ip -n "$1" link set "$2" up
}

# net_cable NODE-NAMESPACE INTERFACE NAMESPACE PORT MTU [QUEUES]: a veth pair whose far end is a port of br0.
net_cable() {
	ip link add "$2" netns "$1" mtu "$5" numrxqueues "${6:-1}" numtxqueues "${6:-1}" \
		type veth peer name "$4" netns "$3" mtu "$5" numrxqueues "${6:-1}" numtxqueues "${6:-1}"
	ip -n "$3" link set "$4" addrgenmode none master br0
	ip -n "$1" link set "$2" addrgenmode none
	ip -n "$3" link set "$4" up
	ip -n "$1" link set "$2" up
}

# net_tap NAMESPACE INTERFACE MTU: a tap that stays when its process ends, on a bridge with the cable's end up0. DPDK
# wants its packet information (pi) and several queues.
net_tap() {
	net_bridge_add "$1" br0 "$3"
	ip -n "$1" tuntap add "$2" mode tap pi multi_queue
	ip -n "$1" link set "$2" mtu "$3" addrgenmode none master br0
	ip -n "$1" link set up0 master br0
}

# net_not_the_kernels NAMESPACE INTERFACE: what comes in ends behind the packet sockets (af_packet); else the kernel looks for
# a route for every packet, on the sender's time. "2" is drop. Not every kernel has the classifier; without it it works too.
net_not_the_kernels() {
	if tc -n "$1" qdisc add dev "$2" clsact 2>/dev/null; then
		tc -n "$1" filter add dev "$2" ingress bpf direct-action bytecode "1,6 0 0 2" 2>/dev/null || true
	fi
}

# net_up: bed_nodes, bed_mtu -> the namespaces and cables of a testbed over veth or tap.
net_up() {
	local node i=0 end=dp0
	[ "$bed_link" != tap ] || end=up0
	net_netns_add sluice-net
	net_bridge_add sluice-net br0 "$bed_mtu"
	net_netns_add sluice-mgmt
	net_bridge_add sluice-mgmt br0 1500
	for node in $bed_nodes; do
		i=$((i + 1))
		net_netns_add "sluice-$node"
		net_cable "sluice-$node" "$end" sluice-net "port-$node" "$bed_mtu" "$bed_workers"
		ip -n "sluice-$node" link set "$end" arp off
		case $bed_link,$bed_driver in
		tap,*) net_tap "sluice-$node" dp0 "$bed_mtu" ;;
		veth,af_packet) net_not_the_kernels "sluice-$node" dp0 ;;
		esac
		net_cable "sluice-$node" mgmt0 sluice-mgmt "mgmt-$node" 1500
		ip -n "sluice-$node" address add "10.78.0.$i/24" dev mgmt0
	done
}
