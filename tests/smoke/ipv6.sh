#!/usr/bin/env bash
# Links with IPv6 addresses: neighbours find each other by neighbour discovery, files pass, pings are answered.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "over IPv6 files arrive as they were sent and pings are answered, on memif, af_packet and af_xdp"
make_random "$smoke_work/file" 20000000

link_carries() { # NAME
	expect 0 sl a send --json "$smoke_work/file" b
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	expect 0 sl a link list --json
	expect_json "j['links'][0]['address'].startswith('fd77:')"
	smoke_say "$1"
}

ping_node() { # ARGS...
	expect 0 ip netns exec sluice-net ping -6 -n -c 5 -i 0.02 -W 2 "$@"
	expect_says '5 received'
}

# The bridge itself is a stranger with the kernel's IPv6: it asks for the nodes, and asks again, by the same rules.
stranger_appears() {
	echo 0 | ip netns exec sluice-net tee /proc/sys/net/ipv6/conf/br0/disable_ipv6 >"$smoke_work/out"
	ip -n sluice-net address add fd77::200/64 dev br0 nodad
}

for mtu in 1500 9000; do
	bed_up 2 --link memif --ipv6 --mtu "$mtu"
	link_carries "over memif, MTU $mtu"
	bed_down
done

for driver in af_packet af_xdp; do
	workers=1
	[ "$driver" = af_xdp ] || workers=2
	bed_up 2 --driver "$driver" --ipv6 --workers "$workers"
	link_carries "over $driver"
	stranger_appears
	for size in 0 1 56 1452; do
		ping_node -s "$size" fd77::1
		ping_node -s "$size" fd77::2
	done
	smoke_say "pings over $driver"
	# Known to the kernel now, a node answers when it is asked again, alone and by its group.
	expect 0 ip -n sluice-net -6 neighbour show dev br0 nud reachable
	expect_says 'fd77::1 .*REACHABLE'
	ip -n sluice-net -6 neighbour flush dev br0
	ping_node fd77::1
	expect 1 ip netns exec sluice-net ping -6 -n -c 1 -W 1 fd77::99
	bed_down
done

# An address of the link alone, on both sides.
bed_up 2 --link veth --ipv6 --no-serve
for node in a b; do
	bed_node stop "$node"
	sed -i 's#fd77:0:0:0::#fe80::#' "$SLUICE_TESTBED/$node/node.yaml"
done
for node in a b; do
	bed_node start "$node"
done
mkdir "$smoke_work/inbox"
"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/b/control.sock" serve --dir "$smoke_work/inbox" >/dev/null 2>&1 &
smoke_children+=("$!")
expect_soon 20 "a sends" sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$smoke_work/inbox/file"
expect 0 sl a link list --json
expect_json "j['links'][0]['address'] == 'fe80::1/64'"
smoke_say "with link-local addresses"
# With an IPv6 address of the kernel's on the interface two would answer for it: refused, with what to run.
bed_node stop a
echo 0 | ip netns exec sluice-a tee /proc/sys/net/ipv6/conf/dp0/disable_ipv6 >"$smoke_work/out"
ip -n sluice-a address add fd77::300/64 dev dp0 nodad
mkdir -p "$smoke_work/run"
expect 1 ip netns exec sluice-a "$SLUICE_BUILD/dataplane/sluice-dataplane" --run-dir "$smoke_work/run" --hugepages off \
	--link "name=x,address=fd77::1/64,driver=af_packet,interface=dp0"
expect_says 'has an IPv6 address of the kernel.*ip -6 addr flush dev dp0 scope global'
smoke_end
