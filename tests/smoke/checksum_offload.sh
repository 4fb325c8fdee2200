#!/usr/bin/env bash
# A device that writes and checks sums: what it sends is right on the wire, what comes in wrong is dropped.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "where the device does the checksums they are right on the wire, and wrong ones are dropped"
make_random "$smoke_work/file" 5000000

wire_sums() { ip netns exec sluice-net python3 "$smoke_root/tests/smoke/wire_sums.py" "$@"; }

drops_say() { # REASON
	sl a worker --json >"$smoke_work/drops"
	[ "$(json "$smoke_work/drops" "sum(w[\"drops\"].get(\"$1\", 0) for w in j[\"workers\"]) >= 20")" = true ]
}

link_offloads() { # NAME...: those of node a's link, no more and no less
	expect 0 sl a link list --json
	expect_json "' '.join(j['links'][0]['offloads']) == '$*'"
}

link_sums() { # NAME: a file from a to b, and the sums of what port-a saw of it
	wire_sums listen port-a 500 >"$smoke_work/sums" &
	smoke_children+=("$!")
	expect_soon 10 "somebody listens" grep -q listening "$smoke_work/sums"
	rm -f "$SLUICE_TESTBED/b/inbox/file"
	expect_soon 20 "a sends to b" sl a send "$smoke_work/file" b
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	expect_soon 30 "enough was seen" grep -Eq '^[0-9]+ right, [0-9]+ wrong' "$smoke_work/sums"
	grep -q '^500 right, 0 wrong' "$smoke_work/sums" || smoke_fail "$1: on the wire: $(tail -n 1 "$smoke_work/sums")"
	smoke_say "$1: 500 datagrams, every sum right"
}

# A stranger's datagrams, wrong in one sum each, die of just that.
strangers_die() {
	local mac
	expect 0 sl a link list --json
	mac=$(json "$smoke_work/out" 'j["links"][0]["mac"]')
	expect 0 wire_sums send port-a "$mac" 10.77.0.200 10.77.0.1
	expect_soon 10 "wrong UDP checksums are counted" drops_say udp_checksum
	expect_soon 10 "wrong IPv4 checksums are counted" drops_say ip_malformed
	smoke_say "wrong sums are dropped"
}

bed_up 2 --link tap
link_offloads tx_ipv4 tx_udp rx_ipv4 rx_udp
link_sums "tap, IPv4"
strangers_die
bed_down

bed_up 2 --link tap --ipv6
link_offloads tx_udp rx_udp
link_sums "tap, IPv6"
bed_down

# No device to do it: the same promise, by our own sums.
bed_up 2 --link veth
link_offloads
link_sums "af_packet, in software"
strangers_die
smoke_end
