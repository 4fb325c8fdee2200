#!/usr/bin/env bash
# A killed dataplane, at either end: a clear error, no file under its name, and the node comes back by itself.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a killed dataplane is a clear error at both ends, and control brings it back"
bed_up 2 --link veth
make_slow "$smoke_work/file"
kill_dataplane() { # NODE
	smoke_say "the dataplane of $1"
	local old
	old=$(node_pid "$1" dataplane)
	transfer_start a "$smoke_work/file" b
	kill -KILL "$old"
	transfer_end
	[ "$transfer_code" = 1 ] || [ "$transfer_code" = 3 ] || smoke_fail "send ended with $transfer_code"
	[ -s "$smoke_work/send.log" ] || [ -s "$smoke_work/send.out" ] || smoke_fail "send gave no reason"
	expect_gone "$SLUICE_TESTBED/b/inbox/file"
	expect_soon 30 "node $1 runs again" sh -c \
		"$(declare -f sl); SLUICE_BUILD=$SLUICE_BUILD; sl $1 status --json | grep -q '\"state\": *\"running\"'"
	[ "$(node_pid "$1" dataplane)" != "$old" ] || smoke_fail "the same dataplane is still there"
	expect_soon 10 "the partial file is gone" sh -c "! find '$SLUICE_TESTBED/b/inbox' -name '*.part' | grep -q ."
	bed_node start b # the fall-back listener, if it ended with its dataplane
	make_random "$smoke_work/after-$1" 2000000
	expect_soon 30 "a transfer works again" sl a send "$smoke_work/after-$1" b
	expect_same "$smoke_work/after-$1" "$SLUICE_TESTBED/b/inbox/after-$1"
}
kill_dataplane a
kill_dataplane b
smoke_end
