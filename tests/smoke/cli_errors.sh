#!/usr/bin/env bash
# Exit codes and JSON errors: 0 done, 1 refused, 2 usage, 3 unreachable.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "the command line's exit codes and error objects are as documented"
bed_up 2
make_random "$smoke_work/file" 1000
error() { # CODE ARGS...: exit code, and with --json one object with an error in it
	smoke_say "$*"
	local code=$1
	shift
	expect "$code" sl a "$@"
	[ -s "$smoke_work/err" ] || smoke_fail "no sentence on standard error"
	expect "$code" sl a --json "$@"
	expect_json '"error" in j'
}
error 2 frobnicate
error 2 send
error 2 status --no-such-option
error 1 send "$smoke_work/file" nobody
error 1 send "$smoke_work/missing" b
error 1 send "$smoke_work" b
error 1 session open nobody
expect_says 'the peers of node a are: b'
error 1 session show 123456
expect_says 'sluice session list'
expect 0 sl a version
expect 0 sl a version --json
expect_json 'isinstance(j, dict)'
expect 0 sl a status --json
expect_json 'j["node"] == "a" and j["control"]["pid"] > 1 and j["dataplane"]["pid"] > 1'
expect_json 'j["dataplane"]["state"] == "running" and j["links"][0]["state"] == "up" and j["links"][0]["mtu"] == 1500'
expect_json 'j["membership"]["members"]["alive"] == 2'
expect 0 sl a pool show --json
expect_json 'j["total"]["leaked"] == 0'
error 1 pool drain nobody
expect_says 'the peers of node a are: b'
for group in link worker session; do
	expect 0 sl a "$group" list --json
done
expect 0 sl a --version
expect 0 sl a help --json
expect_json '[c["command"] for c in j["commands"]].count("session close") == 1'

smoke_say "the figures of a file are those of its end"
for size in 0 1 65537; do
	make_random "$smoke_work/figures$size" "$size"
	expect 0 sl a send --json --codec none "$smoke_work/figures$size" b
	expect_json 'j["bytes"] + 100 <= j["wire_bytes"] and j["packets"] >= 2' # the offer and the end travel, too
	expect_json 'j["retransmits"] >= 0 and j["spurious"] >= 0 and j["timeouts"] >= 0'
done

smoke_say "a socket that is not for this user"
if command -v setpriv >/dev/null; then
	chmod a+rx "$smoke_work"
	cp "$SLUICE_BUILD/control/sluice" "$smoke_work/sluice"
	nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$smoke_work/sluice" --node "$SLUICE_TESTBED/a/control.sock" "$@"
	}
	expect 3 nobody status
	expect_says 'no permission for .*/control.sock: root'
	expect 3 nobody send "$smoke_work/file" b
	expect_says 'no permission for .*/data.sock: root'
fi

# The receiver stands still, so that its senders do not leave; the bound is the one that the help tells.
smoke_say "as many senders at once as serve --help says, and one more"
bound=$("$SLUICE_BUILD/control/sluice" serve --help | sed -n 's/.*takes \([0-9]*\) senders.*/\1/p')
serve_pid=$(sl b status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["apps"][0]["pid"])')
kill -STOP "$serve_pid"
for ((i = 0; i < bound; i++)); do
	make_random "$smoke_work/file$i" 1000
	sl a send "$smoke_work/file$i" b >"$smoke_work/send$i.log" 2>&1 &
	smoke_children+=($!)
done
sessions() { [ "$(sl b session list --json | grep -o '"state":"open"' | wc -l)" = "$1" ]; }
expect_soon 30 "$bound sessions are open" sessions "$bound"
error 1 send "$smoke_work/file" b
expect_says 'no room for another session with b now: .*; try again when one has ended'
kill -CONT "$serve_pid"
for pid in "${smoke_children[@]}"; do
	wait "$pid" || smoke_fail "a sender of the $bound failed"
done
smoke_children=()
expect_same "$smoke_work/file0" "$SLUICE_TESTBED/b/inbox/file0"

smoke_say "no node behind the socket"
expect 3 "$SLUICE_BUILD/control/sluice" --node "$smoke_work/none.sock" status
expect 3 "$SLUICE_BUILD/control/sluice" --node "$smoke_work/none.sock" --json status
expect_json '"error" in j'
smoke_end
