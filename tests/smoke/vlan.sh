#!/usr/bin/env bash
# Links in VLANs: who is in the same one is reached, who is in another one or in none is not.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a link in a VLAN carries files to nodes of that VLAN, and neither hears nor answers anybody else"
make_random "$smoke_work/file" 5000000

vlan_drops() { # NODE -> 0 when frames died there because of their tag
	sl "$1" worker --json >"$smoke_work/drops"
	[ "$(json "$smoke_work/drops" 'any(w["drops"].get("vlan", 0) > 0 for w in j["workers"])')" = true ]
}

stranger() { # VLAN: what node a answers to an ARP request with that tag
	ip netns exec sluice-net python3 "$smoke_root/tests/smoke/vlan_stranger.py" br0 10.77.0.200 10.77.0.1 "$1"
}

for driver in af_packet af_xdp; do
	bed_up 3 --driver "$driver" --vlan 5,5,6
	# The kernel carries a tag beside the frame, where XDP does not see it, unless a veth is told to put it in.
	for node in a b c; do
		[ "$driver" = af_packet ] || expect 0 ip netns exec sluice-net ethtool -K "port-$node" txvlan off
	done
	expect 0 sl a link list --json
	expect_json "j['links'][0]['vlan'] == 5"
	rm -f "$SLUICE_TESTBED"/?/inbox/file
	expect_soon 20 "a sends to b" sl a send "$smoke_work/file" b
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	smoke_say "$driver: from VLAN 5 to VLAN 5"
	expect 3 sl a send "$smoke_work/file" c
	expect_gone "$SLUICE_TESTBED/c/inbox/file"
	vlan_drops c || smoke_fail "node c counts no frame of another VLAN"
	smoke_say "$driver: not from VLAN 5 to VLAN 6"
	[ "$(stranger 5)" = 5 ] || smoke_fail "node a does not answer in VLAN 5"
	[ "$(stranger 6)$(stranger 0)" = nonenone ] || smoke_fail "node a answers in VLAN 6, or without a tag"
	smoke_say "$driver: answers in its VLAN only"
	bed_down
done

# Where nobody else knows of tags: both ends of shared memory.
for link in memif vhost; do
	bed_up 2 --link "$link" --mtu 9000 --vlan 4094,4094
	rm -f "$SLUICE_TESTBED/b/inbox/file"
	expect_soon 20 "a sends to b" sl a send "$smoke_work/file" b
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	smoke_say "$link: VLAN 4094"
	bed_down
done
smoke_end
