#!/usr/bin/env bash
# sluice session trace during real transfers, each line held against the law of its controller.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a trace shows every step of the window, and every step is what the law allows"
bed_up 2 --link memif
make_random "$smoke_work/file" 300000000

# open_session NODE: the id of a session there that is open; empty: none yet
open_session() {
	sl "$1" session list --json >"$smoke_work/sessions"
	json "$smoke_work/sessions" '([s["id"] for s in j["sessions"] if s["state"] == "open"] + [""])[0]'
}

# CONTROLLER: a transfer has begun, its session is in $session and lasts until the receiver goes on.
transfer_begin() {
	serve_signal b STOP
	"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/a/control.sock" send --json --codec none \
		--controller "$1" "$smoke_work/file" b >"$smoke_work/sent" 2>&1 &
	transfer_pid=$!
	smoke_children+=("$transfer_pid")
	session=
	for ((try = 0; try < 500; try++)); do
		session=$(open_session a) || true
		[ -z "$session" ] || break
	done
	[ -n "$session" ] || smoke_fail "no session of the transfer is there"
}

for controller in aimd aimd-ss cubic; do
	rm -f "$SLUICE_TESTBED/b/inbox/file"
	transfer_begin "$controller"
	sl a session trace --json "$session" >"$smoke_work/trace" 2>"$smoke_work/err" &
	trace_pid=$!
	for node in a b; do
		expect 0 sl "$node" session show --json "$session"
		expect_json "j[\"controller\"] == \"$controller\""
	done
	serve_signal b CONT
	wait "$trace_pid" || smoke_fail "the trace did not end well"
	wait "$transfer_pid" || smoke_fail "the transfer failed: $(cat "$smoke_work/sent")"
	python3 "$smoke_root/tests/smoke/trace_law.py" "$controller" "$smoke_work/trace" ||
		smoke_fail "the trace is not the law's"
done
smoke_children=()

smoke_say "what ends a trace, and what refuses one"
rm -f "$SLUICE_TESTBED/b/inbox/file"
transfer_begin aimd
sl a session trace "$session" --count 5 >"$smoke_work/out" 2>&1 &
trace_pid=$!
smoke_children+=("$trace_pid")
serve_signal b CONT
wait "$trace_pid" || smoke_fail "the trace did not end with its fifth line"
serve_signal b STOP
expect_says 'window .* limited by'
expect_says '5 lines, [0-9]+ steps lost'
expect 0 sl a session trace --json "$session" --seconds 1
"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/a/control.sock" session trace --json "$session" \
	>"$smoke_work/trace" &
trace_pid=$!
sleep 0.5
kill -INT "$trace_pid"
wait "$trace_pid" || smoke_fail "Ctrl-C is no failure"
expect 1 sl a session trace 123456
expect_says 'sluice session list'
expect 2 sl a session trace "$session" --seconds x
expect 1 sl a send "$smoke_work/file" nobody --controller cubic
expect 2 sl a send "$smoke_work/file" b --controller reno
expect_says 'aimd-ss'
serve_signal b CONT
kill -TERM "$transfer_pid" 2>/dev/null || true
wait "$transfer_pid" || true
smoke_children=()
smoke_end
