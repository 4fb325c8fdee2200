#!/usr/bin/env bash
# A bridge carries less than the links at both ends: the nodes find out how much, also when it changes under way.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a file arrives over links of 9000 through a bridge of 1500 or 4000, and when it becomes narrow on the way"

# b moves to a bridge of its own, behind a cable. (The nodes' own cables stay as they are: what a cable refuses directly, the
# sender's kernel offers again for ever.)
bridges_part() {
	ip -n sluice-net link add core-a mtu 9000 type veth peer name core-b mtu 9000
	ip -n sluice-net link add br1 mtu 9000 type bridge stp_state 0 forward_delay 0
	ip -n sluice-net link set core-a master br0
	ip -n sluice-net link set core-b master br1
	ip -n sluice-net link set port-b master br1
	for link in core-a core-b br1; do
		ip -n sluice-net link set "$link" up
	done
}

# A bridge drops a frame that does not fit the port it leaves by, and says nothing.
bridge_mtu() {
	ip -n sluice-net link set core-a mtu "$1"
	ip -n sluice-net link set core-b mtu "$1"
}

# What the sender of a transfer that runs says of its path.
path_segment() {
	local id
	sl a session list --json >"$smoke_work/sessions"
	id=$(json "$smoke_work/sessions" '[s["id"] for s in j["sessions"] if s["initiator"]][0]')
	sl a session show "$id" --json >"$smoke_work/session"
	json "$smoke_work/session" 'j["path_segment_bytes"]'
}
path_is() { [ "$(path_segment)" = "$1" ]; }

# carried MTU SEGMENT: a transfer through a bridge of that MTU, whose sender finds that segment.
carried() {
	bed_up 2 --link veth --mtu 9000
	bridges_part
	bridge_mtu "$1"
	transfer_start a "$smoke_work/file" b
	expect_soon 20 "the path is found to carry $2 bytes" path_is "$2"
	transfer_end
	[ "$transfer_code" = 0 ] || smoke_fail "the transfer through a bridge of $1 ended with $transfer_code"
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	smoke_say "bridge of $1: segments of $2 bytes"
	bed_down
}

make_slow "$smoke_work/file"
carried 9000 8448
carried 4000 2816
carried 1500 1408

bed_up 2 --link veth --mtu 9000
bridges_part
transfer_start a "$smoke_work/file" b
serve_signal b STOP
expect_soon 20 "large packets pass" path_is 8448
sl a session trace --json "$(json "$smoke_work/session" 'j["id"]')" >"$smoke_work/trace" &
trace_pid=$!
smoke_children+=("$trace_pid")
expect_soon 20 "the trace begins" test -s "$smoke_work/trace"
bridge_mtu 1500
serve_signal b CONT
transfer_end
[ "$transfer_code" = 0 ] || smoke_fail "the transfer on a path that became narrow ended with $transfer_code"
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
wait "$trace_pid" || smoke_fail "the trace did not end well"
python3 "$smoke_root/tests/smoke/trace_law.py" aimd "$smoke_work/trace" || smoke_fail "the trace is not the law's"
grep -Eq '"event": ?"path".*"segment_bytes": ?1408' "$smoke_work/trace" ||
	smoke_fail "the sender did not go back to small packets"
smoke_children=()
smoke_end
