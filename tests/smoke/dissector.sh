#!/usr/bin/env bash
# Wireshark's view of a real transfer agrees with the nodes'; no packet, however wrong, breaks the dissector.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "tshark reads every packet of a transfer as the nodes count it, and the file out of them"
command -v tshark >/dev/null || smoke_skip "no tshark (scripts/setup)"
check() { python3 "$smoke_root/tests/smoke/dissector.py" --script "$smoke_root/scripts/wireshark/sluice.lua" "$@"; }

check crafted "$smoke_work" || smoke_fail "a crafted packet is not read as it is"
check mutated "$smoke_work" || smoke_fail "a wrong packet is more than a malformed packet"

bed_up 2 --link veth --cipher null # an encrypted payload is opaque to it
make_random "$smoke_work/file" 3000000
ip netns exec sluice-net tshark -q -i port-a -B 64 -F pcap -w "$smoke_work/capture" 2>"$smoke_work/tshark.log" &
tshark_pid=$!
smoke_children+=("$tshark_pid")
expect_soon 20 "tshark captures" grep -q 'Capturing on' "$smoke_work/tshark.log"
sleep 1 # it says so a moment too soon
expect 0 sl a send --json --codec none "$smoke_work/file" b
cp "$smoke_work/out" "$smoke_work/sent"
expect_soon 20 "the session is gone" sh -c "! '$SLUICE_BUILD/control/sluice' --node '$SLUICE_TESTBED/b/control.sock' \
	session list --json | grep -q '\"id\"'"
sleep 1
for node in a b; do
	sl "$node" worker --json >"$smoke_work/worker-$node"
	sl "$node" link list --json >"$smoke_work/links-$node"
done
kill -INT "$tshark_pid"
wait "$tshark_pid" || true
smoke_children=()
check transfer "$smoke_work" || smoke_fail "the capture does not agree with the nodes"
smoke_end
