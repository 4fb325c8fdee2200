#!/usr/bin/env bash
# The kinds of links beside memif and veth: a file over each, and again after one side was killed.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "vhost, tap and devices by DPDK's own string carry files, and are there again after a restart"
make_random "$smoke_work/file" 20000000

link_is_up() { sl "$1" link list --json | grep -q '"state": *"up"'; }

# The dataplane of a node dies without a word; control starts another one.
link_killed() { # NODE
	local before
	before=$(node_pid "$1" dataplane)
	kill -KILL "$before"
	expect_soon 20 "another dataplane runs" eval "[ \"\$(node_pid $1 dataplane)\" -gt 0 ] && [ \"\$(node_pid $1 dataplane)\" != $before ]"
	expect_soon 20 "both links are up" eval 'link_is_up a && link_is_up b'
	expect_soon 20 "node b receives again" sh -c "'$SLUICE_BUILD/control/sluice' --node '$SLUICE_TESTBED/b/control.sock' \
		status --json | grep -q '\"listeners\": *\[{'"
}

link_carries() { # NAME
	rm -f "$SLUICE_TESTBED/b/inbox/file"
	expect 0 sl a send --json "$smoke_work/file" b
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	smoke_say "$1"
}

for link in vhost tap; do
	bed_up 2 --link "$link"
	expect 0 sl a link list --json
	expect_json "j['links'][0]['driver'] in ('virtio-user', 'tap')"
	link_carries "over $link"
	for node in a b; do
		link_killed "$node"
		link_carries "over $link, after the dataplane of $node was killed"
	done
	bed_down
done

bed_up 2 --link vhost --mtu 9000
expect 0 sl a send --json "$smoke_work/file" b
expect_json 'j["packets"] < 20000000 / 1408 * 0.6'
bed_down

# memif by its device string: what DPDK has and Sluice has no word for is configured the same way.
bed_up 2 --link memif --no-serve
for node in a b; do
	bed_node stop "$node"
	sed -i -z -E 's#driver: memif\n +role: ([a-z]+)\n +socket: ([^\n]*)#driver: "vdev:net_memif0,role=\1,socket=\2.own,socket-abstract=no"#' \
		"$SLUICE_TESTBED/$node/node.yaml"
done
for node in a b; do
	bed_node start "$node"
done
expect_soon 20 "both links are up" eval 'link_is_up a && link_is_up b'
expect 0 sl a link list
expect_says 'vdev'
mkdir "$smoke_work/inbox"
"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/b/control.sock" serve --dir "$smoke_work/inbox" >/dev/null 2>&1 &
smoke_children+=("$!")
expect_soon 20 "a sends" sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$smoke_work/inbox/file"
bed_down

# A PCI device must be there, and DPDK's: the sentence says what to run.
link_refused() { # DRIVER PATTERN
	mkdir -p "$smoke_work/run"
	expect 1 "$SLUICE_BUILD/dataplane/sluice-dataplane" --run-dir "$smoke_work/run" --hugepages off \
		--link "name=x,address=10.9.9.1/24,driver=$1"
	expect_says "$2"
}
link_refused pci:ffff:1f:1f.7 'there is no PCI device ffff:1f:1f.7 here: "lspci -D" lists'
for device in /sys/bus/pci/devices/*; do
	driver=$(basename "$(readlink "$device/driver" || true)")
	case $driver in
	'' | vfio-pci | uio_pci_generic | igb_uio | mlx* | mana | hv_netvsc) continue ;;
	esac
	link_refused "pci:${device##*/}" "belongs to the kernel's driver $driver.*dpdk-devbind.py --bind=vfio-pci ${device##*/}"
	smoke_say "${device##*/} stays the kernel's"
	break
done
link_refused vdev:net_nothing0 'device net_nothing0 refuses'
smoke_end
